// An http::Client that answers from a script and remembers what it was asked.
#pragma once

#include "airbyte/client.hpp"
#include "http/client.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace syncwarden::airbyte::testing {

struct Reply {
  unsigned status = 200;
  std::string body;
  std::vector<http::Header> headers;
  std::optional<http::Failure> failure;
  bool hang = false;  ///< until release() or close(), or until the caller is cancelled
};

inline Reply ok(std::string body) {
  Reply reply;
  reply.body = std::move(body);
  return reply;
}
inline Reply status(unsigned code, std::string body = "") {
  Reply reply;
  reply.status = code;
  reply.body = std::move(body);
  return reply;
}
inline Reply broken(Errc code, bool sent) {
  Reply reply;
  http::Failure failure;
  failure.error.code = code;
  failure.error.message = "broken";
  failure.error.where = "somewhere";
  failure.sent = sent;
  reply.failure = failure;
  return reply;
}
inline Reply hanging(std::string body) {
  Reply reply = ok(std::move(body));
  reply.hang = true;
  return reply;
}

/// What the fake client and the test share.
struct Script {
  struct Asked {
    http::Request request;
    Millis deadline{};
    bool idempotent = false;
    std::size_t max_body = 0;
  };
  std::map<std::string, std::deque<Reply>> routes;  ///< "POST /api/v1/jobs/list"; the last reply stays
  std::function<std::optional<Reply>(const http::Request&)> handler;  ///< asked first
  std::vector<Asked> asked;
  std::vector<std::shared_ptr<boost::asio::steady_timer>> hung;
  std::size_t chunk = 7;
  std::size_t fed = 0;  ///< bytes given to sinks
  std::string repeat;   ///< fed to sinks after the body until they or the limit refuse
  bool closed = false;

  Script& on(const std::string& route, Reply reply) {
    routes[route].push_back(std::move(reply));
    return *this;
  }
  Reply reply_to(const http::Request& request) {
    if (handler) {
      if (auto reply = handler(request)) return *reply;
    }
    const auto found = routes.find(request.method + " " + std::string(request.path()));
    if (found == routes.end()) return status(404, "Object not found.");
    Reply reply = found->second.front();
    if (found->second.size() > 1) found->second.pop_front();
    return reply;
  }
  void release() {
    for (const auto& timer : hung) timer->cancel();
    hung.clear();
  }
  /// "POST /api/v1/jobs/list" of every request so far.
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> out;
    for (const auto& one : asked) out.push_back(one.request.method + " " + one.request.target);
    return out;
  }
  [[nodiscard]] std::vector<std::string> bodies(const std::string& route) const {
    std::vector<std::string> out;
    for (const auto& one : asked) {
      if (one.request.method + " " + std::string(one.request.path()) == route)
        out.push_back(one.request.body);
    }
    return out;
  }
};

class FakeHttp final : public http::Client {
 public:
  FakeHttp(boost::asio::any_io_executor executor, std::shared_ptr<Script> script)
      : executor_(std::move(executor)), script_(std::move(script)) {}

  boost::asio::awaitable<boost::system::result<http::Response, http::Failure>> send(
      http::Request request, http::SendOptions options) override {
    Script::Asked asked;
    asked.request = request;
    asked.deadline = options.deadline;
    asked.idempotent = options.idempotent;
    asked.max_body = options.max_body_bytes;
    script_->asked.push_back(asked);
    Reply reply = script_->reply_to(request);
    if (reply.hang) {
      const auto timer = std::make_shared<boost::asio::steady_timer>(executor_, std::chrono::hours{1});
      script_->hung.push_back(timer);
      const auto [ec] = co_await timer->async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
      static_cast<void>(ec);
      const auto state = co_await boost::asio::this_coro::cancellation_state;
      const bool cancelled = state.cancelled() != boost::asio::cancellation_type::none;
      if (script_->closed || cancelled) co_return failure(Errc::cancelled);
    }
    if (reply.failure) co_return *reply.failure;
    http::Response response;
    response.status = reply.status;
    response.headers = reply.headers;
    if (!options.sink || reply.status / 100 != 2) {
      response.body = reply.body;
      co_return response;
    }
    co_return deliver(std::move(response), reply.body, options);
  }

  void close() override {
    script_->closed = true;
    script_->release();
  }

 private:
  static http::Failure failure(Errc code) {
    http::Failure out;
    out.error.code = code;
    out.error.message = "failed";
    out.sent = true;
    return out;
  }
  boost::system::result<http::Response, http::Failure> deliver(http::Response response, std::string_view body,
                                                               const http::SendOptions& options) {
    std::size_t total = 0;
    const auto feed = [&](std::string_view piece) -> std::optional<Errc> {
      total += piece.size();
      script_->fed += piece.size();
      if (total > options.max_body_bytes) return Errc::reply_too_large;
      if (!options.sink(piece)) return Errc::malformed_reply;
      return std::nullopt;
    };
    while (!body.empty()) {
      const std::string_view piece = body.substr(0, script_->chunk);
      body.remove_prefix(piece.size());
      if (const auto code = feed(piece)) return failure(*code);
    }
    while (!script_->repeat.empty()) {
      if (const auto code = feed(script_->repeat)) return failure(*code);
    }
    return response;
  }

  boost::asio::any_io_executor executor_;
  std::shared_ptr<Script> script_;
};

/// A client over a script, with a clock that stands still until it is moved.
struct Bench {
  boost::asio::io_context context;
  std::shared_ptr<Script> script = std::make_shared<Script>();
  AirbyteTarget target;
  Now now;
  Observer observer;
  std::unique_ptr<AirbyteApi> api;

  Bench() {
    target.url = "http://airbyte:8000/api/v1";
    target.requests_per_second = 0;
    target.proxy = "none";
    now.wall = *parse_rfc3339("2026-11-22T12:00:00Z");
    now.mono.since_boot = std::chrono::hours{5};
  }

  AirbyteApi& client() {
    if (api == nullptr) {
      HttpFactory factory = [this](boost::asio::any_io_executor executor, const http::Origin&,
                                   const http::ClientOptions&) -> Result<std::unique_ptr<http::Client>> {
        return std::unique_ptr<http::Client>(std::make_unique<FakeHttp>(std::move(executor), script));
      };
      auto made = make_client(
          context.get_executor(), target, [this] { return now; }, observer, factory);
      if (!made) throw std::runtime_error(to_string(made.error()));
      api = std::move(*made);
    }
    return *api;
  }

  template <class T>
  T run(boost::asio::awaitable<T> work) {
    std::optional<T> result;
    boost::asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, T value) {
      if (error) std::rethrow_exception(error);
      result.emplace(std::move(value));
    });
    context.restart();
    context.run();
    if (!result) throw std::runtime_error("the coroutine did not end");
    return std::move(*result);
  }
};

inline const char* const instance_200 =
    R"({"edition":"community","version":"2.0.0","licenseStatus":"pro","auth":{"mode":"none"},"airbyteUrl":"http://x",
        "initialSetupComplete":true,"defaultUserId":"u-1","defaultOrganizationId":"o-1","defaultWorkspaceId":"w-1"})";

}  // namespace syncwarden::airbyte::testing
