// From a reply or a failure to an error that a person can act on, and to what became of a trigger. Pure.
#pragma once

#include "airbyte/client.hpp"
#include "airbyte/codec.hpp"
#include "http/client.hpp"
#include "model/exchange.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace syncwarden::airbyte {

using Outcome = boost::system::result<http::Response, http::Failure>;

/// What the error is about: "list_jobs POST http://host/api/v1/jobs/list", and how we log in.
struct Context {
  std::string where;
  const Auth* auth = nullptr;
};

[[nodiscard]] Error cancelled_error(std::string where);
/// The error of a reply that is not 2xx.
[[nodiscard]] Error error_of(const http::Response& response, const Context& context);
/// The error of a request that got no reply, completed with where and what to do.
[[nodiscard]] Error error_of(Error error, const Context& context);
/// For the token route: the same statuses mean other things there.
[[nodiscard]] Error token_error_of(const http::Response& response, const Context& context);
/// Nothing for 2xx.
[[nodiscard]] std::optional<Errc> code_of_status(unsigned status);
[[nodiscard]] inline bool is_success(unsigned status) { return status >= 200 && status < 300; }

/// What became of a trigger. `job`: what could be read of a 2xx body.
[[nodiscard]] TriggerReply trigger_reply_from(Api api, const Outcome& outcome,
                                              const std::optional<JobView>& job, const Context& context,
                                              Instant now);

/// A job that is gone: 404, and for jobs also 403 and 500 (Config API) or 409 (Public API). A 500 that is
/// worded like another fault, or comes from a proxy, stays one.
[[nodiscard]] bool means_no_such_job(Api api, const http::Response& response);

}  // namespace syncwarden::airbyte
