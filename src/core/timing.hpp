// When a schedule of a rule is due: by the calendar, by how old the data is, or by other connections.
#pragma once

#include "base/shared_text.hpp"
#include "calendar/schedule.hpp"
#include "model/plan.hpp"

#include <optional>
#include <utility>
#include <variant>

namespace syncwarden::core {

class Timing {
 public:
  explicit Timing(calendar::Schedule schedule) : text_(schedule.text()), when_(std::move(schedule)) {}
  explicit Timing(KeepFresh fresh) : text_("keep_fresh " + to_string(fresh.target)), when_(fresh) {}
  explicit Timing(After after) : text_(after.text), when_(std::move(after)) {}

  /// Identifies it: equal text means equal instants. An edited schedule starts anew.
  [[nodiscard]] const SharedText& text() const { return text_; }
  [[nodiscard]] const calendar::Schedule* calendar() const { return std::get_if<calendar::Schedule>(&when_); }
  [[nodiscard]] const KeepFresh* keep_fresh() const { return std::get_if<KeepFresh>(&when_); }
  [[nodiscard]] const After* after() const { return std::get_if<After>(&when_); }
  /// The first instant by the calendar; nothing for the others, whose instants depend on what happens.
  [[nodiscard]] std::optional<Instant> next(Instant from) const {
    const auto* schedule = calendar();
    return schedule == nullptr ? std::nullopt : schedule->next(from);
  }

 private:
  SharedText text_;
  std::variant<calendar::Schedule, KeepFresh, After> when_;
};

}  // namespace syncwarden::core
