#include "app/setup/sheets.hpp"

#include "admin/amounts.hpp"
#include "app/moments.hpp"
#include "base/text.hpp"

#include <optional>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace syncwarden::app {

namespace json = boost::json;

namespace {

std::string name_in(const Names& names, std::string_view id) {
  const auto at = names.find(id);
  return printable(at == names.end() ? std::string(id) : at->second);
}

std::string listed(const std::vector<std::string>& words) {
  return printable(fmt::format("{}", fmt::join(words, ", ")), 200);
}

std::string key_text(const std::vector<FieldPath>& paths) {
  std::vector<std::string> words;
  words.reserve(paths.size());
  for (const auto& path : paths) words.push_back(to_string(path));
  return listed(words);
}

Tone tone_of(JobStatus status) {
  if (status == JobStatus::succeeded) return Tone::good;
  if (status == JobStatus::failed) return Tone::bad;
  return status == JobStatus::cancelled || status == JobStatus::incomplete ? Tone::warning : Tone::plain;
}

Tone tone_of(ConnectionStatus status) {
  return status == ConnectionStatus::active ? Tone::plain : Tone::warning;
}

std::string records_of(const JobCounters& counters) {
  const auto records = counters.records_committed ? counters.records_committed : counters.records_emitted;
  return records ? admin::count_text(*records) : "-";
}

std::string bytes_of(const JobCounters& counters) {
  const auto bytes = counters.bytes_committed ? counters.bytes_committed : counters.bytes_emitted;
  return bytes ? admin::bytes_text(*bytes) : "-";
}

std::string span_text(Instant from, Instant to) {
  return to > from ? to_string(std::chrono::floor<std::chrono::seconds>(to - from)) : "-";
}

std::string text_member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains({name.data(), name.size()});
  return value != nullptr && value->is_string() ? printable(std::string(value->get_string()), 300)
                                                : std::string();
}

/// What a field takes beside its type: "required, secret, default 5432".
std::string remarks(const json::object& field, bool required) {
  std::vector<std::string> words;
  if (required) words.emplace_back("required");
  const auto* secret = field.if_contains("airbyte_secret");
  if (secret != nullptr && secret->is_bool() && secret->get_bool()) words.emplace_back("secret");
  if (const auto* constant = field.if_contains("const"))
    words.push_back("always " + printable(json::serialize(*constant), 60));
  if (const auto* offered = field.if_contains("enum"))
    words.push_back("one of " + printable(json::serialize(*offered), 120));
  if (const auto* usual = field.if_contains("default"))
    words.push_back("default " + printable(json::serialize(*usual), 60));
  return fmt::format("{}", fmt::join(words, ", "));
}

void add_fields(Table& table, const json::object& schema, const std::string& path) {
  const auto* properties = schema.if_contains("properties");
  if (properties == nullptr || !properties->is_object()) return;
  const auto* wanted = schema.if_contains("required");
  for (const auto& property : properties->get_object()) {
    if (!property.value().is_object()) continue;
    const auto& field = property.value().get_object();
    const std::string at = path + "/" + printable(std::string(property.key()));
    bool required = false;
    if (wanted != nullptr && wanted->is_array()) {
      for (const auto& name : wanted->get_array()) required = required || name == property.key();
    }
    table.add({at, text_member(field, "type"), remarks(field, required), text_member(field, "title")});
    add_fields(table, field, at);
    const auto* branches = field.if_contains("oneOf");
    if (branches == nullptr || !branches->is_array()) continue;
    for (const auto& branch : branches->get_array()) {
      if (!branch.is_object()) continue;
      table.add({"  " + at, "", "choice", text_member(branch.get_object(), "title")});
      add_fields(table, branch.get_object(), "  " + at);
    }
  }
}

