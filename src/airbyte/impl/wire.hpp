// One request to Airbyte: its lane, the rate, the credentials, the deadline, the metrics. Every dialect sends
// through here.
#pragma once

#include "airbyte/client.hpp"
#include "airbyte/impl/dialect.hpp"
#include "airbyte/impl/faults.hpp"
#include "airbyte/impl/json_reader.hpp"
#include "airbyte/impl/lanes.hpp"
#include "http/client.hpp"
#include "model/airbyte_target.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace syncwarden::airbyte {

enum class LaneKind : std::uint8_t { triggers, cancels, reads, connectors };

/// What to send and how.
struct Call {
  Operation operation = Operation::health;
  LaneKind lane = LaneKind::reads;
  Place place;
  std::string method = "POST";
  std::string target;  ///< below the place's base: "/jobs/list"
  std::string body;
  Millis deadline{};  ///< of the exchange, waiting for a turn not included
  Millis patience{};  ///< for a turn
  std::size_t max_body = 64 * 1024 * 1024;
  Reader* reader = nullptr;  ///< takes the body of a 2xx reply while it arrives
  bool discard = false;      ///< ... or nobody does; a long one is cut off
  bool idempotent = true;
  bool anonymous = false;
  std::optional<Mono> not_after;  ///< not sent later than this
  bool* sending = nullptr;        ///< set when the request is handed to HTTP
};

/// Reads that wait for the same lane and rate; patience and deadline are the read timeout.
[[nodiscard]] Call read_call(const AirbyteTarget& target, const Place& place, Operation operation,
                             std::string path, std::string body);

class Wire {
 public:
  Wire(boost::asio::any_io_executor executor, AirbyteTarget target, Clock clock, Observer observer,
       http::Origin origin, std::unique_ptr<http::Client> client);

  /// Any status is a success here, as in http; a 2xx body that the reader cannot read is a failure.
  [[nodiscard]] boost::asio::awaitable<Outcome> send(Call call);
  /// Fails for everything but 2xx.
  [[nodiscard]] boost::asio::awaitable<Result<http::Response>> fetch(Call call);
  /// Reads a list element by element; a reply without the list is a failure.
  [[nodiscard]] boost::asio::awaitable<Result<void>> list(Call call, const Shape& shape, Reader::Each each);
  /// Reads one JSON value.
  [[nodiscard]] boost::asio::awaitable<Result<Node>> read(Call call, const Shape& shape);

  [[nodiscard]] Context context_of(const Call& call) const;
  [[nodiscard]] const AirbyteTarget& target() const { return target_; }
  [[nodiscard]] const http::Origin& origin() const { return origin_; }
  [[nodiscard]] Now now() const { return clock_(); }
  [[nodiscard]] std::optional<Millis> take_retry_after();
  void close();

 private:
  struct Bearer {
    std::string header;  ///< value of Authorization, empty: none
    std::uint64_t generation = 0;
  };
  struct FetchGuard;

  [[nodiscard]] boost::asio::awaitable<Outcome> transmit(Operation operation, http::Request request,
                                                         http::SendOptions options, Reader* reader);
  [[nodiscard]] boost::asio::awaitable<Result<void>> wait_out_pause(Lane& lane, Millis patience);
  [[nodiscard]] http::Request request_of(const Call& call, const std::string& authorization) const;
  [[nodiscard]] static std::string root_url(http::Origin origin);
  [[nodiscard]] Millis patience_of(const Call& call) const;
  [[nodiscard]] std::optional<http::Failure> too_late(const Call& call) const;
  void note_pause(Lane& lane, const http::Response& response);
  [[nodiscard]] Lane& lane_of(LaneKind kind);

  // credentials (tokens.cpp)
  [[nodiscard]] boost::asio::awaitable<Result<Bearer>> authorize(Place place);
  [[nodiscard]] boost::asio::awaitable<Result<Bearer>> fetch_token(Place place, ClientCredentialsAuth auth);
  [[nodiscard]] bool token_is_good(const Place& place) const;
  void drop_token(std::uint64_t generation);

  boost::asio::any_io_executor executor_;
  AirbyteTarget target_;
  Clock clock_;
  Observer observer_;
  http::Origin origin_;
  std::string root_url_;  ///< without a path
  std::unique_ptr<http::Client> client_;
  Lane triggers_;
  Lane cancels_;
  Lane reads_;
  Lane connectors_;
  Bucket bucket_;
  std::optional<Millis> retry_after_;
  bool closed_ = false;

  Secret token_;
  Place token_place_;
  Mono token_refresh_{};
  std::uint64_t token_generation_ = 0;
  bool fetching_ = false;
  std::uint64_t fetches_ = 0;  ///< started so far
  std::optional<Error> fetch_error_;
  std::uint64_t fetch_error_of_ = 0;
  WaiterQueue token_waiters_;
};

}  // namespace syncwarden::airbyte
