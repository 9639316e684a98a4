// The small rules on their own: agenda, due, index_set, retry, ready_queue, slots.
#include "core/agenda.hpp"
#include "core/decided.hpp"
#include "core/desk.hpp"
#include "core/due.hpp"
#include "core/index_set.hpp"
#include "core/ready_queue.hpp"
#include "core/retry.hpp"
#include "core/slots.hpp"

#include <map>
#include <set>

#include <gmock/gmock.h>

namespace syncwarden::core {
namespace {

using namespace std::chrono_literals;

TEST(Due, NothingIsDueBeforeItsInstantAndJitterMovesIt) {
  const auto hourly = cron("0 0 * * * ?");
  EXPECT_TRUE(due_ticks(hourly, "k", {}, monday, monday + 1h - 1ms, CatchUpPolicy::all, 10).start.empty());
  EXPECT_EQ(due_ticks(hourly, "k", {}, monday, monday + 1h, CatchUpPolicy::all, 10).start.size(), 1U);
  const auto next = next_tick(hourly, "k", 24h, monday);
  ASSERT_TRUE(next);
  EXPECT_GE(next->due, next->nominal);
  EXPECT_LE(next->due - next->nominal, 30min) << "half the distance at most";
}

TEST(Due, AScheduleThatHasEndedHasNoNextTick) {
  EXPECT_FALSE(next_tick(cron("0 0 0 1 1 ? 2027"), "k", {}, monday + 24h * 365));
}

TEST(Due, LateBeginsAfterTheGrace) {
  const auto hourly = cron("0 0 * * * ?");
  for (const auto& [after, late] : {std::pair<Millis, bool>{59s, false}, {60s, true}}) {
    const auto ticks = due_ticks(hourly, "k", {}, monday, monday + 1h + after, CatchUpPolicy::latest, 10);
    ASSERT_EQ(ticks.start.size(), 1U);
    EXPECT_EQ(ticks.start[0].late, late);
  }
}

TEST(Due, TenYearsOfSecondsCostNothing) {
  const auto ticks =
      due_ticks(cron("* * * * * ?"), "k", {}, monday - 24h * 3650, monday, CatchUpPolicy::all, 10);
  ASSERT_EQ(ticks.start.size(), 10U);
  EXPECT_EQ(ticks.start.front().nominal, monday - 9s);
  EXPECT_EQ(ticks.start.back().nominal, monday);
  EXPECT_TRUE(ticks.missed_more);
  EXPECT_EQ(ticks.missed, monday - 10s);
}

TEST(Decided, RangesOfOneTextGrowTogetherAndOthersStandApart) {
  DecidedRanges ranges;
  ranges.add({monday, monday, "every 1h"});
  EXPECT_TRUE(ranges.all().empty()) << "nothing lies in it";
  ranges.add({monday + 4h, monday + 6h, "every 1h"});
  ranges.add({monday, monday + 2h, "every 1h"});
  ranges.add({monday + 1h, monday + 5h, "every 2h"});
  ASSERT_EQ(ranges.all().size(), 3U);
  EXPECT_EQ(ranges.all()[0], (DecidedRange{monday, monday + 2h, "every 1h"})) << "by their ends";
  ranges.add({monday + 2h, monday + 4h, "every 1h"});
  ASSERT_EQ(ranges.all().size(), 2U);
  EXPECT_EQ(ranges.all()[1], (DecidedRange{monday, monday + 6h, "every 1h"}));
  ranges.drop_within({monday, monday + 6h, "every 1h"});
  ASSERT_EQ(ranges.all().size(), 1U);
  EXPECT_TRUE(ranges.contain(monday + 2h));
  EXPECT_FALSE(ranges.contain(monday + 3h)) << "every 2h does not yield it";
  EXPECT_FALSE(ranges.contain(monday + 6h));
}

TEST(Decided, TheOneThatEndsFirstIsForgottenFirst) {
  DecidedRanges ranges;
  for (int i = 0; i < 10; ++i) ranges.add({monday + 3h * i, monday + 3h * i + 1h, "every 1h"});
  ASSERT_EQ(ranges.all().size(), max_decided_ranges);
  EXPECT_FALSE(ranges.contain(monday + 4h));
  EXPECT_TRUE(ranges.contain(monday + 7h));
  EXPECT_TRUE(ranges.contain(monday + 28h));
}

/// As Quartz counts, 01:00 of New York's long night (06:00 UTC) follows midnight, and no instant of the first
/// of its two hours.
TEST(Decided, AWatermarkBeforeANominalLeadsToIt) {
  const auto quartz = cron("0 0 * * * ?", "America/New_York", calendar::DstPolicy::quartz);
  const Instant night{std::chrono::sys_days{std::chrono::year{2026} / 11 / 1}};
  ASSERT_NE(quartz.next(night + 6h - Millis{1}), night + 6h);
  for (const Millis nominal : {Millis{4h}, Millis{6h}, Millis{7h}, Millis{9h}}) {
    const Instant before = watermark_before(quartz, night + nominal);
    EXPECT_EQ(quartz.next(before), night + nominal);
  }
  const auto rare = cron("0 0 12 * * ?");
  EXPECT_EQ(rare.next(watermark_before(rare, monday + 12h)), monday + 12h);
}

TEST(Decided, APassageLeadsOverARangeOrOverWhatTwoTextsShare) {
  const auto hourly = calendar::Schedule::from_text("every 1h").value();
  DecidedRanges ranges;
  ranges.add({monday + 1h, monday + 3h, "every 1h"});
  ranges.add({monday + 3h, monday + 7h, "every 2h"});
  ranges.add({monday + 8h, monday + 9h, "after orders"});
  const auto from = [&](Millis watermark) {
    const auto passage = ranges.next_passage(hourly, "c/0", Millis{}, monday + watermark);
    return passage ? std::pair(passage->tick.nominal - monday, passage->until - monday)
                   : std::pair(Millis{}, Millis{});
  };
  EXPECT_EQ(from(0h), std::pair(Millis{2h}, Millis{3h}));
  EXPECT_EQ(from(2h), std::pair(Millis{3h}, Millis{3h}));
  EXPECT_EQ(from(3h), std::pair(Millis{4h}, Millis{4h})) << "05:00 is nobody's";
  EXPECT_EQ(from(4h), std::pair(Millis{6h}, Millis{6h}));
  EXPECT_EQ(from(6h), std::pair(Millis{}, Millis{}));
  const auto jittered = ranges.next_passage(hourly, "c/0", Millis{20min}, monday);
  ASSERT_TRUE(jittered);
  EXPECT_EQ(jittered->tick.due, next_tick(hourly, "c/0", Millis{20min}, monday + 1h)->due);
}

TEST(Retry, ExtraJobDelays) {
  const ExtraJobs policy{.max = 5, .initial = 5min, .factor = 3, .longest = 1h};
  const auto delay = [&](std::uint32_t number) {
    return extra_job_delay(policy, number, FailureClass::transient, false);
  };
  EXPECT_EQ(delay(1), Millis{5min});
  EXPECT_EQ(delay(2), Millis{15min});
  EXPECT_EQ(delay(3), Millis{45min});
  EXPECT_EQ(delay(4), Millis{1h});
  EXPECT_EQ(delay(6), std::nullopt);
  EXPECT_EQ(extra_job_delay(policy, 1, FailureClass::unknown, false), std::nullopt);
  EXPECT_EQ(extra_job_delay(policy, 1, FailureClass::unknown, true), Millis{5min});
  EXPECT_EQ(extra_job_delay(policy, 2, FailureClass::unknown, true), std::nullopt);
}

TEST(Retry, BackOffStaysWithinItsBounds) {
  Rng rng{1};
  for (std::uint32_t failures : {1U, 2U, 10U, 1'000'000U}) {
    const auto pause = backoff(1s, 30s, failures, rng);
    EXPECT_GE(pause, failures == 1 ? 1s : 2s);
    EXPECT_LE(pause, 36s);
  }
}

TEST(Retry, PollsFollowTheYoungestJob) {
  const PollPace pace{1s, 30s, 2min};
  EXPECT_EQ(poll_delay(pace, std::nullopt, false), 30s);
  EXPECT_EQ(poll_delay(pace, std::nullopt, true), 1s);
  EXPECT_EQ(poll_delay(pace, Millis{0}, false), 1s);
  EXPECT_EQ(poll_delay(pace, Millis{100s}, false), 10s);
  EXPECT_EQ(poll_delay(pace, Millis{24h}, false), 30s);
}

TEST(Retry, ThePaceGivesTheNextTokenWhenItSays) {
  Pacing pacing;
  Mono now{1h};
  pacing.configure(5, 10, now);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(pacing.take(now));
  EXPECT_FALSE(pacing.take(now));
  EXPECT_EQ(pacing.ready_at(now) - now, 200ms);
  EXPECT_FALSE(pacing.take(now + 199ms));
  EXPECT_TRUE(pacing.take(now + 201ms));
}

ReadyQueue::Item item(std::uint64_t id, int level, Mono since, std::uint32_t workspace = 1) {
  ReadyQueue::Item made;
  made.run = RunId{0, id};
  made.level = level;
  made.since = since;
  made.workspace = workspace;
  made.schedule = std::to_string(id);
  return made;
}

TEST(Queue, AgeingStopsBelowAPersonsRequest) {
  ReadyQueue queue;
  queue.push(item(1, 2, Mono{0h}), Mono{0h});
  queue.push(item(2, manual_level, Mono{10h}), Mono{10h});
  queue.push(item(3, 8, Mono{10h}), Mono{10h});
  EXPECT_EQ(queue.pop(Mono{10h})->run.lo, 2U);
  EXPECT_EQ(queue.pop(Mono{10h})->run.lo, 1U);
  EXPECT_EQ(queue.pop(Mono{10h})->run.lo, 3U);
  EXPECT_FALSE(queue.pop(Mono{10h}));
  EXPECT_FALSE(queue.erase(RunId{0, 1}));
}

TEST(Queue, WhatLeftOrRoseIsNeverServedTwice) {
  ReadyQueue queue;
  const Mono start{0h};
  // Many leave from the middle, so that what they leave behind is swept out; some come again.
  for (std::uint64_t id = 0; id < 1'000; ++id)
    queue.push(item(id, 5, start, static_cast<std::uint32_t>(id % 3)), start);
  for (std::uint64_t id = 0; id < 1'000; ++id) {
    if (id % 10 == 0) continue;
    EXPECT_TRUE(queue.erase(RunId{0, id}));
  }
  for (std::uint64_t id = 0; id < 1'000; id += 5) queue.push(item(id, 5, start), start);
  EXPECT_EQ(queue.size(), 200U);
  std::set<std::uint64_t> served;
  const Mono later{25min};  // all of them have risen twice
  while (const auto next = queue.pop(later)) EXPECT_TRUE(served.insert(next->run.lo).second) << next->run.lo;
  EXPECT_EQ(served.size(), 200U);
  EXPECT_TRUE(queue.empty());
}

TEST(Agenda, YieldsTheEarliestAsASortedSetWould) {
  Agenda agenda;
  std::set<std::pair<Instant, std::uint32_t>> expected;
  std::map<std::uint32_t, Instant> entered;
  Rng rng{7};
  for (int i = 0; i < 20'000; ++i) {
    const auto number = static_cast<std::uint32_t>(rng.below(50));
    if (const auto known = entered.find(number); known != entered.end()) {
      expected.erase({known->second, number});
      entered.erase(known);
    }
    if (rng.chance(0.3)) {
      agenda.remove(number);
    } else {
      const Instant at{Millis{static_cast<std::int64_t>(rng.below(20))}};  // ties are frequent
      agenda.set(number, at);
      expected.emplace(at, number);
      entered[number] = at;
    }
    ASSERT_EQ(agenda.empty(), expected.empty());
    if (expected.empty()) continue;
    ASSERT_EQ(agenda.first().at, expected.begin()->first);
    ASSERT_EQ(agenda.first().number, expected.begin()->second);
  }
}

TEST(IndexSet, IsWalkedInOrderWhileItChanges) {
  IndexSet set;
  EXPECT_FALSE(set.next(0));
  for (const std::uint32_t number : {700U, 63U, 64U, 0U, 64U, 5U}) set.insert(number);
  set.erase(5);
  set.erase(10'000);
  std::vector<std::uint32_t> walked;
  for (auto i = set.next(0); i; i = set.next(*i + 1)) {
    walked.push_back(*i);
    if (*i == 63) set.erase(64);
  }
  EXPECT_EQ(walked, (std::vector<std::uint32_t>{0, 63, 700}));
}

TEST(SlotCounts, TheWidestFullKeyHoldsAndCountsNeverUnderflow) {
  Slots slots;
  slots.configure({.total = 1, .per_source = 1});
  const auto a = slots.keys_of(connection("a"));
  const auto b = slots.keys_of(connection("b"));
  EXPECT_FALSE(slots.full(a));
  slots.take(a);
  ASSERT_TRUE(slots.full(b));
  EXPECT_EQ(slots.name(*slots.full(b)), "total (limit 1)");
  slots.give_back(a);
  slots.give_back(a);
  EXPECT_FALSE(slots.full(b));
  slots.take(b);
  EXPECT_TRUE(slots.full(a));
}

TEST(SlotNames, AreThoseThatAirbyteShowsAndFollowARename) {
  struct Case {
    const char* name;
    Limits limits;
    const char* shown;
  };
  auto view = connection("a");
  view.source = {ActorId{"0f3a"}, SharedText{"orders pg"}, SharedText{"postgres"}, {}};
  view.destination = {ActorId{"77b1"}, SharedText{}, SharedText{"s3"}, {}};
  Limits group;
  group.groups.push_back({"crm", {}, 3});
  for (const auto& [name, limits, shown] :
       {Case{"total", {.total = 1}, "total (limit 1)"},
        Case{"source", {.per_source = 2}, "source orders pg (limit 2)"},
        Case{"without a name", {.per_destination = 1}, "destination 77b1 (limit 1)"},
        Case{"type", {.per_source_type = 4}, "source type postgres (limit 4)"},
        Case{"group", group, "group crm (limit 3)"}}) {
    Slots slots;
    slots.configure(limits);
    const auto keys = slots.keys_of(view);
    ASSERT_EQ(keys.size(), 1U) << name;
    EXPECT_EQ(slots.name(keys[0]), shown) << name;
  }
  Slots slots;
  slots.configure({.per_source = 1});
  const auto before = slots.keys_of(view);
  view.source.name = "orders";
  EXPECT_EQ(slots.keys_of(view), before) << "it is the same source";
  EXPECT_EQ(slots.name(before[0]), "source orders (limit 1)");
}

// ---- a small world, played to its end in every way ----

enum class Fate { created, lost_request, lost_reply, error_after_effect, conflict, not_sent, throttled };
constexpr std::array fates{Fate::created,  Fate::lost_request, Fate::lost_reply, Fate::error_after_effect,
                           Fate::conflict, Fate::not_sent,     Fate::throttled};
enum class Death { none, before_intent, after_intent, after_answer, while_watching };
constexpr std::array deaths{Death::none, Death::before_intent, Death::after_intent, Death::after_answer,
                            Death::while_watching};

std::optional<TriggerReply> meet(Desk& desk, Fate fate, bool connection_busy) {
  if (connection_busy) return reply_of(TriggerAnswer::conflict, Errc::conflict);
  switch (fate) {
    case Fate::created:
      return created(desk.start_job("c"));
    case Fate::lost_request:
      return reply_of(TriggerAnswer::unclear, Errc::reply_timeout);
    case Fate::lost_reply:
      desk.start_job("c");
      return std::nullopt;
    case Fate::error_after_effect:
      desk.start_job("c");
      return reply_of(TriggerAnswer::unclear);
    case Fate::conflict:
      return reply_of(TriggerAnswer::conflict, Errc::conflict);
    case Fate::not_sent:
      return reply_of(TriggerAnswer::not_sent, Errc::connect_refused);
    case Fate::throttled:
      return reply_of(TriggerAnswer::throttled, Errc::rate_limited);
  }
  return std::nullopt;
}

/// Both ticks of a day with two, each met by one fate and one death.
void play(Fate first, Fate second, Death death, OverlapPolicy overlap) {
  Plan plan = plan_of(rule("0 0 1,2 * * ?", [&](Policy& p) { p.overlap = overlap; }));
  plan.rules[0].match.id = "c";
  Desk desk(plan, {connection("c"), connection("other")});
  std::size_t requests = 0;
  desk.airbyte = [&](const out::TriggerSync&) -> std::optional<TriggerReply> {
    const bool busy = std::any_of(desk.jobs.begin(), desk.jobs.end(), [](const auto& entry) {
      return entry.second.connection.text == "c" && !is_terminal(entry.second.status);
    });
    const Fate fate = requests == 0 ? first : requests == 1 ? second : Fate::created;
    ++requests;
    auto reply = meet(desk, fate, busy);
    if (death == Death::after_answer && requests == 1) desk.disk_frozen = true;
    return death == Death::after_intent && requests == 1 ? std::nullopt : reply;
  };
  desk.until(monday + 1h - 1s);
  desk.disk_frozen = death == Death::before_intent;
  desk.until(monday + 1h);
  if (death == Death::while_watching) desk.pass(2min);
  if (death != Death::none) desk.crash(1s);
  for (int i = 0; i < 180; ++i) {
    desk.pass(1min);
    if (i % 3 == 0) desk.end_job(desk.start_job("other"), JobStatus::succeeded);
  }
  EXPECT_EQ(desk.ticks(), 2U);
  EXPECT_NE(desk.tick(monday + 1h), "-");
  EXPECT_NE(desk.tick(monday + 2h), "-");
  std::set<JobId> claimed;
  for (const auto& [start, of_run] : desk.disk.jobs_of_runs()) {
    EXPECT_EQ(of_run.size(), 1U);
    claimed.insert(of_run.begin(), of_run.end());
  }
  std::size_t made = 0;
  for (const auto& [id, job] : desk.jobs) made += job.connection.text == "c" ? 1U : 0U;
  EXPECT_EQ(claimed.size(), made) << "every job belongs to one run";
  const auto fleet = desk.core().fleet(desk.now.wall);
  EXPECT_EQ(fleet.slots_in_use, 0U);
  EXPECT_EQ(fleet.intents_unresolved, 0U);
  for (const auto& [id, run] : desk.disk.runs()) EXPECT_EQ(run.phase, RunPhase::finished);
}

TEST(SmallWorld, EveryFateAndEveryDeath) {
  for (const Fate first : fates) {
    for (const Fate second : fates) {
      for (const Death death : deaths) {
        for (const auto overlap : {OverlapPolicy::skip, OverlapPolicy::attach, OverlapPolicy::queue_one,
                                   OverlapPolicy::cancel_other}) {
          SCOPED_TRACE("fates " + std::to_string(static_cast<int>(first)) + " " +
                       std::to_string(static_cast<int>(second)) + ", death " +
                       std::to_string(static_cast<int>(death)) + ", overlap " +
                       std::string(to_string(overlap)));
          play(first, second, death, overlap);
          if (testing::Test::HasFailure()) return;
        }
      }
    }
  }
}

}  // namespace
}  // namespace syncwarden::core
