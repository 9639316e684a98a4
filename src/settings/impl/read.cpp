#include "settings/impl/read.hpp"

#include "base/text.hpp"
#include "settings/impl/files.hpp"
#include "settings/impl/scalar.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace syncwarden::settings {
namespace {

constexpr std::size_t max_secret_bytes = 65'536;
constexpr std::size_t max_label_bytes = 128;
constexpr std::size_t max_labels = 32;

bool is_label_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.size() <= max_label_bytes && (name[0] < '0' || name[0] > '9') &&
         std::all_of(name.begin(), name.end(), fits);
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
    set_standard(field_, value);
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
    set_standard(field_, value);
    value.valid = dispatch(node, value);
    if (!value.valid) {
      set_standard(field_, value);
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
      return "write {cron: \"…\"}, {every: 1h}, {keep_fresh: 2h}, {after: \"…\"}, a list of these with "
             "names, or "
             "airbyte";
    }
    if (field_.kind == Kind::sections && node.kind == Node::Kind::mapping)
      return "start each element with \"- \"";
    return {};
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
      case Kind::labels:
        return label_map(node, value);
      default:
        break;
    }
    if (node.kind == Node::Kind::mapping && field_.shape != nullptr) return instead(node, value);
    if (field_.kind == Kind::some_texts) return some_texts(node, value);
    if (node.kind != Node::Kind::scalar) return wrong_kind(node, value);
    value.text = node.text;
    value.written = node.written;
    return plain(node, value);
  }

  bool plain(const Node& node, Value& value) const {
    const auto fault = read_scalar(field_, node, value);
    return !fault || fail(value, fault->message, fault->hint);
  }

  /// A mapping that may stand where a plain value is usual.
  bool instead(const Node& node, Value& value) const {
    value.text.clear();
    value.written.clear();
    value.sections = {read_section(node, *field_.shape, path_, value.place, reading_)};
    return !field_.shape->fields.front().later;
  }

  bool some_texts(const Node& node, Value& value) const {
    if (node.kind == Node::Kind::sequence) {
      if (!text_list(node, value)) return false;
      return !value.texts.empty() || fail(value, "the list is empty");
    }
    if (node.kind != Node::Kind::scalar) return wrong_kind(node, value);
    if (!plain(node, value)) return false;
    value.texts = {{{}, node.text, node.written, value.place}};
    return true;
  }

  bool one_section(const Node& node, Value& value) const {
    if (node.kind == Node::Kind::scalar && known_word(field_, node.text)) {
      value.text = node.text;
      value.sections.push_back(read_section(Node{}, *field_.shape, path_, value.place, reading_));
      return true;
    }
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
      } else if (const auto fault = field_.kind == Kind::words ? word_fault(field_, item.text, item.written)
                                                               : std::nullopt) {
        good = fail(element, fault->message, fault->hint);
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

  bool label_map(const Node& node, Value& value) const {
    if (node.kind == Node::Kind::null) return true;
    if (node.kind != Node::Kind::mapping) return wrong_kind(node, value);
    if (node.members.size() > max_labels) {
      return fail(value, fmt::format("{} labels are too many", node.members.size()),
                  fmt::format("at most {}", max_labels));
    }
    for (const auto& member : node.members) {
      if (member.value.broken) continue;
      const std::string path = fmt::format("{}.{}", path_, printable(member.name, 60));
      const auto& text = member.value;
      if (!is_label_name(member.name)) {
        reading_.problems.add(member.place, path + ": no name of a label",
                              "letters, digits and _, not starting with a digit");
      } else if (text.kind != Node::Kind::scalar || text.text.empty()) {
        reading_.problems.add(member.place, path + ": a label needs one text as its value");
      } else if (text.text.size() > max_label_bytes) {
        reading_.problems.add(text.place, fmt::format("{}: the value has {} bytes", path, text.text.size()),
                              fmt::format("at most {}", max_label_bytes));
      } else if (printable(text.text, max_label_bytes) != text.text) {
        reading_.problems.add(text.place, path + ": the value holds a control character");
      } else {
        value.texts.push_back({member.name, text.text, text.written, text.place});
      }
    }
    return true;
  }

  const Field& field_;
  std::string path_;
  Reading reading_;
};

/// "connections[2].schedule" as paths_of() writes it: "connections[].schedule".
std::string without_indices(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (out.empty() || out.back() != '[' || c < '0' || c > '9') out += c;
  }
  return out;
}

/// Of several places where a key is legal, the one nearest to where it stands.
const std::string& nearest_place(const std::vector<std::string>& places, const std::string& path) {
  const std::string here = without_indices(path);
  const auto found = std::find_if(places.begin(), places.end(), [&](const std::string& place) {
    return !here.empty() && place.substr(0, here.size()) == here;
  });
  return found == places.end() ? places.front() : *found;
}

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
    const std::string& full = nearest_place(elsewhere, path);
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
      return fail(
          "$CREDENTIALS_DIRECTORY is not set",
          "systemd sets it with LoadCredential= or SetCredential=; for a command that you type, set it "
          "to the folder where a file has that name");
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
