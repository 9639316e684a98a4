#include "observe/impl/connection_text.hpp"

#include "observe/catalogue.hpp"
#include "observe/impl/text_writer.hpp"

#include <array>
#include <iterator>

#include <fmt/format.h>

namespace syncwarden::observe {
namespace {

enum : std::size_t {
  failures,
  objective,
  info_column,
  last_success,
  running_since,
  stale_after,
  // full only
  last_completion,
  last_duration,
  last_bytes,
  last_records,
  next_run
};

constexpr std::array basic_columns{&family::connection_consecutive_failures,
                                   &family::connection_freshness_objective_ratio,
                                   &family::connection_info,
                                   &family::connection_last_success_timestamp_seconds,
                                   &family::connection_running_since_timestamp_seconds,
                                   &family::connection_stale_after_timestamp_seconds};
constexpr std::array full_columns{
    &family::connection_last_completion_timestamp_seconds, &family::connection_last_duration_seconds,
    &family::connection_last_loaded_bytes, &family::connection_last_records_loaded,
    &family::connection_next_run_timestamp_seconds};

std::string_view schedule_label(AirbyteSchedule schedule) {
  return schedule == AirbyteSchedule::unknown ? "other" : to_string(schedule);
}

}  // namespace

ConnectionText::ConnectionText(ConnectionDetail detail, std::size_t limit, std::size_t expected)
    : detail_(detail), limit_(limit) {
  const std::size_t lines = std::min(expected, limit);
  const auto open = [&](const Family* family) {
    Column column{family, std::string(family->name) + "{connection_id=\"", {}};
    const std::size_t width = column.prefix.size() + (family == &family::connection_info ? 320 : 56);
    column.text.reserve(lines * width);
    columns_.push_back(std::move(column));
  };
  if (detail != ConnectionDetail::off) {
    for (const Family* family : basic_columns) open(family);
  }
  if (detail == ConnectionDetail::full) {
    for (const Family* family : full_columns) open(family);
  }
}

void ConnectionText::line(std::size_t column) {
  std::string& text = columns_[column].text;
  text += columns_[column].prefix;
  text += id_;
  text += "\"} ";
}

void ConnectionText::instant(std::size_t column, Instant at) {
  line(column);
  append_seconds(columns_[column].text, at.time_since_epoch().count());
  columns_[column].text += '\n';
}

void ConnectionText::integer(std::size_t column, std::int64_t value) {
  line(column);
  append_integer(columns_[column].text, value);
  columns_[column].text += '\n';
}

void ConnectionText::ratio(std::size_t column, double value) {
  line(column);
  fmt::format_to(std::back_inserter(columns_[column].text), "{}\n", value);
}

void ConnectionText::info(const ConnectionPicture& picture, std::string_view source_connector,
                          std::string_view destination_connector) {
  const ConnectionView& view = *picture.view;
  std::string& text = columns_[info_column].text;
  const auto label = [&text](std::string_view opening, std::string_view value) {
    text += opening;
    append_label_value(text, value);
  };
  text += columns_[info_column].prefix;
  text += id_;
  label("\",connection_name=\"", view.name);
  label("\",workspace_id=\"", view.workspace.text);
  label("\",workspace_name=\"", view.workspace_name);
  label("\",source_connector=\"", source_connector);
  label("\",destination_connector=\"", destination_connector);
  label("\",schedule_type=\"", schedule_label(view.schedule));
  label("\",priority=\"", to_string(picture.priority));
  text += "\"} 1\n";
}

void ConnectionText::add(const ConnectionPicture& picture, std::string_view source_connector,
                         std::string_view destination_connector) {
  if (detail_ == ConnectionDetail::off) return;
  if (written_ >= limit_) {
    ++omitted_;
    return;
  }
  ++written_;
  id_.clear();
  append_label_value(id_, picture.view->id.text);
  info(picture, source_connector, destination_connector);
  integer(failures, picture.consecutive_failures);
  if (picture.freshness_objective > 0) ratio(objective, picture.freshness_objective);
  instant(last_success, picture.last_success.value_or(Instant{}));
  if (picture.running_since) instant(running_since, *picture.running_since);
  if (picture.stale_after) instant(stale_after, *picture.stale_after);
  if (detail_ != ConnectionDetail::full) return;
  instant(last_completion, picture.last_completion.value_or(Instant{}));
  if (picture.last_duration && picture.last_duration->count() >= 0) {
    instant(last_duration, Instant(*picture.last_duration));
  }
  if (picture.last_bytes) integer(last_bytes, *picture.last_bytes);
  if (picture.last_records) integer(last_records, *picture.last_records);
  if (picture.next_run) instant(next_run, *picture.next_run);
}

std::size_t ConnectionText::size() const {
  std::size_t bytes = 0;
  for (const Column& column : columns_) bytes += column.text.size() + 512;
  return bytes;
}

void ConnectionText::append_to(std::string& out) const {
  for (const Column& column : columns_) {
    if (column.text.empty()) continue;
    append_header(out, *column.family);
    out += column.text;
  }
}

}  // namespace syncwarden::observe
