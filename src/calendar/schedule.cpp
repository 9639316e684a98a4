#include "calendar/schedule.hpp"

#include "base/rng.hpp"
#include "calendar/cron.hpp"
#include "calendar/every.hpp"
#include "calendar/occurrence.hpp"
#include "calendar/zone.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

namespace syncwarden::calendar {
namespace {

/// The end of what any schedule yields: 2200-01-01T00:00:00Z.
constexpr std::int64_t end_of_time = 7258118400;

/// "Never" is judged from here on, by the DST rules of today: 2026-01-01T00:00:00Z.
constexpr std::int64_t reference = 1767225600;

std::int64_t floor_seconds(Instant at) {
  return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}

struct Cron {
  CronFields fields;
  std::shared_ptr<const Zone> zone;
  DstPolicy policy = DstPolicy::safe;
};

/// An error if the expression can never fire; a year that is over is no such case.
std::optional<Error> never_fires(const CronExpression& expression, const Cron& cron) {
  if (next_occurrence(cron.fields, *cron.zone, cron.policy, reference)) return std::nullopt;
  const bool on_the_wall = next_local(cron.fields, reference + 86400).has_value();
  if (!on_the_wall && next_occurrence(cron.fields, *cron.zone, cron.policy, -86400)) return std::nullopt;
  Error error{Errc::invalid_config, fmt::format("\"{}\" never fires: ", expression.text), {}, {}};
  if (on_the_wall) {
    error.message += fmt::format("in {} the clocks always skip this time", cron.zone->name());
    error.hint = "choose another hour, or dst: safe, which runs it when the gap ends";
  } else {
    error.message += "no year has such a date";
    error.hint = "L is the last day of every month in a Quartz expression";
  }
  return error;
}

Error bad_interval(std::string message, std::string hint) {
  return Error{Errc::invalid_config, std::move(message), {}, std::move(hint)};
}

}  // namespace

std::string_view to_string(DstPolicy policy) {
  switch (policy) {
    case DstPolicy::safe:
      return "safe";
    case DstPolicy::quartz:
      return "quartz";
    case DstPolicy::skip:
      return "skip";
  }
  return "safe";
}

struct Schedule::Impl {
  std::variant<Cron, EverySpec> kind;
  SharedText text;
  std::vector<std::string> warnings;
};

Result<Schedule> Schedule::cron(const CronSpec& spec) {
  auto parsed = parse_cron(spec.expression);
  if (!parsed) return parsed.error();
  auto zone = Zone::find(spec.timezone);
  if (!zone) return zone.error();
  Cron cron{parsed->fields, *std::move(zone), spec.dst};
  if (auto error = never_fires(*parsed, cron)) return *std::move(error);
  auto impl = std::make_shared<Impl>();
  impl->text = fmt::format("{} {} {}", parsed->text, cron.zone->name(), to_string(spec.dst));
  impl->warnings = std::move(parsed->warnings);
  impl->kind = std::move(cron);
  return Schedule(std::move(impl));
}

Result<Schedule> Schedule::every(const EverySpec& spec) {
  constexpr Millis second{1000};
  constexpr Millis longest = std::chrono::hours{24 * 3660};
  if (spec.interval < second || spec.interval > longest || spec.interval % second != Millis{0}) {
    return bad_interval(fmt::format("an interval of {} is not possible: whole seconds from 1s to 3660d are",
                                    syncwarden::to_string(spec.interval)),
                        "an example: every: 6h");
  }
  if (spec.phase < Millis{0} || spec.phase >= spec.interval || spec.phase % second != Millis{0}) {
    return bad_interval(
        fmt::format("a phase of {} is not possible: whole seconds, less than the interval of {}, are",
                    syncwarden::to_string(spec.phase), syncwarden::to_string(spec.interval)),
        {});
  }
  auto impl = std::make_shared<Impl>();
  std::string text = fmt::format("every {}", syncwarden::to_string(spec.interval));
  if (spec.phase > Millis{0}) text += fmt::format(" phase {}", syncwarden::to_string(spec.phase));
  impl->text = text;
  impl->kind = spec;
  return Schedule(std::move(impl));
}

Result<Schedule> Schedule::from_text(std::string_view text) {
  if (text.starts_with("every ")) {
    const auto spec = parse_every(text);
    return spec ? every(*spec) : Result<Schedule>(spec.error());
  }
  // Neither the name of a zone nor of a policy has a blank in it.
  const auto before_dst = text.rfind(' ');
  const auto before_zone = before_dst == std::string_view::npos || before_dst == 0
                               ? std::string_view::npos
                               : text.rfind(' ', before_dst - 1);
  constexpr std::array policies{DstPolicy::safe, DstPolicy::quartz, DstPolicy::skip};
  const auto* const dst = before_zone == std::string_view::npos
                              ? policies.end()
                              : std::ranges::find(policies, text.substr(before_dst + 1),
                                                  [](DstPolicy policy) { return to_string(policy); });
  if (dst == policies.end())
    return Error{Errc::invalid_config, fmt::format("\"{}\" is the text of no schedule", text), {}, {}};
  return cron({std::string(text.substr(0, before_zone)),
               std::string(text.substr(before_zone + 1, before_dst - before_zone - 1)), *dst});
}

std::optional<Instant> Schedule::next(Instant after) const {
  const std::int64_t from = floor_seconds(after);
  if (from >= end_of_time) return std::nullopt;
  if (const auto* every = std::get_if<EverySpec>(&impl_->kind)) {
    const std::int64_t interval = every->interval.count() / 1000;
    const std::int64_t phase = every->phase.count() / 1000;
    const std::int64_t since = std::max<std::int64_t>(from, -end_of_time) - phase;
    const std::int64_t steps = since / interval - (since % interval < 0 ? 1 : 0);
    return Instant{std::chrono::seconds{(steps + 1) * interval + phase}};
  }
  const auto& cron = *std::get_if<Cron>(&impl_->kind);
  const auto found = next_occurrence(cron.fields, *cron.zone, cron.policy, from);
  if (!found) return std::nullopt;
  return Instant{std::chrono::seconds{*found}};
}

const SharedText& Schedule::text() const { return impl_->text; }

std::span<const std::string> Schedule::warnings() const { return impl_->warnings; }

Millis jitter_offset(std::string_view schedule_id, Millis jitter, Instant nominal,
                     std::optional<Instant> following) {
  Millis bound = jitter;
  if (following) bound = std::min(bound, (*following - nominal) / 2);
  if (bound <= Millis{0}) return Millis{0};
  return Millis{static_cast<Millis::rep>(hash64(schedule_id) % static_cast<std::uint64_t>(bound.count()))};
}

Millis spread_phase(std::string_view connection_id, Millis interval) {
  const auto seconds = interval.count() / 1000;
  if (seconds <= 0) return Millis{0};
  return Millis{static_cast<Millis::rep>(hash64(connection_id) % static_cast<std::uint64_t>(seconds)) * 1000};
}

Result<EverySpec> parse_every(std::string_view text) {
  const auto fail = [&] {
    return bad_interval(fmt::format("\"{}\" is no interval", text), "examples: every 6h, every 1h phase 10m");
  };
  constexpr std::string_view blanks = " \t";
  std::vector<std::string_view> words;
  while (text.find_first_not_of(blanks) != std::string_view::npos) {
    text.remove_prefix(text.find_first_not_of(blanks));
    words.push_back(text.substr(0, text.find_first_of(blanks)));
    text.remove_prefix(words.back().size());
  }
  if ((words.size() != 2 && words.size() != 4) || words[0] != "every") return fail();
  EverySpec spec;
  const auto interval = parse_duration(words[1]);
  if (!interval) return fail();
  spec.interval = *interval;
  if (words.size() == 2) return spec;
  const auto phase = words[2] == "phase" ? parse_duration(words[3]) : std::nullopt;
  if (!phase) return fail();
  spec.phase = *phase;
  return spec;
}

}  // namespace syncwarden::calendar
