#include "airbyte/client.hpp"

#include "airbyte/impl/fleet.hpp"
#include "airbyte/impl/inspector.hpp"
#include "airbyte/impl/job_listing.hpp"
#include "airbyte/impl/probe.hpp"
#include "airbyte/impl/wire.hpp"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

namespace syncwarden::airbyte {

namespace asio = boost::asio;

namespace {

constexpr std::size_t max_trigger_body = 1U << 20U;
constexpr std::size_t max_job_body = 64U << 20U;  // a job without logs; with get_light far less
constexpr std::size_t max_log_lines = 100'000;
constexpr Millis fresh_for{std::chrono::seconds{5}};  // how old a reading may be when a cancel goes out

/// What an exception out of Asio means: only the cancelling of the awaiting coroutine throws here.
Error error_of_exception(const std::exception& exception) {
  const auto* system = dynamic_cast<const boost::system::system_error*>(&exception);
  if (system != nullptr && system->code() == asio::error::operation_aborted) return cancelled_error("");
  Error error;
  error.code = Errc::internal;
  error.message = exception.what();
  return error;
}

in::CancelAnswered cancel_answer(JobId job, CancelResult result, std::optional<Error> error) {
  in::CancelAnswered answer;
  answer.job = job;
  answer.result = result;
  answer.error = std::move(error);
  return answer;
}

Call trigger_call(const Wire& wire, const Place& place, const out::TriggerSync& request) {
  Call call;
  call.operation = Operation::trigger_job;
  call.lane = LaneKind::triggers;
  call.place = place;
  call.target = place.api == Api::config ? "/connections/sync" : "/jobs";
  call.body = trigger_body(place.api, request.connection);
  call.deadline = wire.target().trigger_timeout;
  call.patience = std::max(request.not_after - wire.now().mono, Millis{});
  call.max_body = max_trigger_body;
  call.idempotent = false;
  call.not_after = request.not_after;
  return call;
}

Error unclear_error(std::string message, std::string where) {
  Error error;
  error.code = Errc::unexpected_reply;
  error.message = std::move(message);
  error.where = std::move(where);
  error.hint = "nothing was cancelled; look at the job in Airbyte's user interface";
  return error;
}

/// What forbids to cancel after the job was read again; nothing if it surely has not ended and is meant.
std::optional<in::CancelAnswered> objection(const out::CancelJob& request, const JobView& view) {
  if (is_terminal(view.status)) return cancel_answer(request.job, CancelResult::already_ended, std::nullopt);
  if (view.status == JobStatus::unknown) {
    Error error = unclear_error("Airbyte tells a status of the job that is not known here", "cancel_job");
    return cancel_answer(request.job, CancelResult::failed, std::move(error));
  }
  if (!request.connection.empty() && !view.connection.empty() && view.connection != request.connection) {
    Error error = unclear_error("the job belongs to another connection than was thought", "cancel_job");
    return cancel_answer(request.job, CancelResult::failed, std::move(error));
  }
  if (request.attempts && view.attempts > *request.attempts) {
    return cancel_answer(request.job, CancelResult::has_moved, std::nullopt);
  }
  return std::nullopt;
}

/// The same from the newest job that Airbyte lists for the connection.
std::optional<in::CancelAnswered> objection(const out::CancelJob& request,
                                            const std::optional<JobView>& newest) {
  if (newest && newest->id > request.job) {
    return cancel_answer(request.job, CancelResult::not_latest, std::nullopt);
  }
  if (!newest || newest->id != request.job) {
    Error error = unclear_error("Airbyte does not list the job for its connection", "cancel_job");
    return cancel_answer(request.job, CancelResult::failed, std::move(error));
  }
  return objection(request, *newest);
}

Call cancel_call(const Wire& wire, const Place& place, JobId job) {
  Call call;
  call.operation = Operation::cancel_job;
  call.lane = LaneKind::cancels;
  call.place = place;
  if (place.api == Api::config) {
    call.target = "/jobs/cancel";
    call.body = job_id_body(job);
  } else {
    call.method = "DELETE";
    call.target = fmt::format("/jobs/{}", job.value);
  }
  call.deadline = wire.target().cancel_timeout;
  call.patience = fresh_for;
  call.not_after = wire.now().mono + fresh_for;
  call.discard = true;  // it comes with the logs of all attempts
  call.idempotent = false;
  return call;
}

Call set_manual_call(const Wire& wire, const Place& place, const ConnectionId& connection) {
  Call call = read_call(wire.target(), place, Operation::list_connections, "", "");
  call.body = set_manual_body(place.api, connection);
  call.idempotent = false;
  if (place.api == Api::config) {
    call.target = "/connections/update";
  } else {
    call.method = "PATCH";
    call.target = "/connections/" + http::encode_query_component(connection.text);
  }
  return call;
}

class HttpAirbyte final : public AirbyteApi {
 public:
  HttpAirbyte(std::unique_ptr<Wire> wire, std::vector<Place> places)
      : wire_(std::move(wire)),
        places_(std::move(places)),
        fleet_(*wire_),
        listing_(*wire_),
        inspector_(*wire_) {}

