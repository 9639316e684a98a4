#include "admin/admin.hpp"

#include "admin/impl/answers.hpp"
#include "admin/impl/api.hpp"
#include "admin/impl/exposition.hpp"
#include "admin/impl/probes.hpp"
#include "admin/impl/status_page.hpp"
#include "admin/impl/webhooks.hpp"
#include "admin/policy.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

namespace syncwarden::admin {
namespace asio = boost::asio;
namespace {

enum class Page { status, metrics, livez, readyz, health, healthy, ready, reload, webhook, api, none };

struct Route {
  std::string_view path;
  Page page;
  Audience audience;
  std::string_view allow;  ///< value of the Allow header
};

constexpr std::string_view reading = "GET, HEAD";
constexpr std::array routes{
    Route{"/", Page::status, Audience::local, reading},
    Route{"/metrics", Page::metrics, Audience::metrics, reading},
    Route{"/livez", Page::livez, Audience::probe, reading},
    Route{"/healthz", Page::livez, Audience::probe, reading},  // what people put into liveness probes
    Route{"/readyz", Page::readyz, Audience::probe, reading},
    Route{"/health", Page::health, Audience::probe, reading},
    Route{"/-/healthy", Page::healthy, Audience::probe, reading},
    Route{"/-/ready", Page::ready, Audience::probe, reading},
    Route{"/-/reload", Page::reload, Audience::local, "POST, PUT"}};
constexpr Route api{"/api", Page::api, Audience::local, ""};
constexpr Route webhook{"/webhooks/airbyte", Page::webhook, Audience::bearer, ""};
constexpr Route nowhere{"", Page::none, Audience::local, ""};

/// The route, and the name after "/livez/" or "/readyz/".
std::pair<Route, std::optional<std::string_view>> find_route(std::string_view path) {
  if (path.starts_with("/api/")) return {api, std::nullopt};
  if (path.starts_with(webhook_path)) return {webhook, std::nullopt};
  for (const Route& route : routes) {
    if (route.path == path) return {route, std::nullopt};
    const bool has_checks = route.page == Page::livez || route.page == Page::readyz;
    if (has_checks && path.starts_with(route.path) && path.substr(route.path.size()).starts_with('/')) {
      return {route, path.substr(route.path.size() + 1)};
    }
  }
  return {nowhere, std::nullopt};
}

bool allows(std::string_view allow, std::string_view method) {
  while (!allow.empty()) {
    const std::size_t end = std::min(allow.find(", "), allow.size());
    if (allow.substr(0, end) == method) return true;
    allow.remove_prefix(std::min(end + 2, allow.size()));
  }
  return false;
}

SourcesPtr sources_of(const Dependencies& with) {
  return std::make_shared<const ApiSources>(ApiSources{with.view, with.commands, with.history, with.log_lines,
                                                       std::make_shared<StreamLooks>(with.progress),
                                                       with.user_name, with.clock, with.build, with.started});
}

struct Pages {
  explicit Pages(Dependencies given)
      : dependencies(std::move(given)),
        policy(dependencies.listen_address, dependencies.host_names),
        probes(dependencies.health, dependencies.started),
        sources(sources_of(dependencies)),
        exposition(std::make_shared<Exposition>(dependencies.view, dependencies.metrics, dependencies.clock)),
        webhooks(dependencies) {}

