// Every legal key, declared once. The loader, the JSON Schema and the commented example are made from this.
#pragma once

#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::settings {

enum class Kind {
  text,
  texts,          ///< a list of texts
  some_texts,     ///< one text or a list of them
  secret,         ///< a text that nothing ever shows; has a twin `<name>_file`
  secret_file,    ///< where the twin's text stands: a path, or "credential:NAME"
  path,           ///< of a file; relative ones start at the folder of the file that names it
  flag,           ///< true or false
  count,          ///< a whole number within bounds
  number,         ///< a number within bounds
  duration,       ///< within bounds (milliseconds); `words` are allowed besides
  percent,        ///< "50%", a number of percent within bounds; `words` are allowed besides
  factor,         ///< "3x", a number within bounds; `words` are allowed besides
  time_of_day,    ///< "08:00"
  word,           ///< one of `words`
  words,          ///< a list of `words`
  zone,           ///< an IANA time zone
  section,        ///< a mapping described by `shape`; `words` are allowed besides
  sections,       ///< a list of such mappings
  some_sections,  ///< one such mapping, a list of them, or one of `words`
  headers,        ///< header name to secret value; `<name>_file` reads it from a file
  labels,         ///< label name to printable text
};

struct Shape;

struct Field {
  std::string_view name;
  Kind kind = Kind::text;
  std::string_view standard = {};  ///< the default, as YAML; empty: there is none
  std::string_view doc = {};       ///< one or two lines, without a final stop
  std::vector<std::string_view> words = {};
  double least = 0;
  double most = std::numeric_limits<double>::max();
  /// Of a section; on a text, a word, a duration or texts: a mapping that may stand there instead.
  const Shape* shape = nullptr;
  bool required = false;
  bool later = false;             ///< a later version's key: an error that says so
  std::string_view example = {};  ///< YAML for the commented example, where there is no default
};

struct Shape {
  std::vector<Field> fields;

  [[nodiscard]] const Field* find(std::string_view name) const;
};

/// The whole file.
[[nodiscard]] const Shape& root_shape();

/// The paths at which a key of this name is legal: "connections[].schedule.cron".
[[nodiscard]] std::vector<std::string> paths_of(std::string_view name);

/// Every path, in the order of declaration, without later versions' keys.
[[nodiscard]] std::vector<std::string> all_paths();

/// The elements of a default like "[a, b]".
[[nodiscard]] std::vector<std::string_view> list_elements(std::string_view standard);

}  // namespace syncwarden::settings
