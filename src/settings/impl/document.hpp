// YAML text as a tree with places. yaml-cpp's own nodes hide duplicate keys and quoting, so the tree is
// built from its events.
#pragma once

#include "settings/settings.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace syncwarden::settings {

struct Place {
  std::shared_ptr<const std::string> file;
  std::size_t line = 0;
  std::size_t column = 0;
};

/// Collects problems; keeps the first `most` and counts the rest.
class Problems {
 public:
  void add(const Place& place, std::string message, std::string hint = {});
  void warn(const Place& place, std::string message, std::string hint = {});
  [[nodiscard]] bool any() const { return !errors_.empty(); }
  [[nodiscard]] std::size_t count() const { return errors_.size() + dropped_; }
  /// Moves everything into `loaded`, sorted by place.
  void hand_over(Loaded& loaded);

 private:
  static constexpr std::size_t most = 200;
  std::vector<Problem> errors_;
  std::vector<Problem> warnings_;
  std::size_t dropped_ = 0;
};

struct Node {
  enum class Kind : std::uint8_t { null, scalar, sequence, mapping };
  struct Member;

  Kind kind = Kind::null;
  Place place;
  std::string text;     ///< of a scalar, after expansion
  std::string written;  ///< of a scalar, as written: what messages may show
  bool quoted = false;  ///< 'x', "x" or a block scalar: text, never a number
  bool broken = false;  ///< its variables could not be expanded; told already
  std::vector<Node> items;
  std::vector<Member> members;

  [[nodiscard]] const Member* member(std::string_view name) const;
  [[nodiscard]] Member* member(std::string_view name);
};

struct Node::Member {
  std::string name;
  Place place;  ///< of the key
  Node value;
};

/// A file may be this long, and expand to this many values: nobody writes more, and more may be an attack.
inline constexpr std::size_t max_file_bytes = 4U << 20U;
inline constexpr std::size_t max_nodes = 200'000;

/// Parses one document. Problems go to `problems`; the tree is then as far as it was understood (a null node
/// after a syntax error). The root is a mapping or null.
[[nodiscard]] Node parse_document(std::string_view text, const std::shared_ptr<const std::string>& file,
                                  Problems& problems);

/// Replaces ${NAME}, ${NAME:-default} and $$ in every scalar value of the tree. Keys stay as they are.
void expand(Node& node, const Environment& environment, Problems& problems);

/// Text for a message: printable, short, in double quotes.
[[nodiscard]] std::string shown(std::string_view text);
/// The value of a node for a message: its kind, or a scalar as it was written (never what a variable held).
[[nodiscard]] std::string shown(const Node& node);
/// "a list", "a mapping", "text", "nothing"; for places where a value may be secret.
[[nodiscard]] std::string_view kind_of(const Node& node);

}  // namespace syncwarden::settings
