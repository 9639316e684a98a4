// The verbs about Airbyte, the HTTP server and the state store.
#include "observe/catalogue.hpp"
#include "observe/impl/instruments.hpp"
#include "observe/impl/labels.hpp"
#include "observe/metrics.hpp"

#include <array>
#include <map>
#include <tuple>
#include <vector>

namespace syncwarden::observe {
namespace {

constexpr std::array request_bounds{0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0};
constexpr std::array http_bounds{0.005, 0.025, 0.1, 0.5, 2.5, 10.0};

std::string_view poll_label(std::string_view poll) { return poll == "probe" ? "health" : poll; }

}  // namespace

// ---- Airbyte

struct AirbyteMetrics::Impl {
  struct Operation {
    Counter requests;
    Counter retries;
    Histogram duration;
    std::vector<Counter> failures;  ///< by reason
  };
  struct Poll {
    Counter polls;
    Counter failures;
  };
  Instruments& instruments;
  std::vector<Operation> operations;
  std::vector<Poll> by_poll;
  Gauge in_flight;
};

AirbyteMetrics::AirbyteMetrics(Instruments& instruments)
    : impl_(new Impl{instruments, {}, {}, instruments.gauge(family::airbyte_requests_in_flight)}) {
  for (const std::string_view name : airbyte_operations) {
    const Labels labels{{"operation", std::string(name)}};
    Impl::Operation operation{
        instruments.counter(family::airbyte_requests_total, labels),
        instruments.counter(family::airbyte_request_retries_total, labels),
        instruments.histogram(family::airbyte_request_duration_seconds, request_bounds, labels),
        {}};
    for (const std::string_view reason : request_failure_reasons) {
      operation.failures.push_back(
          instruments.counter(family::airbyte_request_failures_total,
                              {{"operation", std::string(name)}, {"reason", std::string(reason)}}));
    }
    impl_->operations.push_back(std::move(operation));
  }
  for (const std::string_view poll : polls) {
    const Labels labels{{"poll", std::string(poll)}};
    impl_->by_poll.push_back({instruments.counter(family::airbyte_polls_total, labels),
                              instruments.counter(family::airbyte_poll_failures_total, labels)});
  }
}
AirbyteMetrics::~AirbyteMetrics() = default;

void AirbyteMetrics::request_started(std::string_view operation) {
  impl_->operations[index_in(airbyte_operations, operation)].requests.add();
  impl_->in_flight.add(1);
}

void AirbyteMetrics::request_ended(std::string_view operation, Seconds took, std::optional<Errc> failed) {
  const auto& counters = impl_->operations[index_in(airbyte_operations, operation)];
  impl_->in_flight.add(-1);
  counters.duration.observe(took);
  if (!failed) return;
  if (const auto reason = failure_reason(*failed)) counters.failures[*reason].add();
}

void AirbyteMetrics::request_retried(std::string_view operation) {
  impl_->operations[index_in(airbyte_operations, operation)].retries.add();
}

void AirbyteMetrics::token_expires(Instant at) {
  impl_->instruments.gauge(family::airbyte_token_expiry_timestamp_seconds)
      .set(Seconds(at.time_since_epoch()).count());
}

void AirbyteMetrics::poll_done(std::string_view poll, bool failed) {
  const std::string_view label = poll_label(poll);
  for (std::size_t i = 0; i < polls.size(); ++i) {
    if (polls[i] != label) continue;
    impl_->by_poll[i].polls.add();
    if (failed) impl_->by_poll[i].failures.add();
  }
}

void AirbyteMetrics::poll_took(std::string_view poll, Seconds took) {
  const std::string_view label = poll_label(poll);
  if (polls[index_in(polls, label)] != label) return;
  impl_->instruments.gauge(family::airbyte_poll_duration_seconds, {{"poll", std::string(label)}})
      .set(took.count());
}

// ---- HTTP server

struct HttpMetrics::Impl {
  using Key = std::tuple<std::size_t, std::size_t, std::size_t>;
  Instruments& instruments;
  Gauge open;
  std::map<Key, Counter> requests;
  std::vector<Histogram> durations;  ///< by handler
  Counter auth_failures;
  std::vector<Counter> refused;  ///< by reason; "other" is made when it is needed

