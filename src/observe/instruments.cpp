#include "observe/impl/instruments.hpp"

#include "base/text.hpp"
#include "observe/impl/text_writer.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

namespace syncwarden::observe {
namespace {

Labels cleaned(const Labels& labels) {
  Labels clean;
  for (const auto& [name, value] : labels) clean.emplace(name, printable(value));
  return clean;
}

void append_series(std::string& out, std::string_view name, std::string_view suffix,
                   const prometheus::ClientMetric& metric, const double* bound = nullptr) {
  out += name;
  out += suffix;
  char before = '{';
  for (const auto& label : metric.label) {
    out += before;
    out += label.name;
    out += "=\"";
    append_label_value(out, label.value);
    out += '"';
    before = ',';
  }
  if (bound != nullptr) {
    out += before;
    out += "le=\"";
    append_number(out, *bound);
    out += '"';
    before = ',';
  }
  if (before == ',') out += '}';
  out += ' ';
}

void append_histogram(std::string& out, std::string_view name, const prometheus::ClientMetric& metric) {
  for (const auto& bucket : metric.histogram.bucket) {
    append_series(out, name, "_bucket", metric, &bucket.upper_bound);
    append_integer(out, static_cast<std::int64_t>(bucket.cumulative_count));
    out += '\n';
  }
  append_series(out, name, "_sum", metric);
  append_number(out, metric.histogram.sample_sum);
  out += '\n';
  append_series(out, name, "_count", metric);
  append_integer(out, static_cast<std::int64_t>(metric.histogram.sample_count));
  out += '\n';
}

}  // namespace

void Counter::add(double amount) const {
  if (std::isfinite(amount) && amount > 0) counter_->Increment(amount);
}
void Gauge::set(double value) const { gauge_->Set(value); }
void Gauge::add(double amount) const { gauge_->Increment(amount); }
void Histogram::observe(Seconds duration) const {
  if (std::isfinite(duration.count()) && duration.count() >= 0) histogram_->Observe(duration.count());
}

struct Instruments::Impl {
  prometheus::Registry registry;
  std::map<std::string_view, const Family*> families;

  template <class Build>
  auto& family(const Family& wanted, Build build) {
    families.emplace(wanted.name, &wanted);
    return build().Name(std::string(wanted.name)).Help(std::string(wanted.help)).Register(registry);
  }
};

Instruments::Instruments() : impl_(std::make_unique<Impl>()) {}
Instruments::~Instruments() = default;

Counter Instruments::counter(const Family& family, const Labels& labels) {
  return Counter(impl_->family(family, prometheus::BuildCounter).Add(cleaned(labels)));
}

Gauge Instruments::gauge(const Family& family, const Labels& labels) {
  return Gauge(impl_->family(family, prometheus::BuildGauge).Add(cleaned(labels)));
}

Histogram Instruments::histogram(const Family& family, std::span<const double> bounds, const Labels& labels) {
  const prometheus::Histogram::BucketBoundaries boundaries(bounds.begin(), bounds.end());
  return Histogram(impl_->family(family, prometheus::BuildHistogram).Add(cleaned(labels), boundaries));
}

// The library's own serialiser leaves HELP unescaped, changes the order from run to run and costs four times
// as much.
void Instruments::write(TextWriter& writer) const {
  auto families = impl_->registry.Collect();
  std::sort(families.begin(), families.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  for (auto& collected : families) {
    const auto known = impl_->families.find(collected.name);
    if (known == impl_->families.end()) continue;
    const Family& family = *known->second;
    append_header(writer.out, family);
    std::sort(collected.metric.begin(), collected.metric.end(),
              [](const auto& a, const auto& b) { return a.label < b.label; });
    for (const auto& metric : collected.metric) {
      if (family.type == FamilyType::histogram) {
        append_histogram(writer.out, family.name, metric);
        continue;
      }
      append_series(writer.out, family.name, "", metric);
      append_number(writer.out,
                    family.type == FamilyType::counter ? metric.counter.value : metric.gauge.value);
      writer.out += '\n';
    }
  }
}

}  // namespace syncwarden::observe
