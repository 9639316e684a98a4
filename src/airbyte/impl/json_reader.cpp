#include "airbyte/impl/json_reader.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>

namespace syncwarden::airbyte {
namespace {

namespace json = boost::json;

constexpr std::size_t max_depth = 200;       // JSON schemas in catalogs nest deeply; bombs nest deeper
constexpr std::size_t max_elements = 128;    // kept of one array
constexpr std::size_t max_kept = 1U << 20U;  // bytes of text kept of one item
constexpr std::size_t max_key = 128;
constexpr std::size_t head_bytes = 200;

const Node absent_node;

}  // namespace

Node::Node() = default;
Node::~Node() = default;
Node::Node(const Node& other) = default;
Node::Node(Node&& other) noexcept = default;
Node& Node::operator=(const Node& other) = default;
Node& Node::operator=(Node&& other) noexcept = default;

const Node& Node::operator[](std::string_view key) const {
  for (const auto& member : members) {
    if (member.first == key) return member.second;
  }
  return absent_node;
}

std::optional<std::string_view> Node::text() const {
  if (kind != Kind::text) return std::nullopt;
  return std::string_view(string);
}

std::optional<std::int64_t> Node::integer() const {
  if (kind == Kind::integer) return number;
  if (kind == Kind::real && std::abs(real) < 9e15 && std::trunc(real) == real) {
    return static_cast<std::int64_t>(real);
  }
  return std::nullopt;
}

std::optional<std::int64_t> Node::id_number() const {
  if (kind != Kind::text) return integer();
  std::int64_t value = 0;
  const char* end = string.data() + string.size();
  const auto [stop, ec] = std::from_chars(string.data(), end, value);
  if (ec != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<bool> Node::boolean() const {
  if (kind != Kind::boolean) return std::nullopt;
  return number != 0;
}

/// The handler that basic_parser calls: a stack of the kept containers that are open, and the depth inside an
/// unwanted one.
class Reader::Impl {
 public:
  struct Handler {
    static constexpr std::size_t max_object_size = std::size_t(-1);
    static constexpr std::size_t max_array_size = std::size_t(-1);
    static constexpr std::size_t max_key_size = std::size_t(-1);
    static constexpr std::size_t max_string_size = std::size_t(-1);

    struct Frame {
      Node node;
      const Shape* shape;
      std::string_view key;  ///< the shape's own
    };

    const Shape* root_shape;
    Each each;
    std::size_t max_text;
    std::vector<Frame> open;
    std::size_t skipped = 0;        // depth inside an unwanted container
    const Shape* wanted = nullptr;  // shape of the value that comes next in an object
    std::string buffer;
    bool key_too_long = false;
    std::size_t kept = 0;
    Node root;
    bool saw_list = false;

    Handler(const Shape* shape, Each on_each, std::size_t text)
        : root_shape(shape), each(std::move(on_each)), max_text(text) {}

    [[nodiscard]] const Shape* next_shape() const {
      if (open.empty()) return root_shape;
      return open.back().node.kind == Node::Kind::object ? wanted : open.back().shape;
    }

    void begin(Node::Kind kind) {
      const Shape* shape = skipped > 0 ? nullptr : next_shape();
      const bool nested =
          kind == Node::Kind::array && !open.empty() && open.back().node.kind == Node::Kind::array;
      if (shape == nullptr || nested || (kind == Node::Kind::object && shape->inside.empty())) {
        ++skipped;
        return;
      }
      Frame frame;
      frame.node.kind = kind;
      frame.shape = shape;
      if (!open.empty()) frame.key = open.back().key;
      if (kind == Node::Kind::array && shape->each) saw_list = true;
      open.push_back(std::move(frame));
    }

    void end() {
      if (skipped > 0) {
        --skipped;
        return;
      }
      Node node = std::move(open.back().node);
      open.pop_back();
      attach(std::move(node));
    }

    void attach(Node&& node) {
      if (open.empty()) {
        root = std::move(node);
        return;
      }
      Frame& parent = open.back();
      if (parent.node.kind == Node::Kind::array) {
        attach_to_array(parent, std::move(node));
        return;
      }
      for (auto& member : parent.node.members) {
        if (member.first == parent.key) {
          member.second = std::move(node);
          return;
        }
      }
      if (parent.node.members.empty()) parent.node.members.reserve(parent.shape->inside.size());
      parent.node.members.emplace_back(parent.key, std::move(node));
    }

    void attach_to_array(Frame& parent, Node&& node) {
      ++parent.node.seen;
      if (parent.shape->each) {
        if (each) each(node);
        kept = 0;
        return;
      }
      auto& elements = parent.node.elements;
      if (elements.size() == max_elements) elements.erase(elements.begin());
      elements.push_back(std::move(node));
    }

    void scalar(Node&& node) {
      if (skipped > 0) return;
      const Shape* shape = next_shape();
      // a scalar where a container belongs is as good as absent
      if (shape == nullptr || !shape->inside.empty()) return;
      attach(std::move(node));
    }

    void part(json::string_view text, std::size_t limit) {
      if (skipped > 0 || buffer.size() >= limit) return;
      buffer.append(text.data(), std::min(text.size(), limit - buffer.size()));
    }

    bool on_document_begin(json::error_code& /*ec*/) { return true; }
    bool on_document_end(json::error_code& /*ec*/) { return true; }
    bool on_object_begin(json::error_code& /*ec*/) { return begin(Node::Kind::object), true; }
    bool on_object_end(std::size_t /*n*/, json::error_code& /*ec*/) { return end(), true; }
    bool on_array_begin(json::error_code& /*ec*/) { return begin(Node::Kind::array), true; }
    bool on_array_end(std::size_t /*n*/, json::error_code& /*ec*/) { return end(), true; }

    bool on_key_part(json::string_view text, std::size_t n, json::error_code& /*ec*/) {
      if (n > max_key) key_too_long = true;
      part(text, max_key);
      return true;
    }
    bool on_key(json::string_view text, std::size_t n, json::error_code& ec) {
      on_key_part(text, n, ec);
      if (skipped == 0 && !open.empty()) {
        const auto& inside = open.back().shape->inside;
        const auto found = std::find_if(inside.begin(), inside.end(),
                                        [this](const Shape& shape) { return shape.key == buffer; });
        wanted = found == inside.end() || key_too_long ? nullptr : &*found;
        if (wanted != nullptr) open.back().key = wanted->key;
      }
      buffer.clear();
      key_too_long = false;
      return true;
    }

    bool on_string_part(json::string_view text, std::size_t /*n*/, json::error_code& /*ec*/) {
      if (skipped == 0 && next_shape() != nullptr) part(text, max_text);
      return true;
    }
    bool on_string(json::string_view text, std::size_t n, json::error_code& ec) {
      on_string_part(text, n, ec);
      kept += buffer.size();
      Node node;
      node.kind = Node::Kind::text;
      if (kept <= max_kept) node.string = std::move(buffer);
      buffer.clear();
      scalar(std::move(node));
      return true;
    }

    bool on_number_part(json::string_view /*text*/, json::error_code& /*ec*/) { return true; }
    bool on_int64(std::int64_t value, json::string_view /*text*/, json::error_code& /*ec*/) {
      Node node;
      node.kind = Node::Kind::integer;
      node.number = value;
      scalar(std::move(node));
      return true;
    }
    bool on_uint64(std::uint64_t value, json::string_view text, json::error_code& ec) {
      if (value > static_cast<std::uint64_t>(INT64_MAX))
        return on_double(static_cast<double>(value), text, ec);
      return on_int64(static_cast<std::int64_t>(value), text, ec);
    }
    bool on_double(double value, json::string_view /*text*/, json::error_code& /*ec*/) {
      Node node;
      node.kind = Node::Kind::real;
      node.real = value;
      scalar(std::move(node));
      return true;
    }
    bool on_bool(bool value, json::error_code& /*ec*/) {
      Node node;
      node.kind = Node::Kind::boolean;
      node.number = value ? 1 : 0;
      scalar(std::move(node));
      return true;
    }
    bool on_null(json::error_code& /*ec*/) {
      scalar(Node());
      return true;
    }
    bool on_comment_part(json::string_view /*text*/, json::error_code& /*ec*/) { return true; }
    bool on_comment(json::string_view /*text*/, json::error_code& /*ec*/) { return true; }
  };

  static json::parse_options options() {
    json::parse_options result;
    result.max_depth = max_depth;
    result.allow_invalid_utf8 = true;  // one bad name must not hide all other connections
    return result;
  }

  Impl(const Shape* shape, Each on_each, std::size_t max_text)
      : parser(options(), shape, std::move(on_each), max_text) {}

  json::basic_parser<Handler> parser;
  std::string head;
  json::error_code failure;
};

Reader::Reader(const Shape& shape, Each each, std::size_t max_text)
    : impl_(std::make_unique<Impl>(&shape, std::move(each), max_text)) {}
Reader::~Reader() = default;

bool Reader::feed(std::string_view chunk) {
  if (impl_->failure) return false;
  if (impl_->head.size() < head_bytes) {
    impl_->head.append(chunk.substr(0, head_bytes - impl_->head.size()));
  }
  if (impl_->parser.done()) return true;
  impl_->parser.write_some(true, chunk.data(), chunk.size(), impl_->failure);
  return !impl_->failure;
}

std::optional<std::string> Reader::finish() {
  if (!impl_->failure && !impl_->parser.done()) {
    impl_->parser.write_some(false, nullptr, 0, impl_->failure);
  }
  if (!impl_->failure) return std::nullopt;
  const std::string& head = impl_->head;
  if (head.find_first_not_of(" \t\r\n") == std::string::npos) return "the reply is empty";
  if (looks_like_html(head)) return "an HTML page instead of JSON, as a proxy or a login page sends it";
  if (impl_->failure == json::error::incomplete) return "the JSON ends in the middle";
  if (impl_->failure == json::error::too_deep) return "the JSON is nested too deeply";
  return fmt::format("no JSON ({}); it starts with \"{}\"", impl_->failure.message(), printable(head, 60));
}

const Node& Reader::root() const { return impl_->parser.handler().root; }
bool Reader::saw_list() const { return impl_->parser.handler().saw_list; }

std::optional<Node> read_json(const Shape& shape, std::string_view text) {
  Reader reader(shape);
  reader.feed(text);
  if (reader.finish()) return std::nullopt;
  return reader.root();
}

bool looks_like_html(std::string_view body) {
  const std::size_t start = body.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  return start != std::string_view::npos && body[start] == '<';
}

}  // namespace syncwarden::airbyte
