#include "observe/impl/text_writer.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace syncwarden::observe {
namespace {

constexpr std::size_t longest_label_value = 128;

/// Text that needs no care at all: nearly every id and name.
bool is_plain(std::string_view text) {
  return text.size() <= longest_label_value && std::all_of(text.begin(), text.end(), [](char c) {
           return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
         });
}

}  // namespace

void append_label_value(std::string& out, std::string_view value) {
  if (is_plain(value)) {
    out += value;
    return;
  }
  for (const char c : printable(value, longest_label_value)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
}

void append_integer(std::string& out, std::int64_t value) {
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  out.append(buffer, end);
}

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else if (std::abs(value) < 1e15 && value == std::trunc(value)) {
    append_integer(out, static_cast<std::int64_t>(value));
  } else {
    char buffer[40];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    out.append(buffer, end);
  }
}

void append_seconds(std::string& out, std::int64_t milliseconds) {
  if (milliseconds < 0) {
    out += '-';
    milliseconds = -milliseconds;
  }
  append_integer(out, milliseconds / 1000);
  const auto rest = static_cast<int>(milliseconds % 1000);
  if (rest == 0) return;
  const char digits[] = {'.', static_cast<char>('0' + rest / 100), static_cast<char>('0' + rest / 10 % 10),
                         static_cast<char>('0' + rest % 10)};
  out.append(digits, sizeof digits);
}

void append_header(std::string& out, const Family& family) {
  out += "# HELP ";
  out += family.name;
  out += ' ';
  out += family.help;
  out += "\n# TYPE ";
  out += family.name;
  out += ' ';
  out += to_string(family.type);
  out += '\n';
}

void TextWriter::family(const Family& family) {
  append_header(out, family);
  name_ = family.name;
}

void TextWriter::sample(std::initializer_list<Label> labels) {
  out += name_;
  char before = '{';
  for (const Label& label : labels) {
    out += before;
    out += label.name;
    out += "=\"";
    append_label_value(out, label.value);
    out += '"';
    before = ',';
  }
  if (labels.size() > 0) out += '}';
  out += ' ';
}

void TextWriter::number(std::initializer_list<Label> labels, double value) {
  sample(labels);
  append_number(out, value);
  out += '\n';
}

void TextWriter::integer(std::initializer_list<Label> labels, std::uint64_t value) {
  sample(labels);
  append_integer(out, static_cast<std::int64_t>(value));
  out += '\n';
}

void TextWriter::instant(std::initializer_list<Label> labels, Instant at) {
  sample(labels);
  append_seconds(out, at.time_since_epoch().count());
  out += '\n';
}

void TextWriter::single(const Family& family, double value) {
  this->family(family);
  number({}, value);
}

void TextWriter::single(const Family& family, Instant at) {
  this->family(family);
  instant({}, at);
}

}  // namespace syncwarden::observe