  asio::awaitable<Result<AirbyteInfo>> probe() override {
    try {
      Result<AirbyteInfo> info = co_await do_probe();
      co_return info;
    } catch (const std::exception& exception) {
      co_return error_of_exception(exception);
    }
  }

  asio::awaitable<Result<std::vector<ConnectionView>>> connections() override {
    try {
      const Result<Place> place = co_await known_place();
      if (!place) co_return place.error();
      Result<std::vector<ConnectionView>> found = co_await fleet_.connections(*place);
      co_return found;
    } catch (const std::exception& exception) {
      co_return error_of_exception(exception);
    }
  }

  asio::awaitable<Result<JobsPage>> jobs(out::ReadJobs request) override {
    try {
      Result<JobsPage> page = co_await do_jobs(std::move(request));
      co_return page;
    } catch (const std::exception& exception) {
      co_return error_of_exception(exception);
    }
  }

  asio::awaitable<Result<JobView>> job(JobId id) override {
    try {
      Result<JobView> view = co_await do_job(id);
      co_return view;
    } catch (const std::exception& exception) {
      co_return error_of_exception(exception);
    }
  }

  asio::awaitable<Result<JobInspection>> inspect(out::InspectJob request) override {
    try {
      Result<JobInspection> inspection = co_await do_inspect(std::move(request));
      co_return inspection;
    } catch (const std::exception& exception) {
      co_return error_of_exception(exception);
    }
  }

  asio::awaitable<Result<std::vector<std::string>>> log_lines(JobId id, std::size_t most) override {
    try {
      Result<std::vector<std::string>> lines = co_await do_log_lines(id, most);
      co_return lines;
    } catch (const std::exception& exception) {
      co_return error_of_exception(exception);
    }
  }

  asio::awaitable<TriggerReply> trigger(out::TriggerSync request) override {
    bool sending = false;
    TriggerReply reply;
    try {
      reply = co_await do_trigger(std::move(request), &sending);
    } catch (const std::exception& exception) {
      reply.answer = sending ? TriggerAnswer::unclear : TriggerAnswer::not_sent;
      reply.error = error_of_exception(exception);
    }
    co_return reply;
  }

  asio::awaitable<in::CancelAnswered> cancel(out::CancelJob request) override {
    in::CancelAnswered answer;
    try {
      answer = co_await do_cancel(request);
    } catch (const std::exception& exception) {
      answer = cancel_answer(request.job, CancelResult::failed, error_of_exception(exception));
    }
    co_return answer;
  }

  asio::awaitable<Result<void>> set_schedule_manual(ConnectionId connection) override {
    try {
      Result<void> result = co_await do_set_manual(std::move(connection));
      co_return result;
    } catch (const std::exception& exception) {
      co_return error_of_exception(exception);
    }
  }

