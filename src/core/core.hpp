// The decision core: what is due, what is triggered, what a job's end means. A deterministic state machine
// without I/O, clock or randomness of its own: the same inputs at the same times give the same decisions, in
// the daemon, in the simulator and in a test.
#pragma once

#include "model/exchange.hpp"
#include "model/read_view.hpp"

#include <cstdint>
#include <memory>

namespace syncwarden::core {

/// Feed it Booted first. Every call of step() takes the present time; time never comes from anywhere else.
/// One Core is used from one thread.
class Core final : public ReadView {
 public:
  /// The seed spreads retries; it does not influence which ticks are due.
  explicit Core(std::uint64_t seed);
  ~Core() override;
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  /// Takes one input and decides. The caller commits `durable` before it starts any request of `after` that
  /// changes something in Airbyte, and answers every effect with the input that belongs to it.
  [[nodiscard]] Decision step(Now now, const Input& input);

  /// When step(Woke) is wanted at the latest.
  [[nodiscard]] NextWake next_wake() const;

  [[nodiscard]] FleetPicture fleet(Instant now) const override;
  void for_each_connection(const std::function<void(const ConnectionPicture&)>& visit) const override;
  bool with_connection(const ConnectionId& id,
                       const std::function<void(const ConnectionPicture&)>& visit) const override;
  void for_each_incident(const std::function<void(const Incident&)>& visit) const override;

 private:
  struct Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace syncwarden::core
