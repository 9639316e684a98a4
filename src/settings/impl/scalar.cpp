#include "settings/impl/scalar.hpp"

#include "base/text.hpp"
#include "base/time.hpp"
#include "calendar/schedule.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace syncwarden::settings {
namespace {

using syncwarden::to_string;

constexpr std::string_view units = "use units ms s m h d w such as 30s or 1h30m";

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

/// What follows the number: "50%", "3x".
std::string_view suffix_of(Kind kind) {
  if (kind == Kind::percent) return "%";
  return kind == Kind::factor ? "x" : "";
}

std::string bounds_of(const Field& field) {
  const std::string_view suffix = suffix_of(field.kind);
  if (field.kind == Kind::duration) {
    return fmt::format("from {} to {}", to_string(millis(field.least)), to_string(millis(field.most)));
  }
  return field.most > 1e15 ? fmt::format("{}{} or more", field.least, suffix)
                           : fmt::format("from {}{} to {}{}", field.least, suffix, field.most, suffix);
}

std::string or_words(const Field& field) {
  return field.words.empty() ? "" : fmt::format("; or {}", fmt::join(field.words, ", "));
}

std::optional<Fault> out_of_range(const Field& field, const Node& node) {
  return Fault{fmt::format("{} is out of range", shown(node)),
               fmt::format("allowed: {}{}", bounds_of(field), or_words(field))};
}

std::optional<Fault> read_flag(const Node& node, Value& value) {
  value.flag = node.text == "true";
  if (!node.quoted && (value.flag || node.text == "false")) return std::nullopt;
  return Fault{fmt::format("{} is neither true nor false", shown(node)), {}};
}

std::optional<Fault> read_number(const Field& field, const Node& node, Value& value) {
  value.text.clear();
  const std::string_view what = field.kind == Kind::count ? "whole number" : "number";
  const auto number = parse_number(node.text);
  if (!number || (field.kind == Kind::count && !is_whole(node.text))) {
    return Fault{fmt::format("{} is no {} {}", shown(node), what, bounds_of(field)), {}};
  }
  if (*number < field.least || *number > field.most) return out_of_range(field, node);
  value.number = *number;
  return std::nullopt;
}

/// Percentages and factors: a number with its sign.
std::optional<Fault> read_signed(const Field& field, const Node& node, Value& value) {
  if (known_word(field, node.text)) return std::nullopt;
  value.text.clear();
  const bool percent = field.kind == Kind::percent;
  const std::string_view suffix = suffix_of(field.kind);
  const std::string_view text = node.text;
  const bool has_sign = text.size() > suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
  const auto number = parse_number(has_sign ? text.substr(0, text.size() - suffix.size()) : text);
  if (number && !has_sign) {
    return Fault{fmt::format("{} has no {} sign", shown(node), suffix),
                 (node.text == node.written ? fmt::format("write {}{}", node.text, suffix)
                                            : fmt::format("write it as {}", percent ? "50%" : "3x")) +
                     or_words(field)};
  }
  if (!number) {
    return Fault{fmt::format("{} is no {}", shown(node), percent ? "percentage" : "factor"),
                 fmt::format("such as {}{}", percent ? "50%" : "3x", or_words(field))};
  }
  if (*number < field.least || *number > field.most) return out_of_range(field, node);
  value.number = *number;
  return std::nullopt;
}

std::optional<Fault> read_duration(const Field& field, const Node& node, Value& value) {
  if (known_word(field, node.text)) return std::nullopt;
  value.text.clear();
  const auto duration = parse_duration(node.text);
  if (!duration && parse_number(node.text)) {
    const std::string hint = node.text == node.written
                                 ? fmt::format("write {}s or {}m (units ms s m h d w)", node.text, node.text)
                                 : std::string(units);
    return Fault{fmt::format("{} has no unit", shown(node)), hint + or_words(field)};
  }
  if (!duration) {
    return Fault{fmt::format("{} is no duration", shown(node)), std::string(units) + or_words(field)};
  }
  if (*duration < millis(field.least) || *duration > millis(field.most)) return out_of_range(field, node);
  value.duration = *duration;
  return std::nullopt;
}

std::optional<Fault> read_zone(const Node& node) {
  const auto tried = calendar::Schedule::cron({.expression = "0 0 * * *", .timezone = node.text});
  if (tried.has_value()) return std::nullopt;
  return Fault{fmt::format("{} is no time zone", shown(node)),
               "use an IANA name such as UTC or Europe/Amsterdam"};
}

/// "08:00" as the minutes since midnight, in `number`.
std::optional<Fault> read_time_of_day(const Node& node, Value& value) {
  const std::string_view text = node.text;
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  const bool shaped = text.size() == 5 && digit(0) && digit(1) && text[2] == ':' && digit(3) && digit(4);
  const auto two = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  if (shaped && two(0) < 24 && two(3) < 60) {
    value.number = two(0) * 60 + two(3);
    return std::nullopt;
  }
  return Fault{fmt::format("{} is no time of the day", shown(node)), "from \"00:00\" to \"23:59\""};
}

}  // namespace

