#include "forecast/engine.hpp"

#include <algorithm>

namespace syncwarden::forecast {
namespace {

emulator::Options airbyte_options(const Setup& setup) {
  emulator::Options options = setup.airbyte;
  options.seed = setup.seed;
  options.start = setup.start;
  return options;
}

}  // namespace

Engine::Engine(Setup setup, Witness* witness)
    : setup_(std::move(setup)),
      witness_(witness),
      rng_(setup_.seed),
      now_(setup_.start),
      clock_(setup_.start),
      airbyte_(airbyte_options(setup_), setup_.pipelines),
      disk_(setup_.found),
      version_(setup_.airbyte.version) {
  for (emulator::ConnectionIndex i = 0; i < setup_.shown.size(); ++i) {
    shown_index_.emplace(setup_.shown[i].id, i);
  }
  expect_misfortunes();
  boot();
}

Millis Engine::between(Millis low, Millis high) {
  if (high <= low) return low;
  return low +
         Millis{static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>((high - low).count() + 1)))};
}

void Engine::note(std::uint64_t what) {
  trace_ = trace_ * 0x100000001B3ULL ^ (what + static_cast<std::uint64_t>(now_.time_since_epoch().count()));
}

bool Engine::strikes(Fault fault) {
  const double chance = setup_.faults[fault];
  if (chance <= 0 || !rng_.chance(chance)) return false;
  happened(fault);
  return true;
}

void Engine::happened(Fault fault) {
  ++fired_[static_cast<std::size_t>(fault)];
  note(1'000 + static_cast<std::uint64_t>(fault));
  if (witness_ != nullptr) witness_->happened(now_, fault);
}

std::optional<emulator::ConnectionIndex> Engine::find(const ConnectionId& id) const {
  if (setup_.shown.empty()) return airbyte_.find(id);
  const auto found = shown_index_.find(id);
  if (found == shown_index_.end()) return std::nullopt;
  return found->second;
}

const ConnectionId& Engine::id_of(emulator::ConnectionIndex index) const {
  return setup_.shown.empty() ? airbyte_.connection(index).view.id : setup_.shown[index].id;
}

// ---- time

void Engine::run_until(Instant end) {
  while (true) {
    const auto model = airbyte_.next_event();
    const Instant next = agenda_.empty() ? end : agenda_.next();
    if (model && *model <= std::min(next, end)) {
      now_ = std::max(now_, *model);
      airbyte_.advance(now_);
      see_births();
      take_replies();
      continue;
    }
    if (agenda_.empty() || next > end) break;
    auto entry = agenda_.take();
    now_ = std::max(now_, entry.at);
    airbyte_.advance(now_);
    see_births();
    if (entry.life != 0 && entry.life != life_) continue;
    if (entry.life != 0 && now_ < asleep_until_) {
      agenda_.put(asleep_until_, entry.life, std::move(entry.what));
      continue;
    }
    ++events_;
    entry.what();
    see_births();
    take_replies();
  }
  now_ = std::max(now_, end);
  airbyte_.advance(now_);
  see_births();
}

/// Which request each new job is the effect of.
void Engine::see_births() {
  const auto& history = airbyte_.history();
  for (; births_seen_ < history.size(); ++births_seen_) {
    JobBorn born{.job = history[births_seen_]};
    note(static_cast<std::uint64_t>(born.job.job.value));
    const auto expected = expected_births_.extract(born.job.connection);
    if (born.job.cause == emulator::Cause::schedule) {
      born.origin = Origin::airbyte_schedule;
    } else if (!expected.empty() && born.job.type == JobType::sync) {
      const auto& flight = *expected.mapped();
      born.origin = Origin::request;
      born.run = flight.request.run;
      born.job_number = flight.job_number;
      born.sent = flight.sent;
      born.told_wrong = flight.told_wrong;
    }
    if (witness_ != nullptr) witness_->job_born(born);
  }
}

// ---- the process

void Engine::boot() {
  ++boots_;
  core_ = std::make_unique<core::Core>(setup_.seed + boots_);
  committing_ = false;
  disk_healthy_ = true;
  waiting_ = {};
  flights_.clear();
  Snapshot snapshot = disk_.snapshot();
  if (witness_ != nullptr) witness_->booted(now_, clock_.read(now_), snapshot, setup_.plan);
  if (setup_.tampering.snapshot) setup_.tampering.snapshot(snapshot);
  Plan plan = setup_.plan;
  if (setup_.tampering.plan) setup_.tampering.plan(plan);
  in::Booted booted{std::make_shared<const Snapshot>(std::move(snapshot)),
                    std::make_shared<const Plan>(std::move(plan))};
  feed(std::move(booted));
}

void Engine::crash() {
  if (!core_) return;
  ++crashes_;
  note(1);
  core_.reset();
  ++life_;
  if (witness_ != nullptr) witness_->crashed(now_);
  after(between(Millis{0}, setup_.bounds.longest_downtime), [this] {
    if (!core_) boot();
  });
}

void Engine::change_plan(Plan plan) {
  setup_.plan = std::move(plan);
  if (!core_) return;
  Plan told = setup_.plan;
  if (setup_.tampering.plan) setup_.tampering.plan(told);
  deliver(life_, in::PlanChanged{std::make_shared<const Plan>(std::move(told))}, Millis{0});
}

void Engine::deliver(std::uint64_t life, Input input, Millis delay) {
  agenda_.put(now_ + delay, life, [this, input = std::move(input)]() mutable { feed(std::move(input)); });
}

void Engine::feed(Input input) {
  if (!core_) return;
  if (setup_.tampering.input) setup_.tampering.input(input);
  note(input.index() + 2);
  const Now now = clock_.read(now_);
  auto decision = core_->step(now, input);
  if (setup_.tampering.decision) setup_.tampering.decision(decision);
  note(decision.durable.size() * 64 + decision.after.size());
  if (witness_ != nullptr) witness_->stepped(now_, now, input, decision);
  take(std::move(decision));
}

void Engine::take(Decision decision) {
  for (auto& effect : decision.after) {
    const bool only_looks =
        std::holds_alternative<out::Probe>(effect) || std::holds_alternative<out::ReadConnections>(effect) ||
        std::holds_alternative<out::ReadJobs>(effect) || std::holds_alternative<out::ReadJob>(effect) ||
        std::holds_alternative<out::InspectJob>(effect);
    if (only_looks || setup_.tampering.effects_before_commit) {
      start(effect);
    } else {
      waiting_.after.push_back(std::move(effect));
    }
  }
  std::move(decision.durable.begin(), decision.durable.end(), std::back_inserter(waiting_.durable));
  begin_commit();
  arm();
}

/// One alarm for the whole daemon: the latest one set counts.
void Engine::arm() {
  if (!core_) return;
  const auto wake = core_->next_wake();
  std::optional<Instant> when;
  if (wake.wall) when = clock_.when(*wake.wall);
  if (wake.mono) {
    const Instant mono = clock_.when(*wake.mono);
    when = std::min(when.value_or(mono), mono);
  }
  if (!when) return;
  agenda_.put(std::max(*when, now_), life_, [this, alarm = ++armed_] {
    if (alarm == armed_) feed(in::Woke{});
  });
}

}  // namespace syncwarden::forecast
