#include "settings/impl/keys.hpp"
#include "settings/reference.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace syncwarden::settings {
namespace {

constexpr std::size_t width = 110;

/// "# …" lines of at most `width` columns.
std::string comment(std::string_view text, std::size_t indent) {
  std::string out;
  const std::string margin = std::string(indent, ' ') + "# ";
  while (!text.empty()) {
    std::size_t length = text.size();
    if (margin.size() + length > width)
      length = std::min(text.rfind(' ', width - margin.size()), text.size());
    out += margin + std::string(text.substr(0, length)) + "\n";
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return out;
}

/// A default or an example as YAML writes it.
std::string quoted(const Field& field, std::string_view text) {
  const bool plain_kind =
      field.kind != Kind::text && field.kind != Kind::secret && field.kind != Kind::secret_file;
  const bool plain = text.find_first_of(" #${}[]*&!|>'\"%@`") == std::string_view::npos;
  return plain_kind || plain ? std::string(text) : fmt::format("\"{}\"", text);
}

std::string commented(std::string_view block, std::size_t indent) {
  std::string out;
  while (!block.empty()) {
    const std::size_t end = std::min(block.find('\n'), block.size());
    out += std::string(indent, ' ') + "# " + std::string(block.substr(0, end)) + "\n";
    block.remove_prefix(std::min(end + 1, block.size()));
  }
  return out;
}

void put_shape(const Shape& shape, std::size_t indent, std::string& out);

void put_field(const Field& field, std::size_t indent, std::string& out) {
  const std::string margin(indent, ' ');
  if (indent == 0) out += "\n";
  out += comment(field.doc, indent);
  if (field.kind == Kind::section) {
    out += fmt::format("{}{}:\n", margin, field.name);
    put_shape(*field.shape, indent + 2, out);
  } else if (field.required) {
    out += fmt::format("{}{}: {}  # e.g.\n", margin, field.name, quoted(field, field.example));
  } else if (field.standard.empty()) {
    out += fmt::format("{}# {}: {}\n", margin, field.name, quoted(field, field.example));
  } else {
    out += fmt::format("{}{}: {}\n", margin, field.name, quoted(field, field.standard));
    if (field.kind == Kind::sections) out += commented(field.example, indent);
    if (field.kind == Kind::texts && !field.example.empty())
      out += fmt::format("{}# such as [\"{}\"]\n", margin, field.example);
    if (field.kind == Kind::labels) out += fmt::format("{}# such as {}\n", margin, field.example);
  }
}

void put_shape(const Shape& shape, std::size_t indent, std::string& out) {
  for (const Field& field : shape.fields) {
    if (!field.later) put_field(field, indent, out);
  }
}

}  // namespace

std::string commented_example() {
  std::string out =
      "# yaml-language-server: $schema=syncwarden.schema.json\n"
      "# Every key of syncwarden with its meaning and its default; what is marked \"e.g.\" has none.\n"
      "# Only airbyte.url is needed: leave out what you do not change. Generated from the declared keys.\n"
      "#\n"
      "# Durations take units: ms s m h d w, also combined (1h30m). In values, ${NAME} and ${NAME:-default} "
      "are\n"
      "# environment variables, and $$ is a dollar.\n";
  put_shape(root_shape(), 0, out);
  return out;
}

}  // namespace syncwarden::settings
