// The connector pairs in use: a bounded label set, and the job counters that go by it.
#pragma once

#include "model/connection.hpp"
#include "model/job.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace syncwarden::observe {

class TextWriter;

/// Counters of a pair never disappear while the process lives. Used on the loop's thread only. Their own
/// writer, because this is the one place with thousands of series that counts rather than looks.
class ConnectorPairs {
 public:
  /// Beyond so many distinct pairs the rest is counted as other/other.
  static constexpr std::size_t max_pairs = 300;
  static constexpr std::uint32_t other = 0;

  struct Pair {
    std::string source;
    std::string destination;
    std::uint32_t source_ordinal = 0;  ///< the same number for the same source connector
    std::uint32_t destination_ordinal = 0;
    std::array<std::uint64_t, all_job_types.size()> completed{};
    std::array<std::uint64_t, all_job_types.size()> failed{};
    std::array<std::uint64_t, all_job_types.size()> cancelled{};
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    bool used = false;  ///< always true, except for other/other before it is needed
  };

  ConnectorPairs();

  /// The pair of a connection, made on first sight. Index into pairs().
  [[nodiscard]] std::uint32_t of(const ConnectionView& connection);
  /// Counts a job that reached a terminal state.
  void count(const JobView& job, const ConnectionView& connection);

  [[nodiscard]] const std::vector<Pair>& pairs() const { return pairs_; }
  /// Indices of the pairs in use, ordered by labels.
  [[nodiscard]] std::vector<std::uint32_t> ordered() const;
  [[nodiscard]] const std::vector<std::string>& connectors() const { return connectors_; }

  void write(TextWriter& writer) const;

 private:
  using Names = std::pair<std::string, std::string>;
  struct Less {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      const int first = std::string_view(a.first).compare(std::string_view(b.first));
      return first != 0 ? first < 0 : std::string_view(a.second) < std::string_view(b.second);
    }
  };

  std::uint32_t add(std::string_view source, std::string_view destination);
  std::uint32_t ordinal(const std::string& connector);

  std::vector<Pair> pairs_;
  std::vector<std::string> connectors_;
  std::map<std::string, std::uint32_t, std::less<>> ordinals_;
  std::map<Names, std::uint32_t, Less> by_label_;
  std::map<Names, std::uint32_t, Less> by_raw_;  ///< what Airbyte calls them; a shortcut, bounded
};

}  // namespace syncwarden::observe
