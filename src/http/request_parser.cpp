#include "http/impl/request_parser.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/optional.hpp>

namespace syncwarden::http {
namespace {

namespace beast = boost::beast::http;
using boost::beast::string_view;
using ErrorCode = boost::beast::error_code;

std::string_view plain(string_view text) { return {text.data(), text.size()}; }

constexpr std::size_t longest_method = 16;

bool is_host_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("-._~[]:%").find(c) != std::string_view::npos;
}

/// Beast's grammar; the first thing that our policy forbids ends it.
class Reader final : public beast::basic_parser<true> {
 public:
  Reader(const ServerLimits& limits, RequestHead& head, Denial& denial)
      : limits_(limits), head_(head), denial_(denial) {
    header_limit(static_cast<std::uint32_t>(limits.max_header_bytes + 4));
    body_limit(boost::none);
  }

  [[nodiscard]] bool denied() const { return denied_; }

 private:
  void deny(unsigned status, Refusal refusal, std::string_view text, ErrorCode& ec) {
    denial_.status = status;
    denial_.refusal = refusal;
    denial_.text = text;
    denied_ = true;
    ec = beast::error::bad_field;
  }

  void on_request_impl(beast::verb method, string_view text, string_view target, int version,
                       ErrorCode& ec) override {
    switch (method) {
      case beast::verb::get:
      case beast::verb::head:
      case beast::verb::post:
      case beast::verb::put:
      case beast::verb::delete_:
      case beast::verb::patch:
        break;
      case beast::verb::options:
      case beast::verb::trace:
      case beast::verb::connect:
        return deny(405, Refusal::malformed, "this method is not served", ec);
      default:
        return deny(501, Refusal::malformed, "this method is not known", ec);
    }
    if (target.size() > limits_.max_target_bytes) {
      return deny(414, Refusal::header_limit, "the request target is too long", ec);
    }
    if (target.empty() || target.front() != '/') {
      return deny(400, Refusal::malformed, "the request target has to begin with '/'", ec);
    }
    head_.head = method == beast::verb::head;
    head_.request.method = head_.head ? "GET" : std::string(text);
    head_.request.target = std::string(target);
    head_.http10 = version < 11;
  }

  void on_field_impl(beast::field name, string_view text, string_view value, ErrorCode& ec) override {
    if (head_.request.headers.size() >= limits_.max_header_fields) {
      return deny(431, Refusal::header_limit, "there are too many header fields", ec);
    }
    switch (name) {
      case beast::field::host:
        return host(plain(value), ec);
      case beast::field::content_length:
        return length(plain(value), ec);
      case beast::field::expect:
        return expect(plain(value), ec);
      case beast::field::transfer_encoding:
        return deny(501, Refusal::malformed, "transfer encodings are not served, send Content-Length", ec);
      case beast::field::content_encoding:
        return deny(415, Refusal::malformed, "request bodies cannot be compressed", ec);
      default:
        keep(text, value);
    }
  }

  void host(std::string_view value, ErrorCode& ec) {
    if (has_host_) return deny(400, Refusal::host, "there are two Host fields", ec);
    if (value.empty() || !std::all_of(value.begin(), value.end(), is_host_char)) {
      return deny(400, Refusal::host, "the Host field is not a host", ec);
    }
    has_host_ = true;
    keep("Host", string_view(value.data(), value.size()));
  }

  void length(std::string_view value, ErrorCode& ec) {
    if (has_length_) return deny(400, Refusal::malformed, "there are two Content-Length fields", ec);
    has_length_ = true;
    const char* const end = value.data() + value.size();
    const auto [stop, problem] = std::from_chars(value.data(), end, head_.content_length);
    if (problem != std::errc() || stop != end) {
      return deny(400, Refusal::malformed, "the Content-Length is not one number", ec);
    }
    if (head_.content_length > limits_.max_body_bytes) {
      return deny(413, Refusal::body_limit, "the request body is too large", ec);
    }
    keep("Content-Length", string_view(value.data(), value.size()));
  }

  void expect(std::string_view value, ErrorCode& ec) {
    if (!iequals(value, "100-continue"))
      return deny(417, Refusal::malformed, "this expectation is not known", ec);
    head_.expects_continue = !head_.http10;
  }

  void keep(string_view name, string_view value) {
    head_.request.headers.push_back({std::string(name), std::string(value)});
  }

  void on_header_impl(ErrorCode& ec) override {
    if (!has_host_ && !head_.http10) return deny(400, Refusal::host, "the Host field is missing", ec);
    head_.keep_alive = keep_alive();
  }

