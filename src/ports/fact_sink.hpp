// Where facts go: counters and log lines.
#pragma once

#include "model/exchange.hpp"

namespace syncwarden {

class FactSink {
 public:
  virtual ~FactSink() = default;
  virtual void apply(const Fact& fact) = 0;
  /// The facts of one turn of the loop are complete.
  virtual void turn_ends() {}
};

}  // namespace syncwarden
