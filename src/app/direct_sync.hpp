// A sync without the daemon: asked of Airbyte itself, and watched there.
#pragma once

#include "app/sync_watch.hpp"
#include "settings/settings.hpp"

#include <optional>
#include <string>

namespace syncwarden::app {

struct DirectSync {
  std::string connection;  ///< name or id
  bool wait = false;
  std::optional<Millis> timeout;
  bool json = false;
  std::string place;  ///< the flags that name this Airbyte, to be appended to a command; or empty
};

/// Starts it, and waits for it if that is asked; the exit status.
[[nodiscard]] int run_direct_sync(const settings::Settings& settings, const DirectSync& options);

/// What Airbyte's own word is worth without a history: a success without any statistics is suspect.
[[nodiscard]] SyncState direct_state(const std::string& name, const JobView& job);

}  // namespace syncwarden::app
