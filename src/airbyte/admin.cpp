#include "airbyte/admin.hpp"

#include "airbyte/impl/admin_codec.hpp"
#include "airbyte/impl/errand.hpp"
#include "airbyte/impl/job_pages.hpp"
#include "http/message.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::airbyte {
namespace {

constexpr std::size_t public_page = 100;  // its maximum
constexpr std::string_view config_hint = "set airbyte.url to the Config API, which ends in /api/v1";

Error unsupported(std::string message, std::string hint) {
  Error error;
  error.code = Errc::unsupported;
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

Error not_over_public(std::string_view what) {
  return unsupported(fmt::format("Airbyte's Public API cannot {}", what), std::string(config_hint));
}

Error connector_failed(std::string_view what, const ConnectorReply& reply) {
  Error error;
  error.code = Errc::unexpected_reply;
  error.message =
      fmt::format("the {} itself failed{}{}", what, reply.message.empty() ? "" : ": ", reply.message);
  error.hint = "Airbyte could not run the connector; the cause is in the log of its worker";
  return error;
}

/// A check or discovery that nobody answered in time, told as what it is.
Error with_patience_hint(Error error, std::string_view what) {
  if (error.code == Errc::reply_timeout || error.code == Errc::server_error) {
    error.hint = fmt::format(
        "the {} took too long: is the host reachable from Airbyte? A slow one may need "
        "more than airbyte.timeouts.connector",
        what);
  }
  return error;
}

std::string plural(End end) { return fmt::format("/{}s", to_string(end)); }

class HttpAdmin final : public AirbyteAdmin {
 public:
  explicit HttpAdmin(std::unique_ptr<Errand> errand) : errand_(std::move(errand)) {}

  Result<AirbyteInfo> probe() override { return errand_->info(); }
  bool interrupted() const override { return errand_->interrupted(); }

  Result<std::vector<WorkspaceEntry>> workspaces() override;
  Result<std::vector<DefinitionEntry>> definitions(End end, WorkspaceId workspace) override;
  Result<ConnectorSpecification> specification(End end, DefinitionId definition,
                                               WorkspaceId workspace) override;
  Result<std::vector<ActorEntry>> actors(End end, WorkspaceId workspace) override;
  Result<ActorEntry> actor(End end, ActorId id) override;
  Result<ActorEntry> create_actor(ActorDraft draft) override;
  Result<ActorEntry> update_actor(ActorEntry actor) override;
  Result<void> delete_actor(End end, ActorId id) override;
  Result<CheckOutcome> check(End end, ActorId id) override;
  Result<CheckOutcome> check_draft(ActorDraft draft, ActorId existing) override;
  Result<Catalog> discover(ActorId source) override;
  Result<std::vector<ConnectionEntry>> connections(WorkspaceId workspace) override;
  Result<ConnectionEntry> connection(ConnectionId id) override;
  Result<ConnectionEntry> create_connection(ConnectionChange draft) override;
  Result<ConnectionEntry> update_connection(ConnectionId id, ConnectionChange change) override;
  Result<void> delete_connection(ConnectionId id) override;
  Result<JobView> sync(ConnectionId id) override;
  Result<JobView> reset(ConnectionId id) override;
  Result<JobView> refresh(ConnectionId id, RefreshMode mode, std::vector<StreamChoice> streams) override;
  Result<void> jobs(JobFilter filter, const std::function<bool(const JobView&)>& each) override;
  Result<JobDetail> job(JobId id) override;
  Result<JobInspection> progress(JobId id, ConnectionId connection, WorkspaceId workspace) override;
  in::CancelAnswered cancel(JobId id, ConnectionId connection) override;
  Result<std::vector<std::string>> log_lines(JobId id, std::size_t most) override;

 private:
  [[nodiscard]] Api api() { return errand_->found()->place.api; }
  template <class T, class Read>
  [[nodiscard]] Result<T> ask(Call call, std::string_view what, Read read);
  template <class T, class Read>
  [[nodiscard]] Result<std::vector<T>> pages(std::string path, WorkspaceId workspace, std::string_view what,
                                             Read read);
  [[nodiscard]] Result<JobView> started(Call call);
  [[nodiscard]] Result<CheckOutcome> checked(Call call);

  std::unique_ptr<Errand> errand_;
};

template <class T, class Read>
Result<T> HttpAdmin::ask(Call call, std::string_view what, Read read) {
  const Result<std::string> body = errand_->fetch(call);
  if (!body) return body.error();
  std::optional<T> value = read(*body);
  if (!value) return errand_->malformed(call, what);
  return std::move(*value);
}

/// Every page of a Public API list.
template <class T, class Read>
Result<std::vector<T>> HttpAdmin::pages(std::string path, WorkspaceId workspace, std::string_view what,
                                        Read read) {
  std::vector<WorkspaceId> only;
  if (!workspace.empty()) only.push_back(workspace);
  std::vector<T> all;
  for (;;) {
    Call call = errand_->reading(list_target(path, only, public_page, all.size()), "");
    Result<std::vector<T>> page = ask<std::vector<T>>(std::move(call), what, read);
    if (!page) return page.error();
    std::move(page->begin(), page->end(), std::back_inserter(all));
    if (page->size() < public_page) return all;
  }
}

Result<std::vector<WorkspaceEntry>> HttpAdmin::workspaces() {
  const auto found = errand_->found();
  if (!found) return found.error();
  const auto read = [](const std::string& body) { return workspaces_from(body); };
  if (found->place.api == Api::public_api)
    return pages<WorkspaceEntry>("/workspaces", {}, "list of workspaces", read);
  using Entries = std::vector<WorkspaceEntry>;
  std::vector<std::pair<std::string, std::string>> ways;
  if (found->traits.lists_workspaces) ways.emplace_back("/workspaces/list", "");
  if (!found->instance.default_user.empty())
    ways.emplace_back("/workspaces/list_by_user_id", one_field_body("userId", found->instance.default_user));
  if (!found->instance.default_organization.empty())
    ways.emplace_back("/workspaces/list_by_organization_id",
                      one_field_body("organizationId", found->instance.default_organization));
  std::optional<Error> refusal;
  for (auto& [path, body] : ways) {
    Result<Entries> answer = ask<Entries>(errand_->reading(path, body), "list of workspaces", read);
    if (answer) return answer;
    refusal = answer.error();
    const bool unknown = refusal->code == Errc::not_found || refusal->code == Errc::forbidden ||
                         refusal->code == Errc::rejected;
    if (!unknown) break;
  }
  if (refusal) return *refusal;
  return unsupported("this Airbyte does not tell its workspaces", "name one by id in airbyte.workspaces");
}

Result<std::vector<DefinitionEntry>> HttpAdmin::definitions(End end, WorkspaceId workspace) {
  const auto found = errand_->found();
  if (!found) return found.error();
  const auto read = [end](const std::string& body) { return definitions_from(end, body); };
  using Entries = std::vector<DefinitionEntry>;
  if (found->place.api == Api::public_api) {
    if (workspace.empty()) return unsupported("the Public API lists definitions of a workspace", "name one");
    const std::string path = fmt::format("/connector_definitions?type={}&workspaceId={}", to_string(end),
                                         http::encode_query_component(workspace.text));
    Result<Entries> answer = ask<Entries>(errand_->reading(path, ""), "list of definitions", read);
    if (!answer && answer.error().code == Errc::not_found)
      return unsupported("the Public API of this Airbyte does not list definitions",
                         std::string(config_hint));
    return answer;
  }
  const std::string base = fmt::format("/{}_definitions/", to_string(end));
  Call call = workspace.empty() ? errand_->reading(base + "list", "")
                                : errand_->reading(base + "list_for_workspace", workspace_id_body(workspace));
  return ask<Entries>(std::move(call), "list of definitions", read);
}

Result<ConnectorSpecification> HttpAdmin::specification(End end, DefinitionId definition,
                                                        WorkspaceId workspace) {
  const auto found = errand_->found();
  if (!found) return found.error();
  if (found->place.api == Api::public_api) return not_over_public("tell a connector's specification");
  Call call = errand_->connecting(fmt::format("/{}_definition_specifications/get", to_string(end)),
                                  definition_body(end, definition, workspace));
  return ask<ConnectorSpecification>(std::move(call), "specification", specification_from);
}

Result<std::vector<ActorEntry>> HttpAdmin::actors(End end, WorkspaceId workspace) {
  const auto found = errand_->found();
  if (!found) return found.error();
  const Api spoken = found->place.api;
  const auto read = [end, spoken](const std::string& body) { return actors_from(spoken, end, body); };
  if (spoken == Api::public_api) return pages<ActorEntry>(plural(end), workspace, "list", read);
  Call call = errand_->reading(plural(end) + "/list", workspace_id_body(workspace));
  return ask<std::vector<ActorEntry>>(std::move(call), "list", read);
}

Result<ActorEntry> HttpAdmin::actor(End end, ActorId id) {
  const auto found = errand_->found();
  if (!found) return found.error();
  const Api spoken = found->place.api;
  Call call = spoken == Api::config
                  ? errand_->reading(plural(end) + "/get",
                                     one_field_body(fmt::format("{}Id", to_string(end)), id.text))
                  : errand_->reading(plural(end) + "/" + http::encode_query_component(id.text), "");
  return ask<ActorEntry>(std::move(call), to_string(end), [end, spoken](const std::string& body) {
    return actor_entry_from(spoken, end, body);
  });
}

Result<ActorEntry> HttpAdmin::create_actor(ActorDraft draft) {
  const auto found = errand_->found();
  if (!found) return found.error();
  const Api spoken = found->place.api;
  const End end = draft.end;
  Call call = errand_->changing("POST", spoken == Api::config ? plural(end) + "/create" : plural(end),
                                create_actor_body(spoken, draft));
  return ask<ActorEntry>(std::move(call), to_string(end), [end, spoken](const std::string& body) {
    return actor_entry_from(spoken, end, body);
  });
}

Result<ActorEntry> HttpAdmin::update_actor(ActorEntry actor) {
  const auto found = errand_->found();
  if (!found) return found.error();
  const Api spoken = found->place.api;
  const End end = actor.end;
  std::string body = update_actor_body(spoken, actor);
  Call call =
      spoken == Api::config
          ? errand_->changing("POST", plural(end) + "/update", std::move(body))
          : errand_->changing("PATCH", plural(end) + "/" + http::encode_query_component(actor.id.text),
                              std::move(body));
  return ask<ActorEntry>(std::move(call), to_string(end), [end, spoken](const std::string& reply) {
    return actor_entry_from(spoken, end, reply);
  });
}

Result<void> HttpAdmin::delete_actor(End end, ActorId id) {
  const auto found = errand_->found();
  if (!found) return found.error();
  Call call =
      found->place.api == Api::config
          ? errand_->changing("POST", plural(end) + "/delete",
                              one_field_body(fmt::format("{}Id", to_string(end)), id.text))
          : errand_->changing("DELETE", plural(end) + "/" + http::encode_query_component(id.text), "");
  const Result<std::string> body = errand_->fetch(std::move(call));
  if (!body) return body.error();
  return Result<void>();
}

Result<CheckOutcome> HttpAdmin::checked(Call call) {
  Result<ConnectorReply> reply = ask<ConnectorReply>(std::move(call), "check", check_from);
  if (!reply) return with_patience_hint(reply.error(), "check");
  if (!reply->ran) return connector_failed("check", *reply);
  return CheckOutcome{reply->succeeded, std::move(reply->message)};
}

Result<CheckOutcome> HttpAdmin::check(End end, ActorId id) {
  const auto found = errand_->found();
  if (!found) return found.error();
  if (found->place.api == Api::public_api) return not_over_public("check a connection");
  return checked(errand_->connecting(plural(end) + "/check_connection",
                                     one_field_body(fmt::format("{}Id", to_string(end)), id.text)));
}

Result<CheckOutcome> HttpAdmin::check_draft(ActorDraft draft, ActorId existing) {
  const auto found = errand_->found();
  if (!found) return found.error();
  if (found->place.api == Api::public_api) return not_over_public("check a connection");
  return checked(errand_->connecting(fmt::format("/scheduler{}/check_connection", plural(draft.end)),
                                     check_draft_body(draft, existing)));
}

Result<Catalog> HttpAdmin::discover(ActorId source) {
  const auto found = errand_->found();
  if (!found) return found.error();
  const Api spoken = found->place.api;
  Call call = spoken == Api::config
                  ? errand_->connecting("/sources/discover_schema", discover_body(source))
                  : errand_->connecting(fmt::format("/streams?sourceId={}&ignoreCache=true",
                                                    http::encode_query_component(source.text)),
                                        "");
  Result<DiscoverReply> reply = ask<DiscoverReply>(
      std::move(call), "catalog", [spoken](const std::string& body) { return discovery_from(spoken, body); });
  if (!reply) return with_patience_hint(reply.error(), "discovery");
  if (!reply->job.ran) return connector_failed("discovery", reply->job);
  return std::move(reply->catalog);
}

Result<std::vector<ConnectionEntry>> HttpAdmin::connections(WorkspaceId workspace) {
  const auto found = errand_->found();
  if (!found) return found.error();
  const Api spoken = found->place.api;
  const auto read = [spoken](const std::string& body) { return connection_entries_from(spoken, body); };
  if (spoken == Api::public_api) return pages<ConnectionEntry>("/connections", workspace, "list", read);
  Call call = errand_->reading("/connections/list", workspace_id_body(workspace));
  auto entries = ask<std::vector<ConnectionEntry>>(std::move(call), "list of connections", read);
  if (!entries) return entries;
  for (auto& entry : *entries) {
    if (entry.workspace.empty()) entry.workspace = workspace;  // 0.40 does not tell
  }
  return entries;
}

Result<ConnectionEntry> HttpAdmin::connection(ConnectionId id) {
  const auto found = errand_->found();
  if (!found) return found.error();
  const Api spoken = found->place.api;
  Call call = spoken == Api::config
                  ? errand_->reading("/connections/get", connection_id_body(id))
                  : errand_->reading("/connections/" + http::encode_query_component(id.text), "");
  return ask<ConnectionEntry>(std::move(call), "connection", [spoken](const std::string& body) {
    return connection_entry_from(spoken, body);
  });
}

/// What the Public API cannot set is refused here, before anything is sent.
std::optional<Error> public_refusal(const ConnectionChange& change) {
  if (change.schedule && change.schedule->kind == AirbyteSchedule::basic)
    return not_over_public("set a schedule of the basic kind");
  if (change.schedule && change.schedule->kind == AirbyteSchedule::cron && change.schedule->zone != "UTC")
    return not_over_public("set a cron schedule in another zone than UTC");
  if (!change.streams) return std::nullopt;
  for (const auto& stream : *change.streams) {
    if (!public_sync_mode(stream.sync_mode, stream.destination_sync_mode).empty()) continue;
    return not_over_public(fmt::format("sync {} with {} and {}", stream.full_name(), stream.sync_mode,
                                       stream.destination_sync_mode));
  }
  return std::nullopt;
}

/// The same for old servers, whose own refusal would not say what they know.
std::optional<Error> old_refusal(const Found& found, const ConnectionChange& change) {
  if (found.traits.whole_instance || !change.schema_changes.value_or("").starts_with("propagate"))
    return std::nullopt;
  return unsupported(
      fmt::format("Airbyte {} does not propagate schema changes; 0.50 and later do", found.instance.version),
      "it knows ignore and disable");
}

Result<ConnectionEntry> HttpAdmin::create_connection(ConnectionChange draft) {
  const auto found = errand_->found();
  if (!found) return found.error();
  const Api spoken = found->place.api;
  if (spoken == Api::public_api) {
    if (auto refusal = public_refusal(draft)) return *refusal;
  }
  if (auto refusal = old_refusal(*found, draft)) return *refusal;
  const bool old_server = !found->traits.knows_refresh;
  Call call = errand_->changing("POST", spoken == Api::config ? "/connections/create" : "/connections",
                                create_connection_body(spoken, draft, old_server));
  return ask<ConnectionEntry>(std::move(call), "connection", [spoken](const std::string& body) {
    return connection_entry_from(spoken, body);
  });
}

Result<ConnectionEntry> HttpAdmin::update_connection(ConnectionId id, ConnectionChange change) {
  const auto found = errand_->found();
  if (!found) return found.error();
  const Api spoken = found->place.api;
  if (spoken == Api::public_api) {
    if (auto refusal = public_refusal(change)) return *refusal;
  }
  if (auto refusal = old_refusal(*found, change)) return *refusal;
  std::string body = update_connection_body(spoken, id, change);
  Call call = spoken == Api::config
                  ? errand_->changing("POST", "/connections/update", std::move(body))
                  : errand_->changing("PATCH", "/connections/" + http::encode_query_component(id.text),
                                      std::move(body));
  return ask<ConnectionEntry>(std::move(call), "connection", [spoken](const std::string& reply) {
    return connection_entry_from(spoken, reply);
  });
}

Result<void> HttpAdmin::delete_connection(ConnectionId id) {
  const auto found = errand_->found();
  if (!found) return found.error();
  Call call = found->place.api == Api::config
                  ? errand_->changing("POST", "/connections/delete", connection_id_body(id))
                  : errand_->changing("DELETE", "/connections/" + http::encode_query_component(id.text), "");
  const Result<std::string> body = errand_->fetch(std::move(call));
  if (!body) return body.error();
  return Result<void>();
}

Result<JobView> HttpAdmin::sync(ConnectionId id) {
  const auto found = errand_->found();
  if (!found) return found.error();
  out::TriggerSync request;
  request.connection = id;
  request.not_after = errand_->wire().now().mono + std::chrono::hours{1};
  auto reply = errand_->wait(errand_->api().trigger(std::move(request)));
  if (!reply) return errand_->cut_short();
  if (reply->answer == TriggerAnswer::created) {
    JobView view;
    view.id = reply->job;
    view.connection = id;
    view.status = reply->status;
    return view;
  }
  Error error = reply->error.value_or(cancelled_error(""));
  if (reply->answer == TriggerAnswer::conflict) {
    error.message = "a job runs on this connection already; nothing was started";
    error.hint = "syncwarden airbyte jobs list --connection shows it";
  } else if (reply->answer == TriggerAnswer::unclear) {
    error.hint = "nobody knows whether it was started: look at the connection's jobs before you ask again";
  }
  return error;
}

Result<JobView> HttpAdmin::started(Call call) {
  Wire& wire = errand_->wire();
  const std::string where = wire.context_of(call).where;
  const Api spoken = api();
  auto node = errand_->wait(wire.read(std::move(call), job_shape(spoken)));
  if (!node) return errand_->cut_short();
  if (!*node) return node->error();
  auto view = job_from(spoken, **node);
  if (view) return std::move(*view);
  Error error;
  error.code = Errc::unexpected_reply;
  error.message = "Airbyte accepted it without telling a job";
  error.where = where;
  return error;
}

Result<JobView> HttpAdmin::reset(ConnectionId id) {
  const auto found = errand_->found();
  if (!found) return found.error();
  if (found->place.api == Api::config)
    return started(errand_->changing("POST", "/connections/reset", connection_id_body(id)));
  return started(errand_->changing("POST", "/jobs", create_job_body(id, "reset")));
}

Result<JobView> HttpAdmin::refresh(ConnectionId id, RefreshMode mode, std::vector<StreamChoice> streams) {
  const auto found = errand_->found();
  if (!found) return found.error();
  if (found->place.api == Api::public_api) return not_over_public("refresh a connection");
  if (!found->traits.knows_refresh) {
    return unsupported(
        fmt::format("Airbyte {} cannot refresh a connection; 1.0 and later can", found->instance.version),
        "`connections reset` clears the data, the next sync reads everything again");
  }
  return started(errand_->changing("POST", "/connections/refresh", refresh_body(id, mode, streams)));
}

Result<void> HttpAdmin::jobs(JobFilter filter, const std::function<bool(const JobView&)>& each) {
  const auto found = errand_->found();
  if (!found) return found.error();
  if (found->place.api == Api::config && !filter.connection) {
    if (!found->traits.whole_instance) {
      return unsupported(
          fmt::format("Airbyte {} lists the jobs of one connection only", found->instance.version),
          "name it with --connection; 0.50 and later list all");
    }
    if (filter.workspaces.empty()) {
      const auto all = workspaces();
      if (!all) return all.error();
      for (const auto& workspace : *all) filter.workspaces.push_back(workspace.id);
    }
  }
  return list_jobs(*errand_, filter, each);
}

Result<JobDetail> HttpAdmin::job(JobId id) {
  const auto found = errand_->found();
  if (!found) return found.error();
  return job_detail(*errand_, id);
}

Result<JobInspection> HttpAdmin::progress(JobId id, ConnectionId connection, WorkspaceId workspace) {
  out::InspectJob request;
  request.job = id;
  request.connection = std::move(connection);
  request.workspace = std::move(workspace);
  request.only_progress = true;
  auto seen = errand_->wait(errand_->api().inspect(std::move(request)));
  if (!seen) return errand_->cut_short();
  return std::move(*seen);
}

in::CancelAnswered HttpAdmin::cancel(JobId id, ConnectionId connection) {
  out::CancelJob request;
  request.job = id;
  request.connection = std::move(connection);
  auto answer = errand_->wait(errand_->api().cancel(std::move(request)));
  if (answer) return std::move(*answer);
  in::CancelAnswered interrupted;
  interrupted.job = id;
  interrupted.error = errand_->cut_short();
  return interrupted;
}

Result<std::vector<std::string>> HttpAdmin::log_lines(JobId id, std::size_t most) {
  auto lines = errand_->wait(errand_->api().log_lines(id, most));
  if (!lines) return errand_->cut_short();
  return std::move(*lines);
}

}  // namespace

Result<std::unique_ptr<AirbyteAdmin>> make_admin(AirbyteTarget target, Clock clock, AdminOptions options) {
  auto errand = std::make_unique<Errand>(std::move(target), std::move(clock), options);
  const Result<void> ready = errand->prepare();
  if (!ready) return ready.error();
  return std::unique_ptr<AirbyteAdmin>(std::make_unique<HttpAdmin>(std::move(errand)));
}

}  // namespace syncwarden::airbyte
