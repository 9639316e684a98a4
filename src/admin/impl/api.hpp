// The JSON API under /api/v1: who asks for what is policy.hpp's business, this is what they get.
#pragma once

#include "admin/admin.hpp"
#include "admin/impl/query.hpp"
#include "admin/impl/stream_looks.hpp"
#include "http/message.hpp"
#include "http/server.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

namespace syncwarden::admin {

/// What the API answers from. Shared, so that a request that waits keeps it alive.
struct ApiSources {
  const ReadView& view;
  CommandSink* commands = nullptr;
  Store* history = nullptr;
  LogLines log_lines;
  std::shared_ptr<StreamLooks> streams;
  UserName user_name;
  std::function<Now()> clock;
  observe::BuildInfo build;
  Now started;
};
using SourcesPtr = std::shared_ptr<const ApiSources>;
using Answer = boost::asio::awaitable<http::Response>;

/// A request to the API, taken apart.
struct ApiRequest {
  ApiRequest(std::vector<std::string> the_path, Query the_query)
      : path(std::move(the_path)), query(std::move(the_query)) {}
  std::vector<std::string> path;  ///< decoded segments behind /api/v1/
  Query query;
  std::string body;
  std::optional<std::uint32_t> uid;  ///< of whoever asks, as the kernel tells
  std::string user;                  ///< who it proved to be, and from where; empty: it was not asked
  std::string account;               ///< as whoever asks names themselves; printable, may be empty
  std::string key;                   ///< idempotency key; empty: none
};

/// Everything below /api/.
[[nodiscard]] Answer answer_api(SourcesPtr sources, http::Request request, http::Peer peer);

// What there is to read: api_read.cpp, api_history.cpp
[[nodiscard]] Answer api_status(SourcesPtr sources, ApiRequest request);
[[nodiscard]] Answer api_connections(SourcesPtr sources, ApiRequest request);
[[nodiscard]] Answer api_connection(SourcesPtr sources, ApiRequest request);
[[nodiscard]] Answer api_logs(SourcesPtr sources, ApiRequest request);
[[nodiscard]] Answer api_streams(SourcesPtr sources, ApiRequest request);
[[nodiscard]] Answer api_runs(SourcesPtr sources, ApiRequest request);
[[nodiscard]] Answer api_ticks(SourcesPtr sources, ApiRequest request);
[[nodiscard]] Answer api_incidents(SourcesPtr sources, ApiRequest request);
[[nodiscard]] Answer api_incident(SourcesPtr sources, ApiRequest request);
[[nodiscard]] Answer api_commands(SourcesPtr sources, ApiRequest request);
[[nodiscard]] Answer api_explain(SourcesPtr sources, ApiRequest request);

/// What can be asked for: sync, cancel, pause, resume, drain, incidents/{n}/ack. api_commands.cpp
[[nodiscard]] Answer api_order(SourcesPtr sources, ApiRequest request);

/// One question to the history; Errc::unsupported without one.
[[nodiscard]] boost::asio::awaitable<Result<HistoryPage>> read_history(SourcesPtr sources,
                                                                       HistoryQuery query);
/// What is known of the jobs of one connection, or of all, by id: the newest `limit` created from then on.
[[nodiscard]] boost::asio::awaitable<std::map<JobId, JobView>> read_jobs(SourcesPtr sources,
                                                                         HistoryQuery query);

}  // namespace syncwarden::admin
