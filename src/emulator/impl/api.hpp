// The operations of both APIs as functions from a request to a response, or to a ticket that will be
// answered later.
#pragma once

#include "emulator/airbyte.hpp"
#include "emulator/front.hpp"
#include "emulator/impl/body.hpp"
#include "emulator/impl/json.hpp"
#include "http/message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace syncwarden::emulator {

struct Api {
  Airbyte& airbyte;
  const FrontOptions& options;
  const Faults& faults;
  std::uint64_t errors = 0;  ///< numbers the error ids

  [[nodiscard]] const Rules& rules() const { return airbyte.rules(); }
  [[nodiscard]] std::string error_id();
};

/// A verb that was accepted. `limit` zero: it waits without end.
struct Waiting {
  Ticket ticket = 0;
  bool public_api = false;
  bool is_sync = false;
  Millis limit{};
  bool for_ever = false;  ///< nobody ever answers; there is no ticket
};
using Outcome = std::variant<http::Response, Waiting>;

[[nodiscard]] http::Response reply(unsigned status, std::string body,
                                   std::string_view type = "application/json");
[[nodiscard]] http::Response html(unsigned status);

// ---- errors, by age of the server (3)

/// `text` is what a server tells that still tells something; `id` what it could not find.
[[nodiscard]] http::Response config_error(Api& api, unsigned status, std::string_view text,
                                          std::string_view id = {});
[[nodiscard]] http::Response unknown_route();
/// RFC 7807 as Airbyte writes it: type ".../errors#<anchor>", data {"message"}.
[[nodiscard]] http::Response problem(unsigned status, std::string_view type, std::string_view title,
                                     std::string_view detail, std::string_view message);

// ---- operations

[[nodiscard]] Outcome config_operation(Api& api, const http::Request& request, std::string_view operation);
[[nodiscard]] Outcome public_operation(Api& api, const http::Request& request, std::string_view path);

/// What a sync, reset or cancel is answered with once its ticket is.
[[nodiscard]] http::Response config_job_answer(Api& api, JobId job, std::int64_t padding);
[[nodiscard]] http::Response public_job_answer(Api& api, JobId job);

using ConfigHandler = Outcome (*)(Api& api, const Body& body);
/// Null for an operation of another file or of no file.
[[nodiscard]] ConfigHandler connection_operation(std::string_view operation);
[[nodiscard]] ConfigHandler job_operation(std::string_view operation);
[[nodiscard]] ConfigHandler actor_operation(std::string_view operation);
[[nodiscard]] ConfigHandler pipeline_operation(std::string_view operation);
/// True for what runs a connector: it takes the time that the fault slow_connector says.
[[nodiscard]] bool runs_connector(std::string_view path);

/// The members of a Config API body that change a connection; a response that refuses them.
[[nodiscard]] std::variant<ConnectionPatch, http::Response> read_patch(Api& api, const Body& body);

[[nodiscard]] std::variant<ConnectionPatch, http::Response> read_public_patch(const Body& body);

/// Sources, destinations, streams and new connections of the Public API; nothing for other paths.
[[nodiscard]] std::optional<Outcome> public_setup(Api& api, const http::Request& request,
                                                  std::string_view path);
/// RFC 7807 bodies of the Public API.
[[nodiscard]] http::Response public_not_found(std::string_view kind, std::string_view id);
[[nodiscard]] http::Response public_bad_request(std::string_view message);
[[nodiscard]] http::Response public_unprocessable(std::string_view message);
/// A parameter of a query, decoded.
[[nodiscard]] std::optional<std::string> query_text(const http::Request& request, std::string_view name);

/// The schedule that a Config API body describes; nothing where it says nothing; a response that refuses it.
[[nodiscard]] std::variant<std::monostate, OwnSchedule, http::Response> read_schedule(Api& api,
                                                                                      const Body& body);
/// 8.2: nothing if the expression is good, else why not: "invalid-expression", "invalid-timezone".
[[nodiscard]] std::string_view cron_fault(const std::string& expression, const std::string& zone);

}  // namespace syncwarden::emulator
