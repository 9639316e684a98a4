#include "settings/impl/document.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <istream>
#include <map>
#include <optional>
#include <streambuf>
#include <tuple>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

namespace syncwarden::settings {
namespace {

constexpr std::size_t max_depth = 64;

/// Ends the parsing from inside yaml-cpp; never leaves this file.
struct Refused {};

struct MemoryBuffer : std::streambuf {
  explicit MemoryBuffer(std::string_view text) {
    // The stream only reads; setg wants a mutable pointer.
    char* begin = const_cast<char*>(text.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    setg(begin, begin, begin + text.size());
  }
};

/// Builds the tree from yaml-cpp's events.
class Builder : public YAML::EventHandler {
 public:
  Builder(std::string_view text, std::shared_ptr<const std::string> file, Problems& problems)
      : text_(text), file_(std::move(file)), problems_(problems) {}

  Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(node(Node::Kind::null, mark), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      problems_.add(place(mark), "an alias inside the value that it names", "an anchor cannot hold itself");
      throw Refused{};
    }
    Node copy = found->second;
    spend(size_of(copy), mark);
    if (!open_.empty() && awaits_key()) {
      problems_.add(place(mark), "an alias cannot be a key", "write the key out");
      throw Refused{};
    }
    add(std::move(copy), 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node made = node(Node::Kind::scalar, mark);
    made.text = value;
    made.written = value;
    made.quoted = tag == "!";
    if (made.quoted) check_quote(mark);
    if (!made.quoted && (value == "~" || value == "null")) made.kind = Node::Kind::null;
    add(std::move(made), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(node(Node::Kind::sequence, mark), anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(node(Node::Kind::mapping, mark), anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor = 0;
    std::optional<Node> key;
    std::vector<Node> merges;  ///< values of "<<"
  };

  [[nodiscard]] Place place(const YAML::Mark& mark) const {
    const auto from_one = [](int zero_based) {
      return static_cast<std::size_t>(std::max(zero_based, 0)) + 1;
    };
    return {file_, from_one(mark.line), from_one(mark.column)};
  }

  Node node(Node::Kind kind, const YAML::Mark& mark) {
    spend(1, mark);
    Node made;
    made.kind = kind;
    made.place = place(mark);
    return made;
  }

  /// yaml-cpp takes a quote that the end of the file leaves open.
  void check_quote(const YAML::Mark& mark) {
    const auto start = static_cast<std::size_t>(std::max(mark.pos, 0));
    if (start >= text_.size()) return;
    const char quote = text_[start];
    if (quote != '"' && quote != '\'') return;
    std::size_t at = start + 1;
    while (at < text_.size() && text_[at] != quote) at += quote == '"' && text_[at] == '\\' ? 2 : 1;
    if (at < text_.size()) return;
    problems_.add(place(mark), "YAML syntax: a quote that nothing closes", "add the closing quote");
    throw Refused{};
  }

  void spend(std::size_t nodes, const YAML::Mark& mark) {
    spent_ += nodes;
    if (spent_ <= max_nodes) return;
    problems_.add(place(mark), fmt::format("more than {} values", max_nodes),
                  "aliases multiply what they name");
    throw Refused{};
  }

  static std::size_t size_of(const Node& node) {
    std::size_t size = 1 + node.text.size() / 64;
    for (const Node& item : node.items) size += size_of(item);
    for (const auto& member : node.members) size += 1 + size_of(member.value);
    return size;
  }

  [[nodiscard]] bool awaits_key() const {
    return open_.back().node.kind == Node::Kind::mapping && !open_.back().key;
  }

  void open(Node made, YAML::anchor_t anchor) {
    if (open_.size() >= max_depth) {
      problems_.add(made.place, fmt::format("nested deeper than {} levels", max_depth));
      throw Refused{};
    }
    if (!open_.empty() && awaits_key()) {
      problems_.add(made.place, "a key must be plain text", "is a closing bracket or a quote missing?");
      throw Refused{};
    }
    open_.push_back({std::move(made), anchor, std::nullopt, {}});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    for (const Node& merge : done.merges) merge_into(done.node, merge);
    add(std::move(done.node), done.anchor);
  }

  void add(Node value, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = value;
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == Node::Kind::sequence) {
      parent.node.items.push_back(std::move(value));
    } else if (!parent.key) {
      parent.key = std::move(value);
    } else {
      add_member(parent, std::move(value));
    }
  }

  void add_member(Open& parent, Node value) {
    const Node key = std::move(*parent.key);
    parent.key.reset();
    if (key.text == "<<" && !key.quoted) {
      parent.merges.push_back(std::move(value));
      return;
    }
    if (const auto* earlier = parent.node.member(key.text)) {
      problems_.add(
          key.place,
          fmt::format("key {} stands here twice, first in line {}", shown(key.text), earlier->place.line),
          "remove one of the two");
      return;
    }
    parent.node.members.push_back({key.text, key.place, std::move(value)});
  }

  void merge_into(Node& target, const Node& source) {
    if (source.kind == Node::Kind::sequence) {
      for (const Node& item : source.items) merge_into(target, item);
      return;
    }
    if (source.kind != Node::Kind::mapping) {
      problems_.add(source.place, "\"<<\" merges mappings only", "write <<: *anchor");
      return;
    }
    for (const auto& member : source.members) {
      if (target.member(member.name) == nullptr) target.members.push_back(member);
    }
  }

  std::string_view text_;
  std::shared_ptr<const std::string> file_;
  Problems& problems_;
  Node root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::size_t spent_ = 0;
};

/// Catches what yaml-cpp would take silently or misreport: bad bytes, control characters, tabs that indent.
bool acceptable(std::string_view text, const std::shared_ptr<const std::string>& file, Problems& problems) {
  if (text.size() > max_file_bytes) {
    problems.add({file, 0, 0}, fmt::format("the file is longer than {} MiB", max_file_bytes >> 20U),
                 "split the rules into patterns; globs and tags keep a configuration short");
    return false;
  }
  std::size_t number = 0;
  bool good = true;
  while (!text.empty() && good) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto refuse = [&](std::size_t at, std::string message, std::string hint) {
      problems.add({file, number, at + 1}, std::move(message), std::move(hint));
      good = false;
    };
    const auto control = [](char c) {
      const auto byte = static_cast<unsigned char>(c);
      return (byte < 0x20 && c != '\t' && c != '\r') || byte == 0x7F;
    };
    const std::size_t indent = std::min(line.find_first_not_of(" \t\r"), line.size());
    const std::size_t tab = line.substr(0, indent).find('\t');
    if (!is_utf8(line)) {
      std::size_t at = 0;
      while (at < line.size() && is_utf8(line.substr(0, at + 1))) ++at;
      refuse(at, "the line is no valid UTF-8", "save the file as UTF-8");
    } else if (const auto bad = std::find_if(line.begin(), line.end(), control); bad != line.end()) {
      refuse(static_cast<std::size_t>(bad - line.begin()), "a control character", "is this a text file?");
    } else if (tab != std::string_view::npos && indent < line.size() && line[indent] != '#') {
      refuse(tab, "a tab in the indentation", "YAML indents with spaces only");
    }
  }
  return good;
}

}  // namespace

void Problems::add(const Place& place, std::string message, std::string hint) {
  if (errors_.size() >= most) {
    ++dropped_;
    return;
  }
  errors_.push_back(
      {place.file ? *place.file : "", place.line, place.column, std::move(message), std::move(hint)});
}

void Problems::warn(const Place& place, std::string message, std::string hint) {
  if (warnings_.size() >= most) return;
  warnings_.push_back(
      {place.file ? *place.file : "", place.line, place.column, std::move(message), std::move(hint)});
}

void Problems::hand_over(Loaded& loaded) {
  const auto by_place = [](const Problem& a, const Problem& b) {
    return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
  };
  std::stable_sort(errors_.begin(), errors_.end(), by_place);
  std::stable_sort(warnings_.begin(), warnings_.end(), by_place);
  // An alias repeats the mistakes of what it names.
  errors_.erase(std::unique(errors_.begin(), errors_.end()), errors_.end());
  warnings_.erase(std::unique(warnings_.begin(), warnings_.end()), warnings_.end());
  loaded.problems = std::move(errors_);
  loaded.warnings = std::move(warnings_);
  if (dropped_ > 0) {
    loaded.problems.push_back(
        {loaded.problems.back().file, 0, 0, fmt::format("and {} more problems", dropped_), {}});
  }
}

const Node::Member* Node::member(std::string_view name) const {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const Member& candidate) { return candidate.name == name; });
  return found == members.end() ? nullptr : &*found;
}

Node::Member* Node::member(std::string_view name) {
  return const_cast<Member*>(
      std::as_const(*this).member(name));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

Node parse_document(std::string_view text, const std::shared_ptr<const std::string>& file,
                    Problems& problems) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  if (!acceptable(text, file, problems)) return {};
  MemoryBuffer buffer(text);
  std::istream stream(&buffer);
  Builder builder(text, file, problems);
  const std::size_t before = problems.count();
  const Place whole{file, 1, 1};
  try {
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    Node root = builder.take();
    Builder rest(text, file, problems);
    if (parser && parser.HandleNextDocument(rest) && rest.take().kind != Node::Kind::null) {
      problems.add(whole, "more than one YAML document (\"---\")", "use `include` for several files");
    }
    if (root.kind == Node::Kind::mapping || root.kind == Node::Kind::null) {
      if (!root.place.file) root.place = whole;
      return root;
    }
    problems.add(root.place.file ? root.place : whole,
                 fmt::format("a configuration is a mapping of sections, not {}", kind_of(root)),
                 "start with `airbyte:`");
  } catch (const Refused&) {
    return {};
  } catch (const YAML::Exception& error) {
    const bool known = !error.mark.is_null();
    problems.add(known ? Place{file, static_cast<std::size_t>(error.mark.line) + 1,
                               static_cast<std::size_t>(error.mark.column) + 1}
                       : whole,
                 fmt::format("YAML syntax: {}", printable(error.msg)),
                 "a quote, a bracket, a colon or the indentation, in this line or just above");
  } catch (const std::exception&) {
    if (problems.count() == before) problems.add(whole, "the YAML could not be read");
  }
  return {};
}

std::string shown(std::string_view text) { return fmt::format("\"{}\"", printable(text, 80)); }

std::string shown(const Node& node) {
  return node.kind == Node::Kind::scalar ? shown(node.written) : std::string(kind_of(node));
}

std::string_view kind_of(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::scalar:
      return "a single value";
    case Node::Kind::sequence:
      return "a list";
    case Node::Kind::mapping:
      return "a mapping";
  }
  return "nothing";
}

}  // namespace syncwarden::settings
