// What /metrics tells about notifications.
#include "exposition.hpp"
#include "fake_view.hpp"
#include "observe/metrics.hpp"

#include <optional>

#include <gtest/gtest.h>

namespace syncwarden::observe {
namespace {

using testing::Exposition;
using testing::FakeView;

const Now noon{Instant(Millis(1'767'268'800'000)), Mono{Millis(5'000)}};

Exposition scrape(Metrics& metrics) {
  FakeView view;
  return testing::parse_exposition(metrics.render(view, noon));
}

TEST(NotifyMetricsShown, AMessageCountsOnceAtItsEndAndEachAttemptInItsDuration) {
  Metrics metrics{MetricsOptions{}};
  auto& notify = metrics.notify();
  notify.tried("slack", Millis(300), false);
  notify.tried("slack", Millis(300), true);
  notify.delivered("slack");
  notify.tried("webhook", Millis(10), false);
  notify.given_up("webhook", "authError");
  notify.given_up("webhook", "a word that nobody declared");
  notify.given_up("carrier_pigeon", "authError");
  const auto shown = scrape(metrics);
  EXPECT_EQ(shown.value("syncwarden_notifications_total", {{"integration", "slack"}}), 1);
  EXPECT_EQ(shown.value("syncwarden_notifications_total", {{"integration", "webhook"}}), 2);
  EXPECT_EQ(shown.value("syncwarden_notification_request_retries_total", {{"integration", "slack"}}), 1);
  EXPECT_EQ(shown.value("syncwarden_notification_duration_seconds_count", {{"integration", "slack"}}), 2);
  EXPECT_EQ(shown.value("syncwarden_notifications_failed_total",
                        {{"integration", "webhook"}, {"reason", "authError"}}),
            1);
  EXPECT_EQ(
      shown.value("syncwarden_notifications_failed_total", {{"integration", "webhook"}, {"reason", "other"}}),
      1);
  EXPECT_EQ(shown.value("syncwarden_notifications_failed_total",
                        {{"integration", "pagerduty"}, {"reason", "serverError"}}),
            0)
      << "known before the first one";
}

TEST(NotifyMetricsShown, TheQueueAndWhoeverDoesNotTakeFromIt) {
  Metrics metrics{MetricsOptions{}};
  auto& notify = metrics.notify();
  notify.queue(3, 1'000);
  notify.dropped(2);
  notify.undelivered_since("webhook", noon.wall);
  auto shown = scrape(metrics);
  EXPECT_EQ(shown.value("syncwarden_notification_queue_length"), 3);
  EXPECT_EQ(shown.value("syncwarden_notification_queue_capacity"), 1'000);
  EXPECT_EQ(shown.value("syncwarden_notifications_dropped_total"), 2);
  const char* const oldest = "syncwarden_notification_oldest_undelivered_timestamp_seconds";
  EXPECT_EQ(shown.value(oldest, {{"integration", "webhook"}}), 1'767'268'800);
  EXPECT_EQ(shown.value(oldest, {{"integration", "slack"}}), 0);
  notify.undelivered_since("webhook", std::nullopt);
  EXPECT_EQ(scrape(metrics).value(oldest, {{"integration", "webhook"}}), 0);
}

TEST(NotifyMetricsShown, AHeartbeatThatIsNotConfiguredHasNoSeries) {
  Metrics metrics{MetricsOptions{}};
  const char* const last = "syncwarden_heartbeat_last_success_timestamp_seconds";
  EXPECT_FALSE(scrape(metrics).value(last));
  metrics.notify().heartbeat(noon.wall);
  EXPECT_EQ(scrape(metrics).value(last), 1'767'268'800);
}

}  // namespace
}  // namespace syncwarden::observe
