#include "observe/escape.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace syncwarden::observe {
namespace {

constexpr std::string_view ellipsis = "\xE2\x80\xA6";

bool is_ascii_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool is_plain(char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; }

void append_escaped(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += digits[byte >> 4U];
  out += digits[byte & 15U];
}

/// ASCII controls, quotes and backslashes are escaped; everything between them passes printable(), which
/// replaces bad bytes and the controls beyond ASCII.
void append_quoted(std::string& out, std::string_view text, std::size_t max_bytes) {
  out += '"';
  // Nearly every value is plain and needs no care at all.
  if (text.size() <= max_bytes && std::all_of(text.begin(), text.end(), is_plain)) {
    out += text;
    out += '"';
    return;
  }
  std::size_t left = max_bytes;
  while (!text.empty() && left > 0) {
    const auto special = std::find_if(text.begin(), text.end(),
                                      [](char c) { return is_ascii_control(c) || c == '"' || c == '\\'; });
    const auto plain = static_cast<std::size_t>(special - text.begin());
    std::string piece = printable(text.substr(0, plain), left + 1);
    const bool cut = piece.size() > left || piece.size() < plain;
    if (cut) piece = printable(piece, left);
    out += piece;
    if (cut) break;
    left -= piece.size();
    text.remove_prefix(plain);
    if (text.empty() || left == 0) break;
    append_escaped(out, text.front());
    text.remove_prefix(1);
    --left;
  }
  if (!text.empty()) out += ellipsis;
  out += '"';
}

bool is_bare(std::string_view text, std::size_t max_bytes) {
  return !text.empty() && text.size() <= max_bytes && std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7F && c != '"' && c != '\\' && c != '=';
  });
}

}  // namespace

void append_json_quoted(std::string& out, std::string_view text, std::size_t max_bytes) {
  append_quoted(out, text, max_bytes);
}

void append_logfmt_value(std::string& out, std::string_view text, std::size_t max_bytes) {
  if (is_bare(text, max_bytes)) {
    out += text;
  } else {
    append_quoted(out, text, max_bytes);
  }
}

std::string json_quoted(std::string_view text, std::size_t max_bytes) {
  std::string out;
  out.reserve(std::min(text.size(), max_bytes) + 8);
  append_quoted(out, text, max_bytes);
  return out;
}

std::string logfmt_value(std::string_view text, std::size_t max_bytes) {
  std::string out;
  append_logfmt_value(out, text, max_bytes);
  return out;
}

}  // namespace syncwarden::observe
