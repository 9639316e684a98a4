// Tables for a terminal of some width, or for a file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::app {

/// What the output can show.
struct Look {
  std::size_t width = 0;   ///< columns; 0: no limit
  std::size_t height = 0;  ///< lines; 0: no limit
  bool colour = false;
  bool terminal = false;

  /// Of standard output. Colours only on a terminal, and not where NO_COLOR or TERM=dumb say otherwise.
  [[nodiscard]] static Look of_output();
};

enum class Tone { plain, good, warning, bad, faint };

/// Columns that a text takes: wide characters count two, combining ones none.
[[nodiscard]] std::size_t display_width(std::string_view text);
/// Cut to so many columns, the last of them an ellipsis where something is missing.
[[nodiscard]] std::string fitted(std::string_view text, std::size_t columns);
/// A page over what a terminal shows now, without a flicker: each line replaces the one before, what is too
/// much for the screen is cut, and the last line says so. `foot` stands below it.
[[nodiscard]] std::string redrawn(std::string_view page, std::string_view foot, const Look& look);
[[nodiscard]] std::string toned(std::string_view text, Tone tone, const Look& look);

struct Cell {
  std::string text;
  Tone tone = Tone::plain;

  Cell(std::string the_text, Tone the_tone = Tone::plain)  // NOLINT(google-explicit-constructor)
      : text(std::move(the_text)), tone(the_tone) {}
  Cell(const char* the_text) : text(the_text) {}  // NOLINT(google-explicit-constructor)
};

class Table {
 public:
  explicit Table(std::vector<std::string> headers) : headers_(std::move(headers)) {}
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// With its header, each line ended. On a terminal the widest columns are cut until the rows fit.
  [[nodiscard]] std::string text(const Look& look) const;

 private:
  std::vector<std::string> headers_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace syncwarden::app
