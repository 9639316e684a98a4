#include "provision/apply.hpp"

#include "app/commands/commands.hpp"
#include "app/setup/desk.hpp"
#include "app/setup/job_watch.hpp"
#include "app/setup/rules_file.hpp"
#include "base/text.hpp"
#include "provision/choose.hpp"
#include "provision/pipeline.hpp"
#include "provision/plan.hpp"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

using provision::Verb;

struct Apply {
  SetupFlags flags;
  std::string file, rules;
  bool dry_run = false, sync = false;
  provision::PlanOptions options;

  int operator()() const;

 private:
  [[nodiscard]] Result<WorkspaceEntry> place(Desk& desk, const provision::Pipeline& pipeline) const;
  [[nodiscard]] int carry_out(Desk& desk, const settings::PlainDocument& document,
                              const provision::Pipeline& pipeline, const provision::Snapshot& snapshot,
                              provision::PipelinePlan plan) const;
  [[nodiscard]] int tell_rules(const provision::Pipeline& pipeline,
                               const std::vector<ConnectionEntry>& connections) const;
  [[nodiscard]] static int first_syncs(Desk& desk, const std::vector<ConnectionEntry>& created);
};

char mark_of(Verb verb) {
  switch (verb) {
    case Verb::create:
      return '+';
    case Verb::update:
      return '~';
    case Verb::remove:
      return '-';
    case Verb::keep:
      break;
  }
  return ' ';
}

void tell_differences(const std::vector<provision::Difference>& differences) {
  for (const auto& one : differences) {
    fmt::print("      {}: {} -> {}\n", printable(one.pointer, 200),
               one.before.empty() ? "(none)" : printable(one.before, 300),
               one.after.empty() ? "(none)" : printable(one.after, 300));
  }
}

