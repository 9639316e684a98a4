#include "http/client.hpp"
#include "http/server.hpp"

#include <array>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace syncwarden::http {
namespace {

namespace asio = boost::asio;

asio::awaitable<Response> who(Request request, Peer peer) {
  (void)request;
  Response response;
  response.body =
      fmt::format("{} {} {}", peer.address, peer.loopback, peer.uid ? std::to_string(*peer.uid) : "?");
  co_return response;
}

class Folder {
 public:
  Folder() {
    std::string name = ::testing::TempDir() + "syncwarden-unix-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    (void)::unlink(file().c_str());
    (void)::rmdir(path_.c_str());
  }
  [[nodiscard]] std::string file() const { return path_ + "/api.sock"; }

 private:
  std::string path_;
};

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return address;
}

/// Everything that the server says to one request.
std::string talk(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{10, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const sockaddr_un to = address_of(path);
  std::string said;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) {
    const std::string request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    (void)!::write(fd, request.data(), request.size());
    std::array<char, 1024> buffer{};
    ssize_t got = 0;
    while ((got = ::read(fd, buffer.data(), buffer.size())) > 0)
      said.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(fd);
  return said;
}

TEST(UnixSocket, PeersAreKnownByTheirUidAndTheFileGoesWithTheServer) {
  const Folder folder;
  asio::io_context context;
  const auto server = make_server(context.get_executor(), {}, who, {});
  ASSERT_TRUE(server->listen("127.0.0.1:0").has_value()) << "beside TCP";
  const auto bound = server->listen_unix(folder.file());
  ASSERT_TRUE(bound.has_value()) << to_string(bound.error());
  struct stat found {};
  ASSERT_EQ(::stat(folder.file().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0660U);
  asio::co_spawn(context, server->run(), [](const std::exception_ptr&) {});
  std::thread loop([&] { context.run(); });
  for (int i = 0; i < 2; ++i)
    EXPECT_THAT(talk(folder.file()), ::testing::HasSubstr(fmt::format("\r\n\r\nunix true {}", ::getuid())));
  asio::post(context, [&] { server->stop(Millis(0)); });
  loop.join();
  EXPECT_NE(::stat(folder.file().c_str(), &found), 0);
}

asio::awaitable<void> ask_twice(Client& client, std::vector<std::string>& said, Server& server) {
  for (int i = 0; i < 2; ++i) {
    SendOptions options;
    options.idempotent = true;
    Request request;
    const auto answer = co_await client.send(std::move(request), options);
    said.push_back(answer ? answer->body : to_string(answer.error().error));
  }
  client.close();
  server.stop(Millis(0));
}

TEST(UnixSocket, AClientSpeaksOverIt) {
  const Folder folder;
  asio::io_context context;
  const auto server = make_server(context.get_executor(), {}, who, {});
  ASSERT_TRUE(server->listen_unix(folder.file()));
  ClientOptions options;
  options.unix_socket = folder.file();
  const auto client = make_client(context.get_executor(), *Origin::parse("http://localhost"), options);
  ASSERT_TRUE(client);
  asio::co_spawn(context, server->run(), [](const std::exception_ptr&) {});
  std::vector<std::string> said;
  auto asking = ask_twice(**client, said, *server);
  asio::co_spawn(context, std::move(asking), [](const std::exception_ptr&) {});
  context.run();
  const std::string expected = fmt::format("unix true {}", ::getuid());
  EXPECT_EQ(said, (std::vector<std::string>{expected, expected}));
}

TEST(UnixSocket, ASocketThatIsNotThereIsARefusedConnectionThatNamesIt) {
  asio::io_context context;
  const auto server = make_server(context.get_executor(), {}, who, {});
  ClientOptions options;
  options.unix_socket = "/nowhere/api.sock";
  const auto client = make_client(context.get_executor(), *Origin::parse("http://localhost"), options);
  std::vector<std::string> said;
  auto asking = ask_twice(**client, said, *server);
  asio::co_spawn(context, std::move(asking), [](const std::exception_ptr&) {});
  context.run();
  ASSERT_EQ(said.size(), 2U);
  EXPECT_THAT(said[0], ::testing::HasSubstr("/nowhere/api.sock cannot be reached: No such file"));
  EXPECT_THAT(said[0], ::testing::HasSubstr("curl -sv --unix-socket /nowhere/api.sock"));
}

TEST(UnixSocket, OnlyAStaleSocketIsReplaced) {
  const Folder folder;
  // A process that died leaves its socket behind.
  const int dead = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un at = address_of(folder.file());
  ASSERT_EQ(::bind(dead, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  ::close(dead);
  asio::io_context context;
  const auto first = make_server(context.get_executor(), {}, who, {});
  const auto bound = first->listen_unix(folder.file());
  ASSERT_TRUE(bound.has_value()) << to_string(bound.error());

  const auto second = make_server(context.get_executor(), {}, who, {});
  const auto taken = second->listen_unix(folder.file());
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().code, Errc::address_in_use);
  EXPECT_EQ(taken.error().where, folder.file());

  first->stop(Millis(0));
  std::ofstream(folder.file()) << "somebody's file";
  EXPECT_FALSE(second->listen_unix(folder.file()).has_value());
  EXPECT_EQ(::access(folder.file().c_str(), F_OK), 0) << "nobody's file is removed";
}

TEST(UnixSocket, APathThatCannotBeIsAnErrorThatSaysSo) {
  asio::io_context context;
  const auto server = make_server(context.get_executor(), {}, who, {});
  EXPECT_EQ(server->listen_unix("").error().code, Errc::invalid_config);
  EXPECT_EQ(server->listen_unix("/" + std::string(200, 'x')).error().code, Errc::invalid_config);
  EXPECT_EQ(server->listen_unix("/nowhere/at/all.sock").error().code, Errc::listen_failed);
}

}  // namespace
}  // namespace syncwarden::http
