// Reads a tree against the declared keys: afterwards every key has a value of its kind, given or default.
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "settings/impl/document.hpp"
#include "settings/impl/keys.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::settings {

/// What reading needs besides the tree.
struct Reading {
  const Environment& environment;
  Problems& problems;
};

/// An element of a list, or a header or a label ("label" is its name).
struct Text {
  std::string label;
  std::string text;
  std::string written;  ///< what messages may show of `text`
  Place place;
};

struct Value;

struct Section {
  const Shape* shape = nullptr;
  std::string path;  ///< "connections[2]"
  Place place;
  std::vector<Value> values;  ///< one per field of the shape, in its order

  /// The value at a path below: "timeouts.read". The path must be declared.
  [[nodiscard]] const Value& at(std::string_view below) const;
  [[nodiscard]] const Section& section(std::string_view below) const;
  [[nodiscard]] bool given(std::string_view below) const;
};

struct Value {
  const Field* field = nullptr;
  std::string path;
  Place place;          ///< of the value; of the section where it is not given
  bool given = false;   ///< written in the file, be it wrong
  bool valid = true;    ///< false: it was wrong, and what is here is the default
  std::string text;     ///< text, secret, path, word, zone
  std::string written;  ///< what messages may show of `text`
  bool flag = false;
  double number = 0;  ///< count, number; percent and factor where `text` is empty; time_of_day in minutes
  Millis duration{};  ///< meaningful where `text` is empty
  std::vector<Text> texts;
  std::vector<Section> sections;  ///< one for a section, or a mapping in place of a text; any for the lists
};

/// Reads `node` (a mapping or nothing). Problems are added; the result is complete all the same.
[[nodiscard]] Section read_section(const Node& node, const Shape& shape, const std::string& path,
                                   const Place& place, const Reading& reading);

/// The content of the file that a value names. Messages show a path as written where a variable is part of
/// it.
[[nodiscard]] Result<std::string> read_named(const std::string& text, const std::string& written,
                                             const Place& place, std::size_t max_bytes);

/// `path` as the file at `place` means it: relative ones start at that file's folder.
[[nodiscard]] std::string resolved_path(const std::string& path, const Place& place);

}  // namespace syncwarden::settings
