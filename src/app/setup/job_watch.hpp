// Following a job over the administrative client until it ends.
#pragma once

#include "app/setup/desk.hpp"
#include "app/setup/sheets.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

#include <optional>

namespace syncwarden::app {

struct WatchOptions {
  bool json = false;
  std::optional<Millis> timeout;
};

/// Prints changes, or a bar on a terminal; then the verdict. The exit status of `sync --wait`.
[[nodiscard]] int watch_job(Desk& desk, JobId job, const Names& names, const WatchOptions& options);

}  // namespace syncwarden::app
