#include "emulator/impl/gate.hpp"

#include "emulator/impl/encode.hpp"

#include <utility>

#include <fmt/format.h>

namespace syncwarden::emulator {
namespace {

std::string base64(std::string_view text, bool for_url) {
  const std::string_view digits = for_url
                                      ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
                                      : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string encoded;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8U | (i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      if (i + k > text.size()) {
        if (!for_url) encoded += '=';
      } else {
        encoded += digits[group >> (18U - 6U * static_cast<unsigned>(k)) & 63U];
      }
    }
  }
  return encoded;
}

http::Response unauthorized(bool hints_basic) {
  auto response = reply(401, R"({"message":"Unauthorized","_links":{"self":{"href":"/","templated":false}},)"
                             R"("_embedded":{"errors":[{"message":"Unauthorized"}]}})");
  if (hints_basic) response.headers.push_back({"WWW-Authenticate", "Basic"});
  return response;
}

bool is_open(const Route& route) {
  if (route.to == Route::To::public_api) return route.rest == "/health";
  return route.rest == "health" || route.rest == "instance_configuration";
}

bool is_token_route(const Route& route) {
  return (route.to == Route::To::config_api && route.rest == "applications/token") ||
         (route.to == Route::To::public_api && route.rest == "/applications/token");
}

}  // namespace

Route route_of(std::string_view path) {
  constexpr std::pair<std::string_view, Route::To> bases[] = {{"/api/public/v1/", Route::To::public_api},
                                                              {"/api/v1/", Route::To::config_api},
                                                              {"/v1/", Route::To::public_api},
                                                              {"/emulator/", Route::To::control}};
  for (const auto& [base, to] : bases) {
    if (!path.starts_with(base)) continue;
    // The Public API's paths keep their slash.
    const auto cut = to == Route::To::public_api ? base.size() - 1 : base.size();
    return {to, path.substr(cut)};
  }
  return {};
}

bool is_verb(const Route& route, std::string_view method) {
  if (route.to == Route::To::public_api) {
    return (route.rest == "/jobs" && method == "POST") ||
           (route.rest.starts_with("/jobs/") && method == "DELETE");
  }
  return route.to == Route::To::config_api &&
         (route.rest == "connections/sync" || route.rest == "connections/reset" ||
          route.rest == "connections/clear" || route.rest == "jobs/cancel");
}

Gate::Gate(const FrontOptions& options, const Rules& rules)
    : options_(options),
      hints_basic_(rules.queued_status),
      lifetime_(options.auth.token_lifetime.value_or(
          rules.lists_workspaces ? Millis{std::chrono::hours{24}} : Millis{std::chrono::minutes{15}})),
      expected_basic_("Basic " + base64(options.auth.username + ":" + options.auth.password, false)) {}

std::optional<http::Response> Gate::refuse(const http::Request& request, const Route& route,
                                           Instant now) const {
  const auto given = request.header("Authorization");
  switch (options_.auth.mode) {
    case FrontAuth::Mode::none:
      return std::nullopt;
    case FrontAuth::Mode::basic: {
      if (given && *given == expected_basic_) return std::nullopt;
      auto response = html(401);
      response.headers.push_back({"WWW-Authenticate", "Basic realm=\"Welcome to Airbyte\""});
      return response;
    }
    case FrontAuth::Mode::bearer:
      break;
  }
  if (is_open(route) || is_token_route(route)) return std::nullopt;
  constexpr std::string_view scheme = "Bearer ";
  if (given && given->starts_with(scheme)) {
    const auto known = tokens_.find(std::string{given->substr(scheme.size())});
    if (known != tokens_.end() && known->second > now) return std::nullopt;
  }
  return unauthorized(hints_basic_);
}

std::optional<http::Response> Gate::token(Api& api, const http::Request& request, const Route& route) {
  if (!is_token_route(route)) return std::nullopt;
  // Without authentication the route may be absent, before 0.50 it is.
  if (options_.auth.mode != FrontAuth::Mode::bearer || !api.rules().public_api) return unknown_route();
  if (request.method != "POST") return config_error(api, 405, "Method not allowed");
  const bool public_api = route.to == Route::To::public_api;
  const auto type = request.header("Content-Type").value_or("");
  const bool is_form = public_api && type.starts_with("application/x-www-form-urlencoded");
  if (!is_form && !type.starts_with("application/json")) return unauthorized(hints_basic_);
  const auto body = is_form ? Body::parse_form(request.body) : Body::parse(request.body);
  if (!body) return config_error(api, 400, "Malformed JSON");
  if (body->text("client_id") == options_.auth.client_id &&
      body->text("client_secret") == options_.auth.client_secret) {
    return grant(api, public_api);
  }
  if (options_.auth.wrong_credentials == 400 && !api.rules().error_ids_only) {
    return reply(400, R"({"message":"Bad Request","_links":{"self":{"href":"/api/v1/applications/token"}},)"
                      R"("_embedded":{"errors":[{"message":"Invalid client id or token"}]}})");
  }
  return config_error(api, options_.auth.wrong_credentials, "Invalid client id or token");
}

http::Response Gate::grant(Api& api, bool public_api) {
  const auto ends = api.airbyte.now() + lifetime_;
  const auto payload =
      fmt::format(R"({{"iss":"{}","aud":"airbyte-server","sub":"{}","exp":{},"roles":["ADMIN"],"jti":"{}"}})",
                  api.options.url, api.airbyte.uuid("user"), epoch_s(ends), ++granted_);
  const auto signature = fmt::format("{:016x}", hash64(payload, api.airbyte.options().seed));
  const auto token = fmt::format("{}.{}.{}", base64(R"({"alg":"HS256","typ":"JWT"})", true),
                                 base64(payload, true), base64(signature, true));
  tokens_.emplace(token, ends);
  Json json;
  json.open('{').member("access_token", token);
  if (public_api) {
    json.member("token_type", "Bearer");
    json.member("expires_in", std::chrono::duration_cast<std::chrono::seconds>(lifetime_).count());
  }
  return reply(200, json.close('}').take());
}

}  // namespace syncwarden::emulator