  Counter& request(const Key& key) {
    const auto known = requests.find(key);
    if (known != requests.end()) return known->second;
    const auto [handler, method, code] = key;
    const Counter made =
        instruments.counter(family::http_requests_total, {{"handler", std::string(handlers[handler])},
                                                          {"method", std::string(methods[method])},
                                                          {"code", std::string(codes[code])}});
    return requests.emplace(key, made).first->second;
  }
};

HttpMetrics::HttpMetrics(Instruments& instruments)
    : impl_(new Impl{instruments,
                     instruments.gauge(family::http_connections),
                     {},
                     {},
                     instruments.counter(family::http_auth_failures_total),
                     {}}) {
  for (std::size_t i = 0; i < handlers.size(); ++i) {
    const bool posted = handlers[i] == "/-/reload" || handlers[i] == "/webhooks/airbyte";
    const std::string_view method = posted ? "post" : "get";
    for (const unsigned code : {200U, 401U, 503U}) {
      if (handlers[i] != "other") impl_->request({i, index_in(methods, method), code_of(code)});
    }
    impl_->durations.push_back(instruments.histogram(family::http_request_duration_seconds, http_bounds,
                                                     {{"handler", std::string(handlers[i])}}));
  }
  for (const std::string_view reason : refusals) {
    impl_->refused.push_back(
        instruments.counter(family::http_connections_rejected_total, {{"reason", std::string(reason)}}));
  }
}
HttpMetrics::~HttpMetrics() = default;

void HttpMetrics::answered(std::string_view path, std::string_view method, unsigned status, Seconds took) {
  const std::size_t handler = handler_of(path);
  impl_->request({handler, method_of(method), code_of(status)}).add();
  impl_->durations[handler].observe(took);
}

void HttpMetrics::refused(std::string_view reason) { impl_->refused[index_in(refusals, reason)].add(); }

void HttpMetrics::auth_failed() { impl_->auth_failures.add(); }

void HttpMetrics::connections(int delta) { impl_->open.add(delta); }

// ---- Airbyte's webhooks

struct WebhookMetrics::Impl {
  std::vector<Counter> received;  ///< by event
  std::vector<Counter> rejected;  ///< by reason
};

WebhookMetrics::WebhookMetrics(Instruments& instruments) : impl_(new Impl{}) {
  for (const std::string_view event : webhook_events) {
    impl_->received.push_back(
        instruments.counter(family::airbyte_webhooks_received_total, {{"event", std::string(event)}}));
  }
  for (const std::string_view reason : webhook_rejections) {
    impl_->rejected.push_back(
        instruments.counter(family::airbyte_webhooks_rejected_total, {{"reason", std::string(reason)}}));
  }
}
WebhookMetrics::~WebhookMetrics() = default;

void WebhookMetrics::received(std::string_view event) {
  impl_->received[index_in(webhook_events, event)].add();
}
void WebhookMetrics::rejected(std::string_view reason) {
  impl_->rejected[index_in(webhook_rejections, reason)].add();
}

// ---- state store

struct StoreMetrics::Impl {
  struct Operation {
    Counter done;
    Counter failed;
  };
  std::vector<Operation> operations;
  Gauge bytes;
};

StoreMetrics::StoreMetrics(Instruments& instruments)
    : impl_(new Impl{{}, instruments.gauge(family::store_size_bytes)}) {
  for (const std::string_view name : store_operations) {
    const Labels labels{{"operation", std::string(name)}};
    impl_->operations.push_back({instruments.counter(family::store_operations_total, labels),
                                 instruments.counter(family::store_operation_failures_total, labels)});
  }
}
StoreMetrics::~StoreMetrics() = default;

void StoreMetrics::operation(StoreOperation operation, bool failed) {
  const auto& counters = impl_->operations.at(static_cast<std::size_t>(operation));
  counters.done.add();
  if (failed) counters.failed.add();
}

void StoreMetrics::size(std::uint64_t bytes) { impl_->bytes.set(static_cast<double>(bytes)); }

}  // namespace syncwarden::observe