bool known_word(const Field& field, std::string_view text) {
  return std::find(field.words.begin(), field.words.end(), text) != field.words.end();
}

std::optional<Fault> word_fault(const Field& field, const std::string& text, const std::string& written) {
  if (known_word(field, text)) return std::nullopt;
  const auto meant = nearest(text, field.words);
  return Fault{fmt::format("{} is none of {}", shown(written), fmt::join(field.words, ", ")),
               meant ? fmt::format("did you mean {}?", *meant) : ""};
}

std::optional<Fault> read_scalar(const Field& field, const Node& node, Value& value) {
  switch (field.kind) {
    case Kind::flag:
      return read_flag(node, value);
    case Kind::count:
    case Kind::number:
      return read_number(field, node, value);
    case Kind::duration:
      return read_duration(field, node, value);
    case Kind::percent:
    case Kind::factor:
      return read_signed(field, node, value);
    case Kind::word:
      return word_fault(field, node.text, node.written);
    case Kind::zone:
      return read_zone(node);
    case Kind::time_of_day:
      return read_time_of_day(node, value);
    default:
      break;
  }
  if (node.text.find('\0') != std::string::npos) return Fault{"the value holds a zero byte", {}};
  if (node.text.empty()) return Fault{"the value is empty", "write it, or remove the key"};
  return std::nullopt;
}

void set_standard(const Field& field, Value& value) {
  value.text.clear();
  value.texts.clear();
  std::string_view standard = field.standard;
  switch (field.kind) {
    case Kind::text:
    case Kind::word:
    case Kind::zone:
      value.text = standard;
      break;
    case Kind::count:
    case Kind::number:
      value.number = parse_number(standard).value_or(field.least);
      break;
    case Kind::percent:
    case Kind::factor:
      if (known_word(field, standard)) {
        value.text = standard;
      } else {
        if (!standard.empty()) standard.remove_suffix(1);
        value.number = parse_number(standard).value_or(field.least);
      }
      break;
    case Kind::duration:
      if (known_word(field, standard)) {
        value.text = standard;
      } else {
        value.duration = parse_duration(standard).value_or(Millis{});
      }
      break;
    case Kind::texts:
    case Kind::words:
      for (const auto element : list_elements(standard)) {
        value.texts.push_back({{}, std::string(element), {}, value.place});
      }
      break;
    default:
      break;
  }
  value.written = value.text;
}

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
    case Kind::some_texts:
      return "a text or a list of texts";
    case Kind::flag:
      return "true or false";
    case Kind::count:
      return "a whole number";
    case Kind::number:
      return "a number";
    case Kind::duration:
      return "a duration such as 30s";
    case Kind::percent:
      return "a percentage such as 50%";
    case Kind::factor:
      return "a factor such as 3x";
    case Kind::time_of_day:
      return "a time of the day such as \"08:00\"";
    case Kind::word:
      return fmt::format("one of {}", fmt::join(field.words, ", "));
    case Kind::words:
      return fmt::format("a list of {}", fmt::join(field.words, ", "));
    case Kind::zone:
      return "a time zone such as Europe/Berlin";
    case Kind::section:
      return field.words.empty() ? "a mapping" : fmt::format("a mapping or {}", fmt::join(field.words, ", "));
    case Kind::sections:
      return "a list of mappings";
    case Kind::some_sections:
      return "a mapping or a list of mappings";
    case Kind::headers:
      return "a mapping of header names to values";
    case Kind::labels:
      return "a mapping of label names to values";
  }
  return "a value";
}

}  // namespace syncwarden::settings
