#include "core/verify.hpp"

#include "core/statistics.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace syncwarden::core {
namespace {

/// Beyond this a size or a duration is not only unusual but unbelievable, if it is also this much smaller.
constexpr double suspect_deviation = -6;
constexpr double suspect_share = 1.0 / 20;
/// Of the usual records; a run that moves so many is believed, however fast it was.
constexpr double believable_share = 1.0 / 4;
/// Beyond this it is worth a word.
constexpr double outlier_deviation = 4;
/// Below this a run is too short for its duration to say anything.
constexpr Millis telling_duration{std::chrono::minutes{1}};
/// A twentieth of the records rejected is worth a word.
constexpr double rejected_share = 0.05;

std::optional<std::int64_t> records_of(const JobCounters& counters) {
  return counters.records_committed ? counters.records_committed : counters.records_emitted;
}
std::optional<std::int64_t> bytes_of(const JobCounters& counters) {
  return counters.bytes_committed ? counters.bytes_committed : counters.bytes_emitted;
}

std::vector<double> sizes(const ConnectionHistory& history) {
  std::vector<double> all;
  all.reserve(history.samples.size());
  for (const auto& sample : history.samples) {
    if (sample.records) all.push_back(static_cast<double>(*sample.records));
  }
  return all;
}

std::string usual_size(const std::vector<double>& past) {
  return fmt::format("its last {} verified runs moved {:.0f} in the middle", past.size(),
                     median(past).value_or(0));
}

bool knows_statistics(const ConnectionHistory& history) {
  return std::any_of(history.samples.begin(), history.samples.end(),
                     [](const RunSample& sample) { return sample.records.has_value(); });
}

Judgement doubted(std::string evidence) { return {false, std::move(evidence), {}, false}; }
Judgement unlike_before(std::string evidence) { return {false, std::move(evidence), {}, true}; }

/// Nothing moved, or nothing is known about what moved.
std::optional<Judgement> empty_success(const JobView& job, const ConnectionHistory& history,
                                       const VerifyPolicy& policy, bool statistics_expected) {
  const auto records = records_of(job.counters);
  if (!has_statistics(job.counters)) {
    const bool telling = statistics_expected || knows_statistics(history);
    if (!telling || policy.no_statistics == NoStatistics::accept) return Judgement{};
    return doubted("Airbyte says succeeded and shows no statistics at all");
  }
  if (records.value_or(1) != 0) return std::nullopt;
  if (policy.zero_records == ZeroRecords::accept) return Judgement{};
  if (policy.zero_records == ZeroRecords::suspect) return doubted("0 records");
  const auto past = sizes(history);
  if (past.size() < least_history || often_empty(history)) return Judgement{};
  return doubted("0 records; " + usual_size(past));
}

}  // namespace

bool often_empty(const ConnectionHistory& history) {
  std::size_t known = 0, empty = 0;
  for (const auto& sample : history.samples) {
    if (!sample.records) continue;
    ++known;
    if (*sample.records == 0) ++empty;
  }
  return empty * 10 > known;
}

RunSample sample_of(const JobView& job) {
  RunSample sample;
  const bool attempt_known =
      job.attempt_started && job.attempt_ended && *job.attempt_ended >= *job.attempt_started;
  sample.duration = attempt_known ? *job.attempt_ended - *job.attempt_started
                                  : std::max(Millis{}, job.updated - job.created);
  sample.records = records_of(job.counters);
  sample.bytes = bytes_of(job.counters);
  return sample;
}

namespace {

/// Far below the time that its runs take; in words.
std::optional<std::string> too_fast(const RunSample& sample, const ConnectionHistory& history) {
  const Millis usual = typical_duration(history.samples).value_or(Millis{});
  const auto took = static_cast<double>(sample.duration.count());
  if (usual < telling_duration || took >= static_cast<double>(usual.count()) * suspect_share)
    return std::nullopt;
  std::vector<double> durations;
  durations.reserve(history.samples.size());
  for (const auto& other : history.samples) durations.push_back(static_cast<double>(other.duration.count()));
  const auto deviation = robust_deviation(took, durations);
  if (!deviation || *deviation > suspect_deviation) return std::nullopt;
  return fmt::format("it ran for {}; its last {} verified runs took {} in the middle",
                     to_string(sample.duration), durations.size(), to_string(usual));
}

}  // namespace

Judgement judge(const JobView& job, const ConnectionHistory& history, const VerifyPolicy& policy,
                bool statistics_expected) {
  if (job.type != JobType::sync) return {};
  if (const auto empty = empty_success(job, history, policy, statistics_expected)) return *empty;
  const auto sample = sample_of(job);
  const auto past = sizes(history);
  const double usual_records = median(past).value_or(0);
  Judgement judgement;
  if (sample.records && policy.volume != VolumeCheck::off && !often_empty(history)) {
    const auto records = static_cast<double>(*sample.records);
    // For what is usual one logarithm tells it.
    const bool worth_a_look =
        most_deviation(records, usual_records) >= std::min(outlier_deviation, -suspect_deviation);
    const auto deviation = worth_a_look ? robust_deviation(records, past) : std::nullopt;
    if (deviation && *deviation <= suspect_deviation && records < usual_records * suspect_share)
      return unlike_before(fmt::format("{} records; {}", *sample.records, usual_size(past)));
    if (deviation && std::abs(*deviation) >= outlier_deviation)
      judgement.outlier = fmt::format("{} records; {}", *sample.records, usual_size(past));
  }
  // Who moves what it usually moves may be as fast as it likes.
  const bool moved_enough = sample.records && usual_records > 0 &&
                            static_cast<double>(*sample.records) >= usual_records * believable_share;
  if (!moved_enough) {
    if (auto hasty = too_fast(sample, history)) return unlike_before(std::move(*hasty));
  }
  const auto rejected = static_cast<double>(job.counters.records_rejected.value_or(0));
  if (policy.volume != VolumeCheck::off && rejected > 0 &&
      rejected >= rejected_share * (rejected + static_cast<double>(sample.records.value_or(0)))) {
    judgement.outlier = fmt::format("{:.0f} records were rejected beside {} that arrived", rejected,
                                    sample.records.value_or(0));
  }
  return judgement;
}

}  // namespace syncwarden::core
