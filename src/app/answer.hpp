// An answer of the daemon, read without trust: what is missing or of another type is empty, so that an answer
// of another version is shown as far as it goes.
#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Boost.JSON itself is included by .cpp files only.
namespace boost::json {
class value;
}

namespace syncwarden::app {

/// One value of a JSON document; cheap to copy, keeps the document alive.
class Answer {
 public:
  /// Nothing for what is not JSON.
  [[nodiscard]] static std::optional<Answer> parse(std::string_view text);
  /// Empty, as a member that is not there.
  Answer() = default;

  [[nodiscard]] Answer operator[](std::string_view member) const;
  /// Not there and null are the same.
  [[nodiscard]] bool known() const;
  [[nodiscard]] std::string text(std::string_view otherwise = "") const;
  [[nodiscard]] std::optional<std::int64_t> number() const;
  [[nodiscard]] std::int64_t count() const { return number().value_or(0); }
  [[nodiscard]] bool flag() const;
  [[nodiscard]] std::optional<Instant> instant() const;
  [[nodiscard]] std::optional<Millis> millis() const;
  [[nodiscard]] std::vector<Answer> items() const;
  [[nodiscard]] std::vector<std::pair<std::string, Answer>> members() const;
  /// As JSON, on one line.
  [[nodiscard]] std::string json() const;

 private:
  Answer(std::shared_ptr<const boost::json::value> document, const boost::json::value* value)
      : document_(std::move(document)), value_(value) {}

  std::shared_ptr<const boost::json::value> document_;
  const boost::json::value* value_ = nullptr;
};

/// {"name": "value", ...} for a request; values that are empty are left out.
[[nodiscard]] std::string json_of(const std::vector<std::pair<std::string, std::string>>& texts,
                                  const std::vector<std::string>& flags = {});

}  // namespace syncwarden::app
