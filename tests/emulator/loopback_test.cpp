// The front behind a real server, asked by the real client.
#include "desk.hpp"
#include "http/client.hpp"

#include <gtest/gtest.h>

namespace syncwarden::emulator {
namespace {

class Loopback : public testing::Test {
 protected:
  Loopback() {
    auto options = exact();
    options.signal_delay = options.start_delay = options.cancel_delay = {Millis{0}, Millis{0}};
    airbyte_ = std::make_unique<Airbyte>(options, std::vector<Pipeline>{named("orders")});
    front_ = make_front(io_.get_executor(), *airbyte_, {}, [] { return day_one; });
    server_ = http::make_server(io_.get_executor(), {}, front_->handler(), {});
    http::Origin origin;
    origin.host = "127.0.0.1";
    origin.port = server_->listen("127.0.0.1:0").value();
    client_ = http::make_client(io_.get_executor(), origin, {}).value();
    boost::asio::co_spawn(io_, server_->run(), [](std::exception_ptr) {});
  }

  boost::system::result<http::Response, http::Failure> sync() {
    http::Request request;
    request.method = "POST";
    request.target = "/api/v1/connections/sync";
    request.headers = {{"Content-Type", "application/json"}};
    request.body = fmt::format(R"({{"connectionId":"{}"}})", airbyte_->connection(0).view.id.text);
    std::optional<boost::system::result<http::Response, http::Failure>> result;
    boost::asio::co_spawn(io_, client_->send(request, {}), [&](std::exception_ptr, auto answer) {
      result.emplace(std::move(answer));
      client_->close();
      front_->stop();
      server_->stop(Millis{0});
    });
    io_.run();
    return std::move(*result);
  }

  boost::asio::io_context io_;
  std::unique_ptr<Airbyte> airbyte_;
  std::unique_ptr<Front> front_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<http::Client> client_;
};

TEST_F(Loopback, ASyncIsAnsweredByItsJob) {
  const auto answer = sync();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 200U);
  EXPECT_NE(answer->body.find("\"status\":\"running\""), std::string::npos);
}

TEST_F(Loopback, ALostReplyClosesTheConnectionAfterTheEffect) {
  front_->faults().lose_reply = 1;
  const auto answer = sync();
  ASSERT_TRUE(answer.has_error());
  EXPECT_EQ(answer.error().error.code, Errc::connection_lost);
  EXPECT_TRUE(answer.error().sent);
  EXPECT_EQ(airbyte_->history().size(), 1U);
}

}  // namespace
}  // namespace syncwarden::emulator
