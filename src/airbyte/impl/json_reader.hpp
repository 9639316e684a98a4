// Reads JSON while it arrives and keeps only what a Shape asks for: a list of connections with megabytes of
// catalogs costs no more memory than one of its items without the catalog.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace syncwarden::airbyte {

/// What to keep of a JSON value: of an object the keys in `inside`, of an array every element in the same
/// shape. Without `inside` only scalars and arrays of scalars are kept. `each` hands the elements of the
/// array out one by one instead of keeping them.
struct Shape {
  std::string key;
  std::vector<Shape> inside;
  bool each = false;
};

/// A kept JSON value. Every accessor answers "nothing" for a value of another kind: replies are foreign.
class Node {
 public:
  enum class Kind : std::uint8_t { absent, boolean, integer, real, text, object, array };

  // out of line: a node holds nodes, which are complete only behind it
  Node();
  ~Node();
  Node(const Node& other);
  Node(Node&& other) noexcept;
  Node& operator=(const Node& other);
  Node& operator=(Node&& other) noexcept;

  Kind kind = Kind::absent;
  std::int64_t number = 0;  ///< also of a boolean
  double real = 0;
  std::string string;
  std::vector<std::pair<std::string_view, Node>>
      members;                 ///< the names are the shape's, which outlives the node
  std::vector<Node> elements;  ///< the last ones only, where there are very many
  std::size_t seen = 0;        ///< how many elements there were

  /// The member of that name, or an absent node.
  [[nodiscard]] const Node& operator[](std::string_view key) const;
  [[nodiscard]] bool is_absent() const { return kind == Kind::absent; }
  [[nodiscard]] std::optional<std::string_view> text() const;
  [[nodiscard]] std::string_view text_or_empty() const { return text().value_or(std::string_view()); }
  /// A number without a fraction that fits into 64 bits.
  [[nodiscard]] std::optional<std::int64_t> integer() const;
  /// The same, or the same in quotes, as some clients in front of Airbyte write ids.
  [[nodiscard]] std::optional<std::int64_t> id_number() const;
  [[nodiscard]] std::optional<bool> boolean() const;
};

/// One JSON document in chunks.
class Reader {
 public:
  using Each = std::function<void(const Node&)>;

  /// `shape` describes the document's root and must outlive the reader. `max_text`: longer strings are cut.
  explicit Reader(const Shape& shape, Each each = {}, std::size_t max_text = 2'048);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// False: this is no JSON, more of it will not help.
  bool feed(std::string_view chunk);
  /// Nothing if the document was complete; else what was wrong with it, for a message.
  [[nodiscard]] std::optional<std::string> finish();
  [[nodiscard]] const Node& root() const;
  /// Whether an array that is handed out was there at all.
  [[nodiscard]] bool saw_list() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The whole text at once; nothing if it is no JSON.
[[nodiscard]] std::optional<Node> read_json(const Shape& shape, std::string_view text);

/// Whether a body starts as an HTML or XML page does.
[[nodiscard]] bool looks_like_html(std::string_view body);

}  // namespace syncwarden::airbyte
