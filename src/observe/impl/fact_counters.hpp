// Counters that facts of the core move, beside those by connector pair.
#pragma once

#include "model/exchange.hpp"

#include <memory>

namespace syncwarden::observe {

class Instruments;

class FactCounters {
 public:
  explicit FactCounters(Instruments& instruments);
  ~FactCounters();
  FactCounters(const FactCounters&) = delete;
  FactCounters& operator=(const FactCounters&) = delete;

  void tick(const Tick& tick);
  void run_finished(const Run& run);
  void recovery(const fact::RecoveryStep& step);
  void trigger_sent(const Run& run);
  void trigger_failed(const fact::TriggerFailed& failed);
  void trigger_accepted(Millis delay);
  void job_ended(const JobView& job);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace syncwarden::observe
