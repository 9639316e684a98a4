#include "observe/metrics.hpp"

#include "observe/catalogue.hpp"
#include "observe/impl/botify_text.hpp"
#include "observe/impl/connection_text.hpp"
#include "observe/impl/connector_pairs.hpp"
#include "observe/impl/fact_counters.hpp"
#include "observe/impl/fleet_text.hpp"
#include "observe/impl/instruments.hpp"
#include "observe/impl/process.hpp"
#include "observe/impl/text_writer.hpp"

#include <array>
#include <map>
#include <utility>
#include <variant>

namespace syncwarden::observe {
namespace {

constexpr std::array lag_bounds{0.001, 0.01, 0.1, 1.0, 10.0};

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

}  // namespace

std::optional<ConnectionDetail> connection_detail_from(std::string_view word) {
  if (word == "off") return ConnectionDetail::off;
  if (word == "basic") return ConnectionDetail::basic;
  if (word == "full") return ConnectionDetail::full;
  return std::nullopt;
}

struct Metrics::Impl {
  explicit Impl(MetricsOptions given) : options(std::move(given)) {
    const BuildInfo& build = options.build;
    instruments
        .gauge(family::build_info, {{"version", build.version},
                                    {"revision", build.revision},
                                    {"branch", build.branch},
                                    {"compiler", build.compiler}})
        .set(1);
    for (const Level level : all_levels) {
      log_messages.emplace(
          level, instruments.counter(family::log_messages_total, {{"level", std::string(to_string(level))}}));
    }
  }

  MetricsOptions options;
  Instruments instruments;
  ConnectorPairs pairs;
  BotifyText botify{pairs};
  AirbyteMetrics airbyte{instruments};
  HttpMetrics http{instruments};
  WebhookMetrics webhooks{instruments};
  StoreMetrics store{instruments};
  NotifyMetrics notify{instruments};
  FactCounters facts{instruments};
  Gauge ready = instruments.gauge(family::ready);
  Gauge config_good = instruments.gauge(family::config_last_reload_successful);
  Gauge config_time = instruments.gauge(family::config_last_reload_success_timestamp_seconds);
  Gauge render_time = instruments.gauge(family::metrics_render_duration_seconds);
  Histogram lag = instruments.histogram(family::event_loop_lag_seconds, lag_bounds);
  std::map<Level, Counter> log_messages;
  std::size_t last_size = 0;
};

Metrics::Metrics(MetricsOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Metrics::~Metrics() = default;

void Metrics::apply(const Fact& fact) {
  Impl& impl = *impl_;
  const Overloaded count{
      [&](const fact::TickDecided& f) { impl.facts.tick(f.tick); },
      [&](const fact::RunFinished& f) { impl.facts.run_finished(f.run); },
      [&](const fact::RecoveryStep& f) { impl.facts.recovery(f); },
      [&](const fact::TriggerSent& f) { impl.facts.trigger_sent(f.run); },
      [&](const fact::TriggerFailed& f) { impl.facts.trigger_failed(f); },
      [&](const fact::TriggerAccepted& f) { impl.facts.trigger_accepted(f.delay); },
      [&](const fact::JobEnded& f) {
        impl.facts.job_ended(f.job);
        impl.pairs.count(f.job, f.connection);
        impl.botify.count(f.job, f.connection);
      },
      [&](const fact::PollDone& f) {
        impl.airbyte.poll_done(f.poll, f.error.has_value());
        if (!f.error) impl.airbyte.poll_took(f.poll, f.took);
      },
      [&](const fact::ConnectionFound& f) { static_cast<void>(impl.pairs.of(f.connection)); },
      [](const auto&) {}};  // the others are state, or for the log
  std::visit(count, fact);
}

AirbyteMetrics& Metrics::airbyte() { return impl_->airbyte; }
HttpMetrics& Metrics::http() { return impl_->http; }
WebhookMetrics& Metrics::webhooks() { return impl_->webhooks; }
StoreMetrics& Metrics::store() { return impl_->store; }
NotifyMetrics& Metrics::notify() { return impl_->notify; }

void Metrics::ready(bool is_ready) { impl_->ready.set(is_ready ? 1 : 0); }
void Metrics::config_loaded(Instant at) {
  impl_->config_good.set(1);
  impl_->config_time.set(Seconds(at.time_since_epoch()).count());
}
void Metrics::config_refused() { impl_->config_good.set(0); }
void Metrics::configure(ConnectionDetail detail, std::size_t connection_limit, bool botify_compat) {
  impl_->options.botify_compat = botify_compat;
  impl_->options.detail = detail;
  impl_->options.connection_limit = connection_limit;
}
void Metrics::loop_lag(Seconds lag) { impl_->lag.observe(lag); }
void Metrics::logged(Level level) { impl_->log_messages.at(level).add(); }
void Metrics::rendered(Seconds took) { impl_->render_time.set(took.count()); }

std::string Metrics::render(const ReadView& view, Now now) {
  Impl& impl = *impl_;
  const FleetPicture fleet = view.fleet(now.wall);
  ConnectorTally tally(impl.pairs);
  ConnectionText connections(impl.options.detail, impl.options.connection_limit, fleet.connections);
  view.for_each_connection([&](const ConnectionPicture& picture) {
    const auto& pair = impl.pairs.pairs()[tally.add(picture)];
    // What only `full` shows stands in the picture of the one connection.
    const bool whole = impl.options.detail == ConnectionDetail::full &&
                       view.with_connection(picture.view->id, [&](const ConnectionPicture& one) {
                         connections.add(one, pair.source, pair.destination);
                       });
    if (!whole) connections.add(picture, pair.source, pair.destination);
  });
  TextWriter writer;
  writer.out.reserve(impl.last_size + impl.last_size / 8 + 64 * 1024);
  write_process(writer, impl.options.started);
  impl.instruments.write(writer);
  write_fleet(writer, fleet);
  tally.write(writer);
  impl.pairs.write(writer);
  if (impl.options.botify_compat) impl.botify.write(writer, view);
  writer.single(family::metrics_connections_omitted, static_cast<double>(connections.omitted()));
  writer.out.reserve(writer.out.size() + connections.size());
  connections.append_to(writer.out);
  impl.last_size = writer.out.size();
  return std::move(writer.out);
}

}  // namespace syncwarden::observe
