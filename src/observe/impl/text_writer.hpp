// Writes the Prometheus text format 0.0.4 into one string.
#pragma once

#include "base/time.hpp"
#include "observe/catalogue.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace syncwarden::observe {

/// Appends a label value: valid UTF-8, free of controls, at most 128 bytes, with \ and " escaped.
void append_label_value(std::string& out, std::string_view value);
/// Whole numbers as such, others in the shortest form that reads back; NaN, +Inf, -Inf.
void append_number(std::string& out, double value);
void append_integer(std::string& out, std::int64_t value);
/// Unix seconds, with milliseconds where they are not zero.
void append_seconds(std::string& out, std::int64_t milliseconds);
/// "# HELP" and "# TYPE".
void append_header(std::string& out, const Family& family);

struct Label {
  std::string_view name;
  std::string_view value;
};

/// One family at a time: family() first, then its samples.
class TextWriter {
 public:
  void family(const Family& family);
  void number(std::initializer_list<Label> labels, double value);
  void integer(std::initializer_list<Label> labels, std::uint64_t value);
  void instant(std::initializer_list<Label> labels, Instant at);

  /// A family with the one sample that has no labels.
  void single(const Family& family, double value);
  void single(const Family& family, Instant at);

  std::string out;

 private:
  void sample(std::initializer_list<Label> labels);
  std::string_view name_;
};

}  // namespace syncwarden::observe
