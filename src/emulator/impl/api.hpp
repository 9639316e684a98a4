// The operations of both APIs as functions from a request to a response, or to a ticket that will be
// answered later.
#pragma once

#include "emulator/airbyte.hpp"
#include "emulator/front.hpp"
#include "emulator/impl/body.hpp"
#include "emulator/impl/json.hpp"
#include "http/message.hpp"

#include <cstdint>
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

/// The schedule that a Config API body describes; nothing where it says nothing; a response that refuses it.
[[nodiscard]] std::variant<std::monostate, OwnSchedule, http::Response> read_schedule(Api& api,
                                                                                      const Body& body);
/// 8.2: nothing if the expression is good, else why not: "invalid-expression", "invalid-timezone".
[[nodiscard]] std::string_view cron_fault(const std::string& expression, const std::string& zone);

}  // namespace syncwarden::emulator
