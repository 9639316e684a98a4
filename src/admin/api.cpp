#include "admin/impl/api.hpp"

#include "admin/impl/answers.hpp"
#include "admin/impl/api_json.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::admin {
namespace asio = boost::asio;
namespace {

constexpr std::string_view prefix = "/api/v1/";
constexpr std::size_t longest_key = 128;
constexpr std::size_t longest_user = 64;

using Names = std::span<const std::string_view>;
constexpr std::array<std::string_view, 0> none{};
constexpr std::array<std::string_view, 3> of_connections{"match", "limit", "after"};
constexpr std::array<std::string_view, 2> of_logs{"job", "limit"};
constexpr std::array<std::string_view, 1> of_streams{"job"};
constexpr std::array<std::string_view, 6> of_runs{"connection", "run", "verdict", "limit", "from", "until"};
constexpr std::array<std::string_view, 5> of_ticks{"connection", "outcome", "limit", "from", "until"};
constexpr std::array<std::string_view, 5> of_incidents{"state", "connection", "limit", "from", "until"};
constexpr std::array<std::string_view, 3> of_commands{"limit", "from", "until"};
constexpr std::array<std::string_view, 2> of_explain{"connection", "at"};

struct Endpoint {
  std::string_view path;  ///< "*" stands for one segment
  bool changes;
  Names parameters;
  Answer (*serve)(SourcesPtr, ApiRequest);
};
const std::array endpoints{Endpoint{"status", false, none, api_status},
                           Endpoint{"connections", false, of_connections, api_connections},
                           Endpoint{"connections/*", false, none, api_connection},
                           Endpoint{"connections/*/logs", false, of_logs, api_logs},
                           Endpoint{"connections/*/streams", false, of_streams, api_streams},
                           Endpoint{"runs", false, of_runs, api_runs},
                           Endpoint{"ticks", false, of_ticks, api_ticks},
                           Endpoint{"incidents", false, of_incidents, api_incidents},
                           Endpoint{"incidents/*", false, none, api_incident},
                           Endpoint{"commands", false, of_commands, api_commands},
                           Endpoint{"explain", false, of_explain, api_explain},
                           Endpoint{"sync", true, none, api_order},
                           Endpoint{"cancel", true, none, api_order},
                           Endpoint{"pause", true, none, api_order},
                           Endpoint{"resume", true, none, api_order},
                           Endpoint{"drain", true, none, api_order},
                           Endpoint{"incidents/*/ack", true, none, api_order}};

bool fits(std::string_view pattern, const std::vector<std::string>& path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::size_t end = std::min(pattern.find('/'), pattern.size());
    const std::string_view segment = pattern.substr(0, end);
    if (segment != path[i] && (segment != "*" || path[i].empty())) return false;
    const bool last = i + 1 == path.size();
    if (last || end == pattern.size()) return last && end == pattern.size();
    pattern.remove_prefix(end + 1);
  }
  return false;
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

std::string own_account(const http::Request& request) {
  const auto told = request.header("X-Syncwarden-User");
  if (!told || told->empty()) return {};
  const auto decoded = http::decode_query_component(*told);
  return printable(decoded ? *decoded : *told, longest_user);
}

bool is_json(const http::Request& request) {
  const auto type = request.header("Content-Type");
  if (!type) return false;
  std::string_view media = type->substr(0, type->find(';'));
  while (media.ends_with(' ')) media.remove_suffix(1);
  return http::iequals(media, "application/json");
}

Result<std::string> idempotency_key(const http::Request& request) {
  const auto given = request.header("Idempotency-Key");
  if (!given) return std::string();
  std::string_view key = *given;
  if (key.size() >= 2 && key.front() == '"' && key.back() == '"') key = key.substr(1, key.size() - 2);
  if (key.empty() || key.size() > longest_key || !is_visible(key)) {
    return Error{Errc::usage, "the Idempotency-Key must be 1 to 128 visible ASCII characters", "",
                 "a UUID is a good one"};
  }
  return std::string(key);
}

http::Response not_allowed(bool changes) {
  http::Response refusal = error_answer(405, "this method does nothing here",
                                        changes ? "it changes something: use POST" : "use GET");
  refusal.headers.push_back({"Allow", changes ? "POST" : "GET, HEAD"});
  return refusal;
}

Answer respond(http::Response response) { co_return response; }

Answer serve(const Endpoint& endpoint, SourcesPtr sources, std::vector<std::string> path,
             http::Request request, const http::Peer& peer) {
  auto query = Query::parse(request.query(), endpoint.parameters);
  if (!query) return respond(api_error(query.error()));
  ApiRequest asked(std::move(path), *std::move(query));
  if (endpoint.changes) {
    if (!is_json(request)) {
      return respond(error_answer(415, "a change is asked for with a JSON object",
                                  "send Content-Type: application/json"));
    }
    auto key = idempotency_key(request);
    if (!key) return respond(api_error(key.error()));
    asked.key = *std::move(key);
    asked.uid = peer.uid;
    if (!peer.user.empty())
      asked.user = fmt::format("{} from {}", printable(peer.user, longest_user), peer.address);
    asked.account = own_account(request);
    asked.body = std::move(request.body);
  }
  return endpoint.serve(std::move(sources), std::move(asked));
}

}  // namespace

Answer answer_api(SourcesPtr sources, http::Request request, http::Peer peer) {
  const std::string_view path = request.path();
  if (!path.starts_with(prefix)) {
    return respond(error_answer(404, "there is nothing at this path", "the API is below /api/v1/"));
  }
  auto segments = path_segments(path.substr(prefix.size()));
  if (!segments) return respond(api_error(segments.error()));
  const bool changes = request.method == "POST";
  const Endpoint* other_method = nullptr;
  for (const Endpoint& endpoint : endpoints) {
    if (!fits(endpoint.path, *segments)) continue;
    const bool meant = endpoint.changes ? changes : request.method == "GET" || request.method == "HEAD";
    if (meant) return serve(endpoint, std::move(sources), *std::move(segments), std::move(request), peer);
    other_method = &endpoint;
  }
  if (other_method != nullptr) return respond(not_allowed(other_method->changes));
  return respond(error_answer(404, "the API has nothing at this path",
                              "there are status, connections, runs, ticks, incidents, commands, explain; and "
                              "to POST: sync, cancel, pause, resume, drain, incidents/{n}/ack"));
}

asio::awaitable<Result<HistoryPage>> read_history(SourcesPtr sources, HistoryQuery query) {
  if (sources->history == nullptr) {
    const Error none_kept{Errc::unsupported, "this process keeps no history", "", ""};
    co_return none_kept;
  }
  auto page = co_await sources->history->read(std::move(query));
  co_return page;
}

asio::awaitable<std::map<JobId, JobView>> read_jobs(SourcesPtr sources, HistoryQuery query) {
  std::map<JobId, JobView> jobs;
  query.what = HistoryQuery::What::jobs;
  auto page = co_await read_history(std::move(sources), std::move(query));
  if (!page) co_return jobs;
  for (JobRecord& record : page->jobs) {
    const JobId id = record.job.id;
    jobs.emplace(id, std::move(record.job));
  }
  co_return jobs;
}

}  // namespace syncwarden::admin
