#include "http/impl/reply_parser.hpp"

#include <optional>
#include <utility>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/optional.hpp>

namespace syncwarden::http {
namespace {

namespace beast = boost::beast::http;
using boost::beast::string_view;
using ErrorCode = boost::beast::error_code;

constexpr int max_interim = 16;
constexpr std::size_t max_fields = 256;

/// Beast's grammar, our values and limits.
class Reader final : public beast::basic_parser<false> {
 public:
  Reader(const ReplyParser::Limits& limits, const BodySink* sink) : limits_(limits), sink_(sink) {
    eager(false);  // stop behind the header, so that its length is known
    skip(limits.no_body);
    header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    body_limit(limits.body_bytes);
  }

  [[nodiscard]] Response& response() { return response_; }
  [[nodiscard]] bool refused_by_sink() const { return refused_; }
  [[nodiscard]] bool too_large() const { return too_large_; }
  [[nodiscard]] std::string_view problem() const { return problem_; }

 private:
  void on_request_impl(beast::verb /*method*/, string_view /*text*/, string_view /*target*/, int /*version*/,
                       ErrorCode& /*ec*/) override {}

  void on_response_impl(int code, string_view /*reason*/, int /*version*/, ErrorCode& ec) override {
    response_.status = static_cast<unsigned>(code);
    response_.headers.reserve(8);
    if (code < 100 || code > 599) refuse("its status is not a number from 100 to 599", ec);
  }

  void on_field_impl(beast::field name, string_view text, string_view value, ErrorCode& ec) override {
    if (++fields_ > max_fields) return refuse("it has too many header fields", ec);
    if (header_done_) return;  // trailers are of no use to anybody
    if (name == beast::field::transfer_encoding &&
        !iequals(std::string_view(value.data(), value.size()), "chunked")) {
      return refuse("it uses a transfer encoding other than chunked", ec);
    }
    if (name == beast::field::content_encoding &&
        !iequals(std::string_view(value.data(), value.size()), "identity")) {
      return refuse("it is compressed although nobody asked for that", ec);
    }
    response_.headers.push_back({std::string(text), std::string(value)});
  }

  void on_header_impl(ErrorCode& ec) override {
    header_done_ = true;
    if (response_.status == 101) refuse("it switches protocols although nobody asked for that", ec);
    if (response_.status / 100 != 2) sink_ = nullptr;
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCode& /*ec*/) override {
    // A promised length is trusted for a small body only.
    if (length && sink_ == nullptr && *length <= limits_.body_bytes) {
      response_.body.reserve(static_cast<std::size_t>(*length < 65'536 ? *length : 65'536));
    }
  }

  std::size_t on_body_impl(string_view body, ErrorCode& ec) override { return take(body, ec); }
  void on_chunk_header_impl(std::uint64_t /*size*/, string_view /*extensions*/, ErrorCode& /*ec*/) override {}
  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, string_view body, ErrorCode& ec) override {
    return take(body, ec);
  }
  void on_finish_impl(ErrorCode& /*ec*/) override {}

  std::size_t take(string_view body, ErrorCode& ec) {
    received_ += body.size();
    if (received_ > limits_.body_bytes) {
      too_large_ = true;
      ec = beast::error::body_limit;
      return 0;
    }
    const std::string_view piece(body.data(), body.size());
    if (sink_ == nullptr) {
      response_.body += piece;
    } else if (!piece.empty() && !(*sink_)(piece)) {
      refused_ = true;
      ec = beast::error::bad_field;
      return 0;
    }
    return body.size();
  }

  void refuse(std::string_view why, ErrorCode& ec) {
    problem_ = why;
    ec = beast::error::bad_field;
  }

  Response response_;
  ReplyParser::Limits limits_;
  const BodySink* sink_;
  std::uint64_t received_ = 0;
  std::size_t fields_ = 0;
  bool header_done_ = false;
  bool refused_ = false;
  bool too_large_ = false;
  std::string_view problem_;
};

}  // namespace

struct ReplyParser::Impl {
  std::optional<Reader> reader;
  Limits limits;
  const BodySink* sink = nullptr;
  std::size_t header_bytes = 0;
  int interim = 0;
  bool started = false;
  std::string problem;

  State fail(const ErrorCode& ec) {
    if (reader->refused_by_sink()) return State::sink_refused;
    if (reader->too_large() || ec == beast::error::body_limit) return State::body_too_large;
    if (ec == beast::error::header_limit) return State::header_too_large;
    problem = reader->problem().empty() ? ec.message() : std::string(reader->problem());
    return State::malformed;
  }

  void begin() {
    header_bytes = 0;
    reader.emplace(limits, sink);
  }
};

ReplyParser::ReplyParser() : impl_(std::make_unique<Impl>()) {}
ReplyParser::~ReplyParser() = default;

void ReplyParser::start(const Limits& limits, const BodySink* sink) {
  impl_->limits = limits;
  impl_->sink = sink != nullptr && *sink ? sink : nullptr;
  impl_->interim = 0;
  impl_->started = false;
  impl_->begin();
}

ReplyParser::State ReplyParser::feed(std::string_view data, std::size_t& consumed) {
  consumed = 0;
  Impl& impl = *impl_;
  if (!data.empty()) impl.started = true;
  while (consumed < data.size()) {
    ErrorCode ec;
    const bool in_header = !impl.reader->is_header_done();
    const std::string_view rest = data.substr(consumed);
    const std::size_t taken = impl.reader->put({rest.data(), rest.size()}, ec);
    consumed += taken;
    if (ec && ec != beast::error::need_more) return impl.fail(ec);
    if (in_header) {
      // Beast limits the start line and the fields of one call, not their sum.
      const bool complete = impl.reader->is_header_done();
      if (complete) impl.reader->eager(true);
      impl.header_bytes += taken;
      const std::size_t waiting = complete ? 0 : rest.size() - taken;
      if (impl.header_bytes + waiting > impl.limits.header_bytes) return State::header_too_large;
    }
    if (!impl.reader->is_done()) {
      if (ec == beast::error::need_more || taken == 0) return State::more;
      continue;
    }
    if (impl.reader->response().status >= 200) return State::done;
    if (++impl.interim > max_interim) {
      impl.problem = "it sends interim responses without end";
      return State::malformed;
    }
    impl.begin();
  }
  return State::more;
}

ReplyParser::State ReplyParser::end() {
  Impl& impl = *impl_;
  ErrorCode ec;
  if (!impl.reader->got_some() || !impl.reader->is_header_done()) {
    impl.problem = "it ends within its header";
    return State::malformed;
  }
  impl.reader->put_eof(ec);
  if (ec) {
    impl.problem = "it ends before its body does";
    return State::malformed;
  }
  return State::done;
}

bool ReplyParser::started() const { return impl_->started; }
bool ReplyParser::keep_alive() const { return impl_->reader->keep_alive(); }
std::string_view ReplyParser::problem() const { return impl_->problem; }
Response ReplyParser::take() { return std::move(impl_->reader->response()); }

}  // namespace syncwarden::http
