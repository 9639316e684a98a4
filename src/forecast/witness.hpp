// What whoever judges a simulated world gets to see: the truth, as it happens, not what the core believes.
#pragma once

#include "emulator/airbyte.hpp"
#include "forecast/fault.hpp"
#include "model/exchange.hpp"

#include <optional>
#include <vector>

namespace syncwarden::forecast {

/// Who made a job.
enum class Origin : std::uint8_t { request, airbyte_schedule, somebody };

/// A job that was really created. With `request`: the request of ours whose effect it is.
struct JobBorn {
  emulator::Created job;
  Origin origin = Origin::somebody;
  RunId run;
  std::uint32_t job_number = 0;
  Instant sent;             ///< when its request was
  bool told_wrong = false;  ///< its request was answered as if nothing had happened
};

/// A cancel on its way to Airbyte, after the job was read again.
struct CancelSent {
  JobId meant;
  ConnectionId connection;
  JobId hit;             ///< the job that it ends; 0: none
  bool was_fit = false;  ///< when it was read again, the job ran and was the connection's newest
  Instant checked;       ///< when it was read again
};

class Witness {
 public:
  virtual ~Witness() = default;
  virtual void booted(Instant /*truth*/, Now /*now*/, const Snapshot& /*snapshot*/, const Plan& /*plan*/) {}
  virtual void crashed(Instant /*truth*/) {}
  /// An old copy of the state was put back; the daemon is down.
  virtual void restored(Instant /*truth*/, Instant /*of*/) {}
  virtual void stepped(Instant /*truth*/, Now /*now*/, const Input& /*input*/, const Decision& /*decision*/) {
  }
  virtual void committed(Instant /*truth*/, const std::vector<Mutation>& /*batch*/) {}
  /// An effect is started. Everything before it is what the disk holds.
  virtual void started(Instant /*truth*/, const Effect& /*effect*/) {}
  virtual void job_born(const JobBorn& /*born*/) {}
  virtual void cancel_sent(Instant /*truth*/, const CancelSent& /*cancel*/) {}
  virtual void happened(Instant /*truth*/, Fault /*fault*/) {}
};

}  // namespace syncwarden::forecast
