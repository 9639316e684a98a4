#include "model/notice.hpp"

#include "model/receiver.hpp"
#include "model/words.hpp"

#include <array>

namespace syncwarden {
namespace {

constexpr model::Words<NoticeEvent, 8> event_words{
    {{NoticeEvent::incident_opened, "incident_opened"},
     {NoticeEvent::incident_escalated, "incident_escalated"},
     {NoticeEvent::incident_acknowledged, "incident_acknowledged"},
     {NoticeEvent::incident_closed, "incident_closed"},
     {NoticeEvent::run_succeeded, "run_succeeded"},
     {NoticeEvent::run_failed, "run_failed"},
     {NoticeEvent::run_suspect, "run_suspect"},
     {NoticeEvent::daily_digest, "daily_digest"}}};

}  // namespace

std::string_view to_string(NoticeEvent event) { return model::word_of(event_words, event); }
std::optional<NoticeEvent> notice_event_from(std::string_view word) {
  return model::value_of(event_words, word);
}

std::string_view kind_of(const Receiver& receiver) {
  static constexpr std::array<std::string_view, 5> kinds{"alertmanager", "slack", "pagerduty", "webhook",
                                                         "heartbeat"};
  static_assert(kinds.size() == std::variant_size_v<ReceiverTarget>);
  return kinds[receiver.target.index()];
}

}  // namespace syncwarden
