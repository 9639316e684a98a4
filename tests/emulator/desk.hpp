// A front called without sockets, on a clock that the test moves.
#pragma once

#include "emulator/front.hpp"
#include "lab.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace syncwarden::emulator {

namespace json = boost::json;

/// A request in flight.
struct Asked {
  std::shared_ptr<std::optional<http::Response>> answer = std::make_shared<std::optional<http::Response>>();

  [[nodiscard]] bool answered() const { return answer->has_value(); }
  [[nodiscard]] unsigned status() const { return answered() ? (*answer)->status : 0; }
  [[nodiscard]] const std::string& text() const { return (*answer)->body; }
  /// The body; null where it is no JSON.
  [[nodiscard]] json::value body() const {
    boost::system::error_code failed;
    auto value = json::parse((*answer)->body, failed);
    return failed ? json::value{} : value;
  }
  /// The JSON at a pointer such as "/job/id"; null where there is none.
  [[nodiscard]] json::value at(const char* pointer) const {
    const auto value = body();
    boost::system::error_code failed;
    const auto* found = value.find_pointer(pointer, failed);
    return found == nullptr ? json::value{} : *found;
  }
};

struct Desk {
  explicit Desk(Options options = exact(), FrontOptions front_options = {},
                std::vector<Pipeline> pipelines = {named("orders")})
      : airbyte(std::move(options), pipelines),
        front(make_front(io.get_executor(), airbyte, std::move(front_options), [this] { return now; })),
        handler(front->handler()) {}
  ~Desk() {
    front->stop();
    io.restart();
    io.poll();
  }
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  /// Sends a request and lets everything run that need not wait.
  Asked send(http::Request request) {
    Asked asked;
    boost::asio::co_spawn(io, handler(std::move(request), http::Peer{}),
                          [answer = asked.answer](std::exception_ptr failed, http::Response response) {
                            if (!failed) *answer = std::move(response);
                          });
    settle();
    return asked;
  }
  Asked get(std::string target) {
    http::Request request;
    request.target = std::move(target);
    request.headers = headers;
    return send(std::move(request));
  }
  Asked post(std::string target, std::string body, std::string method = "POST") {
    http::Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.headers = headers;
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = std::move(body);
    return send(std::move(request));
  }
  /// A Config API operation.
  Asked config(const std::string& operation, std::string body) {
    return post("/api/v1/" + operation, std::move(body));
  }
  Asked sync() { return config("connections/sync", with_id()); }
  /// Moves the clock; requests whose answers became ready are answered.
  void pass(Millis by) {
    now += by;
    get("/api/v1/health");
    settle();
  }
  JobId running_job() {
    sync();
    pass(Millis{500});
    return airbyte.newest_job();
  }
  void settle() {
    io.restart();
    io.poll();
  }
  [[nodiscard]] std::string id() const { return airbyte.connection(0).view.id.text.str(); }
  [[nodiscard]] std::string with_id() const { return fmt::format(R"({{"connectionId":"{}"}})", id()); }

  boost::asio::io_context io;
  Instant now = day_one;
  Airbyte airbyte;
  std::unique_ptr<Front> front;
  http::Handler handler;
  std::vector<http::Header> headers;
};

}  // namespace syncwarden::emulator
