#include "http/impl/unix_socket.hpp"

#include <cerrno>

#include <boost/asio/error.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/system/error_code.hpp>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace syncwarden::http {

namespace asio = boost::asio;
using boost::system::error_code;
using Local = asio::local::stream_protocol;

namespace {

constexpr mode_t owner_and_group = 0660;

Error cannot(const std::string& path, const error_code& ec) {
  return {Errc::listen_failed, fmt::format("cannot listen on the Unix socket: {}", ec.message()), path,
          "does its folder exist, and may this user write there?"};
}

/// Makes room at `path`. Only a socket that nobody listens on is removed.
std::optional<Error> make_room(asio::any_io_executor executor, const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return std::nullopt;
  if (!S_ISSOCK(found.st_mode)) {
    return Error{Errc::address_in_use, "there is something else than a socket", path, "choose another path"};
  }
  Local::socket probe(executor);
  error_code ec;
  probe.connect(Local::endpoint(path), ec);
  if (!ec || ec == asio::error::try_again || ec == asio::error::would_block) {
    return Error{Errc::address_in_use, "another process listens on this Unix socket", path,
                 "choose another path, or stop that process"};
  }
  if (ec != asio::error::connection_refused) return cannot(path, ec);
  (void)::unlink(path.c_str());
  return std::nullopt;
}

}  // namespace

Result<void> bind_unix(Local::acceptor& acceptor, const std::string& path) {
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path)) {
    return Error{
        Errc::invalid_config,
        fmt::format("the path of a Unix socket has 1 to {} bytes", sizeof(sockaddr_un::sun_path) - 1), path,
        "choose a shorter one"};
  }
  if (auto occupied = make_room(acceptor.get_executor(), path)) return *std::move(occupied);
  error_code ec;
  acceptor.open(Local(), ec);
  if (!ec) acceptor.bind(Local::endpoint(path), ec);
  // Nobody can connect before listen(), so nobody slips in before the mode is set.
  if (!ec && ::chmod(path.c_str(), owner_and_group) != 0) ec.assign(errno, boost::system::system_category());
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (!ec) return {};
  error_code ignored;
  acceptor.close(ignored);
  return cannot(path, ec);
}

std::optional<std::uint32_t> peer_uid(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer.uid;
}

}  // namespace syncwarden::http
