// Text that is written once and read from everywhere: ids and names. A copy is a count, not characters.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

namespace syncwarden {

/// An immutable text, held once for all of its copies, with its hash beside it. As large as a pointer; the
/// empty text holds nothing. Copies may be used and dropped from any thread. Ordered byte by byte.
class SharedText {
 public:
  SharedText() = default;
  SharedText(std::string_view text) : held_(make(text)) {}                     // NOLINT(*-explicit-*)
  SharedText(const std::string& text) : SharedText(std::string_view(text)) {}  // NOLINT(*-explicit-*)
  SharedText(const char* text) : SharedText(std::string_view(text)) {}         // NOLINT(*-explicit-*)
  SharedText(const SharedText& other) noexcept : held_(other.held_) { take(); }
  SharedText(SharedText&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
  SharedText& operator=(const SharedText& other) noexcept {
    if (held_ != other.held_) SharedText(other).swap(*this);
    return *this;
  }
  SharedText& operator=(SharedText&& other) noexcept {
    SharedText(std::move(other)).swap(*this);
    return *this;
  }
  ~SharedText() { drop(); }

  [[nodiscard]] bool empty() const { return held_ == nullptr; }
  [[nodiscard]] std::size_t size() const { return held_ == nullptr ? 0 : held_->size; }
  /// Lives as long as one of the copies.
  [[nodiscard]] std::string_view view() const {
    return held_ == nullptr ? std::string_view("") : std::string_view(held_->characters(), held_->size);
  }
  operator std::string_view() const { return view(); }  // NOLINT(*-explicit-*)
  [[nodiscard]] std::string str() const { return std::string(view()); }
  /// Of this process: neither stored nor shown, and nothing is ordered by it.
  [[nodiscard]] std::size_t hash() const { return held_ == nullptr ? 0 : held_->hash; }

  friend bool operator==(const SharedText& a, const SharedText& b) {
    return a.held_ == b.held_ || (a.hash() == b.hash() && a.view() == b.view());
  }
  friend std::strong_ordering operator<=>(const SharedText& a, const SharedText& b) {
    return a.held_ == b.held_ ? std::strong_ordering::equal : a.view() <=> b.view();
  }
  friend bool operator==(const SharedText& a, std::string_view b) { return a.view() == b; }
  friend bool operator==(const SharedText& a, const std::string& b) { return a.view() == b; }
  friend bool operator==(const SharedText& a, const char* b) { return a.view() == b; }

 private:
  /// The characters follow it in the same allocation.
  struct Held {
    std::atomic<std::uint32_t> holders;
    std::uint32_t size;
    std::size_t hash;

    [[nodiscard]] const char* characters() const { return reinterpret_cast<const char*>(this + 1); }
  };

  static Held* make(std::string_view text);
  static void destroy(Held* held) noexcept;

  void swap(SharedText& other) noexcept { std::swap(held_, other.held_); }
  void take() const noexcept {
    if (held_ != nullptr) held_->holders.fetch_add(1, std::memory_order_relaxed);
  }
  void drop() noexcept {
    if (held_ != nullptr && held_->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(held_);
  }

  Held* held_ = nullptr;
};

}  // namespace syncwarden

template <>
struct std::hash<syncwarden::SharedText> {
  std::size_t operator()(const syncwarden::SharedText& text) const noexcept { return text.hash(); }
};
template <>
struct fmt::formatter<syncwarden::SharedText> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const syncwarden::SharedText& text, Context& context) const {
    return fmt::formatter<std::string_view>::format(text.view(), context);
  }
};