  void on_response_impl(int /*code*/, string_view /*reason*/, int /*version*/, ErrorCode& /*ec*/) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/, ErrorCode& /*ec*/) override {}
  std::size_t on_body_impl(string_view body, ErrorCode& /*ec*/) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t /*size*/, string_view /*extensions*/, ErrorCode& /*ec*/) override {}
  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, string_view body, ErrorCode& /*ec*/) override {
    return body.size();
  }
  void on_finish_impl(ErrorCode& /*ec*/) override {}

  const ServerLimits& limits_;
  RequestHead& head_;
  Denial& denial_;
  bool denied_ = false;
  bool has_host_ = false;
  bool has_length_ = false;
};

}  // namespace

RequestParser::State RequestParser::refuse(unsigned status, Refusal refusal, std::string_view text) {
  denial_.status = status;
  denial_.refusal = refusal;
  denial_.text = text;
  return State::refused;
}

RequestParser::State RequestParser::feed(std::string_view buffer, std::size_t& consumed) {
  consumed = 0;
  const std::size_t end = buffer.find("\r\n\r\n", scanned_);
  if (end != std::string_view::npos && end + 4 <= limits_.max_header_bytes) {
    const std::string_view text = buffer.substr(0, end + 4);
    const State bytes = check_bytes(text);
    if (bytes != State::ready) return bytes;
    const State parsed = parse(text);
    if (parsed == State::ready) consumed = text.size();
    return parsed;
  }
  const std::string_view line = buffer.substr(0, buffer.find_first_of("\r\n"));
  const std::string_view method = line.substr(0, line.find(' '));
  if (method.size() > longest_method) return refuse(501, Refusal::malformed, "this method is not known");
  if (line.size() > longest_method + limits_.max_target_bytes + 16) {
    return refuse(414, Refusal::header_limit, "the request target is too long");
  }
  if (end != std::string_view::npos || buffer.size() >= limits_.max_header_bytes) {
    return refuse(431, Refusal::header_limit, "the request header is too large");
  }
  // What can never become a request is refused at once, not after the header timeout.
  if (!buffer.empty() && (buffer.front() == '\x16' || buffer.front() <= ' ')) {
    const bool hello = buffer.front() == '\x16';
    return refuse(400, hello ? Refusal::tls : Refusal::malformed,
                  hello ? "this port speaks plain HTTP, not TLS" : "this is no HTTP request");
  }
  scanned_ = buffer.size() < 3 ? 0 : buffer.size() - 3;
  return State::more;
}

RequestParser::State RequestParser::check_bytes(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= ' ' && byte < 0x7f) continue;
    if (byte == '\t' && i > 0) continue;
    if (byte == '\r' && i + 1 < text.size() && text[i + 1] == '\n') {
      if (i + 2 < text.size() && (text[i + 2] == ' ' || text[i + 2] == '\t')) {
        return refuse(400, Refusal::malformed, "header lines cannot be folded");
      }
      ++i;
      continue;
    }
    return refuse(400, Refusal::malformed, "the request header holds a control or non-ASCII byte");
  }
  return State::ready;
}

RequestParser::State RequestParser::parse(std::string_view text) {
  const std::size_t method_end = std::min(text.find(' '), text.find('\r'));
  if (method_end > longest_method) return refuse(501, Refusal::malformed, "this method is not known");
  head_.request.headers.reserve(8);
  Reader reader(limits_, head_, denial_);
  ErrorCode ec;
  std::size_t taken = 0;
  while (!ec && !reader.is_header_done()) {
    const std::string_view rest = text.substr(taken);
    taken += reader.put({rest.data(), rest.size()}, ec);
  }
  if (reader.denied()) return State::refused;
  if (ec == beast::error::bad_version)
    return refuse(505, Refusal::malformed, "only HTTP/1.0 and 1.1 are served");
  if (ec == beast::error::bad_content_length) {
    return refuse(400, Refusal::malformed, "the Content-Length is not one number");
  }
  if (ec == beast::error::bad_transfer_encoding) {
    return refuse(501, Refusal::malformed, "transfer encodings are not served, send Content-Length");
  }
  if (ec || taken != text.size()) return refuse(400, Refusal::malformed, "this is no HTTP request");
  return State::ready;
}

void RequestParser::reset() {
  scanned_ = 0;
  head_ = RequestHead();
}

}  // namespace syncwarden::http
