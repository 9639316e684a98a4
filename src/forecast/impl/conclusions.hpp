// What follows from the jobs of a forecast: peaks, waits, targets, and how to flatten.
#pragma once

#include "forecast/plan.hpp"

#include <map>
#include <vector>

namespace syncwarden::forecast {

/// One job, [starts, ends).
struct Span {
  const ConnectionView* connection = nullptr;
  JobId job;
  Instant starts;
  Instant ends;
};

/// `late`: from when on, by the core, the data of a connection is too old.
void conclude(Forecast& forecast, const Plan& plan, const std::vector<ConnectionView>& connections,
              const std::map<ConnectionId, Instant>& late, const std::vector<Span>& spans);

}  // namespace syncwarden::forecast
