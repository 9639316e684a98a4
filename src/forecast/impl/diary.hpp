// Watches a world of the selftest: a diary for the operator, and the truth for the checks.
#pragma once

#include "forecast/selftest.hpp"
#include "forecast/witness.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace syncwarden::forecast {

class Diary final : public Witness {
 public:
  void booted(Instant truth, Now now, const Snapshot& snapshot, const Plan& plan) override;
  void crashed(Instant truth) override;
  void stepped(Instant truth, Now now, const Input& input, const Decision& decision) override;
  void committed(Instant truth, const std::vector<Mutation>& batch) override;
  void job_born(const JobBorn& born) override;
  void cancel_sent(Instant truth, const CancelSent& cancel) override;
  void happened(Instant truth, Fault fault) override;

  std::vector<SelftestEvent> events;
  // what happened
  std::map<std::pair<RunId, std::uint32_t>, std::vector<JobId>> jobs_of;  ///< really created, by request
  std::vector<CancelSent> cancels;
  std::map<std::pair<ScheduleId, Instant>, Tick> ticks;  ///< as on the disk
  std::map<RunId, Run> finished;                         ///< as on the disk
  std::vector<Incident> opened, closed;
  std::vector<fact::StuckFound> stuck;
  std::vector<fact::RecoveryStep> recovery;
  std::map<Fault, std::vector<Instant>> faults;
  std::uint64_t crashes = 0;

  [[nodiscard]] std::size_t jobs_created() const;
  /// Requests of ours that had more than one job as their effect.
  [[nodiscard]] std::size_t doubled() const;
  [[nodiscard]] std::size_t ticks_with(TickOutcome outcome) const;
  [[nodiscard]] std::size_t ticks_with(TickReason reason) const;
  [[nodiscard]] std::size_t runs_with(Verdict verdict) const;
  [[nodiscard]] std::size_t opened_of(IncidentKind kind) const;
  [[nodiscard]] std::size_t closed_of(IncidentKind kind) const;
  [[nodiscard]] std::size_t steps_of(fact::RecoveryAction action, fact::RecoveryResult result) const;

 private:
  void note(Instant at, std::string text, std::string kind = {}) {
    events.push_back({at, std::move(text), std::move(kind)});
  }
  void note(Instant at, const Fact& fact);

  std::size_t boots_ = 0;
};

}  // namespace syncwarden::forecast
