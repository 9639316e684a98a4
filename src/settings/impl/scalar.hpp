// One plain value against its declaration.
#pragma once

#include "settings/impl/document.hpp"
#include "settings/impl/keys.hpp"
#include "settings/impl/read.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace syncwarden::settings {

/// What is wrong with a value, without its path, and what to write instead.
struct Fault {
  std::string message;
  std::string hint;
};

/// Puts a scalar node into `value`, or tells why it does not belong there.
[[nodiscard]] std::optional<Fault> read_scalar(const Field& field, const Node& node, Value& value);

/// Why `text` is none of the field's words; nothing if it is one. `written` is what the message shows.
[[nodiscard]] std::optional<Fault> word_fault(const Field& field, const std::string& text,
                                              const std::string& written);

/// Puts the field's default into `value`.
void set_standard(const Field& field, Value& value);

[[nodiscard]] bool known_word(const Field& field, std::string_view text);

/// What belongs at a field, for messages about wrong kinds: "a duration such as 30s".
[[nodiscard]] std::string expectation(const Field& field);

/// "name is not supported by this version": what a key or a word of a later version is told to be.
inline constexpr std::string_view not_yet = "not supported by this version (it comes with a later one)";

}  // namespace syncwarden::settings