/// JSON with an indentation, for people.
void pretty(const json::value& value, const std::string& indent, std::string& out) {
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object) {
      const std::string name = printable(std::string(member.key()));
      if (member.value().is_object() && !member.value().get_object().empty()) {
        out += fmt::format("{}{}:\n", indent, name);
        pretty(member.value(), indent + "  ", out);
      } else {
        const auto* text = member.value().if_string();
        out += fmt::format(
            "{}{}: {}\n", indent, name,
            printable(text == nullptr ? json::serialize(member.value()) : std::string(*text), 500));
      }
    }
    return;
  }
  out += fmt::format("{}{}\n", indent, printable(json::serialize(value), 500));
}

}  // namespace

std::string workspaces_sheet(const std::vector<WorkspaceEntry>& all, const Look& look) {
  Table table({"NAME", "ID"});
  for (const auto& one : all) table.add({printable(one.name), one.id.text.str()});
  return table.text(look);
}

std::string definitions_sheet(const std::vector<DefinitionEntry>& all, const Look& look) {
  Table table({"KIND", "CONNECTOR", "NAME", "VERSION", "SUPPORT", "ID"});
  for (const auto& one : all)
    table.add({std::string(to_string(one.end)), printable(one.connector()), printable(one.name),
               printable(one.version), printable(one.support), one.id.text.str()});
  return table.text(look);
}

std::string specification_sheet(const DefinitionEntry& definition,
                                const ConnectorSpecification& specification, const Look& look) {
  std::string out =
      fmt::format("{} {} ({} {})\nid             {}\n", to_string(definition.end), printable(definition.name),
                  printable(definition.repository), printable(definition.version), definition.id.text);
  if (!definition.documentation.empty())
    out += fmt::format("documentation  {}\n", printable(definition.documentation, 300));
  if (!specification.destination_sync_modes.empty())
    out += fmt::format("takes          {}\n", listed(specification.destination_sync_modes));
  boost::system::error_code failed;
  const json::value schema = json::parse(specification.schema.text, failed);
  if (failed || !schema.is_object()) return out;
  Table table({"FIELD", "TYPE", "", "TITLE"});
  add_fields(table, schema.get_object(), "");
  return out + "\n" + table.text(look);
}

std::string actors_sheet(const std::vector<ActorEntry>& all, const Names& workspaces, const Look& look) {
  Table table({"NAME", "CONNECTOR", "WORKSPACE", "ID"});
  for (const auto& one : all)
    table.add({printable(one.name), printable(one.definition_name), name_in(workspaces, one.workspace.text),
               one.id.text.str()});
  return table.text(look);
}

std::string actor_sheet(const ActorEntry& actor, const JsonText& configuration) {
  std::string out =
      fmt::format("{} {}\nid             {}\nconnector      {} ({})\nworkspace      {}\nconfiguration\n",
                  to_string(actor.end), printable(actor.name), actor.id.text,
                  printable(actor.definition_name), actor.definition.text, actor.workspace.text);
  boost::system::error_code failed;
  const json::value value = json::parse(configuration.text, failed);
  if (!failed) pretty(value, "  ", out);
  return out;
}

std::string catalog_sheet(const Catalog& catalog, const Look& look) {
  Table table({"STREAM", "SYNC MODES", "CURSOR", "PRIMARY KEY", "FIELDS"});
  for (const auto& one : catalog.streams) {
    const std::string cursor = to_string(one.default_cursor);
    table.add({printable(one.full_name()), listed(one.sync_modes),
               one.source_defined_cursor ? printable(cursor) + " (by the source)" : printable(cursor),
               key_text(one.source_defined_key), listed(one.fields)});
  }
  return table.text(look);
}

std::string connections_sheet(const std::vector<ConnectionEntry>& all, const Names& names, const Look& look) {
  Table table({"NAME", "STATUS", "SCHEDULE", "STREAMS", "SOURCE", "DESTINATION", "ID"});
  for (const auto& one : all)
    table.add({printable(one.name), Cell(std::string(to_string(one.status)), tone_of(one.status)),
               printable(one.schedule.text()), std::to_string(one.streams.size()),
               name_in(names, one.source.text), name_in(names, one.destination.text), one.id.text.str()});
  return table.text(look);
}

