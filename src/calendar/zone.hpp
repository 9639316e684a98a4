// A time zone as a table of spans of constant offset, made once from the system's tzdata. Immutable: any
// thread may use it at any time.
#pragma once

#include "base/error.hpp"
#include "calendar/cron.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::calendar {

/// From `begin` on (UTC seconds since 1970), local time is UTC + offset, until the next span begins.
struct ZoneSpan {
  std::int64_t begin = 0;
  std::int64_t offset = 0;
  /// The first local time of this span that no earlier span has shown; later than begin + offset after clocks
  /// went back, equal to it otherwise.
  LocalSeconds fresh = 0;
  /// One past the greatest local time that this span or an earlier one has shown.
  LocalSeconds seen = 0;
};

class Zone {
 public:
  /// The IANA zone of this name. Errc::invalid_config with the nearest name for a name that does not exist;
  /// nothing ever falls back to UTC. Zones are made once per process and shared.
  [[nodiscard]] static Result<std::shared_ptr<const Zone>> find(std::string_view name);

  /// A zone from its spans, for tests: {begin, offset}, ascending.
  Zone(std::string name, std::vector<ZoneSpan> spans);

  [[nodiscard]] const std::string& name() const { return name_; }

  /// The index of the span that holds the UTC second.
  [[nodiscard]] std::size_t index_at(std::int64_t utc) const;
  [[nodiscard]] std::size_t size() const { return spans_.size(); }
  [[nodiscard]] const ZoneSpan& operator[](std::size_t index) const { return spans_[index]; }

  /// The first UTC second after the span, and the first local time after it.
  [[nodiscard]] std::int64_t end_of(std::size_t index) const;
  [[nodiscard]] LocalSeconds local_end_of(std::size_t index) const {
    return end_of(index) + spans_[index].offset;
  }

  [[nodiscard]] std::int64_t offset_at(std::int64_t utc) const { return spans_[index_at(utc)].offset; }

 private:
  std::string name_;
  std::vector<ZoneSpan> spans_;
  /// For each stretch of 2^23 s (97 days) from 1970 on: the span that holds its first second.
  std::vector<std::uint16_t> guesses_;
};

}  // namespace syncwarden::calendar
