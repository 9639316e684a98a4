// What the daemon tells Prometheus. The catalogue of families stands in catalogue.hpp; here are the verbs
// that move them.
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "model/read_view.hpp"
#include "observe/build_info.hpp"
#include "observe/log.hpp"
#include "ports/fact_sink.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace syncwarden::observe {

class Instruments;

/// Any duration converts to this one.
using Seconds = std::chrono::duration<double>;

/// metrics.connection_detail
enum class ConnectionDetail : std::uint8_t { off, basic, full };
[[nodiscard]] std::optional<ConnectionDetail> connection_detail_from(std::string_view word);

/// Requests to Airbyte. Operations outside the closed set count as "other".
class AirbyteMetrics {
 public:
  explicit AirbyteMetrics(Instruments& instruments);
  ~AirbyteMetrics();
  AirbyteMetrics(const AirbyteMetrics&) = delete;
  AirbyteMetrics& operator=(const AirbyteMetrics&) = delete;

  /// One attempt goes out. Every started() is followed by one ended().
  void request_started(std::string_view operation);
  /// `failed`: nothing after a good answer. `cancelled` by ourselves is no failure of Airbyte.
  void request_ended(std::string_view operation, Seconds took, std::optional<Errc> failed);
  /// The attempt that goes out now repeats an earlier one.
  void request_retried(std::string_view operation);
  /// The access token now held expires then.
  void token_expires(Instant at);
  /// A poll has ended: "jobs", "connections", "probe" (shown as health).
  void poll_done(std::string_view poll, bool failed);
  /// Duration of a completed poll, same words.
  void poll_took(std::string_view poll, Seconds took);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The HTTP server. Paths, methods and status codes outside the closed sets count as "other".
class HttpMetrics {
 public:
  explicit HttpMetrics(Instruments& instruments);
  ~HttpMetrics();
  HttpMetrics(const HttpMetrics&) = delete;
  HttpMetrics& operator=(const HttpMetrics&) = delete;

  void answered(std::string_view path, std::string_view method, unsigned status, Seconds took);
  /// Refused before routing; the word of http::Refusal.
  void refused(std::string_view reason);
  /// Missing or wrong credentials.
  void auth_failed();
  /// +1 opened, -1 closed.
  void connections(int delta);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Airbyte's webhooks. Words outside the closed sets count as "other".
class WebhookMetrics {
 public:
  explicit WebhookMetrics(Instruments& instruments);
  ~WebhookMetrics();
  WebhookMetrics(const WebhookMetrics&) = delete;
  WebhookMetrics& operator=(const WebhookMetrics&) = delete;

  void received(std::string_view event);
  void rejected(std::string_view reason);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

enum class StoreOperation : std::uint8_t { read, write, migrate, vacuum };

/// May be called from the store's thread.
class StoreMetrics {
 public:
  explicit StoreMetrics(Instruments& instruments);
  ~StoreMetrics();
  StoreMetrics(const StoreMetrics&) = delete;
  StoreMetrics& operator=(const StoreMetrics&) = delete;

  void operation(StoreOperation operation, bool failed);
  void size(std::uint64_t bytes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Notifications. Integrations outside the closed set are not counted.
class NotifyMetrics {
 public:
  explicit NotifyMetrics(Instruments& instruments);
  ~NotifyMetrics();
  NotifyMetrics(const NotifyMetrics&) = delete;
  NotifyMetrics& operator=(const NotifyMetrics&) = delete;

  /// A request to a receiver was answered or failed; `again`: it repeats an earlier one.
  void tried(std::string_view integration, Seconds took, bool again);
  /// A message has come to its end.
  void delivered(std::string_view integration);
  void given_up(std::string_view integration, std::string_view reason);
  void queue(std::size_t length, std::size_t capacity);
  void dropped(std::uint64_t rows);
  /// Of the oldest message that a failing receiver has not taken; nothing: none fails.
  void undelivered_since(std::string_view integration, std::optional<Instant> oldest);
  /// A ping was taken; the process's start when a heartbeat is configured.
  void heartbeat(Instant at);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct MetricsOptions {
  BuildInfo build = current_build();
  Instant started;  ///< process start
  ConnectionDetail detail = ConnectionDetail::basic;
  std::size_t connection_limit = 20'000;
  bool botify_compat = false;  ///< the names of botify's airbyte_exporter, too
};

/// Counters move by facts and verbs; gauges of state are computed from the read view when a scrape is
/// answered, so that they cannot drift. On the loop's thread, except where a verb says otherwise.
class Metrics final : public FactSink {
 public:
  explicit Metrics(MetricsOptions options);
  ~Metrics() override;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void apply(const Fact& fact) override;

  [[nodiscard]] AirbyteMetrics& airbyte();
  [[nodiscard]] HttpMetrics& http();
  [[nodiscard]] WebhookMetrics& webhooks();
  [[nodiscard]] StoreMetrics& store();
  [[nodiscard]] NotifyMetrics& notify();

  /// Whether /readyz succeeds now.
  void ready(bool is_ready);
  void config_loaded(Instant at);
  void config_refused();
  /// A reload may change these.
  void configure(ConnectionDetail detail, std::size_t connection_limit, bool botify_compat = false);
  void loop_lag(Seconds lag);
  /// A log line was written; from any thread.
  void logged(Level level);
  /// How long the exposition that was just rendered took.
  void rendered(Seconds took);

  /// The whole exposition. Content-Type: text/plain; version=0.0.4; charset=utf-8
  [[nodiscard]] std::string render(const ReadView& view, Now now);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace syncwarden::observe
