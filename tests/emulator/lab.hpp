// An emulated Airbyte with exact delays, so that tests can name instants.
#pragma once

#include "emulator/airbyte.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace syncwarden::emulator {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

inline const Instant day_one{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};

inline Options exact(std::string version = "2.0.0") {
  Options options;
  options.version = std::move(version);
  options.start = day_one;
  options.first_job = 100;
  options.signal_delay = {Millis{50}, Millis{50}};
  options.start_delay = {Millis{450}, Millis{450}};
  options.cancel_delay = {Millis{100}, Millis{100}};
  return options;
}

/// One attempt of a job takes exactly ten seconds and 1000 records.
inline Behaviour ten_seconds() { return Behaviour::healthy({seconds{10}, seconds{10}}, {1'000, 1'000}); }

inline Pipeline named(std::string name, Behaviour behaviour = ten_seconds()) {
  Pipeline pipeline;
  pipeline.name = std::move(name);
  pipeline.behaviour = std::move(behaviour);
  return pipeline;
}

/// One connection and the clock beside it.
struct Lab {
  explicit Lab(Behaviour behaviour = ten_seconds(), Options options = exact())
      : airbyte(std::move(options), {named("orders", std::move(behaviour))}) {}

  void pass(Millis by) {
    now += by;
    airbyte.advance(now);
  }
  SignalAnswer sync() { return airbyte.signal_sync(id(), now); }
  /// Syncs and waits until the job runs.
  JobId running_job() {
    const auto answer = sync();
    pass(Millis{500});
    return airbyte.reply(answer.ticket).value_or(JobId{});
  }
  [[nodiscard]] const ConnectionId& id() const { return airbyte.connection(0).view.id; }
  [[nodiscard]] const Job& job(JobId job_id) const { return *airbyte.job(job_id); }
  [[nodiscard]] JobStatus status(JobId job_id) const { return airbyte.job(job_id)->status; }

  Airbyte airbyte;
  Instant now = day_one;
};

}  // namespace syncwarden::emulator
