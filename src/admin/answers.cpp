#include "admin/impl/answers.hpp"

#include "base/text.hpp"
#include "observe/escape.hpp"

namespace syncwarden::admin {

http::Response text_answer(unsigned status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"}, {"X-Content-Type-Options", "nosniff"}};
  response.body = std::move(body);
  return response;
}

namespace {

/// A word for programs; the API has finer ones.
std::string_view code_of(unsigned status) {
  switch (status) {
    case 403:
      return "forbidden";
    case 404:
      return "not_found";
    case 405:
      return "method_not_allowed";
    case 415:
      return "unsupported_media_type";
    case 421:
      return "misdirected_request";
    case 503:
      return "unavailable";
    default:
      return status < 500 ? "usage" : "internal";
  }
}

}  // namespace

http::Response nothing_here() {
  return error_answer(404, "there is nothing at this path", "see / for what there is");
}

http::Response error_answer(unsigned status, std::string_view message, std::string_view hint) {
  http::Response response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Cache-Control", "no-store"}};
  response.body = "{\"error\":{\"code\":" + observe::json_quoted(code_of(status)) +
                  ",\"message\":" + observe::json_quoted(message) +
                  ",\"hint\":" + observe::json_quoted(hint) + "}}\n";
  return response;
}

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text, 1024)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace syncwarden::admin
