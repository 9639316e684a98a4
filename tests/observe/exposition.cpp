#include "exposition.hpp"

#include "base/text.hpp"

#include <cmath>
#include <cstdlib>
#include <set>
#include <utility>

namespace syncwarden::observe::testing {
namespace {

bool is_name(std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  for (const char c : text) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!good) return false;
  }
  return true;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Exposition read() {
    if (text_.empty() || text_.back() != '\n') fault("does not end with a line feed", "");
    if (!is_utf8(text_)) fault("not UTF-8", "");
    while (!text_.empty()) {
      const std::size_t end = std::min(text_.find('\n'), text_.size());
      line(text_.substr(0, end));
      text_.remove_prefix(std::min(end + 1, text_.size()));
    }
    for (const auto& family : result_.families) {
      if (family.type.empty()) fault("no TYPE", family.name);
      if (family.help.empty()) fault("no HELP", family.name);
      if (family.samples.empty()) fault("no samples", family.name);
    }
    return std::move(result_);
  }

 private:
  void fault(std::string what, std::string_view where) {
    result_.faults.push_back(std::move(what) + ": " + std::string(where.substr(0, 200)));
  }

  ExposedFamily& open(std::string_view name) {
    if (result_.families.empty() || result_.families.back().name != name) {
      if (!seen_.insert(std::string(name)).second) fault("family is not contiguous", name);
      result_.families.push_back({std::string(name), "", "", {}});
    }
    return result_.families.back();
  }

  void line(std::string_view line) {
    if (line.empty()) return fault("empty line", "");
    if (line.starts_with("# HELP ") || line.starts_with("# TYPE ")) {
      const bool help = line[2] == 'H';
      line.remove_prefix(7);
      const std::size_t space = std::min(line.find(' '), line.size());
      ExposedFamily& family = open(line.substr(0, space));
      std::string& target = help ? family.help : family.type;
      if (!target.empty()) fault("HELP or TYPE twice", family.name);
      if (!family.samples.empty()) fault("HELP or TYPE after samples", family.name);
      target = std::string(line.substr(std::min(space + 1, line.size())));
      if (help && target.find('\\') != std::string::npos) fault("backslash in HELP", family.name);
      return;
    }
    if (line.starts_with('#')) return;
    sample(line);
  }

  void sample(std::string_view whole) {
    std::string_view line = whole;
    Sample sample;
    const std::size_t end = std::min(line.find_first_of("{ "), line.size());
    sample.name = std::string(line.substr(0, end));
    line.remove_prefix(end);
    if (!is_name(sample.name)) fault("bad name", whole);
    if (line.starts_with('{') && !labels(line, sample)) return fault("bad labels", whole);
    if (!line.starts_with(' ')) return fault("no space before the value", whole);
    line.remove_prefix(1);
    const std::string number(line);
    char* rest = nullptr;
    sample.value = std::strtod(number.c_str(), &rest);
    if (number.empty() || *rest != '\0') fault("bad value", whole);
    place(std::move(sample), whole);
  }

  bool labels(std::string_view& line, Sample& sample) {
    line.remove_prefix(1);
    while (!line.starts_with('}')) {
      const std::size_t equals = line.find("=\"");
      if (equals == std::string_view::npos) return false;
      const std::string name(line.substr(0, equals));
      line.remove_prefix(equals + 2);
      std::string value;
      while (!line.starts_with('"')) {
        if (line.empty()) return false;
        if (line[0] == '\\') {
          if (line.size() < 2 || (line[1] != '\\' && line[1] != '"' && line[1] != 'n')) return false;
          value += line[1] == 'n' ? '\n' : line[1];
          line.remove_prefix(2);
        } else {
          value += line[0];
          line.remove_prefix(1);
        }
      }
      line.remove_prefix(1);
      if (value.size() > 128) return false;
      if (!is_name(name) || !sample.labels.emplace(name, value).second) return false;
      if (line.starts_with(',')) {
        line.remove_prefix(1);
      } else if (!line.starts_with('}')) {
        return false;
      }
    }
    line.remove_prefix(1);
    return true;
  }

  void place(Sample sample, std::string_view whole) {
    if (result_.families.empty()) return fault("sample before any TYPE", whole);
    ExposedFamily& family = result_.families.back();
    const bool fits = sample.name == family.name ||
                      (family.type == "histogram" &&
                       (sample.name == family.name + "_bucket" || sample.name == family.name + "_sum" ||
                        sample.name == family.name + "_count"));
    if (!fits) return fault("sample outside its family", whole);
    if (family.type == "counter" && !(sample.value >= 0)) fault("negative counter", whole);
    if (!series_.insert({sample.name, sample.labels}).second) fault("series twice", whole);
    family.samples.push_back(std::move(sample));
  }

  std::string_view text_;
  Exposition result_;
  std::set<std::string> seen_;
  std::set<std::pair<std::string, std::map<std::string, std::string>>> series_;
};

}  // namespace

const ExposedFamily* Exposition::family(std::string_view name) const {
  for (const auto& family : families) {
    if (family.name == name) return &family;
  }
  return nullptr;
}

std::optional<double> Exposition::value(std::string_view name,
                                        const std::map<std::string, std::string>& labels) const {
  for (const auto& family : families) {
    for (const auto& sample : family.samples) {
      if (sample.name == name && sample.labels == labels) return sample.value;
    }
  }
  return std::nullopt;
}

std::size_t Exposition::series() const {
  std::size_t count = 0;
  for (const auto& family : families) count += family.samples.size();
  return count;
}

Exposition parse_exposition(std::string_view text) { return Reader(text).read(); }

}  // namespace syncwarden::observe::testing
