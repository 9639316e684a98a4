// What the daemon serves over HTTP: metrics, health, reload, a status page and the JSON API.
#pragma once

#include "admin/access.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "http/server.hpp"
#include "model/command.hpp"
#include "model/read_view.hpp"
#include "observe/metrics.hpp"
#include "ports/store.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

namespace syncwarden::admin {

/// What the probes ask. All of it is answered from memory, on the loop's thread.
struct Health {
  std::function<bool()> loop_alive;  ///< the loop turns and the core's last pass is recent
  std::function<bool()> store_ok;    ///< the state store is open and its last commit reached the disk
  std::function<bool()> config_loaded;
  std::function<bool()> first_poll_done;  ///< one complete poll of connections and jobs
  std::function<bool()> draining;         ///< shutting down: not ready any more
};

/// Applies the configuration anew, whole or not at all; the text says what changed.
using Reload = std::function<boost::asio::awaitable<Result<std::string>>()>;

/// The newest lines of a job's log, oldest first, at most so many; asked of Airbyte.
using LogLines =
    std::function<boost::asio::awaitable<Result<std::vector<std::string>>>(JobId job, std::size_t most)>;

/// How far a job is, with its streams; asked of Airbyte.
using ProgressOf = std::function<boost::asio::awaitable<Result<JobInspection>>(
    JobId job, ConnectionId connection, WorkspaceId workspace)>;

/// The name of a user of this machine; empty where nobody knows it.
using UserName = std::function<boost::asio::awaitable<std::string>(std::uint32_t uid)>;

struct Dependencies {
  const ReadView& view;
  observe::Metrics& metrics;
  std::function<Now()> clock;
  Health health;
  Reload reload;                          ///< empty: 503
  CommandSink* commands = nullptr;        ///< without it nothing can be asked for
  Store* history = nullptr;               ///< without it only the present can be read
  LogLines log_lines;                     ///< empty: no logs
  ProgressOf progress;                    ///< empty: no streams
  UserName user_name;                     ///< empty: the audit has numbers only
  std::function<Secret()> webhook_token;  ///< what Airbyte's webhook has in its path; empty: there is none
  std::function<void()> hint;             ///< told by it that something may have happened in Airbyte
  observe::BuildInfo build = observe::current_build();
  Now started;  ///< ready at the latest 60 s after this, polled or not
  std::string listen_address = "127.0.0.1:9927";
  std::vector<std::string> host_names;                 ///< further names under which browsers may call us
  std::function<std::shared_ptr<Access>()> access;     ///< empty, or null: there are no users
  std::function<std::vector<http::Header>()> headers;  ///< added to every answer that has none of the name
};

/// The handler for http::make_server(). `view`, `metrics`, `commands` and `history` must outlive it.
/// Everything that leaves here is escaped; policy (who may ask for what) is in policy.hpp.
[[nodiscard]] http::Handler make_handler(Dependencies dependencies);

/// Counts what http::make_server() tells about requests and connections. `metrics` must outlive it.
[[nodiscard]] http::ServerObserver make_observer(observe::Metrics& metrics);

}  // namespace syncwarden::admin
