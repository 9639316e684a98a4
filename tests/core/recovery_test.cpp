// The rules of recovery one by one: what is stuck, what is believed, when to stop trying, what is late.
#include "core/breaker.hpp"
#include "core/freshness.hpp"
#include "core/incident_book.hpp"
#include "core/stuck.hpp"
#include "core/verify.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace syncwarden::core {
namespace {

using namespace std::chrono_literals;

const Instant noon{std::chrono::sys_days{std::chrono::year{2026} / 11 / 2} + 12h};

JobView job_with(std::int64_t records) {
  JobView job;
  job.id = JobId{7};
  job.status = JobStatus::succeeded;
  job.created = noon;
  job.updated = noon + 10min;
  job.counters.records_committed = records;
  return job;
}

ConnectionHistory history_of(std::vector<std::int64_t> records) {
  ConnectionHistory history;
  history.first_seen = noon - 48h;
  for (const auto count : records) history.samples.push_back({10min, count, count * 400});
  return history;
}

TEST(Verify, ZeroRecordsAreSuspectOnlyWhereTheyAreUnusual) {
  EXPECT_FALSE(judge(job_with(0), history_of({900, 1'000, 1'100, 950, 1'050}), {}, true).verified);
  EXPECT_TRUE(judge(job_with(0), history_of({900, 1'000, 1'100, 950}), {}, true).verified)
      << "too little history";
  EXPECT_TRUE(judge(job_with(0), history_of({0, 1'000, 0, 950, 1'050}), {}, true).verified) << "often empty";
}

TEST(Verify, NoStatisticsAreSuspectWhereAirbyteWouldShowThem) {
  JobView job = job_with(0);
  job.counters = {};
  EXPECT_FALSE(judge(job, {}, {}, true).verified);
  EXPECT_TRUE(judge(job, {}, {}, false).verified) << "this Airbyte never tells";
  VerifyPolicy accepting;
  accepting.no_statistics = NoStatistics::accept;
  EXPECT_TRUE(judge(job, {}, accepting, true).verified);
}

TEST(Verify, AnUnusualVolumeOnlyAlerts) {
  const auto past = history_of({900, 1'000, 1'100, 950, 1'050});
  const auto many = judge(job_with(50'000), past, {}, true);
  EXPECT_TRUE(many.verified);
  EXPECT_FALSE(many.outlier.empty());
  EXPECT_TRUE(judge(job_with(1'200), past, {}, true).outlier.empty());
  EXPECT_FALSE(judge(job_with(3), past, {}, true).verified) << "far outside of its own history";
}

TEST(Verify, RejectedRecordsAreWorthAWord) {
  JobView job = job_with(1'000);
  job.counters.records_rejected = 400;
  const auto judged = judge(job, {}, {}, true);
  EXPECT_TRUE(judged.verified);
  EXPECT_NE(judged.outlier.find("rejected"), std::string::npos);
}

struct Watched {
  JobView job;
  JobWatch watch;
  Watched() {
    job.status = JobStatus::running;
    job.attempts = 1;
    job.counters.records_emitted = 10;
    watch.begin(job, 0ms);
  }
};

TEST(Stuck, CountersThatRestAreNoProgressAndCountersThatFallAre) {
  Watched w;
  EXPECT_FALSE(suspect(w.job, w.watch, 2h, noon, {}, {}));
  const auto found = suspect(w.job, w.watch, 3h, noon, {}, {});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kind, StuckKind::no_progress);
  JobView fallen = w.job;
  fallen.counters.records_emitted = 1;
  w.watch.read(w.job, fallen, 3h);
  EXPECT_FALSE(suspect(fallen, w.watch, 4h, noon, {}, {}));
}

TEST(Stuck, WhatAConnectionHasShownBeforeIsNoStall) {
  const Watched w;
  ConnectionHistory quiet;
  quiet.longest_quiet = 4h;
  EXPECT_FALSE(suspect(w.job, w.watch, 7h, noon, {}, quiet));
  EXPECT_TRUE(suspect(w.job, w.watch, 8h, noon, {}, quiet));
}

TEST(Stuck, EachStatusHasItsOwnPatience) {
  for (const auto& [status, after, kind] :
       {std::tuple{JobStatus::pending, 15min, StuckKind::pending},
        std::tuple{JobStatus::queued, 60min, StuckKind::queued},
        std::tuple{JobStatus::incomplete, 45min, StuckKind::between_attempts}}) {
    Watched w;
    w.job.status = status;
    w.watch.begin(w.job, 0ms);
    EXPECT_FALSE(suspect(w.job, w.watch, after - 1ms, noon, {}, {})) << to_string(kind);
    const auto found = suspect(w.job, w.watch, after, noon, {}, {});
    ASSERT_TRUE(found) << to_string(kind);
    EXPECT_EQ(found->kind, kind);
  }
}

TEST(Stuck, ASecondLookDecides) {
  const Watched w;
  JobInspection look;
  look.job = w.job;
  const auto no_progress = StuckKind::no_progress;
  EXPECT_EQ(confirm(no_progress, w.job, look, std::nullopt), Confirmation::look_again);
  EXPECT_EQ(confirm(no_progress, w.job, look, look.job.counters), Confirmation::stuck);
  EXPECT_EQ(confirm(no_progress, w.job, look, JobCounters{}), Confirmation::moved);
  look.streams.push_back({"public.orders", StreamRunState::rate_limited, std::nullopt});
  EXPECT_EQ(confirm(no_progress, w.job, look, look.job.counters), Confirmation::rate_limited);
  look.workflow_running = false;
  EXPECT_EQ(confirm(no_progress, w.job, look, look.job.counters), Confirmation::orphan);
  look.job.status = JobStatus::succeeded;
  EXPECT_EQ(confirm(no_progress, w.job, look, look.job.counters), Confirmation::ended);
}

TEST(Stuck, BlindTimeIsNotObserved) {
  ObservedClock clock;
  clock.saw(Mono{0ms}, 2min);
  clock.saw(Mono{1min}, 2min);
  EXPECT_EQ(clock.now(), Millis{1min});
  clock.blind();
  clock.saw(Mono{2min}, 2min);
  EXPECT_EQ(clock.now(), Millis{1min}) << "a poll failed in between";
  clock.saw(Mono{60min}, 2min);
  EXPECT_EQ(clock.now(), Millis{1min}) << "too long ago to say what happened meanwhile";
}

TEST(Breaker, OpensAndProbesShortOfAirbytesOwnLimit) {
  BreakerPolicy bold;
  bold.after_failed_jobs = 40;
  for (const auto* version : {"0.40.32", "0.50.40", "1.2.0", "1.3.0", "2.1.0", ""}) {
    const auto rule = auto_disable_of(version);
    EXPECT_LT(breaker_limit(bold, rule) + bold.probe_max, rule.failed_jobs) << version;
  }
  EXPECT_EQ(breaker_limit(BreakerPolicy{}, auto_disable_of("2.0.0")), 8U);
  EXPECT_EQ(breaker_limit(BreakerPolicy{0, 24h, 5}, auto_disable_of("2.0.0")), 0U) << "never, by policy";
}

TEST(Breaker, ProbesAreFewAndFarBetween) {
  const BreakerPolicy policy{8, 24h, 2};
  BreakerState state{noon, 0, std::nullopt};
  EXPECT_FALSE(probe_allowed(policy, state, noon + 23h));
  EXPECT_TRUE(probe_allowed(policy, state, noon + 24h));
  state = {noon, 2, noon + 48h};
  EXPECT_FALSE(probe_allowed(policy, state, noon + 24h * 365)) << "used up";
}

TEST(Breaker, WarnsInTimeOfAirbytesOwnLimit) {
  const auto both = auto_disable_of("2.0.0");
  EXPECT_FALSE(near_auto_disable(both, 20, Millis{24h})) << "it succeeded yesterday";
  EXPECT_TRUE(near_auto_disable(both, 20, Millis{24h * 4}));
  const auto either = auto_disable_of("0.50.40");
  EXPECT_TRUE(near_auto_disable(either, 1, Millis{24h * 11}));
  EXPECT_FALSE(near_auto_disable(either, 0, Millis{24h * 100})) << "nothing fails";
}

TEST(KeepFresh, StartsEarlyEnoughByTheDurationsSeen) {
  auto history = history_of({1, 1, 1, 1, 1});
  history.last_success = noon;
  history.last_completion = noon;
  const Instant start = next_keep_fresh(2h, history, noon - 1h);
  EXPECT_LE(start + 10min, noon + 2h);
  EXPECT_GE(start, noon + 90min) << "and not much earlier";
  history.consecutive_failures = 3;
  history.last_completion = noon + 2h;
  EXPECT_EQ(next_keep_fresh(2h, history, noon), noon + 2h + 20min) << "later and later while it fails";
}

TEST(Chain, IsReadyWithTheLastOfItsParents) {
  const std::vector<std::optional<Instant>> one{noon, std::nullopt};
  EXPECT_FALSE(chain_state(one, noon - 1h).ready);
  EXPECT_EQ(chain_state(one, noon - 1h).first, noon);
  const std::vector<std::optional<Instant>> both{noon, noon + 1h};
  EXPECT_EQ(chain_state(both, noon - 1h).ready, noon + 1h);
  EXPECT_FALSE(chain_state(both, noon).ready) << "the first one was used already";
}

struct Book {
  IncidentBook book;
  std::vector<fact::IncidentChange> told;
  IncidentBook::Report report;
  Book() {
    book.listen([this](const Incident&, fact::IncidentChange change) { told.push_back(change); });
    report.connection = ConnectionId{"c"};
    report.subject = "orders";
    report.summary = "job 7 failed";
  }
  [[nodiscard]] IncidentBook::Key key() const { return {report.kind, report.stuck, report.connection, {}}; }
};

TEST(Incidents, OneForEachCauseHoweverOftenItIsSeen) {
  Book b;
  b.book.raise(b.report, noon);
  b.book.raise(b.report, noon + 1min);
  EXPECT_EQ(b.told, std::vector{fact::IncidentChange::opened});
  EXPECT_TRUE(b.book.close(b.key(), "job 8 succeeded", noon + 2min));
  EXPECT_TRUE(b.book.open().empty());
}

TEST(Incidents, WhatComesBackSoonIsTheSameAndClosesOnlyAfterACalm) {
  Book b;
  for (int i = 0; i <= 3; ++i) {
    b.book.raise(b.report, noon + i * 10min);
    b.book.close(b.key(), "succeeded", noon + i * 10min + 5min);
  }
  ASSERT_EQ(b.book.open().size(), 1U) << "it flaps: it stays open for a while";
  EXPECT_EQ(b.book.open().begin()->second.id, IncidentId{1});
  b.book.pass(noon + 35min + 59min);
  EXPECT_EQ(b.book.open().size(), 1U);
  b.book.pass(noon + 35min + 60min);
  EXPECT_TRUE(b.book.open().empty());
}

TEST(Incidents, NumbersGoOnAfterARestart) {
  Book b;
  Incident old;
  old.id = IncidentId{41};
  old.connection = ConnectionId{"other"};
  b.book.restore({old}, IncidentId{42});
  b.book.raise(b.report, noon);
  EXPECT_NE(b.book.find(IncidentId{43}), nullptr);
  EXPECT_TRUE(b.book.acknowledge(IncidentId{43}, "alice", "", noon));
  EXPECT_EQ(b.book.find(IncidentId{43})->owner, "alice");
}

}  // namespace
}  // namespace syncwarden::core
