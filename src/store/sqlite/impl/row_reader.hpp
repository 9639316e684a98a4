// Taking a row of the state file apart, column by column, with an error that names what makes no sense.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "store/sqlite/impl/database.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::store {

[[nodiscard]] inline std::int64_t ms(Instant at) { return at.time_since_epoch().count(); }
[[nodiscard]] inline std::optional<std::int64_t> ms(std::optional<Instant> at) {
  return at ? std::optional{ms(*at)} : std::nullopt;
}

void bind_run_id(Statement& to, const std::optional<RunId>& id);
/// The reverse of to_string(RunId).
[[nodiscard]] std::optional<RunId> run_id_from(std::string_view text);

// Airbyte's words have lenient readers of their own; what we wrote ourselves must read back as it is.
template <class Enum>
using Reader = Enum (*)(std::string_view);

/// Takes a row column by column and remembers the first thing that makes no sense.
class RowReader {
 public:
  RowReader(const Statement& row, const std::string& path, std::string_view table, int key_columns)
      : row_(row), path_(path), table_(table), key_columns_(key_columns) {}

  std::string text() { return std::string{row_.text(next_++)}; }
  std::int64_t integer() { return row_.integer(next_++); }
  Instant instant() { return Instant{Millis{integer()}}; }
  std::optional<std::int64_t> optional_integer() {
    if (row_.is_null(next_)) return skip();
    return integer();
  }
  std::optional<Instant> optional_instant() {
    if (row_.is_null(next_)) return skip();
    return instant();
  }
  std::uint32_t count() {
    const auto value = row_.integer(next_++);
    if (value >= 0 && value <= std::numeric_limits<std::uint32_t>::max()) {
      return static_cast<std::uint32_t>(value);
    }
    refuse("is no count");
    return 0;
  }
  bool flag() {
    const auto value = row_.integer(next_++);
    if (value != 0 && value != 1) refuse("is neither 0 nor 1");
    return value == 1;
  }
  IncidentId incident_id() {
    const auto value = row_.integer(next_++);
    if (value < 0) refuse("is no incident number");
    return IncidentId{value < 0 ? 0 : static_cast<std::uint64_t>(value)};
  }
  RunId run_id() {
    const auto id = run_id_from(row_.text(next_++));
    if (!id) refuse("is no run id");
    return id.value_or(RunId{});
  }
  std::optional<RunId> optional_run_id() {
    if (row_.is_null(next_)) return skip();
    return run_id();
  }
  /// A word of an enum whose reader knows every word or answers nothing.
  template <class Enum>
  Enum word(std::optional<Enum> (*from)(std::string_view)) {
    const auto text = row_.text(next_++);
    const auto value = from(text);
    if (value && to_string(*value) == text) return *value;
    refuse("is not a word that this version knows");
    return Enum{};
  }
  template <class Enum>
  Enum word(Reader<Enum> from) {
    const auto text = row_.text(next_++);
    const auto value = from(text);
    if (to_string(value) != text) refuse("is not a word that this version knows");
    return value;
  }
  /// The same for an enum of which we only have the list of its values.
  template <class List>
  typename List::value_type word_of(const List& values) {
    const auto text = row_.text(next_++);
    for (const auto value : values) {
      if (to_string(value) == text) return value;
    }
    refuse("is not a word that this version knows");
    return {};
  }
  template <class Enum>
  std::optional<Enum> optional_word(std::optional<Enum> (*from)(std::string_view)) {
    if (row_.is_null(next_)) return skip();
    return word(from);
  }
  /// Nothing where the column holds the word `none`.
  template <class Enum>
  std::optional<Enum> word_or(std::string_view none, std::optional<Enum> (*from)(std::string_view)) {
    if (!row_.is_null(next_) && row_.text(next_) == none) return skip();
    return word(from);
  }
  /// The rest of a column that begins with `prefix`; of any other one nothing is taken.
  std::optional<std::string> text_after(std::string_view prefix) {
    if (row_.is_null(next_) || !row_.text(next_).starts_with(prefix)) return std::nullopt;
    return text().substr(prefix.size());
  }
  [[nodiscard]] bool next_is_null() const { return row_.is_null(next_); }
  std::nullopt_t skip(int columns = 1) {
    next_ += columns;
    return std::nullopt;
  }
  template <class T>
  T list(std::optional<T> (*from)(std::string_view)) {
    auto value = from(row_.text(next_++));
    if (!value) refuse("cannot be read");
    return std::move(value).value_or(T{});
  }

  template <class T>
  Result<T> finish(T value) {
    if (error_) return *std::move(error_);
    return value;
  }

 private:
  /// About the column that was just taken.
  void refuse(std::string_view why) {
    if (error_) return;
    const int column = next_ - 1;
    std::string key;
    for (int i = 0; i < key_columns_; ++i) {
      key += fmt::format("{}{} {}", i == 0 ? "" : ", ", row_.name(i), printable(row_.text(i)));
    }
    // text() of a number converts it in place; nothing reads this column afterwards.
    error_ = Error{Errc::store_corrupt,
                   fmt::format("table {}, row {}: column {} holds '{}', which {}", table_, key,
                               row_.name(column), printable(row_.text(column)), why),
                   path_, corrupt_hint(path_)};
  }

  const Statement& row_;
  const std::string& path_;
  std::string_view table_;
  int key_columns_;
  int next_ = 0;
  std::optional<Error> error_;
};

}  // namespace syncwarden::store