std::string connection_sheet(const ConnectionEntry& connection, const Names& names, const Look& look) {
  std::string out =
      fmt::format("connection {}\nid              {}\n", printable(connection.name), connection.id.text);
  const auto line = [&out](std::string_view key, const std::string& value) {
    if (!value.empty()) out += fmt::format("{:<15} {}\n", key, value);
  };
  line("source", name_in(names, connection.source.text));
  line("destination", name_in(names, connection.destination.text));
  line("status", std::string(to_string(connection.status)) +
                     (connection.status_reason.empty() ? "" : " (" + connection.status_reason + ")"));
  if (connection.breaking_change)
    line("schema", "changed in a breaking way; somebody must decide in Airbyte");
  line("schedule", printable(connection.schedule.text()));
  line("namespace", connection.namespace_definition == "customformat" ? printable(connection.namespace_format)
                                                                      : connection.namespace_definition);
  line("prefix", printable(connection.prefix));
  line("schema_changes", connection.schema_changes);
  Table table({"STREAM", "SYNC MODE", "DESTINATION MODE", "CURSOR", "PRIMARY KEY"});
  for (const auto& one : connection.streams)
    table.add({printable(one.full_name()), one.sync_mode, one.destination_sync_mode,
               printable(to_string(one.cursor)), key_text(one.primary_key)});
  return out + "\n" + table.text(look);
}

std::string job_header() {
  return fmt::format("{:>10}  {:<10}  {:<8}  {:<24}  {:>9}  {:>14}  {:>10}  {}\n", "JOB", "STATUS", "TYPE",
                     "CREATED", "TOOK", "RECORDS", "BYTES", "CONNECTION");
}

std::string job_row(const JobView& job, const Names& names, Instant now) {
  const Instant end = is_terminal(job.status) ? job.updated : now;
  return fmt::format("{:>10}  {:<10}  {:<8}  {:<24}  {:>9}  {:>14}  {:>10}  {}\n", job.id.value,
                     to_string(job.status), to_string(job.type), local_text(job.created, now),
                     span_text(job.created, end), records_of(job.counters), bytes_of(job.counters),
                     name_in(names, job.connection.text));
}

std::string job_sheet(const JobDetail& detail, const Names& names, Instant now, const Look& look) {
  const JobView& job = detail.job;
  std::string out = fmt::format("job {} of {}\n{:<8} {}\n{:<8} {}\n{:<8} {}\n", job.id.value,
                                name_in(names, job.connection.text), "type", to_string(job.type), "status",
                                toned(to_string(job.status), tone_of(job.status), look), "created",
                                when_text(job.created, now));
  if (is_terminal(job.status)) out += fmt::format("{:<8} {}\n", "ended", when_text(job.updated, now));
  out += fmt::format("{:<8} {} records, {}\n", "moved", records_of(job.counters), bytes_of(job.counters));
  Table attempts({"ATTEMPT", "STATUS", "BEGAN", "TOOK", "RECORDS", "BYTES", "FAILURE"});
  for (const auto& one : detail.attempts) {
    std::string why;
    for (const auto& failure : one.failures)
      why += fmt::format("{}{} ({}, {})", why.empty() ? "" : "; ", failure.message, to_string(failure.origin),
                         to_string(failure.type));
    attempts.add({std::to_string(one.number + 1), one.status,
                  one.created ? local_text(*one.created, now) : "-",
                  one.created ? span_text(*one.created, one.ended.value_or(now)) : "-",
                  records_of(one.counters), bytes_of(one.counters), why});
  }
  if (!attempts.empty()) out += "\n" + attempts.text(look);
  Table streams({"STREAM", "RECORDS", "BYTES", "REJECTED"});
  for (const auto& one : detail.streams)
    streams.add({one.name, records_of(one.counters), bytes_of(one.counters),
                 one.counters.records_rejected ? admin::count_text(*one.counters.records_rejected) : "-"});
  if (!streams.empty()) out += "\n" + streams.text(look);
  return out;
}

}  // namespace syncwarden::app
