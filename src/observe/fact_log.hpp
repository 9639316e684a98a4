// Facts as log lines: one line a change of state, never one a poll.
#pragma once

#include "base/time.hpp"
#include "observe/log.hpp"
#include "observe/repeats.hpp"
#include "ports/fact_sink.hpp"

#include <cstddef>
#include <functional>

namespace syncwarden::observe {

class FactLog final : public FactSink {
 public:
  /// `mono` times the suppression of repeats.
  FactLog(Log& log, std::function<Mono()> mono) : log_(log), mono_(std::move(mono)) {}

  void apply(const Fact& fact) override;
  /// Writes the summary of connections found and gone that is still open. Any other fact does so too.
  void turn_ends() override { flush(); }
  void flush();

 private:
  void on(const fact::TickDecided& decided);
  void on(const fact::RunFinished& finished);
  void on(const fact::TriggerSent& sent);
  void on(const fact::TriggerFailed& failed);
  void on(const fact::TriggerAccepted& accepted);
  void on(const fact::JobEnded& ended);
  void on(const fact::PollDone& done);
  void on(const fact::AirbyteReachable& reachable);
  void on(const fact::AirbyteIdentified& identified);
  void on(const fact::ClockStepped& stepped);
  void on(const fact::ConnectionFound& found);
  void on(const fact::ConnectionGone& gone);
  void on(const fact::Warning& warning);
  void on(const fact::IncidentChanged& changed);
  void on(const fact::RecoveryStep& step);
  void on(const fact::StuckFound& found);
  void on(const fact::CommandTaken& taken);

  Log& log_;
  std::function<Mono()> mono_;
  Repeats repeats_;
  std::size_t found_ = 0;
  std::size_t managed_ = 0;
  std::size_t gone_ = 0;
};

}  // namespace syncwarden::observe
