// A notification that waits for its receiver: a row of the durable outbox. It is written with the change that
// it tells about, and removed when the receiver has taken it.
#pragma once

#include "base/time.hpp"
#include "model/incident.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace syncwarden {

enum class NoticeEvent : std::uint8_t {
  incident_opened,        ///< or open again soon after it was closed
  incident_escalated,     ///< more severe than before
  incident_acknowledged,  ///< somebody looks after it, or somebody else does
  incident_closed,
  run_succeeded,  ///< a run of ours has its verdict; extra jobs are behind it
  run_failed,     ///< or was given up
  run_suspect,
  daily_digest,  ///< what the last day was like
};

inline constexpr std::array incident_events{NoticeEvent::incident_opened, NoticeEvent::incident_escalated,
                                            NoticeEvent::incident_acknowledged, NoticeEvent::incident_closed};
inline constexpr std::array run_events{NoticeEvent::run_succeeded, NoticeEvent::run_failed,
                                       NoticeEvent::run_suspect};

[[nodiscard]] constexpr bool is_about_incident(NoticeEvent event) {
  return event <= NoticeEvent::incident_closed;
}

[[nodiscard]] std::string_view to_string(NoticeEvent event);
[[nodiscard]] std::optional<NoticeEvent> notice_event_from(std::string_view word);

struct Notice {
  std::string key;       ///< stays the same however often it is sent: receivers recognise a repetition by it
  std::string receiver;  ///< its name in the configuration
  NoticeEvent event = NoticeEvent::incident_opened;
  Instant at;
  /// As it was then, without its history. What is about none has its form, without a number: a run with its
  /// connection, job and verdict, a digest with a line for each event.
  Incident incident;

  bool operator==(const Notice&) const = default;
};

}  // namespace syncwarden
