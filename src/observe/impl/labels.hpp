// Closed sets of label values: what is not in the set becomes its "other".
#pragma once

#include "base/error.hpp"
#include "model/exchange.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace syncwarden::observe {

inline constexpr std::array<std::string_view, 9> airbyte_operations{
    "get_token",  "health", "list_workspaces", "list_connections", "list_jobs", "get_job", "trigger_job",
    "cancel_job", "other"};
inline constexpr std::array<std::string_view, 10> request_failure_reasons{
    "dns", "connect", "tls", "timeout", "auth", "rate_limited", "http_4xx", "http_5xx", "decode", "other"};
inline constexpr std::array<std::string_view, 3> polls{"health", "connections", "jobs"};
inline constexpr std::array<std::string_view, 7> trigger_failure_reasons{
    "conflict", "not_found", "auth", "rate_limited", "http_4xx", "http_5xx", "transport"};
inline constexpr std::array<std::string_view, 11> handlers{
    "/",          "/metrics", "/livez",    "/readyz",           "/healthz", "/health",
    "/-/healthy", "/-/ready", "/-/reload", "/webhooks/airbyte", "other"};
inline constexpr std::array<std::string_view, 7> webhook_events{"failure",  "success", "queued", "warning",
                                                                "disabled", "test",    "other"};
inline constexpr std::array<std::string_view, 6> webhook_rejections{
    "auth", "too_large", "bad_json", "unknown_connection", "rate_limited", "other"};
inline constexpr std::array<std::string_view, 6> methods{"get", "head", "post", "put", "delete", "other"};
inline constexpr std::array<std::string_view, 18> codes{"200", "202", "204", "400", "401", "403",
                                                        "404", "405", "408", "411", "413", "415",
                                                        "421", "429", "431", "500", "503", "other"};
inline constexpr std::array<std::string_view, 9> refusals{"max_connections",
                                                          "header_timeout",
                                                          "header_limit",
                                                          "body_limit",
                                                          "malformed",
                                                          "host",
                                                          "origin",
                                                          "tls",
                                                          "other"};
inline constexpr std::array<std::string_view, 4> store_operations{"read", "write", "migrate", "vacuum"};

/// The position of `word`; the last one, which is "other", where it is not in the set.
template <std::size_t n>
[[nodiscard]] constexpr std::size_t index_in(const std::array<std::string_view, n>& set,
                                             std::string_view word) {
  for (std::size_t i = 0; i < n; ++i) {
    if (set[i] == word) return i;
  }
  return n - 1;
}

/// Nothing for `cancelled` and `expired`: those are our own doing.
[[nodiscard]] std::optional<std::size_t> failure_reason(Errc code);
[[nodiscard]] std::size_t trigger_failure_reason(TriggerAnswer answer, std::optional<Errc> code);
/// "/livez/store" belongs to "/livez", and what Airbyte calls to "/webhooks/airbyte".
[[nodiscard]] std::size_t handler_of(std::string_view path);
[[nodiscard]] std::size_t method_of(std::string_view method);
[[nodiscard]] std::size_t code_of(unsigned status);

}  // namespace syncwarden::observe
