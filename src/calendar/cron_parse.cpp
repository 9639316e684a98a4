#include "base/text.hpp"
#include "calendar/cron.hpp"

#include <algorithm>
#include <bit>
#include <bitset>
#include <span>

#include <fmt/format.h>

namespace syncwarden::calendar {
namespace {

using Words = std::vector<std::string_view>;
using Values = std::bitset<256>;  // a year's index is year - 1970

constexpr std::array<std::string_view, 12> month_names{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                       "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> weekday_names{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};
constexpr std::array<std::string_view, 7> weekday_words{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                        "Thursday", "Friday", "Saturday"};

enum class Field : std::uint8_t { seconds, minutes, hours, day_of_month, month, day_of_week, year };

/// What a field is called, its numbers and its names.
struct FieldRule {
  Field field;
  std::string_view title;
  int low;
  int high;
  std::span<const std::string_view> names = {};
  int first_name = 0;
};

constexpr std::array<FieldRule, 7> quartz_rules{
    FieldRule{Field::seconds, "seconds", 0, 59},
    FieldRule{Field::minutes, "minutes", 0, 59},
    FieldRule{Field::hours, "hours", 0, 23},
    FieldRule{Field::day_of_month, "day-of-month", 1, 31},
    FieldRule{Field::month, "month", 1, 12, month_names, 1},
    FieldRule{Field::day_of_week, "day-of-week", 1, 7, weekday_names, 1},
    FieldRule{Field::year, "year", first_year, last_named_year},
};

constexpr std::array<FieldRule, 5> unix_rules{
    FieldRule{Field::minutes, "minutes", 0, 59},
    FieldRule{Field::hours, "hours", 0, 23},
    FieldRule{Field::day_of_month, "day-of-month", 1, 31},
    FieldRule{Field::month, "month", 1, 12, month_names, 1},
    FieldRule{Field::day_of_week, "day-of-week", 0, 7, weekday_names, 0},
};

Words split(std::string_view text, char separator) {
  Words out;
  for (;;) {
    const std::size_t end = text.find(separator);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool contains(std::string_view text, char c) { return text.find(c) != std::string_view::npos; }

/// What is allowed in a field, for the end of an error message.
std::string allowed(const FieldRule& rule, bool quartz) {
  std::string out = fmt::format("{}-{}", rule.low, rule.high);
  if (rule.field == Field::day_of_week) {
    out = quartz ? "1-7 (1 is Sunday) or SUN-SAT" : "0-7 (0 and 7 are Sunday) or SUN-SAT";
  }
  if (rule.field == Field::month) out += " or JAN-DEC";
  out += ", with * , - /";
  if (quartz && rule.field == Field::day_of_month) out += " ? and L, L-3, LW, 15W";
  if (quartz && rule.field == Field::day_of_week) out += " ? and L, 6L, 6#3";
  return out;
}

/// One field of an expression.
class FieldParser {
 public:
  FieldParser(const FieldRule& rule, std::string_view text, bool quartz, std::vector<std::string>& warnings)
      : rule_(rule), text_(text), quartz_(quartz), warnings_(warnings) {}

  /// Nothing if all is well.
  std::optional<Error> parse();

  const Values& values() const { return values_; }
  bool is_question() const { return text_ == "?"; }
  DayRule day_rule() const { return day_rule_; }
  int day_value() const { return day_value_; }

 private:
  struct Base {
    int first = 0;
    int last = 0;
    bool range = false;
    bool all = false;
    bool named = false;
  };

  Error fail(std::string why, std::string hint = {}) const {
    Error error{Errc::invalid_config, {}, {}, std::move(hint)};
    error.message = fmt::format("{} \"{}\": {}; allowed: {}", rule_.title, printable(text_), why,
                                allowed(rule_, quartz_));
    return error;
  }
  int index(int value) const { return rule_.field == Field::year ? value - first_year : value; }
  void add(int value) { values_.set(static_cast<std::size_t>(index(value))); }

  std::optional<Error> parse_item(std::string_view item);
  /// True if the item was one of Quartz' day letters and is done.
  Result<bool> parse_day_letters(std::string_view item);
  Result<bool> parse_weekday_letters(std::string_view item);
  std::optional<Error> parse_base(std::string_view text, Base& base);
  Result<int> parse_value(std::string_view text, bool& named);
  void add_range(const Base& base, int step);
  std::optional<Error> finish_day_list(std::size_t items);
  void warn_of_numbers();

  const FieldRule& rule_;
  std::string_view text_;
  bool quartz_;
  std::vector<std::string>& warnings_;
  Values values_;
  DayRule day_rule_ = DayRule::both;
  int day_value_ = 0;
  bool numeric_ = false;
};

std::optional<Error> FieldParser::parse() {
  if (quartz_ && is_question()) {
    if (rule_.field != Field::day_of_month && rule_.field != Field::day_of_week) {
      return fail("? belongs to day-of-month or day-of-week", "write * for every value");
    }
    for (int value = rule_.low; value <= rule_.high; ++value) add(value);
    return std::nullopt;
  }
  if (!quartz_ && contains(text_, '?')) return fail("? is Quartz, not Unix", "write * for every value");
  std::string_view list = text_;
  if (quartz_ && list.ends_with(',') && contains(list.substr(0, list.find_last_not_of(',') + 1), ',')) {
    list = list.substr(0, list.find_last_not_of(',') + 1);
    warnings_.push_back(fmt::format("{} \"{}\": the comma at the end is ignored", rule_.title, text_));
  }
  const Words items = split(list, ',');
  if (items.size() > 1 && quartz_ &&
      (rule_.field == Field::day_of_month || rule_.field == Field::day_of_week) && contains(list, 'L')) {
    return fail("L cannot be part of a list");
  }
  if (quartz_ && std::count(list.begin(), list.end(), '#') > 1) return fail("only one # is possible");
  for (const std::string_view item : items) {
    if (auto error = parse_item(item)) return error;
  }
  if (auto error = finish_day_list(items.size())) return error;
  if (numeric_ && rule_.field == Field::day_of_week) warn_of_numbers();
  return std::nullopt;
}

std::optional<Error> FieldParser::parse_item(std::string_view item) {
  if (item.empty()) {
    return text_ == "," || contains(text_, ',') ? fail("an item of the list is empty") : fail("it is empty");
  }
  if (quartz_ && (rule_.field == Field::day_of_month || rule_.field == Field::day_of_week)) {
    const auto done =
        rule_.field == Field::day_of_month ? parse_day_letters(item) : parse_weekday_letters(item);
    if (!done) return done.error();
    if (*done) return std::nullopt;
  }
  const std::size_t slash = item.find('/');
  Base base;
  if (auto error = parse_base(item.substr(0, slash), base)) return error;
  int step = 1;
  if (slash != std::string_view::npos) {
    const std::string_view text = item.substr(slash + 1);
    const int most = quartz_ ? rule_.high - rule_.low : rule_.high;
    if (!is_number(text)) return fail(fmt::format("the step \"{}\" is not a number", printable(text)));
    step = text.size() > 3 ? 1000 : std::stoi(std::string(text));
    if (step < 1 || step > most) return fail(fmt::format("the step {} must be 1-{}", text, most));
    if (!base.range && !base.all) {  // "5/15" is "5-59/15"
      base.last = rule_.field == Field::day_of_week && !quartz_ ? 6 : rule_.high;
      base.last = std::max(base.first, base.last);
    }
    if (quartz_ && base.named) {
      if (!base.range) base.last = base.first;
      warnings_.push_back(
          fmt::format("{} \"{}\": Quartz ignores a step after a name, so \"/{}\" has no effect", rule_.title,
                      text_, step));
      step = 1;
    }
  }
  add_range(base, step);
  return std::nullopt;
}

std::optional<Error> FieldParser::parse_base(std::string_view text, Base& base) {
  if (text == "*" || (quartz_ && text.empty())) {
    base.all = true;
    base.first = rule_.low;
    base.last = rule_.field == Field::day_of_week && !quartz_ ? 6 : rule_.high;
    return std::nullopt;
  }
  const std::size_t dash = text.find('-');
  const auto first = parse_value(text.substr(0, dash), base.named);
  if (!first) return first.error();
  base.first = base.last = *first;
  if (dash == std::string_view::npos) return std::nullopt;
  bool last_named = false;
  const auto last = parse_value(text.substr(dash + 1), last_named);
  if (!last) return last.error();
  base.range = true;
  base.last = *last;
  if (quartz_ && last_named != base.named) {
    return fail(fmt::format("the range {} mixes a name and a number", text), "write both ends the same way");
  }
  if (!quartz_ && rule_.field == Field::day_of_week && base.last == 0 && base.first > 0) base.last = 7;
  if (base.last >= base.first) return std::nullopt;
  if (!quartz_) {
    return fail(fmt::format("the range {} runs backwards", text),
                fmt::format("write it as two ranges: {}-{},{}-{}", text.substr(0, dash), rule_.high,
                            rule_.low, text.substr(dash + 1)));
  }
  if (rule_.field == Field::year) return fail(fmt::format("the range {} runs backwards", text));
  return std::nullopt;
}

Result<int> FieldParser::parse_value(std::string_view text, bool& named) {
  for (std::size_t i = 0; i < rule_.names.size(); ++i) {
    if (rule_.names[i] != text) continue;
    named = true;
    return rule_.first_name + static_cast<int>(i);
  }
  if (is_number(text)) {
    const int value = text.size() > 4 ? 10000 : std::stoi(std::string(text));
    if (value < rule_.low || value > rule_.high)
      return fail(fmt::format("{} is out of range", printable(text)));
    numeric_ = true;
    return value;
  }
  if (text.empty()) return fail("a number is missing");
  const auto near = nearest(text.substr(0, 3), rule_.names);
  std::string hint;
  if (near && !rule_.names.empty() && text.size() >= 3) hint = fmt::format("did you mean {}?", *near);
  if (!quartz_ && text.find_first_of("LW#") != std::string_view::npos && hint.empty()) {
    hint = "L, W and # are Quartz, whose expressions have 6 fields and begin with the seconds";
  }
  return fail(fmt::format("\"{}\" is not understood", printable(text)), hint);
}

void FieldParser::add_range(const Base& base, int step) {
  const bool wraps = base.last < base.first;
  const int span = rule_.high - rule_.low + 1;
  const int last = wraps ? base.last + span : base.last;
  for (int value = base.first; value <= last; value += step) add(value > rule_.high ? value - span : value);
}

Result<bool> FieldParser::parse_day_letters(std::string_view item) {
  if (item == "L") {
    day_rule_ = DayRule::last_day;
    return true;
  }
  if (item == "LW") {
    day_rule_ = DayRule::last_working_day;
    return true;
  }
  if (item.starts_with("L-")) {
    const std::string_view offset = item.substr(2);
    if (!is_number(offset) || offset.size() > 2 || std::stoi(std::string(offset)) > 30) {
      return fail("after L- a number from 0 to 30 is needed");
    }
    day_rule_ = DayRule::last_day;
    day_value_ = std::stoi(std::string(offset));
    return true;
  }
  if (!item.ends_with('W')) return false;
  const std::string_view day = item.substr(0, item.size() - 1);
  const int value = is_number(day) && day.size() <= 2 ? std::stoi(std::string(day)) : 0;
  if (value < 1 || value > 31) return fail("before W a day from 1 to 31 is needed");
  day_rule_ = DayRule::nearest_weekday;
  add(value);
  return true;
}

Result<bool> FieldParser::parse_weekday_letters(std::string_view item) {
  if (item == "L") {
    add(7);
    return true;
  }
  if (item.ends_with('L')) {
    const std::string_view day = item.substr(0, item.size() - 1);
    if (day.size() != 1 || day[0] < '1' || day[0] > '7') {
      return fail("before L a weekday from 1 to 7 is needed", "the last Friday of a month is 6L");
    }
    day_rule_ = DayRule::last_weekday;
    numeric_ = true;
    add(day[0] - '0');
    return true;
  }
  const std::size_t hash = item.find('#');
  if (hash == std::string_view::npos) return false;
  bool named = false;
  const auto day = parse_value(item.substr(0, hash), named);
  if (!day) return day.error();
  const std::string_view nth = item.substr(hash + 1);
  if (nth.size() != 1 || nth[0] < '1' || nth[0] > '5') return fail("after # a number from 1 to 5 is needed");
  day_rule_ = DayRule::nth_weekday;
  day_value_ = nth[0] - '0';
  add(*day);
  return true;
}

/// Quartz looks only at the lowest day of a list that holds an nW or a d#n.
std::optional<Error> FieldParser::finish_day_list(std::size_t items) {
  if (day_rule_ != DayRule::nearest_weekday && day_rule_ != DayRule::nth_weekday) return std::nullopt;
  std::size_t lowest = 0;
  while (!values_.test(lowest)) ++lowest;
  if (items > 1) {
    warnings_.push_back(fmt::format("{} \"{}\": beside {}, Quartz looks only at the lowest day of a list",
                                    rule_.title, text_, day_rule_ == DayRule::nth_weekday ? "#" : "W"));
  }
  values_.reset();
  values_.set(lowest);
  if (day_rule_ == DayRule::nearest_weekday) {
    day_value_ = static_cast<int>(lowest);
    if (day_value_ > 28) {
      warnings_.push_back(
          fmt::format("{} \"{}\": months without a day {} are left out; LW is the last working day of "
                      "every month",
                      rule_.title, text_, day_value_));
    }
  }
  return std::nullopt;
}

void FieldParser::warn_of_numbers() {
  std::string days;
  const int offset = quartz_ ? 1 : 0;
  for (int day = 0; day < 7; ++day) {
    const bool sunday = !quartz_ && day == 0 && values_.test(7);
    if (!values_.test(static_cast<std::size_t>(day + offset)) && !sunday) continue;
    if (!days.empty()) days += ", ";
    days += weekday_words[static_cast<std::size_t>(day)];
  }
  warnings_.push_back(
      fmt::format("day-of-week \"{}\" means {}: with {} fields, 1 is {}; names such as MON are clearer",
                  text_, days, quartz_ ? "6 or 7" : "5", quartz_ ? "Sunday" : "Monday"));
}

void set_weekdays(CronFields& fields, const Values& values, bool quartz) {
  for (std::size_t day = 0; day <= 7; ++day) {
    if (values.test(day)) fields.weekdays |= 1U << (quartz ? (day + 6) % 7 : day % 7);
  }
}

std::uint64_t low_bits(const Values& values) { return (values & Values{~0ULL}).to_ullong(); }

void store(CronFields& fields, const FieldRule& rule, const FieldParser& field, bool quartz) {
  const Values& values = field.values();
  switch (rule.field) {
    case Field::seconds:
      fields.seconds = low_bits(values);
      break;
    case Field::minutes:
      fields.minutes = low_bits(values);
      break;
    case Field::hours:
      fields.hours = static_cast<std::uint32_t>(low_bits(values));
      break;
    case Field::day_of_month:
      fields.days_of_month = static_cast<std::uint32_t>(low_bits(values));
      break;
    case Field::month:
      fields.months = static_cast<std::uint32_t>(low_bits(values));
      break;
    case Field::day_of_week:
      set_weekdays(fields, values, quartz);
      break;
    case Field::year:
      for (std::size_t word = 0; word < 4; ++word) fields.years[word] = low_bits(values >> (word * 64));
      break;
  }
  if (field.day_rule() != DayRule::both) {
    fields.day_rule = field.day_rule();
    fields.day_value = field.day_value();
  }
}

bool is_wild(std::string_view text) { return text.find_first_of("*?/") != std::string_view::npos; }

void all_years(CronFields& fields) {
  for (unsigned i = 0; i <= static_cast<unsigned>(last_year - first_year); ++i)
    fields.years[i / 64] |= 1ULL << (i % 64);
}

std::optional<Error> parse_fields(const Words& words, std::span<const FieldRule> rules, bool quartz,
                                  CronExpression& out) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    FieldParser parser(rules[i], words[i], quartz, out.warnings);
    if (auto error = parser.parse()) return error;
    store(out.fields, rules[i], parser, quartz);
  }
  return std::nullopt;
}

Error bad(std::string message, std::string hint) {
  return Error{Errc::invalid_config, std::move(message), {}, std::move(hint)};
}

std::optional<Error> parse_quartz(const Words& words, CronExpression& out) {
  if (words.size() == 7 && words[6].find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string_view::npos) {
    return bad(fmt::format("year \"{}\": not a year; allowed: 1970-2099, with * , - /", printable(words[6])),
               "if it is a time zone, give it as the time zone, not in the expression");
  }
  if (auto error = parse_fields(words, quartz_rules, true, out)) return error;
  if ((words[3] == "?") == (words[5] == "?")) {
    return bad(fmt::format("day-of-month \"{}\" and day-of-week \"{}\": exactly one of them must be ?",
                           printable(words[3]), printable(words[5])),
               words[3] == "?" ? "write * for day-of-month to run every day"
                               : "write ? for the one that may be any");
  }
  out.fields.fixed_time = !is_wild(words[0]) && !is_wild(words[1]) && !is_wild(words[2]);
  if (words.size() == 6 || words[6] == "*") all_years(out.fields);
  return std::nullopt;
}

std::optional<Error> parse_unix(const Words& words, CronExpression& out) {
  const bool asks = std::any_of(words.begin(), words.end(), [](auto word) { return contains(word, '?'); });
  if (asks) {
    return bad(
        fmt::format("\"{}\" has 5 fields and a ?", printable(fmt::format("{}", fmt::join(words, " ")))),
        fmt::format("it looks like Quartz without seconds: write \"0 {}\"",
                    printable(fmt::format("{}", fmt::join(words, " ")))));
  }
  if (auto error = parse_fields(words, unix_rules, false, out)) return error;
  out.fields.seconds = 1;
  out.fields.fixed_time = !is_wild(words[0]) && !is_wild(words[1]);
  all_years(out.fields);
  // crontab(5): either of the two may match, unless one of them begins with a star.
  const bool day_star = words[2].starts_with('*');
  const bool weekday_star = words[4].starts_with('*');
  if (!day_star && !weekday_star) out.fields.day_rule = DayRule::either;
  if ((day_star && words[2] != "*" && words[4] != "*") ||
      (weekday_star && words[4] != "*" && words[2] != "*")) {
    out.warnings.push_back(fmt::format(
        "day-of-month \"{}\" and day-of-week \"{}\": both must match, because one begins with *; some other "
        "schedulers run if either matches",
        words[2], words[4]));
  }
  return std::nullopt;
}

struct Macro {
  std::string_view name;
  std::string_view meaning;
};
constexpr std::array<Macro, 7> macros{
    Macro{"@YEARLY", "0 0 1 1 *"},   Macro{"@ANNUALLY", "0 0 1 1 *"}, Macro{"@MONTHLY", "0 0 1 * *"},
    Macro{"@WEEKLY", "0 0 * * SUN"}, Macro{"@DAILY", "0 0 * * *"},    Macro{"@MIDNIGHT", "0 0 * * *"},
    Macro{"@HOURLY", "0 * * * *"},
};

Result<std::string_view> expand(std::string_view name) {
  for (const Macro& macro : macros) {
    if (macro.name == name) return macro.meaning;
  }
  if (name == "@REBOOT") {
    return bad("@reboot is not a time: a restart of syncwarden is no reason to sync",
               "missed ticks are caught up after a restart as catch_up says");
  }
  if (name.starts_with("@EVERY")) return bad("@every is not cron", "use an interval instead: every: 1h");
  return bad(fmt::format("\"{}\" is no macro", printable(name)),
             "there are @yearly @annually @monthly @weekly @daily @midnight @hourly");
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return out;
}

Words words_of(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\f\v";
  Words out;
  for (;;) {
    const std::size_t start = text.find_first_not_of(blanks);
    if (start == std::string_view::npos) return out;
    text.remove_prefix(start);
    const std::size_t end = std::min(text.find_first_of(blanks), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

}  // namespace

Result<CronExpression> parse_cron(std::string_view expression) {
  constexpr std::size_t longest = 1000;
  if (expression.size() > longest) return bad("the expression is longer than 1000 characters", {});
  const std::string text = upper(expression);
  Words words = words_of(text);
  if (words.size() == 1 && words[0].starts_with('@')) {
    const auto meaning = expand(words[0]);
    if (!meaning) return meaning.error();
    words = words_of(*meaning);
  }
  if (words.empty())
    return bad("the expression is empty", "an example: 0 15 * * * ? (a quarter past every hour)");
  if (words.size() < 5 || words.size() > 7) {
    return bad(
        fmt::format(
            "\"{}\" has {} field{}; Unix expressions have 5 (minute hour day month weekday), Quartz' 6 or 7 "
            "(second minute hour day month weekday [year])",
            printable(expression), words.size(), words.size() == 1 ? "" : "s"),
        {});
  }
  CronExpression out;
  out.text = fmt::format("{}", fmt::join(words, " "));
  auto error = words.size() == 5 ? parse_unix(words, out) : parse_quartz(words, out);
  if (error) return *std::move(error);
  return out;
}

}  // namespace syncwarden::calendar
