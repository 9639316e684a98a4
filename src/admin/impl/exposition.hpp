// One render of /metrics for all who ask at the same time, compressed without holding the loop up.
#pragma once

#include "base/time.hpp"
#include "model/read_view.hpp"
#include "observe/metrics.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace syncwarden::admin {

using Body = std::shared_ptr<const std::string>;

class Exposition {
 public:
  Exposition(const ReadView& view, observe::Metrics& metrics, std::function<Now()> clock)
      : view_(view), metrics_(metrics), clock_(std::move(clock)) {}

  /// The text as of now. A render is used again for as long as it took: those who asked while it was made get
  /// it too, and rendering never takes more than half of the time.
  [[nodiscard]] Body text();
  /// A text of text(), compressed in slices between which the loop turns; one compression for all who wait
  /// for it. Nothing if it could not be made: send the text.
  [[nodiscard]] static boost::asio::awaitable<std::optional<Body>> compressed(
      std::shared_ptr<Exposition> self, Body source);
  /// Lets go of a render that nobody may use again: megabytes that would lie around until the next scrape.
  static void forget_when_stale(std::shared_ptr<Exposition> self, boost::asio::any_io_executor executor);

 private:
  struct Compression;

  const ReadView& view_;
  observe::Metrics& metrics_;
  std::function<Now()> clock_;
  Body text_;
  Mono fresh_until_;
  std::shared_ptr<Compression> compression_;
  bool forgetting_ = false;  ///< one is under way
};

/// Whether an Accept-Encoding header asks for gzip.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

}  // namespace syncwarden::admin
