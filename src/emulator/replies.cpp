// Responses and error bodies, by age of the server (reference 3, 4.7).
#include "emulator/impl/api.hpp"
#include "emulator/impl/encode.hpp"

#include <utility>

#include <fmt/format.h>

namespace syncwarden::emulator {

std::string Api::error_id() { return airbyte.uuid(fmt::format("error/{}", ++errors)); }

http::Response reply(unsigned status, std::string body, std::string_view type) {
  http::Response response;
  response.status = status;
  response.headers.push_back({"Content-Type", std::string{type}});
  response.body = std::move(body);
  return response;
}

http::Response html(unsigned status) {
  const auto reason = http::reason_phrase(status);
  return reply(status,
               fmt::format("<html>\r\n<head><title>{0} {1}</title></head>\r\n<body>\r\n<center><h1>{0} "
                           "{1}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
                           status, reason),
               "text/html");
}

http::Response config_error(Api& api, unsigned status, std::string_view text, std::string_view id) {
  const auto& rules = api.rules();
  Json json;
  json.open('{');
  if (rules.error_ids_only) {
    // Only conflicts and bad requests of a known kind still say something.
    if (status == 409 || status == 400) json.member("message", text);
    return reply(status, json.member("errorId", api.error_id()).close('}').take());
  }
  if (!id.empty()) json.member("id", id);
  json.member("message", status == 500 ? fmt::format("Internal Server Error: {}", text) : std::string{text});
  json.member("exceptionClassName",
              status == 500   ? "java.lang.IllegalStateException"
              : status == 404 ? "io.airbyte.commons.server.errors.IdNotFoundKnownException"
              : status == 409 ? "io.airbyte.commons.server.errors.ValueConflictKnownException"
                              : "io.airbyte.commons.server.errors.BadRequestException");
  if (rules.stack_traces) {
    json.key("exceptionStack")
        .open('[')
        .value("\tat io.airbyte.server.apis.ApiHelper.execute(ApiHelper.java:28)");
    json.close(']').key("rootCauseExceptionStack").raw("[]");
  }
  if (status == 422) json.key("validationErrors").raw("[]");
  return reply(status, json.close('}').take());
}

http::Response unknown_route() { return reply(404, "Object not found."); }

http::Response problem(unsigned status, std::string_view type, std::string_view title,
                       std::string_view detail, std::string_view message) {
  Json json;
  json.open('{')
      .member("status", status)
      .member("type", type)
      .member("title", title)
      .member("detail", detail);
  json.key("documentationUrl").null().key("data").open('{').member("message", message).close('}');
  return reply(status, json.close('}').take(), "application/problem+json");
}

http::Response config_job_answer(Api& api, JobId id, std::int64_t padding) {
  const auto* job = api.airbyte.job(id);
  if (job == nullptr) return config_error(api, 500, "Could not find job with id");
  Json json;
  write_job_info(json, api, *job, JobParts{false, true, true, padding});
  return reply(200, json.take());
}

http::Response public_job_answer(Api& api, JobId id) {
  const auto* job = api.airbyte.job(id);
  if (job == nullptr) return reply(500, R"({"status":500,"title":"unexpected-problem"})");
  Json json;
  write_public_job(json, api, *job, false);
  return reply(200, json.take());
}

}  // namespace syncwarden::emulator
