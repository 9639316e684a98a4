#include "observe/catalogue.hpp"
#include "observe/impl/instruments.hpp"
#include "observe/metrics.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>

namespace syncwarden::observe {
namespace {

constexpr std::array<std::string_view, 4> integrations{"alertmanager", "pagerduty", "slack", "webhook"};
constexpr std::array<std::string_view, 5> reasons{"authError", "clientError", "other", "rateLimited",
                                                  "serverError"};
constexpr std::array duration_bounds{0.25, 1.0, 2.5, 5.0, 10.0, 30.0};

double unix_seconds(Instant at) { return Seconds(at.time_since_epoch()).count(); }

}  // namespace

struct NotifyMetrics::Impl {
  struct Integration {
    Counter ended;
    Counter retries;
    Histogram duration;
    Gauge oldest;
    std::map<std::string_view, Counter> failed;
  };
  Instruments& instruments;
  std::map<std::string_view, Integration> by_integration;
  Gauge length;
  Gauge capacity;
  Counter dropped;

  Integration* find(std::string_view integration) {
    const auto found = by_integration.find(integration);
    return found == by_integration.end() ? nullptr : &found->second;
  }
};

NotifyMetrics::NotifyMetrics(Instruments& instruments)
    : impl_(new Impl{instruments,
                     {},
                     instruments.gauge(family::notification_queue_length),
                     instruments.gauge(family::notification_queue_capacity),
                     instruments.counter(family::notifications_dropped_total)}) {
  for (const auto name : integrations) {
    const Labels labels{{"integration", std::string(name)}};
    Impl::Integration one{
        instruments.counter(family::notifications_total, labels),
        instruments.counter(family::notification_request_retries_total, labels),
        instruments.histogram(family::notification_duration_seconds, duration_bounds, labels),
        instruments.gauge(family::notification_oldest_undelivered_timestamp_seconds, labels),
        {}};
    for (const auto reason : reasons) {
      Labels both = labels;
      both.emplace("reason", std::string(reason));
      one.failed.emplace(reason, instruments.counter(family::notifications_failed_total, both));
    }
    impl_->by_integration.emplace(name, std::move(one));
  }
}
NotifyMetrics::~NotifyMetrics() = default;

void NotifyMetrics::tried(std::string_view integration, Seconds took, bool again) {
  auto* const one = impl_->find(integration);
  if (one == nullptr) return;
  one->duration.observe(took);
  if (again) one->retries.add();
}

void NotifyMetrics::delivered(std::string_view integration) {
  if (auto* const one = impl_->find(integration)) one->ended.add();
}

void NotifyMetrics::given_up(std::string_view integration, std::string_view reason) {
  auto* const one = impl_->find(integration);
  if (one == nullptr) return;
  one->ended.add();
  const auto known = one->failed.find(reason);
  (known == one->failed.end() ? one->failed.at("other") : known->second).add();
}

void NotifyMetrics::queue(std::size_t length, std::size_t capacity) {
  impl_->length.set(static_cast<double>(length));
  impl_->capacity.set(static_cast<double>(capacity));
}

void NotifyMetrics::dropped(std::uint64_t rows) { impl_->dropped.add(static_cast<double>(rows)); }

void NotifyMetrics::undelivered_since(std::string_view integration, std::optional<Instant> oldest) {
  if (auto* const one = impl_->find(integration)) one->oldest.set(oldest ? unix_seconds(*oldest) : 0);
}

void NotifyMetrics::heartbeat(Instant at) {
  impl_->instruments.gauge(family::heartbeat_last_success_timestamp_seconds).set(unix_seconds(at));
}

}  // namespace syncwarden::observe
