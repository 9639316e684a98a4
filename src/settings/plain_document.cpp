#include "settings/plain_document.hpp"

#include "base/json_pointer.hpp"
#include "settings/impl/document.hpp"
#include "settings/impl/files.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace syncwarden::settings {
namespace {

namespace json = boost::json;

constexpr std::size_t max_secret_bytes = 1U << 20U;

/// A plain scalar as YAML's core schema reads it. A leading zero makes it text: it is an id or a number of a
/// house, hardly ever octal.
json::value typed(const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  std::string_view digits = text;
  if (!digits.empty() && (digits.front() == '-' || digits.front() == '+')) digits.remove_prefix(1);
  const bool begins_well = !digits.empty() && digits.front() >= '0' && digits.front() <= '9' &&
                           (digits.size() == 1 || digits.front() != '0' || digits[1] == '.');
  if (!begins_well) return json::string(text);
  const std::string_view whole = text.front() == '+' ? std::string_view(text).substr(1) : text;
  const char* const end = whole.data() + whole.size();
  std::int64_t integer = 0;
  if (const auto [stop, ec] = std::from_chars(whole.data(), end, integer); ec == std::errc() && stop == end)
    return integer;
  double real = 0;
  if (const auto [stop, ec] = std::from_chars(whole.data(), end, real); ec == std::errc() && stop == end)
    return real;
  return json::string(text);
}

/// The path of a "file:" value; nothing for other texts, and for URLs.
std::optional<std::string> file_named(std::string_view text) {
  constexpr std::string_view scheme = "file:";
  if (text.substr(0, scheme.size()) != scheme) return std::nullopt;
  text.remove_prefix(scheme.size());
  const bool path = (text.substr(0, 1) == "/" && text.substr(0, 2) != "//") || text.substr(0, 2) == "./" ||
                    text.substr(0, 3) == "../";
  if (!path) return std::nullopt;
  return std::string(text);
}

class Reading {
 public:
  Reading(PlainDocument& document, std::string folder, Problems& problems)
      : document_(document), folder_(std::move(folder)), problems_(problems) {}

  json::value value_of(const Node& node, const std::string& pointer) {
    document_.places[pointer] = {node.place.line, node.place.column};
    switch (node.kind) {
      case Node::Kind::null:
        return nullptr;
      case Node::Kind::scalar:
        return scalar(node, pointer);
      case Node::Kind::sequence: {
        json::array array;
        std::size_t index = 0;
        for (const Node& item : node.items)
          array.emplace_back(value_of(item, fmt::format("{}/{}", pointer, index++)));
        return array;
      }
      case Node::Kind::mapping:
        break;
    }
    json::object object;
    for (const auto& member : node.members)
      object[member.name] = value_of(member.value, fmt::format("{}/{}", pointer, pointer_token(member.name)));
    return object;
  }

 private:
  json::value scalar(const Node& node, const std::string& pointer) {
    if (const auto path = file_named(node.text)) {
      const bool absolute = path->front() == '/';
      auto content = read_file(absolute ? *path : folder_ + *path, max_secret_bytes, *path);
      if (!content) {
        problems_.add(node.place, content.error().message, "the value names it as file:PATH");
        return json::string();
      }
      if (!content->empty() && content->back() == '\n') content->pop_back();
      if (!content->empty() && content->back() == '\r') content->pop_back();
      document_.brought[pointer] = *content;
      return json::string(*content);
    }
    if (node.text != node.written) {
      document_.brought[pointer] = node.text;
      return json::string(node.text);
    }
    return node.quoted ? json::value(json::string(node.text)) : typed(node.text);
  }

  PlainDocument& document_;
  std::string folder_;
  Problems& problems_;
};

}  // namespace

std::string PlainDocument::where(std::string_view pointer) const {
  while (true) {
    if (const auto at = places.find(std::string(pointer)); at != places.end() && at->second.line > 0)
      return fmt::format("{}:{}:{}", file, at->second.line, at->second.column);
    if (pointer.empty()) return file;
    pointer = pointer.substr(0, pointer.rfind('/'));
  }
}

PlainLoaded read_plain(std::string_view text, const std::string& name, const Environment& environment) {
  PlainLoaded loaded;
  Problems problems;
  Node root = parse_document(text, std::make_shared<const std::string>(name), problems);
  if (!problems.any()) expand(root, environment, problems);
  PlainDocument document;
  document.file = name;
  if (!problems.any()) {
    const auto slash = name.rfind('/');
    Reading reading(document, slash == std::string::npos ? std::string() : name.substr(0, slash + 1),
                    problems);
    json::value value = reading.value_of(root, "");
    if (value.is_null()) value = json::object();
    document.json = json::serialize(value);
  }
  const bool good = !problems.any();
  Loaded told;
  problems.hand_over(told);
  loaded.problems = std::move(told.problems);
  loaded.warnings = std::move(told.warnings);
  if (good) loaded.document = std::move(document);
  return loaded;
}

PlainLoaded read_plain_file(const std::string& path, const Environment& environment) {
  const auto text = read_file(path, max_file_bytes);
  if (text) return read_plain(*text, path, environment);
  PlainLoaded loaded;
  loaded.problems.push_back({path, 0, 0, text.error().message, {}});
  return loaded;
}

}  // namespace syncwarden::settings
