// Counting semaphores over connections: total, per source, per destination, per connector type, named groups.
#pragma once

#include "model/connection.hpp"
#include "model/plan.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace syncwarden::core {

/// A connection holds one slot of each of its keys while it has a job or a request of ours, whoever started
/// the job.
class Slots {
 public:
  using Key = std::uint32_t;

  /// Forgets every count: used when a plan changes, before the connections are counted again.
  void configure(const Limits& limits);
  /// The limited keys of a connection, widest first; empty where nothing limits it.
  [[nodiscard]] std::vector<Key> keys_of(const ConnectionView& connection);
  /// The first key that has no room.
  [[nodiscard]] std::optional<Key> full(const std::vector<Key>& keys) const;
  [[nodiscard]] bool has_room(Key key) const { return counts_[key] < bounds_[key]; }
  void take(const std::vector<Key>& keys);
  void give_back(const std::vector<Key>& keys);
  /// "source orders-pg (limit 2)": for messages, with the name that Airbyte shows.
  [[nodiscard]] const std::string& name(Key key) const { return names_[key]; }

 private:
  /// `name` tells keys apart, `shown` is what people know.
  Key intern(const std::string& name, std::uint32_t bound, const std::string& shown);

  Limits limits_;
  std::map<std::string, Key> index_;
  std::vector<std::string> names_;
  std::vector<std::uint32_t> bounds_;
  std::vector<std::uint32_t> counts_;
};

}  // namespace syncwarden::core
