#include "admin/impl/exposition.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <zlib.h>

namespace syncwarden::admin {
namespace asio = boost::asio;
namespace {

/// About a millisecond of work.
constexpr std::size_t slice = 64 * 1024;
constexpr std::chrono::seconds longest_wait{10};

class Gzip {
 public:
  Gzip() {
    constexpr int gzip_format = 16;
    good_ = ::deflateInit2(&stream_, 1, Z_DEFLATED, gzip_format + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~Gzip() { ::deflateEnd(&stream_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  [[nodiscard]] bool good() const { return good_; }

  void feed(std::string_view piece, bool last) {
    std::array<unsigned char, 32 * 1024> buffer{};
    // zlib's interface predates const.
    stream_.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(piece.data()));  // NOLINT
    stream_.avail_in = static_cast<unsigned>(piece.size());
    do {
      stream_.next_out = buffer.data();
      stream_.avail_out = static_cast<unsigned>(buffer.size());
      const int result = ::deflate(&stream_, last ? Z_FINISH : Z_NO_FLUSH);
      if (result == Z_STREAM_ERROR) good_ = false;
      out.append(reinterpret_cast<const char*>(buffer.data()), buffer.size() - stream_.avail_out);  // NOLINT
    } while (good_ && stream_.avail_out == 0);
  }

  std::string out;

 private:
  z_stream stream_{};
  bool good_ = false;
};

std::string_view trimmed(std::string_view text) {
  const std::size_t start = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(start);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

}  // namespace

struct Exposition::Compression {
  explicit Compression(asio::any_io_executor executor, Body from)
      : source(std::move(from)), finished(std::in_place, std::move(executor)) {
    finished->expires_after(longest_wait);
  }
  Body source;
  std::optional<asio::steady_timer> finished;  ///< gone when done: it must not outlive its context; cancelled
                                               ///< when `result` or `failed` is set
  std::optional<Body> result;
  bool failed = false;
};

Body Exposition::text() {
  const Now before = clock_();
  if (text_ && before.mono < fresh_until_) return text_;
  text_ = std::make_shared<const std::string>(metrics_.render(view_, before));
  const Mono after = clock_().mono;
  const Millis took = after - before.mono;
  fresh_until_ = after + took;
  metrics_.rendered(took);
  return text_;
}

asio::awaitable<std::optional<Body>> Exposition::compressed(std::shared_ptr<Exposition> self, Body source) {
  const auto executor = co_await asio::this_coro::executor;
  if (self->compression_ && self->compression_->source == source) {
    const auto shared = self->compression_;
    if (!shared->result && !shared->failed) {
      // Cancelled means finished; a time-out or our own cancellation leave the result empty.
      co_await shared->finished->async_wait(asio::as_tuple(asio::use_awaitable));
    }
    co_return shared->result;
  }
  const auto mine = std::make_shared<Compression>(executor, source);
  self->compression_ = mine;
  // Whatever ends this coroutine early, those who wait for it must not wait in vain.
  struct Finish {
    std::shared_ptr<Compression> compression;
    ~Finish() {
      compression->failed = !compression->result;
      compression->finished->cancel();
      compression->finished.reset();
    }
  };
  const Finish finish{mine};
  Gzip gzip;
  std::string_view rest = *source;
  while (gzip.good()) {
    const std::string_view piece = rest.substr(0, slice);
    rest.remove_prefix(piece.size());
    gzip.feed(piece, rest.empty());
    if (rest.empty()) break;
    co_await asio::post(executor, asio::use_awaitable);
  }
  if (gzip.good()) mine->result = std::make_shared<const std::string>(std::move(gzip.out));
  co_return mine->result;
}

void Exposition::forget_when_stale(std::shared_ptr<Exposition> self, asio::any_io_executor executor) {
  if (self->forgetting_) return;
  constexpr Millis shortest{50};
  self->forgetting_ = true;
  // Owned by its own handler: a member could outlive the context.
  const auto timer = std::make_shared<asio::steady_timer>(executor);
  timer->expires_after(std::max(self->fresh_until_ - self->clock_().mono, shortest));
  timer->async_wait([self, executor, timer](const boost::system::error_code& stopped) {
    self->forgetting_ = false;
    if (stopped) return;
    self->text_.reset();
    const auto& compression = self->compression_;
    if (compression && !compression->result && !compression->failed) {
      return forget_when_stale(self, executor);
    }
    self->compression_.reset();
  });
}

bool accepts_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const std::size_t end = std::min(accept_encoding.find(','), accept_encoding.size());
    std::string_view coding = trimmed(accept_encoding.substr(0, end));
    accept_encoding.remove_prefix(std::min(end + 1, accept_encoding.size()));
    const std::size_t parameters = std::min(coding.find(';'), coding.size());
    const std::string_view name = trimmed(coding.substr(0, parameters));
    if (name.size() != 4 || (name[0] | 0x20) != 'g' || (name[1] | 0x20) != 'z' || (name[2] | 0x20) != 'i' ||
        (name[3] | 0x20) != 'p') {
      continue;
    }
    // "q=0", "q=0.000": refused by name
    const std::string_view quality = trimmed(coding.substr(std::min(parameters + 1, coding.size())));
    const bool refused = quality.size() >= 3 && (quality[0] | 0x20) == 'q' && quality[1] == '=' &&
                         quality.find_first_not_of("0.", 2) == std::string_view::npos;
    return !refused;
  }
  return false;
}

}  // namespace syncwarden::admin