/// What will be done, and field by field what is otherwise; nothing of it is secret.
void tell_plan(const provision::PipelinePlan& plan) {
  std::size_t counts[4] = {};
  for (const auto& step : plan.actors) {
    ++counts[static_cast<std::size_t>(step.verb)];
    if (step.verb == Verb::keep) continue;
    fmt::print("  {} {} {}\n", mark_of(step.verb), to_string(step.end), printable(step.name));
    if (step.verb == Verb::create) fmt::print("      configuration: {}\n", printable(step.shown.text, 2'000));
    tell_differences(step.differences);
  }
  for (const auto& step : plan.connections) {
    ++counts[static_cast<std::size_t>(step.verb)];
    if (step.verb == Verb::keep) continue;
    fmt::print("  {} connection {}\n", mark_of(step.verb), printable(step.name));
    if (step.verb == Verb::create && step.change.streams) {
      for (const auto& stream : *step.change.streams)
        fmt::print("      stream {}: {} {}\n", printable(stream.full_name()), stream.sync_mode,
                   stream.destination_sync_mode);
    }
    if (!step.streams_known) fmt::print("      streams: chosen once its source can be discovered\n");
    tell_differences(step.differences);
  }
  fmt::print("{} to create, {} to change, {} to delete, {} as they are\n", counts[1], counts[2], counts[3],
             counts[0]);
  std::fflush(stdout);
}

Result<WorkspaceEntry> Apply::place(Desk& desk, const provision::Pipeline& pipeline) const {
  if (flags.workspace.empty() && !pipeline.workspace.empty()) return desk.workspace_named(pipeline.workspace);
  return desk.workspace();
}

int Apply::operator()() const {
  const auto document = read_document(file);
  if (!document) return exit_usage;
  const auto read = provision::pipeline_from({document->json});
  if (print_faults(*document, read.faults, "error")) return exit_usage;
  if (!rules_are_good(read.pipeline, *document)) return exit_usage;
  int status = exit_done;
  const auto desk = Desk::open(flags, status, true);
  if (desk == nullptr) return status;
  const auto workspace = place(*desk, read.pipeline);
  if (!workspace) return Desk::fail(workspace.error());
  const auto snapshot = provision::take_snapshot(desk->airbyte(), *workspace, read.pipeline);
  if (!snapshot) return Desk::fail(snapshot.error());
  auto plan = provision::plan_pipeline(read.pipeline, document->brought, *snapshot, options);
  (void)print_faults(*document, plan.warnings, "warning");
  if (plan.faults.empty()) {
    const auto discovered = provision::discover_known(desk->airbyte(), read.pipeline, *snapshot, plan);
    if (!discovered) return Desk::fail(discovered.error());
  }
  if (print_faults(*document, plan.faults, "error")) {
    fmt::print(stderr, "syncwarden: nothing was created or changed\n");
    return exit_usage;
  }
  if (plan.changes_nothing()) {
    fmt::print("everything is as {} says; nothing to do\n", printable(file, 300));
    return tell_rules(read.pipeline, snapshot->connections);
  }
  fmt::print("workspace {}\n", printable(workspace->name));
  tell_plan(plan);
  if (dry_run) return exit_done;
  return carry_out(*desk, *document, read.pipeline, *snapshot, std::move(plan));
}

int Apply::carry_out(Desk& desk, const settings::PlainDocument& document, const provision::Pipeline& pipeline,
                     const provision::Snapshot& snapshot, provision::PipelinePlan plan) const {
  bool deletes = false;
  for (const auto& step : plan.actors) deletes = deletes || step.verb == Verb::remove;
  for (const auto& step : plan.connections) deletes = deletes || step.verb == Verb::remove;
  if (deletes && !desk.confirmed("Delete what the file does not name?")) return exit_usage;
  const provision::Tell tell = [](const std::string& line) {
    fmt::print("{}\n", line);
    std::fflush(stdout);
  };
  const auto checked = provision::check_ends(desk.airbyte(), snapshot, plan, tell);
  if (!checked) return Desk::fail(checked.error());
  std::vector<provision::Fault> faults;
  const auto applied =
      provision::carry_out(desk.airbyte(), pipeline, snapshot, std::move(plan), tell, faults);
  (void)print_faults(document, faults, "error");
  if (!applied) return Desk::fail(applied.error());
  int status = tell_rules(pipeline, applied->connections);
  if (status == exit_done && sync) status = first_syncs(desk, applied->created);
  return status;
}

int Apply::tell_rules(const provision::Pipeline& pipeline,
                      const std::vector<ConnectionEntry>& connections) const {
  const std::string text = rules_text(pipeline, connections);
  if (text.empty()) return exit_done;
  if (!rules.empty()) return write_rules(rules, text);
  fmt::print(
      "\nsyncwarden's own rules for these connections; --rules FILE writes them, `include` takes the "
      "file:\n\n{}",
      text);
  return exit_done;
}

int Apply::first_syncs(Desk& desk, const std::vector<ConnectionEntry>& created) {
  int status = exit_done;
  for (const auto& connection : created) {
    const auto job = desk.airbyte().sync(connection.id);
    if (!job) return Desk::fail(job.error());
    fmt::print("{}: job {} started\n", printable(connection.name), job->id.value);
    const int ended = watch_job(desk, job->id, Names{{connection.id.text.str(), connection.name}}, {});
    if (ended == exit_still_running) return ended;
    if (ended != exit_done) status = ended;
  }
  return status;
}

}  // namespace

void add_apply(CLI::App& app, Chosen& chosen) {
  auto* command =
      app.add_subcommand("apply", "make Airbyte have the sources, destinations and connections of a file");
  auto apply = std::make_shared<Apply>();
  apply->flags.add_to(*command);
  command->add_option("-f,--file", apply->file, "the pipeline, YAML or JSON; - is standard input")
      ->required();
  command->add_flag("--dry-run", apply->dry_run, "show the plan and stop");
  command->add_flag("--prune", apply->options.prune,
                    "delete what is in the workspace and not in the file; asks first");
  command->add_flag("--secrets", apply->options.secrets,
                    "send secrets again: Airbyte masks them, so a changed one is no visible difference");
  command->add_flag("--sync", apply->sync, "start what was created and follow it to its end");
  command->add_option("--rules", apply->rules, "write syncwarden's own rules of the file here");
  command->footer(
      "Shows the plan, has Airbyte connect with everything that is new or changed, then creates and changes. "
      "Safe to\n"
      "repeat: a second run changes nothing. When a step fails, what this run created is deleted again.\n"
      "config/pipelines/ has examples. Exit status: 0 done, 1 a check or a step failed, 2 the file is wrong, "
      "3 Airbyte\n"
      "is out of reach; with --sync that of `jobs watch`.");
  command->callback([apply, &chosen] { chosen = [apply] { return (*apply)(); }; });
}

}  // namespace syncwarden::app
