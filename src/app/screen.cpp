#include "app/screen.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <numeric>

#include <sys/ioctl.h>
#include <unistd.h>

namespace syncwarden::app {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t narrowest = 8;
constexpr std::string_view ellipsis = "\xE2\x80\xA6";

struct Glyph {
  std::size_t bytes = 1;
  std::size_t columns = 1;
};

/// The text is valid UTF-8: the daemon makes everything printable.
Glyph first_glyph(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (bytes == 1 || bytes > text.size()) return {};
  std::uint32_t code = lead & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  const auto within = [code](std::uint32_t low, std::uint32_t high) { return code >= low && code <= high; };
  if (within(0x300, 0x36F) || within(0x200B, 0x200F) || within(0xFE00, 0xFE0F)) return {bytes, 0};
  const bool wide = within(0x1100, 0x115F) || within(0x2E80, 0xA4CF) || within(0xAC00, 0xD7A3) ||
                    within(0xF900, 0xFAFF) || within(0xFE30, 0xFE6F) || within(0xFF00, 0xFF60) ||
                    within(0xFFE0, 0xFFE6) || within(0x1F300, 0x1FAFF) || within(0x20000, 0x3FFFD);
  return {bytes, wide ? 2U : 1U};
}

/// Takes columns from the widest until the row fits, or nothing can be taken any more.
void shrink(std::vector<std::size_t>& widths, std::size_t limit) {
  const auto total = [&] { return std::accumulate(widths.begin(), widths.end(), gap * (widths.size() - 1)); };
  while (total() > limit) {
    const auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= narrowest) return;
    --*widest;
  }
}

}  // namespace

Look Look::of_output() {
  Look look;
  look.terminal = ::isatty(STDOUT_FILENO) == 1;
  if (!look.terminal) return look;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
    look.width = size.ws_col;
    look.height = size.ws_row;
  }
  const char* const no_colour = std::getenv("NO_COLOR");
  const char* const kind = std::getenv("TERM");
  look.colour =
      (no_colour == nullptr || *no_colour == '\0') && kind != nullptr && std::string_view(kind) != "dumb";
  return look;
}

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Glyph glyph = first_glyph(text);
    columns += glyph.columns;
    text.remove_prefix(glyph.bytes);
  }
  return columns;
}

std::string redrawn(std::string_view page, std::string_view foot, const Look& look) {
  constexpr std::string_view end_of_line = "\x1b[K\n";
  std::string out = "\x1b[H";
  // The foot takes a line.
  std::size_t room = look.height > 1 ? look.height - 1 : static_cast<std::size_t>(-1);
  std::size_t cut = 0;
  while (!page.empty()) {
    const std::size_t end = std::min(page.find('\n'), page.size());
    if (room > 0) {
      out.append(page.substr(0, end)).append(end_of_line);
      --room;
    } else {
      ++cut;
    }
    page.remove_prefix(std::min(end + 1, page.size()));
  }
  const std::string below =
      cut == 0 ? std::string(foot) : std::to_string(cut) + " more lines; " + std::string(foot);
  return out + (look.width > 0 ? fitted(below, look.width) : below) + "\x1b[J";
}

std::string fitted(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  std::string out;
  std::size_t taken = 0;
  while (!text.empty()) {
    const Glyph glyph = first_glyph(text);
    if (taken + glyph.columns + 1 > columns) break;
    out += text.substr(0, glyph.bytes);
    taken += glyph.columns;
    text.remove_prefix(glyph.bytes);
  }
  if (columns > 0) out += ellipsis;
  return out;
}

std::string toned(std::string_view text, Tone tone, const Look& look) {
  if (!look.colour || tone == Tone::plain) return std::string(text);
  const char* code = tone == Tone::good      ? "\x1b[32m"
                     : tone == Tone::warning ? "\x1b[33m"
                     : tone == Tone::bad     ? "\x1b[31m"
                                             : "\x1b[2m";
  return code + std::string(text) + "\x1b[0m";
}

std::string Table::text(const Look& look) const {
  std::vector<std::size_t> widths;
  for (std::size_t column = 0; column < headers_.size(); ++column) {
    std::size_t width = display_width(headers_[column]);
    for (const auto& row : rows_) {
      if (column < row.size()) width = std::max(width, display_width(row[column].text));
    }
    widths.push_back(width);
  }
  if (look.width > 0) shrink(widths, look.width);
  std::string out;
  const auto line = [&](const std::vector<Cell>& row) {
    std::string text;
    std::size_t pending = 0;  // blanks at the end of a line are not written
    for (std::size_t column = 0; column < row.size() && column < widths.size(); ++column) {
      const std::string cell = fitted(row[column].text, widths[column]);
      if (!cell.empty()) {
        text.append(pending, ' ');
        pending = 0;
        text += toned(cell, row[column].tone, look);
      }
      pending += widths[column] - std::min(widths[column], display_width(cell)) + gap;
    }
    out += text + '\n';
  };
  line({headers_.begin(), headers_.end()});
  for (const auto& row : rows_) line(row);
  return out;
}

}  // namespace syncwarden::app
