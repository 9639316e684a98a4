#include "model/connection.hpp"

#include "model/words.hpp"

namespace syncwarden {
namespace {

using model::value_of;
using model::word_of;
using model::Words;

constexpr Words<ConnectionStatus, 5> statuses{{{ConnectionStatus::active, "active"},
                                               {ConnectionStatus::inactive, "inactive"},
                                               {ConnectionStatus::deprecated, "deprecated"},
                                               {ConnectionStatus::locked, "locked"},
                                               {ConnectionStatus::unknown, "unknown"}}};
constexpr Words<AirbyteSchedule, 4> schedules{{{AirbyteSchedule::manual, "manual"},
                                               {AirbyteSchedule::cron, "cron"},
                                               {AirbyteSchedule::basic, "basic"},
                                               {AirbyteSchedule::unknown, "unknown"}}};

constexpr std::string_view arrow = "\xE2\x86\x92";  // →

/// "->" and "→" are the same to a reader, so they are to a match.
std::string typed_arrows(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (text.starts_with(arrow)) {
      out += "->";
      text.remove_prefix(arrow.size());
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

/// Linear-time glob: on a mismatch, go back to the last star only.
bool plain_glob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

std::string_view to_string(ConnectionStatus status) { return word_of(statuses, status); }
std::string_view to_string(AirbyteSchedule schedule) { return word_of(schedules, schedule); }
ConnectionStatus connection_status_from(std::string_view word) {
  return value_of(statuses, word).value_or(ConnectionStatus::unknown);
}
AirbyteSchedule airbyte_schedule_from(std::string_view word) {
  return value_of(schedules, word).value_or(AirbyteSchedule::unknown);
}

bool glob_matches(std::string_view pattern, std::string_view text) {
  if (pattern.find(arrow) == std::string_view::npos && text.find(arrow) == std::string_view::npos) {
    return plain_glob(pattern, text);
  }
  return plain_glob(typed_arrows(pattern), typed_arrows(text));
}

}  // namespace syncwarden