  std::optional<Millis> take_retry_after() override { return wire_->take_retry_after(); }
  void close() override { wire_->close(); }

 private:
  asio::awaitable<Result<AirbyteInfo>> do_probe();
  /// Where the API is; asks first if nobody has.
  asio::awaitable<Result<Place>> known_place();
  asio::awaitable<Result<JobsPage>> do_jobs(out::ReadJobs request);
  asio::awaitable<Result<JobView>> do_job(JobId id);
  asio::awaitable<Result<JobView>> read_job(Place place, JobId id, std::string path, bool* no_such_route);
  asio::awaitable<Result<JobInspection>> do_inspect(out::InspectJob request);
  asio::awaitable<Result<std::vector<std::string>>> do_log_lines(JobId id, std::size_t most);
  asio::awaitable<TriggerReply> do_trigger(out::TriggerSync request, bool* sending);
  asio::awaitable<in::CancelAnswered> do_cancel(out::CancelJob request);
  /// Both readings before a cancel; nothing if it may go out.
  asio::awaitable<std::optional<in::CancelAnswered>> look_before_cancel(Place place, out::CancelJob request);
  asio::awaitable<Result<void>> do_set_manual(ConnectionId connection);

  std::unique_ptr<Wire> wire_;
  std::vector<Place> places_;
  Fleet fleet_;
  JobListing listing_;
  Inspector inspector_;
  std::optional<Place> place_;
  std::optional<std::pair<Place, std::string>> known_;  ///< what the listings were set up for
  bool reads_light_ = false;                            ///< before 0.50 there is no get_without_logs
};

asio::awaitable<Result<AirbyteInfo>> HttpAirbyte::do_probe() {
  Result<Found> found = co_await find_airbyte(wire_.get(), places_);
  if (!found) co_return found.error();
  place_ = found->place;
  reads_light_ = !found->traits.whole_instance;
  AirbyteInfo info;
  info.version = found->instance.version;
  info.api = found->place.api == Api::config ? "config" : "public";
  info.lists_whole_instance = found->traits.whole_instance;
  // The same Airbyte as before keeps what was learnt from its refusals; one of unknown version may be
  // another.
  const bool same = known_ && *known_ == std::pair(found->place, info.version) && parse_version(info.version);
  if (!same) {
    known_ = std::pair(found->place, info.version);
    listing_.set_traits(found->traits);
    fleet_.set_instance(std::move(found->instance), found->traits);
  }
  co_return info;
}

asio::awaitable<Result<Place>> HttpAirbyte::known_place() {
  if (!place_) {
    const Result<AirbyteInfo> info = co_await do_probe();
    if (!info) co_return info.error();
  }
  co_return *place_;
}

asio::awaitable<Result<JobsPage>> HttpAirbyte::do_jobs(out::ReadJobs request) {
  const Result<Place> place = co_await known_place();
  if (!place) co_return place.error();
  std::vector<WorkspaceId> workspaces;
  if (listing_.traits().whole_instance) {
    Result<std::vector<WorkspaceId>> ids = co_await fleet_.workspace_ids(*place);
    if (!ids) co_return ids.error();
    workspaces = std::move(*ids);
    // no workspace at all: asking without one would mean all
    if (workspaces.empty() && place->api == Api::config) co_return JobsPage();
  }
  Result<JobsPage> page = co_await listing_.poll(*place, std::move(workspaces), std::move(request));
  co_return page;
}

asio::awaitable<Result<JobView>> HttpAirbyte::read_job(Place place, JobId id, std::string path,
                                                       bool* no_such_route) {
  const Shape& shape = job_shape(place.api);
  Reader reader(shape);
  const std::string body = place.api == Api::config ? job_id_body(id) : std::string();
  Call call = read_call(wire_->target(), place, Operation::get_job, std::move(path), body);
  call.max_body = max_job_body;
  call.reader = &reader;
  const Context context = wire_->context_of(call);
  const Outcome outcome = co_await wire_->send(std::move(call));
  if (!outcome) co_return error_of(outcome.error().error, context);
  if (!is_success(outcome->status)) {
    Error error = error_of(*outcome, context);
    *no_such_route = outcome->status == 404;
    if (means_no_such_job(place.api, *outcome)) {
      error.code = Errc::not_found;
      error.hint =
          fmt::format("Airbyte does not know job {} any more, or not to these credentials", id.value);
    }
    co_return error;
  }
  auto view = job_from(place.api, reader.root());
  if (view && view->id == id) co_return std::move(*view);
  Error error;
  error.code = Errc::unexpected_reply;
  error.message = fmt::format("the reply does not describe job {}", id.value);
  error.where = context.where;
  co_return error;
}

asio::awaitable<Result<JobView>> HttpAirbyte::do_job(JobId id) {
  const Result<Place> place = co_await known_place();
  if (!place) co_return place.error();
  bool no_such_route = false;
  if (place->api == Api::public_api) {
    std::string path = fmt::format("/jobs/{}", id.value);
    Result<JobView> view = co_await read_job(*place, id, std::move(path), &no_such_route);
    co_return view;
  }
  if (!reads_light_) {
    Result<JobView> view = co_await read_job(*place, id, "/jobs/get_without_logs", &no_such_route);
    if (!no_such_route) co_return view;
  }
  Result<JobView> light = co_await read_job(*place, id, "/jobs/get_light", &no_such_route);
  if (!light) co_return light.error();
  reads_light_ = true;
  if (!is_terminal(light->status) || light->connection.empty()) co_return light;
  // What it moved is told by the list only, and without it a good end looks like an empty one.
  Result<std::optional<JobView>> listed = co_await listing_.newest(*place, light->connection);
  const bool same = listed && listed->has_value() && (*listed)->id == id;
  if (same && is_terminal((*listed)->status)) co_return std::move(**listed);
  co_return light;
}

asio::awaitable<Result<JobInspection>> HttpAirbyte::do_inspect(out::InspectJob request) {
  const Result<Place> place = co_await known_place();
  if (!place) co_return place.error();
  Result<JobView> view = co_await do_job(request.job);
  if (!view) co_return view.error();
  JobInspection inspection;
  inspection.job = std::move(*view);
  JobView& job = inspection.job;
  if (job.connection.empty()) job.connection = request.connection;
  if (place->api == Api::public_api) co_return inspection;
  if (is_terminal(job.status)) {
    if (!request.only_progress) co_return inspection;
    const Result<void> ended =
        co_await inspector_.progress(*place, listing_.traits(), request.workspace, &inspection);
    if (!ended) co_return ended.error();
    co_return inspection;
  }
  if (reads_light_) {
    // the light reading has neither attempts nor counters, the list has
    Result<std::optional<JobView>> listed = co_await listing_.newest(*place, job.connection);
    if (!listed && listed.error().code == Errc::cancelled) co_return listed.error();
    if (listed && listed->has_value() && (*listed)->id == job.id) job = std::move(**listed);
    if (job.connection.empty()) job.connection = request.connection;
    if (is_terminal(job.status)) co_return inspection;
  }
  const Result<void> told =
      co_await inspector_.progress(*place, listing_.traits(), request.workspace, &inspection);
  if (!told) co_return told.error();
  if (request.only_progress) co_return inspection;
  const Result<void> completed = co_await inspector_.workflow(*place, &inspection);
  if (!completed) co_return completed.error();
  co_return inspection;
}

asio::awaitable<Result<std::vector<std::string>>> HttpAirbyte::do_log_lines(JobId id, std::size_t most) {
  const Result<Place> place = co_await known_place();
  if (!place) co_return place.error();
  if (place->api == Api::public_api) {
    Error error;
    error.code = Errc::unsupported;
    error.message = "Airbyte's Public API has no logs";
    error.hint = "set airbyte.url to the Config API, which ends in /api/v1";
    co_return error;
  }
  most = std::min(most, max_log_lines);
  const Result<JobView> view = co_await do_job(id);
  if (!view) co_return view.error();
  if (!reads_light_) {  // a light reading does not tell the attempts
    if (view->attempts == 0) co_return std::vector<std::string>();
    Result<std::vector<std::string>> newest =
        co_await inspector_.attempt_log(*place, id, view->attempts - 1, most);
    if (newest || newest.error().code != Errc::not_found) co_return newest;
  }
  Result<std::vector<std::string>> lines = co_await inspector_.job_log(*place, id, most);
  co_return lines;
}

asio::awaitable<TriggerReply> HttpAirbyte::do_trigger(out::TriggerSync request, bool* sending) {
  TriggerReply unsent;
  unsent.answer = TriggerAnswer::not_sent;
  if (!place_) {
    const Result<Place> known = co_await known_place();
    if (!known) {
      unsent.error = known.error();
      co_return unsent;
    }
  }
  const Place place = *place_;
  Reader reader(job_shape(place.api));
  Call call = trigger_call(*wire_, place, request);
  call.reader = &reader;
  call.sending = sending;
  const Context context = wire_->context_of(call);
  const Outcome outcome = co_await wire_->send(std::move(call));
  std::optional<JobView> job;
  if (outcome && is_success(outcome->status)) job = job_from(place.api, reader.root());
  co_return trigger_reply_from(place.api, outcome, job, context, wire_->now().wall);
}

asio::awaitable<std::optional<in::CancelAnswered>> HttpAirbyte::look_before_cancel(Place place,
                                                                                   out::CancelJob request) {
  const Result<JobView> view = co_await do_job(request.job);
  if (!view) co_return cancel_answer(request.job, CancelResult::failed, view.error());
  if (auto no = objection(request, *view)) co_return no;
  const ConnectionId connection = view->connection.empty() ? request.connection : view->connection;
  const Result<std::optional<JobView>> newest = co_await listing_.newest(place, connection);
  if (!newest) co_return cancel_answer(request.job, CancelResult::failed, newest.error());
  co_return objection(request, *newest);
}

asio::awaitable<in::CancelAnswered> HttpAirbyte::do_cancel(out::CancelJob request) {
  const Result<Place> place = co_await known_place();
  if (!place) co_return cancel_answer(request.job, CancelResult::failed, place.error());
  // Airbyte cancels whatever the job's connection runs at the moment, so both readings come right before; if
  // the lane is full and they grow old in it, they are made again.
  const Mono give_up = wire_->now().mono + wire_->target().cancel_timeout;
  for (;;) {
    std::optional<in::CancelAnswered> no = co_await look_before_cancel(*place, request);
    if (no) co_return std::move(*no);
    bool sending = false;
    Call call = cancel_call(*wire_, *place, request.job);
    call.sending = &sending;
    const Result<http::Response> reply = co_await wire_->fetch(std::move(call));
    if (reply) co_return cancel_answer(request.job, CancelResult::accepted, std::nullopt);
    const bool waited = !sending && reply.error().code == Errc::expired;
    if (!waited || wire_->now().mono >= give_up) {
      co_return cancel_answer(request.job, CancelResult::failed, reply.error());
    }
  }
}

asio::awaitable<Result<void>> HttpAirbyte::do_set_manual(ConnectionId connection) {
  const Result<Place> place = co_await known_place();
  if (!place) co_return place.error();
  Call call = set_manual_call(*wire_, *place, connection);
  const std::string where = wire_->context_of(call).where;
  const Result<Node> reply = co_await wire_->read(std::move(call), connection_shape(place->api));
  if (!reply) co_return reply.error();
  const auto view = connection_from(place->api, *reply);
  if (!view || view->schedule == AirbyteSchedule::manual || view->schedule == AirbyteSchedule::unknown) {
    co_return Result<void>();
  }
  Error error;
  error.code = Errc::unexpected_reply;
  error.message =
      fmt::format("Airbyte accepted the change, but the schedule is still {}", to_string(view->schedule));
  error.where = where;
  error.hint = "set the connection's schedule to manual in Airbyte's user interface";
  co_return error;
}

std::string proxy_for(const AirbyteTarget& target, const http::Origin& origin,
                      const std::function<const char*(const char*)>& get) {
  if (target.proxy == "none") return {};
  if (target.proxy == "from_environment" || target.proxy.empty()) {
    return http::proxy_from_environment(origin, get);
  }
  return target.proxy;
}

}  // namespace

std::string_view to_string(Operation operation) {
  switch (operation) {
    case Operation::get_token:
      return "get_token";
    case Operation::health:
      return "health";
    case Operation::list_workspaces:
      return "list_workspaces";
    case Operation::list_connections:
      return "list_connections";
    case Operation::list_jobs:
      return "list_jobs";
    case Operation::get_job:
      return "get_job";
    case Operation::trigger_job:
      return "trigger_job";
    case Operation::cancel_job:
      return "cancel_job";
    case Operation::administer:
      return "administer";
  }
  return "health";
}

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::dns:
      return "dns";
    case Reason::connect:
      return "connect";
    case Reason::tls:
      return "tls";
    case Reason::timeout:
      return "timeout";
    case Reason::auth:
      return "auth";
    case Reason::rate_limited:
      return "rate_limited";
    case Reason::http_4xx:
      return "http_4xx";
    case Reason::http_5xx:
      return "http_5xx";
    case Reason::decode:
      return "decode";
  }
  return "decode";
}

