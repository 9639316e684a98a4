#include "simulation/sabotage.hpp"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace syncwarden::simulation {
namespace {

using Mutations = std::vector<Mutation>;

bool is_open_intent(const Mutation& mutation) {
  const auto* put = std::get_if<put::PutRun>(&mutation);
  return put != nullptr && (put->run.phase == RunPhase::intended || put->run.phase == RunPhase::unresolved);
}

void break_the_disk(Sabotage sabotage, forecast::Tampering& broken) {
  if (sabotage == Sabotage::forget_intents) {
    broken.commit = [](Mutations& batch) { std::erase_if(batch, is_open_intent); };
  } else if (sabotage == Sabotage::forget_ticks) {
    broken.commit = [count = 0](Mutations& batch) mutable {
      std::erase_if(batch, [&](const Mutation& m) {
        return std::holds_alternative<put::PutTick>(m) && ++count % 10 == 0;
      });
    };
  } else if (sabotage == Sabotage::decide_again) {
    broken.commit = [count = 0](Mutations& batch) mutable {
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto* put = std::get_if<put::PutTick>(&batch[i]);
        if (put == nullptr || ++count % 10 != 0) continue;
        auto again = *put;
        again.tick.outcome = TickOutcome::missed;
        again.tick.reason = TickReason::dependency;
        batch.emplace_back(std::move(again));
        return;
      }
    };
  } else if (sabotage == Sabotage::never_let_go) {
    broken.commit = [](Mutations& batch) {
      std::erase_if(batch, [](const Mutation& m) {
        const auto* put = std::get_if<put::PutRun>(&m);
        return put != nullptr && put->run.phase == RunPhase::finished;
      });
    };
  } else if (sabotage == Sabotage::open_incidents || sabotage == Sabotage::blind_to_stuck) {
    broken.commit = [blind = sabotage == Sabotage::blind_to_stuck](Mutations& batch) {
      std::erase_if(batch, [blind](const Mutation& m) {
        const auto* put = std::get_if<put::PutIncident>(&m);
        if (put == nullptr) return false;
        return blind ? put->incident.kind == IncidentKind::stuck : put->incident.closed.has_value();
      });
    };
  }
}

/// What the broken core remembers of what it was told.
struct Memory {
  std::optional<JobView> running;
  std::optional<std::uint64_t> answered;
  bool blind = false;
  std::uint64_t steps = 0;
};

void break_the_cancels(Sabotage sabotage, forecast::Tampering& broken) {
  const auto memory = std::make_shared<Memory>();
  broken.input = [memory](Input& input) {
    const auto* seen = std::get_if<in::JobsSeen>(&input);
    memory->blind = seen != nullptr && !seen->page;
    if (seen == nullptr || !seen->page) return;
    memory->running.reset();
    for (const auto& job : seen->page->active) {
      if (job.status == JobStatus::running && job.type == JobType::sync) memory->running = job;
    }
  };
  broken.decision = [memory, sabotage](Decision& decision) {
    if (!memory->running) return;
    const bool now = sabotage == Sabotage::cancel_blind ? memory->blind : ++memory->steps % 500 == 0;
    if (now) decision.after.emplace_back(out::CancelJob{memory->running->id, memory->running->connection});
  };
}

}  // namespace

void apply(Sabotage sabotage, forecast::Setup& setup) {
  auto& broken = setup.tampering;
  switch (sabotage) {
    case Sabotage::request_before_commit:
      broken.effects_before_commit = true;
      break;
    case Sabotage::ignore_baseline:
      broken.snapshot = [](Snapshot& snapshot) {
        for (auto& run : snapshot.open_runs) run.baseline = {};
        snapshot.jobs.clear();
        if (snapshot.job_cursor) *snapshot.job_cursor -= std::chrono::hours{12};
      };
      break;
    case Sabotage::no_settle:
      broken.plan = [](Plan& plan) { plan.settle = Millis{0}; };
      break;
    case Sabotage::unread_cancel:
      broken.cancel_unread = true;
      break;
    case Sabotage::cancel_healthy:
    case Sabotage::cancel_blind:
      break_the_cancels(sabotage, broken);
      break;
    case Sabotage::ignore_limits:
      broken.plan = [](Plan& plan) { plan.limits = {}; };
      break;
    case Sabotage::answer_twice:
      broken.decision = [](Decision& decision) {
        for (std::size_t i = 0; i < decision.after.size(); ++i) {
          if (!std::holds_alternative<out::Reply>(decision.after[i])) continue;
          Effect again = decision.after[i];
          decision.after.push_back(std::move(again));
          return;
        }
      };
      break;
    case Sabotage::unseeded_chance:
      broken.decision = [](Decision& decision) {
        static std::uint64_t calls = 0;  // goes on from one world to the next
        if (++calls % 1'000 == 0) decision.after.emplace_back(out::Probe{});
      };
      break;
    case Sabotage::page_per_connection:
      broken.decision = [](Decision& decision) {
        for (std::size_t i = 0; i < decision.facts.size(); ++i) {
          const auto* poll = std::get_if<fact::PollDone>(&decision.facts[i]);
          if (poll == nullptr || !poll->error) continue;
          fact::IncidentChanged change;
          change.incident.kind = IncidentKind::sync_failing;
          decision.facts.emplace_back(std::move(change));
          return;
        }
      };
      break;
    default:
      break_the_disk(sabotage, broken);
      break;
  }
}

}  // namespace syncwarden::simulation
