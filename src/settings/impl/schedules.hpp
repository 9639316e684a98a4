// The schedules of a rule, from values of the right kind.
#pragma once

#include "calendar/schedule.hpp"
#include "model/plan.hpp"
#include "settings/impl/assemble.hpp"

#include <optional>
#include <string>
#include <vector>

namespace syncwarden::settings {

/// A cron expression in a zone; what is wrong or odd about it is told at its place.
[[nodiscard]] std::optional<calendar::Schedule> cron_schedule(const Value& cron, const std::string& zone,
                                                              calendar::DstPolicy dst,
                                                              const Reading& reading);

/// A rule's schedules, one by one, with the rule's zone and DST policy. `match` outlives it.
class ScheduleMaker {
 public:
  ScheduleMaker(std::string zone, calendar::DstPolicy dst, const Match& match, const Reading& reading);

  [[nodiscard]] std::vector<RuleSchedule> all(const Value& value) const;

 private:
  using When = decltype(RuleSchedule::when);

  void fail(const Value& at, const std::string& message, std::string hint = {}) const;
  [[nodiscard]] std::string name_of(const Section& section, bool needed) const;
  [[nodiscard]] std::optional<When> one(const Section& section) const;
  [[nodiscard]] std::optional<When> from_cron(const Section& section) const;
  [[nodiscard]] std::optional<When> from_every(const Section& section) const;
  [[nodiscard]] std::optional<When> from_after(const Value& after) const;
  void warn_if_dense(const Value& value, const calendar::Schedule& schedule) const;

  std::string zone_;
  calendar::DstPolicy dst_;
  const Match& match_;
  const Reading& reading_;
};

}  // namespace syncwarden::settings