std::optional<Reason> reason_of(Errc code) {
  switch (code) {
    case Errc::resolve_failed:
    case Errc::resolve_timeout:
      return Reason::dns;
    case Errc::connect_refused:
    case Errc::connect_timeout:
    case Errc::proxy_failed:
    case Errc::connection_lost:
      return Reason::connect;
    case Errc::tls_failed:
      return Reason::tls;
    case Errc::send_timeout:
    case Errc::reply_timeout:
    case Errc::expired:
      return Reason::timeout;
    case Errc::unauthorized:
    case Errc::forbidden:
      return Reason::auth;
    case Errc::rate_limited:
      return Reason::rate_limited;
    case Errc::not_found:
    case Errc::conflict:
    case Errc::rejected:
      return Reason::http_4xx;
    case Errc::server_error:
      return Reason::http_5xx;
    case Errc::cancelled:
      return std::nullopt;
    default:
      return Reason::decode;
  }
}

Result<std::unique_ptr<AirbyteApi>> make_client(asio::any_io_executor executor, AirbyteTarget target,
                                                Clock clock, Observer observer, const HttpFactory& factory) {
  Result<http::Origin> origin = http::Origin::parse(target.url);
  if (!origin) return origin.error();
  http::ClientOptions options;
  options.connect_timeout = target.connect_timeout;
  options.max_idle = std::size_t{target.read_lanes} + target.trigger_lanes;
  options.tls.ca_file = target.ca_file;
  options.tls.cert_file = target.cert_file;
  options.tls.key_file = target.key_file;
  options.proxy = proxy_for(target, *origin, [](const char* name) { return std::getenv(name); });
  Result<std::unique_ptr<http::Client>> client = factory(executor, *origin, std::move(options));
  if (!client) return client.error();
  std::vector<Place> places = places_of(target.api, origin->base_path);
  auto wire = std::make_unique<Wire>(executor, std::move(target), std::move(clock), std::move(observer),
                                     std::move(*origin), std::move(*client));
  return std::unique_ptr<AirbyteApi>(std::make_unique<HttpAirbyte>(std::move(wire), std::move(places)));
}

}  // namespace syncwarden::airbyte
