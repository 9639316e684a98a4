// Durable state. One leader writes; every commit carries its epoch, so that a former leader is fenced out.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "model/mutation.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

namespace syncwarden {

struct Lease {
  Epoch epoch;
  Millis ttl{};
};

struct CommitRequest {
  Epoch epoch;
  std::vector<Mutation> batch;
};

struct StoreStats {
  std::uint64_t size_bytes = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  /// Takes leadership: a new, higher epoch. Nothing if another owner holds an unexpired lease.
  [[nodiscard]] virtual boost::asio::awaitable<Result<std::optional<Lease>>> acquire_or_renew(
      std::string owner, Millis ttl) = 0;
  [[nodiscard]] virtual boost::asio::awaitable<Result<Snapshot>> load() = 0;
  /// All or nothing, on disk when it completes. Errc::fenced: another leader took over.
  [[nodiscard]] virtual boost::asio::awaitable<Result<void>> commit(CommitRequest request) = 0;
  [[nodiscard]] virtual boost::asio::awaitable<Result<void>> release(Epoch epoch) = 0;
  [[nodiscard]] virtual boost::asio::awaitable<Result<StoreStats>> stats() = 0;
  /// Ends the store's thread after the commits under way. Idempotent.
  virtual void close() = 0;
};

}  // namespace syncwarden