  Dependencies dependencies;
  Policy policy;
  Probes probes;
  SourcesPtr sources;
  std::shared_ptr<Exposition> exposition;
  Webhooks webhooks;
};

/// Everything that needs no waiting.
http::Response answer_at_once(const Pages& pages, const Route& route, const http::Request& request,
                              const http::Peer& peer, std::optional<std::string_view> check) {
  const Dependencies& with = pages.dependencies;
  const Now now = with.clock();
  switch (route.page) {
    case Page::livez:
      return Probes::answer(route.path.substr(1), pages.probes.live(), request.query(), check);
    case Page::readyz:
      return Probes::answer(route.path.substr(1), pages.probes.ready(now), request.query(), check);
    case Page::health:
      return pages.probes.health_json(with.view.fleet(now.wall), now, with.build, peer.loopback);
    case Page::healthy:
      return text_answer(200, "syncwarden is healthy.\n");
    case Page::ready: {
      const bool ready = pages.probes.is_ready(now);
      return text_answer(ready ? 200 : 503, ready ? "syncwarden is ready.\n" : "syncwarden is not ready.\n");
    }
    default:
      return nothing_here();
  }
}

asio::awaitable<http::Response> serve_metrics(std::shared_ptr<Pages> pages, bool gzip) {
  constexpr std::size_t worth_compressing = 1024;
  const Now now = pages->dependencies.clock();
  pages->dependencies.metrics.ready(pages->probes.is_ready(now));
  http::Response response;
  // Prometheus 3 refuses a scrape without an exact type.
  response.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Vary", "Accept-Encoding"}};
  const auto executor = co_await asio::this_coro::executor;
  const Body text = pages->exposition->text();
  Exposition::forget_when_stale(pages->exposition, executor);
  std::optional<Body> compressed;
  if (gzip && text->size() > worth_compressing)
    compressed = co_await Exposition::compressed(pages->exposition, text);
  if (compressed) {
    response.headers.push_back({"Content-Encoding", "gzip"});
    response.body = **compressed;
  } else {
    response.body = *text;
  }
  co_return response;
}

asio::awaitable<http::Response> serve_reload(std::shared_ptr<Pages> pages) {
  if (!pages->dependencies.reload) {
    co_return error_answer(503, "this process has no configuration to reload", "");
  }
  const auto result = co_await pages->dependencies.reload();
  if (result.has_error()) {
    const Error& error = result.error();
    const std::string message = error.where.empty() ? error.message : error.where + ": " + error.message;
    co_return error_answer(500, "the configuration was not applied, the old one stays: " + message,
                           error.hint);
  }
  std::string said = result.value();
  if (!said.ends_with('\n')) said += '\n';
  co_return text_answer(200, std::move(said));
}

std::string_view name_of(Role role) {
  return role == Role::metrics ? "metrics" : role == Role::read ? "read" : "admin";
}

Role needed_role(const Route& route, const http::Request& request) {
  if (route.audience == Audience::metrics) return Role::metrics;
  return request.method == "GET" || request.method == "HEAD" ? Role::read : Role::admin;
}

/// Nothing: `verdict` may ask for this.
std::optional<http::Response> refusal_of(const Recognition& verdict, Role needed, bool passwords) {
  if (verdict.status == 429) {
    auto busy = error_answer(429, "too many logins, or too many that were wrong", "wait a minute");
    busy.headers.push_back({"Retry-After", "60"});
    return busy;
  }
  if (verdict.status != 0) {
    auto unknown = error_answer(401, "this wants a user or a token",
                                "they stand in the file that web.config_file names");
    unknown.headers.push_back(
        {"WWW-Authenticate", passwords ? "Basic realm=\"syncwarden\", charset=\"UTF-8\"" : "Bearer"});
    return unknown;
  }
  if (verdict.role >= needed) return std::nullopt;
  return error_answer(403, fmt::format("this needs the role {}", name_of(needed)),
                      fmt::format("{} has the role {}", printable(verdict.name, 64), name_of(verdict.role)));
}

asio::awaitable<http::Response> serve(std::shared_ptr<Pages> pages, http::Request request, http::Peer peer) {
  const auto [route, check] = find_route(request.path());
  const auto access = pages->dependencies.access ? pages->dependencies.access() : nullptr;
  const auto denial = pages->policy.check(request, peer, route.audience, access != nullptr);
  if (denial) {
    if (!denial->counted.empty()) pages->dependencies.metrics.http().refused(denial->counted);
    co_return error_answer(denial->status, denial->message, denial->hint);
  }
  // Over a Unix socket the kernel tells who it is, and the file's mode who may.
  const bool asks_who =
      access && route.audience != Audience::probe && route.audience != Audience::bearer && !peer.uid;
  if (asks_who) {
    auto looking = access->look_at(request, peer);
    const Recognition verdict = co_await std::move(looking);
    auto refusal = refusal_of(verdict, needed_role(route, request), access->has_passwords());
    if (verdict.status == 401) pages->dependencies.metrics.http().auth_failed();
    if (refusal) co_return *std::move(refusal);
    peer.user = verdict.name;
  }
  if (route.page == Page::api) {
    co_return co_await answer_api(pages->sources, std::move(request), std::move(peer));
  }
  if (route.page == Page::webhook) co_return pages->webhooks.take(request);
  if (route.page != Page::none && !allows(route.allow, request.method)) {
    http::Response refusal = error_answer(405, "this method does nothing here", "");
    refusal.headers.push_back({"Allow", std::string(route.allow)});
    co_return refusal;
  }
  if (route.page == Page::metrics) {
    const bool gzip = accepts_gzip(request.header("Accept-Encoding").value_or(""));
    co_return co_await serve_metrics(pages, gzip);
  }
  if (route.page == Page::status) co_return co_await status_page(pages->sources);
  if (route.page == Page::reload) co_return co_await serve_reload(pages);
  co_return answer_at_once(*pages, route, request, peer, check);
}

asio::awaitable<http::Response> serve_with_headers(std::shared_ptr<Pages> pages, http::Request request,
                                                   http::Peer peer) {
  auto serving = serve(pages, std::move(request), std::move(peer));
  auto response = co_await std::move(serving);
  for (http::Header& header : pages->dependencies.headers()) {
    if (!response.header(header.name)) response.headers.push_back(std::move(header));
  }
  co_return response;
}

}  // namespace

http::Handler make_handler(Dependencies dependencies) {
  const auto pages = std::make_shared<Pages>(std::move(dependencies));
  if (!pages->dependencies.headers) {
    return [pages](http::Request request, http::Peer peer) {
      return serve(pages, std::move(request), std::move(peer));
    };
  }
  return [pages](http::Request request, http::Peer peer) {
    return serve_with_headers(pages, std::move(request), std::move(peer));
  };
}

http::ServerObserver make_observer(observe::Metrics& metrics) {
  http::ServerObserver observer;
  observer.refused = [&metrics](http::Refusal refusal, std::string_view target) {
    metrics.http().refused(to_string(refusal));
    const bool too_large = refusal == http::Refusal::body_limit && target.starts_with(webhook_path);
    if (too_large) metrics.webhooks().rejected("too_large");
  };
  observer.answered = [&metrics](const http::Request& request, unsigned status, Millis duration) {
    metrics.http().answered(request.path(), request.method, status, duration);
  };
  observer.connections = [&metrics](int delta) { metrics.http().connections(delta); };
  return observer;
}

}  // namespace syncwarden::admin
