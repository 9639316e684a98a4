// A YAML or JSON document without declared keys, as JSON with the place of every value: connectors'
// configurations and pipelines, whose rules somebody else knows.
#pragma once

#include "settings/settings.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::settings {

struct PlainPlace {
  std::size_t line = 0;
  std::size_t column = 0;
};

struct PlainDocument {
  std::string file;
  std::string json;                          ///< the root is an object
  std::map<std::string, PlainPlace> places;  ///< by JSON pointer; of an object's member its value's place
  /// By JSON pointer: what came from the environment or from a file. Text in `json`, whatever it looks like;
  /// never to be shown.
  std::map<std::string, std::string> brought;

  /// "file:12:5" of the value at a pointer, or of the nearest one around it.
  [[nodiscard]] std::string where(std::string_view pointer) const;
};

struct PlainLoaded {
  std::optional<PlainDocument> document;
  std::vector<Problem> problems;
  std::vector<Problem> warnings;
};

/// ${NAME}, ${NAME:-default} and $$ are expanded in values; a value "file:/path" or "file:./path" is the
/// content of that file without the last line's end (relative paths start at the document's folder). Plain
/// scalars are numbers, booleans or null where they look like it; quoted ones are text.
[[nodiscard]] PlainLoaded read_plain(std::string_view text, const std::string& name,
                                     const Environment& environment);
/// The same of a file.
[[nodiscard]] PlainLoaded read_plain_file(const std::string& path, const Environment& environment);

}  // namespace syncwarden::settings
