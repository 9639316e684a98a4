// Who is notified of what, as the configuration says it. Addresses are secrets: many of them are all that it
// takes to write to a channel.
#pragma once

#include "base/secret.hpp"
#include "base/time.hpp"
#include "calendar/schedule.hpp"
#include "model/incident.hpp"
#include "model/notice.hpp"
#include "model/plan.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace syncwarden {

/// Every member of a cluster is told; open incidents are sent again and again until they close.
struct AlertmanagerTarget {
  std::vector<Secret> urls;

  bool operator==(const AlertmanagerTarget&) const = default;
};
/// An incoming webhook.
struct SlackTarget {
  Secret webhook_url;

  bool operator==(const SlackTarget&) const = default;
};
/// Events API v2.
struct PagerDutyTarget {
  Secret routing_key;
  Secret url;

  bool operator==(const PagerDutyTarget&) const = default;
};
/// JSON in the shape of Alertmanager's webhook, version 4.
struct WebhookTarget {
  Secret url;
  Secret hmac_secret;  ///< empty: not signed

  bool operator==(const WebhookTarget&) const = default;
};
/// A dead man's switch: told as long as the daemon makes progress, and nothing else.
struct HeartbeatTarget {
  Secret url;
  Millis every{std::chrono::minutes{1}};
  bool post = false;

  bool operator==(const HeartbeatTarget&) const = default;
};

using ReceiverTarget =
    std::variant<AlertmanagerTarget, SlackTarget, PagerDutyTarget, WebhookTarget, HeartbeatTarget>;

/// When a receiver gets its daily message.
struct DigestTime {
  calendar::Schedule when;  ///< once a day
  std::string text;         ///< "08:00 Europe/Amsterdam"
};

struct Receiver {
  std::string name;
  ReceiverTarget target;
  std::optional<Match> match;          ///< incidents of these connections only; nothing: every incident
  Labels labels;                       ///< and only with these labels
  std::vector<NoticeEvent> events;     ///< told about these only
  Severity severity = Severity::info;  ///< and only from this one on
  std::uint32_t per_hour = 60;         ///< messages in any hour at most; 0: unlimited
  std::optional<DigestTime> digest{};  ///< nothing: no daily message
};

/// "alertmanager", "slack", "pagerduty", "webhook", "heartbeat".
[[nodiscard]] std::string_view kind_of(const Receiver& receiver);

}  // namespace syncwarden
