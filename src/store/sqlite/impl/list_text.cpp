#include "store/sqlite/impl/list_text.hpp"

#include "base/time.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace syncwarden::store {
namespace {

/// "\" escapes itself, "n" and "t": a field holds neither the end of its line nor that of another field.
void append_field(std::string& out, std::string_view field, char end) {
  for (const char c : field) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t' && end != '\n') {
      out += "\\t";
    } else if (c == '\\') {
      out += "\\\\";
    } else {
      out += c;
    }
  }
  out += end;
}

/// Takes such fields apart again. Nothing: the text was not written by us.
class FieldReader {
 public:
  explicit FieldReader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] std::optional<std::string> next(char end) {
    std::string field;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == end) return field;
      if (c == '\n') return std::nullopt;
      if (c != '\\') {
        field += c;
        continue;
      }
      if (at_ == text_.size()) return std::nullopt;
      const char escaped = text_[at_++];
      if (escaped != 'n' && escaped != 't' && escaped != '\\') return std::nullopt;
      field += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : '\\';
    }
    return std::nullopt;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

std::optional<std::int64_t> number_from(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole ? std::optional{value} : std::nullopt;
}

/// An empty one is absent. False: it makes no sense.
bool take_optional(std::string_view text, std::optional<std::int64_t>& into) {
  into = number_from(text);
  return into || text.empty();
}

std::optional<RunSample> sample_from(std::string_view text) {
  RunSample sample;
  const auto first = text.find(':');
  const auto duration = number_from(text.substr(0, first));
  if (!duration) return std::nullopt;
  sample.duration = Millis{*duration};
  if (first == std::string_view::npos) return sample;
  const auto rest = text.substr(first + 1);
  const auto second = rest.find(':');
  if (second == std::string_view::npos) return std::nullopt;
  const bool good = take_optional(rest.substr(0, second), sample.records) &&
                    take_optional(rest.substr(second + 1), sample.bytes);
  return good ? std::optional{sample} : std::nullopt;
}

std::optional<UnclaimedJob> unclaimed_job_from(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto id = number_from(text.substr(0, colon));
  const auto created = number_from(text.substr(colon + 1));
  if (!id || !created) return std::nullopt;
  return UnclaimedJob{JobId{*id}, Instant{Millis{*created}}};
}

/// Nothing: one of them makes no sense.
template <class T>
std::optional<std::vector<T>> comma_separated(std::string_view text,
                                              std::optional<T> (*read)(std::string_view)) {
  std::vector<T> out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    auto one = read(text.substr(0, comma));
    if (!one) return std::nullopt;
    out.push_back(std::move(*one));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
    if (text.empty()) return std::nullopt;
  }
  return out;
}

}  // namespace

std::string tags_text(const std::vector<std::string>& tags) {
  std::string out;
  for (const auto& tag : tags) append_field(out, tag, '\n');
  return out;
}

std::optional<std::vector<std::string>> tags_from(std::string_view text) {
  std::vector<std::string> tags;
  for (FieldReader reader{text}; !reader.at_end();) {
    auto tag = reader.next('\n');
    if (!tag) return std::nullopt;
    tags.push_back(std::move(*tag));
  }
  return tags;
}

std::string samples_text(const std::vector<RunSample>& samples) {
  std::string out;
  for (const auto& [duration, records, bytes] : samples) {
    if (!out.empty()) out += ',';
    out += std::to_string(duration.count());
    if (!records && !bytes) continue;
    out += ':';
    if (records) out += std::to_string(*records);
    out += ':';
    if (bytes) out += std::to_string(*bytes);
  }
  return out;
}

std::optional<std::vector<RunSample>> samples_from(std::string_view text) {
  return comma_separated<RunSample>(text, sample_from);
}

std::string unclaimed_text(const std::vector<UnclaimedJob>& jobs) {
  std::string out;
  for (const auto& [id, created] : jobs) {
    if (!out.empty()) out += ',';
    out += std::to_string(id.value) + ':' + std::to_string(created.time_since_epoch().count());
  }
  return out;
}

std::optional<std::vector<UnclaimedJob>> unclaimed_from(std::string_view text) {
  return comma_separated<UnclaimedJob>(text, unclaimed_job_from);
}

std::string ranges_text(const std::vector<DecidedRange>& ranges) {
  std::string out;
  for (const auto& range : ranges) {
    append_field(out, std::to_string(range.from.time_since_epoch().count()), '\t');
    append_field(out, std::to_string(range.until.time_since_epoch().count()), '\t');
    append_field(out, range.spec.view(), '\n');
  }
  return out;
}

std::optional<std::vector<DecidedRange>> ranges_from(std::string_view text) {
  std::vector<DecidedRange> ranges;
  for (FieldReader reader{text}; !reader.at_end();) {
    const auto from = reader.next('\t');
    const auto until = reader.next('\t');
    const auto spec = reader.next('\n');
    if (!from || !until || !spec) return std::nullopt;
    const auto first = number_from(*from);
    const auto last = number_from(*until);
    if (!first || !last) return std::nullopt;
    ranges.push_back({Instant{Millis{*first}}, Instant{Millis{*last}}, *spec});
  }
  return ranges;
}

std::string labels_text(const Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    append_field(out, name, '\t');
    append_field(out, value, '\n');
  }
  return out;
}

std::optional<Labels> labels_from(std::string_view text) {
  Labels labels;
  for (FieldReader reader{text}; !reader.at_end();) {
    auto name = reader.next('\t');
    auto value = reader.next('\n');
    if (!name || !value) return std::nullopt;
    labels.emplace_back(std::move(*name), std::move(*value));
  }
  return labels;
}

std::string events_text(const std::vector<IncidentEvent>& events) {
  std::string out;
  for (const auto& event : events) {
    append_field(out, std::to_string(event.at.time_since_epoch().count()), '\t');
    append_field(out, event.by, '\t');
    append_field(out, event.what, '\n');
  }
  return out;
}

std::optional<std::vector<IncidentEvent>> events_from(std::string_view text) {
  std::vector<IncidentEvent> events;
  for (FieldReader reader{text}; !reader.at_end();) {
    const auto at = reader.next('\t');
    auto by = reader.next('\t');
    auto what = reader.next('\n');
    if (!at || !by || !what) return std::nullopt;
    const auto millis = number_from(*at);
    if (!millis) return std::nullopt;
    events.push_back({Instant{Millis{*millis}}, std::move(*what), std::move(*by)});
  }
  return events;
}

}  // namespace syncwarden::store
