// Notifications as the messages that receivers understand. Pure: the same notices give the same bytes.
// Names come from Airbyte and may hold anything; each renderer escapes for its own format.
#pragma once

#include "base/secret.hpp"
#include "base/time.hpp"
#include "model/incident.hpp"
#include "model/notice.hpp"
#include "model/receiver.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace syncwarden::notify {

/// A message, ready to be sent but for the address.
struct Message {
  std::string body;                                            ///< JSON
  std::vector<std::pair<std::string, std::string>> headers{};  ///< beside Content-Type
};

/// Notices that one message to this receiver can carry, when several wait.
[[nodiscard]] std::size_t carries(const Receiver& receiver);

/// For the API v2 of Alertmanager. Open incidents end by themselves if nobody sends them again within
/// `resend` times four; closed ones have ended.
[[nodiscard]] Message alertmanager_message(const std::vector<Incident>& incidents, Instant now,
                                           Millis resend);

/// For an incoming webhook of Slack.
[[nodiscard]] Message slack_message(const std::vector<Notice>& notices);

/// For PagerDuty's Events API v2: one notice.
[[nodiscard]] Message pagerduty_message(const Notice& notice, const Secret& routing_key);

/// In the shape of Alertmanager's webhook, version 4; signed if there is a key.
[[nodiscard]] Message webhook_message(const std::vector<Notice>& notices, std::string_view receiver,
                                      const Secret& hmac_secret);

/// The name of the alert that Prometheus' rules would raise about it.
[[nodiscard]] std::string alert_name(IncidentKind kind);

}  // namespace syncwarden::notify
