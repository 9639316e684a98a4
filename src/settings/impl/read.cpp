#include "settings/impl/read.hpp"

#include "base/text.hpp"
#include "calendar/schedule.hpp"
#include "settings/impl/files.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace syncwarden::settings {
namespace {

using syncwarden::to_string;

constexpr std::string_view units = "use units ms s m h d w such as 30s or 1h30m";
constexpr std::string_view not_yet = "not supported by this version (it comes with a later one)";
constexpr std::size_t max_secret_bytes = 65'536;

bool known_word(const Field& field, std::string_view text) {
  return std::find(field.words.begin(), field.words.end(), text) != field.words.end();
}

std::optional<double> parse_number(std::string_view text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (text.empty() || error != std::errc{} || stopped != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

bool is_whole(std::string_view text) {
  return !text.empty() && text.size() < 16 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

Millis millis(double count) { return Millis{static_cast<std::int64_t>(count)}; }

std::string bounds_of(const Field& field) {
  const bool open = field.most > 1e15;
  if (field.kind == Kind::duration) {
    return fmt::format("from {} to {}", to_string(millis(field.least)), to_string(millis(field.most)));
  }
  return open ? fmt::format("{} or more", field.least)
              : fmt::format("from {} to {}", field.least, field.most);
}

/// What belongs at a field, for messages about wrong kinds.
std::string expectation(const Field& field) {
  switch (field.kind) {
    case Kind::text:
    case Kind::secret:
      return "a text";
    case Kind::secret_file:
    case Kind::path:
      return "a file's path";
    case Kind::texts:
      return "a list of texts";
    case Kind::flag:
      return "true or false";
    case Kind::count:
      return "a whole number";
    case Kind::number:
      return "a number";
    case Kind::duration:
      return "a duration such as 30s";
    case Kind::word:
      return fmt::format("one of {}", fmt::join(field.words, ", "));
    case Kind::words:
      return fmt::format("a list of {}", fmt::join(field.words, ", "));
    case Kind::zone:
      return "a time zone such as Europe/Berlin";
    case Kind::section:
      return "a mapping";
    case Kind::sections:
      return "a list of mappings";
    case Kind::some_sections:
      return "a mapping or a list of mappings";
    case Kind::headers:
      return "a mapping of header names to values";
  }
  return "a value";
}

class FieldReader {
 public:
  FieldReader(const Field& field, std::string path, const Reading& reading)
      : field_(field), path_(std::move(path)), reading_(reading) {}

  /// The default of the field, for a section at `place`.
  Value standard(const Place& place) const {
    Value value;
    value.field = &field_;
    value.path = path_;
    value.place = place;
    if (field_.later) return value;
    set_standard(value);
    if (field_.kind == Kind::section) {
      value.sections.push_back(read_section(Node{}, *field_.shape, path_, place, reading_));
    }
    return value;
  }

  Value read(const Node& node, const Place& place) const {
    Value value;
    value.field = &field_;
    value.path = path_;
    // A missing value begins where yaml-cpp noticed it, which is the next line: the key tells more.
    value.place = node.kind != Node::Kind::null && node.place.line > 0 ? node.place : place;
    value.given = true;
    if (field_.later) {
      value.valid = false;
      reading_.problems.add(place, fmt::format("{}: {}", path_, not_yet), "remove it");
      return value;
    }
    set_standard(value);
    value.valid = dispatch(node, value);
    if (!value.valid) {
      set_standard(value);
      if (field_.kind == Kind::section) {
        Problems ignored;  // a section that stands in for a wrong one reports nothing
        value.sections = {read_section(Node{}, *field_.shape, path_, place, {reading_.environment, ignored})};
      }
    }
    return value;
  }

 private:
  bool fail(const Value& value, const std::string& message, std::string hint = {}) const {
    reading_.problems.add(value.place, fmt::format("{}: {}", path_, message), std::move(hint));
    return false;
  }

  bool wrong_kind(const Node& node, const Value& value) const {
    const std::string expected = expectation(field_);
    if (node.kind == Node::Kind::null) {
      return fail(value, "the value is missing", fmt::format("write {}, or remove the key", expected));
    }
    return fail(value, fmt::format("{} stands where {} belongs", kind_of(node), expected), hint_for(node));
  }

  [[nodiscard]] std::string hint_for(const Node& node) const {
    if (field_.kind == Kind::texts && node.kind == Node::Kind::scalar) return "write it in brackets: [ … ]";
    if (field_.kind == Kind::some_sections && node.kind == Node::Kind::scalar) {
      return "write {cron: \"…\"}, {every: 1h}, a list of these with names, or airbyte";
    }
    if (field_.kind == Kind::sections && node.kind == Node::Kind::mapping)
      return "start each element with \"- \"";
    return {};
  }

  void set_standard(Value& value) const {
    value.text.clear();
    value.texts.clear();
    switch (field_.kind) {
      case Kind::text:
      case Kind::word:
      case Kind::zone:
        value.text = field_.standard;
        break;
      case Kind::count:
      case Kind::number:
        value.number = parse_number(field_.standard).value_or(field_.least);
        break;
      case Kind::duration:
        if (known_word(field_, field_.standard)) {
          value.text = field_.standard;
        } else {
          value.duration = parse_duration(field_.standard).value_or(Millis{});
        }
        break;
      case Kind::texts:
      case Kind::words:
        for (const auto element : list_elements(field_.standard)) {
          value.texts.push_back({{}, std::string(element), {}, value.place});
        }
        break;
      default:
        break;
    }
    value.written = value.text;
  }

  bool dispatch(const Node& node, Value& value) const {
    if (node.broken) return false;
    switch (field_.kind) {
      case Kind::section:
        return one_section(node, value);
      case Kind::sections:
      case Kind::some_sections:
        return section_list(node, value);
      case Kind::texts:
      case Kind::words:
        return text_list(node, value);
      case Kind::headers:
        return header_map(node, value);
      default:
        break;
    }
    if (node.kind == Node::Kind::mapping && field_.shape != nullptr) {
      value.sections = {read_section(node, *field_.shape, path_, value.place, reading_)};
      return !field_.shape->fields.front().later;
    }
    if (node.kind != Node::Kind::scalar) return wrong_kind(node, value);
    value.text = node.text;
    value.written = node.written;
    return scalar(node, value);
  }

  bool scalar(const Node& node, Value& value) const {
    switch (field_.kind) {
      case Kind::flag:
        return read_flag(node, value);
      case Kind::count:
      case Kind::number:
        return read_number(node, value);
      case Kind::duration:
        return read_duration(node, value);
      case Kind::word:
        return read_word(node.text, node.written, value);
      case Kind::zone:
        return read_zone(node, value);
      default:
        break;
    }
    if (node.text.find('\0') != std::string::npos) return fail(value, "the value holds a zero byte");
    if (node.text.empty()) return fail(value, "the value is empty", "write it, or remove the key");
    return true;
  }

  bool read_flag(const Node& node, Value& value) const {
    value.flag = node.text == "true";
    if (!node.quoted && (value.flag || node.text == "false")) return true;
    return fail(value, fmt::format("{} is neither true nor false", shown(node)));
  }

  bool read_number(const Node& node, Value& value) const {
    value.text.clear();
    const std::string_view what = field_.kind == Kind::count ? "whole number" : "number";
    const auto number = parse_number(node.text);
    if (!number || (field_.kind == Kind::count && !is_whole(node.text))) {
      return fail(value, fmt::format("{} is no {} {}", shown(node), what, bounds_of(field_)));
    }
    if (*number < field_.least || *number > field_.most) {
      return fail(value, fmt::format("{} is out of range", shown(node)),
                  fmt::format("allowed: {}", bounds_of(field_)));
    }
    value.number = *number;
    return true;
  }

  bool read_duration(const Node& node, Value& value) const {
    if (known_word(field_, node.text)) return true;
    value.text.clear();
    const auto duration = parse_duration(node.text);
    const std::string words =
        field_.words.empty() ? "" : fmt::format("; or {}", fmt::join(field_.words, ", "));
    if (!duration && parse_number(node.text)) {
      const std::string hint =
          node.text == node.written
              ? fmt::format("write {}s or {}m (units ms s m h d w)", node.text, node.text)
              : std::string(units);
      return fail(value, fmt::format("{} has no unit", shown(node)), hint + words);
    }
    if (!duration)
      return fail(value, fmt::format("{} is no duration", shown(node)), std::string(units) + words);
    if (*duration < millis(field_.least) || *duration > millis(field_.most)) {
      return fail(value, fmt::format("{} is out of range", shown(node)),
                  fmt::format("allowed: {}", bounds_of(field_)));
    }
    value.duration = *duration;
    return true;
  }

  bool read_word(const std::string& text, const std::string& written, const Value& value) const {
    if (known_word(field_, text)) return true;
    if (std::find(field_.later_words.begin(), field_.later_words.end(), text) != field_.later_words.end()) {
      return fail(value, fmt::format("{} is {}", shown(text), not_yet),
                  fmt::format("use {}", fmt::join(field_.words, ", ")));
    }
    const auto meant = nearest(text, field_.words);
    return fail(value, fmt::format("{} is none of {}", shown(written), fmt::join(field_.words, ", ")),
                meant ? fmt::format("did you mean {}?", *meant) : "");
  }

  bool read_zone(const Node& node, const Value& value) const {
    const auto tried = calendar::Schedule::cron({.expression = "0 0 * * *", .timezone = node.text});
    if (tried.has_value()) return true;
    return fail(value, fmt::format("{} is no time zone", shown(node)),
                "use an IANA name such as UTC or Europe/Amsterdam");
  }

  bool one_section(const Node& node, Value& value) const {
    if (node.kind != Node::Kind::mapping && node.kind != Node::Kind::null) return wrong_kind(node, value);
    value.sections = {read_section(node, *field_.shape, path_, value.place, reading_)};
    return true;
  }

  bool section_list(const Node& node, Value& value) const {
    if (node.kind == Node::Kind::null) return true;
    const bool one = field_.kind == Kind::some_sections;
    if (one && node.kind == Node::Kind::scalar && known_word(field_, node.text)) {
      value.text = node.text;
      return true;
    }
    if (one && node.kind == Node::Kind::mapping) {
      value.sections = {read_section(node, *field_.shape, path_, value.place, reading_)};
      return true;
    }
    if (node.kind != Node::Kind::sequence) return wrong_kind(node, value);
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const Node& item = node.items[i];
      const std::string path = fmt::format("{}[{}]", path_, i);
      if (item.kind == Node::Kind::mapping) {
        value.sections.push_back(read_section(item, *field_.shape, path, item.place, reading_));
      } else {
        reading_.problems.add(item.place,
                              fmt::format("{}: {} stands where a mapping belongs", path, kind_of(item)));
      }
    }
    return true;
  }

  bool text_list(const Node& node, Value& value) const {
    value.texts.clear();
    if (node.kind == Node::Kind::null) return true;
    if (node.kind != Node::Kind::sequence) return wrong_kind(node, value);
    bool good = true;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const Node& item = node.items[i];
      if (item.broken) {
        good = false;
        continue;
      }
      Value element = value;
      element.place = item.place;
      if (item.kind != Node::Kind::scalar || item.text.empty()) {
        const std::string_view what = item.kind == Node::Kind::scalar ? "an empty text" : kind_of(item);
        reading_.problems.add(item.place,
                              fmt::format("{}[{}]: {} stands where a text belongs", path_, i, what));
        good = false;
      } else if (field_.kind == Kind::words && !read_word(item.text, item.written, element)) {
        good = false;
      } else {
        value.texts.push_back({{}, item.text, item.written, item.place});
      }
    }
    return good;
  }

  bool header_map(const Node& node, Value& value) const {
    if (node.kind == Node::Kind::null) return true;
    if (node.kind != Node::Kind::mapping) return wrong_kind(node, value);
    for (const auto& member : node.members) {
      if (member.value.broken) continue;
      if (member.value.kind == Node::Kind::scalar && !member.value.text.empty()) {
        value.texts.push_back({member.name, member.value.text, member.value.written, member.value.place});
      } else {
        reading_.problems.add(member.place, fmt::format("{}.{}: a header needs one text as its value", path_,
                                                        printable(member.name, 60)));
      }
    }
    return true;
  }

  const Field& field_;
  std::string path_;
  Reading reading_;
};

std::string below(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
}

void report_unknown(const Node::Member& member, const Shape& shape, const std::string& path,
                    const Reading& reading) {
  std::vector<std::string_view> here;
  for (const Field& field : shape.fields) {
    if (!field.later) here.push_back(field.name);
  }
  std::string hint;
  const auto elsewhere = paths_of(member.name);
  if (const auto meant = nearest(member.name, here)) {
    hint = fmt::format("did you mean {}?", *meant);
  } else if (!elsewhere.empty()) {
    const std::string& full = elsewhere.front();
    const std::size_t dot = full.rfind('.');
    hint = dot == std::string::npos ? "it belongs at the top level"
                                    : fmt::format("it belongs under {}", full.substr(0, dot));
  } else {
    const auto all = all_paths();
    std::vector<std::string_view> leaves;
    leaves.reserve(all.size());
    for (const std::string& full : all) leaves.push_back(std::string_view(full).substr(full.rfind('.') + 1));
    const auto far = member.name.size() >= 4 ? nearest(member.name, leaves) : std::nullopt;
    hint = far ? fmt::format("did you mean {}?", paths_of(*far).front())
               : fmt::format("known here: {}", fmt::join(here, ", "));
  }
  reading.problems.add(member.place,
                       fmt::format("unknown key {}{}", shown(member.name), path.empty() ? "" : " in " + path),
                       std::move(hint));
}

/// Takes the text of a secret from its file, if that is what is given.
void read_twin(Section& section, Value& secret, const Reading& reading) {
  const std::string twin_name = std::string(secret.field->name) + "_file";
  const Value& twin = section.at(twin_name);
  if (!twin.given || !twin.valid) return;
  if (secret.given) {
    reading.problems.add(twin.place, fmt::format("{} and {} are both given", secret.path, twin.field->name),
                         "keep one of the two");
    return;
  }
  const auto fail = [&](const std::string& message, std::string hint = {}) {
    reading.problems.add(twin.place, fmt::format("{}: {}", twin.path, message), std::move(hint));
    secret.valid = false;
  };
  secret.given = true;
  secret.place = twin.place;
  constexpr std::string_view credential = "credential:";
  std::string path = twin.text;
  if (twin.text.substr(0, credential.size()) == credential) {
    const std::string name = twin.text.substr(credential.size());
    if (name.empty() || name.find('/') != std::string::npos || name[0] == '.') {
      return fail("credential: wants a plain name", "as in LoadCredential=NAME:PATH of the systemd unit");
    }
    const auto folder = reading.environment ? reading.environment("CREDENTIALS_DIRECTORY") : std::nullopt;
    if (!folder || folder->empty()) {
      return fail("$CREDENTIALS_DIRECTORY is not set",
                  "systemd sets it with LoadCredential= or SetCredential=");
    }
    path = *folder + "/" + name;
  }
  auto content = read_named(path, twin.written, twin.place, max_secret_bytes);
  if (!content.has_value()) return fail(content.error().message, "the daemon's user must be able to read it");
  if (!content->empty() && content->back() == '\n') {
    content->pop_back();
    if (!content->empty() && content->back() == '\r') content->pop_back();
  }
  if (content->empty()) return fail("the file is empty");
  secret.text = std::move(*content);
}

}  // namespace

const Value& Section::at(std::string_view below_path) const {
  const std::size_t dot = below_path.find('.');
  const std::string_view head = below_path.substr(0, dot);
  for (const Value& value : values) {
    if (value.field->name != head) continue;
    return dot == std::string_view::npos ? value : value.sections.front().at(below_path.substr(dot + 1));
  }
  throw std::logic_error("undeclared key " + std::string(below_path));
}

const Section& Section::section(std::string_view below_path) const { return at(below_path).sections.front(); }

bool Section::given(std::string_view below_path) const { return at(below_path).given; }

Section read_section(const Node& node, const Shape& shape, const std::string& path, const Place& place,
                     const Reading& reading) {
  Section section{&shape, path, place, {}};
  for (const auto& member : node.members) {
    if (shape.find(member.name) == nullptr) report_unknown(member, shape, path, reading);
  }
  const bool written = node.place.file != nullptr;  // and no stand-in for a section that is not there
  for (const Field& field : shape.fields) {
    const FieldReader reader(field, below(path, field.name), reading);
    const Node::Member* member = node.member(field.name);
    section.values.push_back(member != nullptr ? reader.read(member->value, member->place)
                                               : reader.standard(place));
    if (field.required && member == nullptr && written) {
      reading.problems.add(
          place, fmt::format("{} is missing", below(path, field.name)),
          field.example.empty() ? "" : fmt::format("such as {}: {}", field.name, field.example));
    }
  }
  for (Value& value : section.values) {
    if (value.field->kind == Kind::secret) read_twin(section, value, reading);
  }
  return section;
}

Result<std::string> read_named(const std::string& text, const std::string& written, const Place& place,
                               std::size_t max_bytes) {
  return read_file(resolved_path(text, place), max_bytes, text == written ? std::string() : written);
}

std::string resolved_path(const std::string& path, const Place& place) {
  const std::filesystem::path given(path);
  if (given.is_absolute() || !place.file) return path;
  return (std::filesystem::path(*place.file).parent_path() / given).string();
}

}  // namespace syncwarden::settings
