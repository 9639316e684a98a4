#include "observe/impl/connector_pairs.hpp"

#include "base/text.hpp"
#include "observe/catalogue.hpp"
#include "observe/impl/text_writer.hpp"

#include <algorithm>

namespace syncwarden::observe {
namespace {

/// Connector types as labels: lower case, printable, never empty.
std::string connector_label(std::string_view raw) {
  std::string label = printable(raw);
  std::transform(label.begin(), label.end(), label.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return label.empty() ? "unknown" : label;
}

std::size_t index_of(JobType type) {
  return std::min(static_cast<std::size_t>(type), all_job_types.size() - 1);
}

}  // namespace

ConnectorPairs::ConnectorPairs() {
  // Reserves index 0; it is shown once it is needed.
  pairs_.push_back({});
  pairs_[other].source = "other";
  pairs_[other].destination = "other";
  pairs_[other].source_ordinal = ordinal("other");
  pairs_[other].destination_ordinal = pairs_[other].source_ordinal;
}

std::uint32_t ConnectorPairs::ordinal(const std::string& connector) {
  const auto next = static_cast<std::uint32_t>(connectors_.size());
  const auto [it, fresh] = ordinals_.emplace(connector, next);
  if (fresh) connectors_.push_back(connector);
  return it->second;
}

std::uint32_t ConnectorPairs::add(std::string_view source, std::string_view destination) {
  Names labels{connector_label(source), connector_label(destination)};
  const auto known = by_label_.find(labels);
  if (known != by_label_.end()) return known->second;
  if (pairs_.size() > max_pairs) {
    pairs_[other].used = true;
    return other;
  }
  const auto index = static_cast<std::uint32_t>(pairs_.size());
  Pair pair;
  pair.source = labels.first;
  pair.destination = labels.second;
  pair.source_ordinal = ordinal(labels.first);
  pair.destination_ordinal = ordinal(labels.second);
  pair.used = true;
  pairs_.push_back(std::move(pair));
  by_label_.emplace(std::move(labels), index);
  return index;
}

std::uint32_t ConnectorPairs::of(const ConnectionView& connection) {
  const std::pair<std::string_view, std::string_view> raw{connection.source.connector,
                                                          connection.destination.connector};
  const auto known = by_raw_.find(raw);
  if (known != by_raw_.end()) return known->second;
  const std::uint32_t index = add(raw.first, raw.second);
  if (index != other && by_raw_.size() < 2 * max_pairs) {
    by_raw_.emplace(Names{std::string(raw.first), std::string(raw.second)}, index);
  }
  return index;
}

void ConnectorPairs::count(const JobView& job, const ConnectionView& connection) {
  Pair& pair = pairs_[of(connection)];
  const std::size_t type = index_of(job.type);
  ++pair.completed[type];
  if (job.status == JobStatus::failed) ++pair.failed[type];
  if (job.status == JobStatus::cancelled) ++pair.cancelled[type];
  const auto amount = [](const std::optional<std::int64_t>& n) {
    return n && *n > 0 ? static_cast<std::uint64_t>(*n) : 0;
  };
  pair.records += amount(job.counters.records_committed);
  pair.bytes += amount(job.counters.bytes_committed);
}

std::vector<std::uint32_t> ConnectorPairs::ordered() const {
  std::vector<std::uint32_t> order;
  for (const auto& [labels, index] : by_label_) order.push_back(index);
  if (pairs_[other].used) order.push_back(other);
  return order;
}

void ConnectorPairs::write(TextWriter& writer) const {
  const auto order = ordered();
  const auto by_type = [&](const Family& family, const auto& counts_of) {
    if (order.empty()) return;
    writer.family(family);
    for (const std::uint32_t index : order) {
      const Pair& pair = pairs_[index];
      for (std::size_t type = 0; type < all_job_types.size(); ++type) {
        const std::uint64_t count = counts_of(pair)[type];
        // "other" is no type that is known in advance.
        if (count == 0 && all_job_types[type] == JobType::other) continue;
        writer.integer({{"source_connector", pair.source},
                        {"destination_connector", pair.destination},
                        {"job_type", to_string(all_job_types[type])}},
                       count);
      }
    }
  };
  const auto plain = [&](const Family& family, std::uint64_t Pair::*value) {
    if (order.empty()) return;
    writer.family(family);
    for (const std::uint32_t index : order) {
      const Pair& pair = pairs_[index];
      writer.integer({{"source_connector", pair.source}, {"destination_connector", pair.destination}},
                     pair.*value);
    }
  };
  by_type(
      family::jobs_cancelled_total, [](const Pair& p) -> const auto& { return p.cancelled; });
  by_type(
      family::jobs_completed_total, [](const Pair& p) -> const auto& { return p.completed; });
  by_type(
      family::jobs_failed_total, [](const Pair& p) -> const auto& { return p.failed; });
  plain(family::loaded_bytes_total, &Pair::bytes);
  plain(family::records_loaded_total, &Pair::records);
}

}  // namespace syncwarden::observe
