// The registry of the fixed families. prometheus-cpp stays behind this header.
#pragma once

#include "observe/catalogue.hpp"
#include "observe/metrics.hpp"

#include <map>
#include <memory>
#include <span>
#include <string>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace syncwarden::observe {

class TextWriter;

using Labels = std::map<std::string, std::string>;

/// Handles are cheap to copy, live as long as their Instruments, and may be used from any thread.
class Counter {
 public:
  explicit Counter(prometheus::Counter& counter) : counter_(&counter) {}
  /// Negative and non-finite amounts are dropped.
  void add(double amount = 1) const;

 private:
  prometheus::Counter* counter_;
};

class Gauge {
 public:
  explicit Gauge(prometheus::Gauge& gauge) : gauge_(&gauge) {}
  void set(double value) const;
  void add(double amount) const;

 private:
  prometheus::Gauge* gauge_;
};

class Histogram {
 public:
  explicit Histogram(prometheus::Histogram& histogram) : histogram_(&histogram) {}
  /// Negative and non-finite durations are dropped: one NaN would spoil the sum for ever.
  void observe(Seconds duration) const;

 private:
  prometheus::Histogram* histogram_;
};

class Instruments {
 public:
  Instruments();
  ~Instruments();
  Instruments(const Instruments&) = delete;
  Instruments& operator=(const Instruments&) = delete;

  /// The series of these labels, made at 0 the first time and the same one afterwards.
  [[nodiscard]] Counter counter(const Family& family, const Labels& labels = {});
  [[nodiscard]] Gauge gauge(const Family& family, const Labels& labels = {});
  [[nodiscard]] Histogram histogram(const Family& family, std::span<const double> bounds,
                                    const Labels& labels = {});

  /// Every family with its series, ordered by name and then by labels.
  void write(TextWriter& writer) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace syncwarden::observe
