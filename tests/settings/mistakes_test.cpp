// Wrong configurations and exactly what the user is told about each.
#include "support.hpp"

namespace syncwarden::settings {
namespace {

using namespace testing;

struct Mistake {
  const char* text;      ///< after the line that names Airbyte, so it starts in line 2
  const char* expected;  ///< all problems, without "conf.yaml:"
};

std::string told(const std::string& text) {
  std::string out;
  for (const Problem& problem : load(text).problems) {
    std::string line = to_string(problem);
    if (line.rfind("conf.yaml:", 0) == 0) line.erase(0, 10);
    out += line + "\n";
  }
  return out.empty() ? "no problem" : out.substr(0, out.size() - 1);
}

class Below : public ::testing::TestWithParam<Mistake> {};
TEST_P(Below, IsToldWithItsPlace) {
  EXPECT_EQ(told(std::string(airbyte_line) + GetParam().text), GetParam().expected) << GetParam().text;
}

class Whole : public ::testing::TestWithParam<Mistake> {};
TEST_P(Whole, IsToldWithItsPlace) {
  EXPECT_EQ(told(GetParam().text), GetParam().expected) << GetParam().text;
}

const Mistake keys[]{
    {"conections: []\n", R"(2:1: unknown key "conections"; did you mean connections?)"},
    {"defaults: {timezon: UTC}\n", R"(2:12: unknown key "timezon" in defaults; did you mean timezone?)"},
    {"connections:\n  - match: {tag: a}\n    cron: \"@daily\"\n",
     R"(4:5: unknown key "cron" in connections[0]; it belongs under connections[].schedule)"},
    {"listen_address: \":9927\"\n", R"(2:1: unknown key "listen_address"; it belongs under web)"},
    {"defaults: {connections: []}\n",
     R"(2:12: unknown key "connections" in defaults; it belongs at the top level)"},
    {"requests_per_secnd: 3\n",
     R"(2:1: unknown key "requests_per_secnd"; did you mean airbyte.requests_per_second?)"},
    {"history: {zzzzzz: 1}\n", R"(2:11: unknown key "zzzzzz" in history; known here: keep)"},
    {"mode: live\nmode: shadow\n",
     R"(3:1: key "mode" stands here twice, first in line 2; remove one of the two)"},
    {"limits: {total: 1, total: 2}\n",
     R"(2:20: key "total" stands here twice, first in line 2; remove one of the two)"},
};
INSTANTIATE_TEST_SUITE_P(UnknownAndTwice, Below, ::testing::ValuesIn(keys));

const Mistake later[]{
    {"state: {postgresql: {host: db}}\n",
     "2:9: state.postgresql: not supported by this version (it comes with a later one); remove it"},
    {"state: postgresql://u:p@db/x\n",
     "2:8: state: PostgreSQL is not supported by this version (it comes with a later one); use sqlite:PATH"},
};
INSTANTIATE_TEST_SUITE_P(OfALaterVersion, Below, ::testing::ValuesIn(later));

const Mistake kinds[]{
    {"limits: 5\n", "2:9: limits: a single value stands where a mapping belongs"},
    {"limits: [1]\n", "2:9: limits: a list stands where a mapping belongs"},
    {"limits: {total: }\n",
     "2:10: limits.total: the value is missing; write a whole number, or remove the key"},
    {"limits: {total: many}\n", "2:17: limits.total: \"many\" is no whole number from 0 to 100000"},
    {"limits: {total: -1}\n", "2:17: limits.total: \"-1\" is no whole number from 0 to 100000"},
    {"limits: {total: 1.5}\n", "2:17: limits.total: \"1.5\" is no whole number from 0 to 100000"},
    {"limits: {total: 0x10}\n", "2:17: limits.total: \"0x10\" is no whole number from 0 to 100000"},
    {"limits: {total: 100001}\n",
     "2:17: limits.total: \"100001\" is out of range; allowed: from 0 to 100000"},
    {"limits: {total: 99999999999999999999}\n",
     "2:17: limits.total: \"99999999999999999999\" is no whole number from 0 to 100000"},
    {"limits: {total: [3]}\n", "2:17: limits.total: a list stands where a whole number belongs"},
    {"limits: {groups: {name: a}}\n",
     "2:18: limits.groups: a mapping stands where a list of mappings belongs; start each element with \"- "
     "\""},
    {"connections: [x]\n", "2:15: connections[0]: a single value stands where a mapping belongs"},
    {"history: {keep: 90}\n",
     "2:17: history.keep: \"90\" has no unit; write 90s or 90m (units ms s m h d w)"},
    {"history: {keep: thirty}\n",
     "2:17: history.keep: \"thirty\" is no duration; use units ms s m h d w such as 30s or 1h30m"},
    {"history: {keep: 1h}\n", "2:17: history.keep: \"1h\" is out of range; allowed: from 1d to 3660d"},
    {"defaults: {jitter: -5s}\n",
     "2:20: defaults.jitter: \"-5s\" is no duration; use units ms s m h d w such as 30s or 1h30m"},
    {"defaults: {jitter: 1y}\n",
     "2:20: defaults.jitter: \"1y\" is no duration; use units ms s m h d w such as 30s or 1h30m"},
    {"defaults: {start_deadline: never}\n",
     "2:28: defaults.start_deadline: \"never\" is no duration; use units ms s m h d w such as 30s or 1h30m; "
     "or none"},
    {"defaults: {freshness: {late_after: 30}}\n",
     "2:36: defaults.freshness.late_after: \"30\" has no unit; write 30s or 30m (units ms s m h d w); or "
     "auto"},
    {"mode: liv\n", "2:7: mode: \"liv\" is none of live, shadow; did you mean live?"},
    {"mode: [live]\n", "2:7: mode: a list stands where one of live, shadow belongs"},
    {"defaults: {overlap: queue}\n",
     "2:21: defaults.overlap: \"queue\" is none of skip, attach, queue_one, cancel_other"},
    {"defaults: {overlap: {cancel_other: all}}\n",
     "2:36: defaults.overlap.cancel_other: \"all\" is none of ours, any"},
    {"defaults: {dst: summer}\n", "2:17: defaults.dst: \"summer\" is none of safe, quartz, skip"},
    {"defaults: {timezone: Europe/Berlim}\n",
     "2:22: defaults.timezone: \"Europe/Berlim\" is no time zone; use an IANA name such as UTC or "
     "Europe/Amsterdam"},
    {"defaults: {extra_jobs: {on: [transient, config]}}\n",
     "2:41: defaults.extra_jobs.on: \"config\" is none of transient, system, refresh_schema, source_timeout, "
     "destination_timeout, rate_limited, lost, deadline, unknown"},
    {"defaults: {extra_jobs: {on: transient}}\n",
     "2:29: defaults.extra_jobs.on: a single value stands where a list of transient, system, refresh_schema, "
     "source_timeout, destination_timeout, rate_limited, lost, deadline, unknown belongs"},
    {"defaults: {extra_jobs: {backoff: {factor: 0.5}}}\n",
     "2:43: defaults.extra_jobs.backoff.factor: \"0.5\" is out of range; allowed: from 1 to 100"},
    {"defaults: {catch_up_max: 0}\n",
     "2:26: defaults.catch_up_max: \"0\" is out of range; allowed: from 1 to 1000"},
    {"state: memory\n",
     "2:8: state: \"memory\" names no kind of store; write sqlite:/var/lib/syncwarden/state.db"},
    {"state: \"sqlite:\"\n",
     "2:8: state: \"sqlite:\" names no kind of store; write sqlite:/var/lib/syncwarden/state.db"},
    {"web: {unix_socket: "
     "/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/"
     "0123456789/0123456789}\n",
     "2:20: web.unix_socket: a socket's path has at most 107 bytes; such as /run/syncwarden/api.sock"},
    {"web: {listen_address: 9927}\n",
     "2:23: web.listen_address: \"9927\" is no HOST:PORT; such as 127.0.0.1:9927, [::1]:9927, or :9927 for "
     "every "
     "address"},
    {"web: {listen_address: \"localhost:70000\"}\n",
     "2:23: web.listen_address: \"localhost:70000\" is no HOST:PORT; such as 127.0.0.1:9927, [::1]:9927, or "
     ":9927 for "
     "every address"},
    {"include: {a: b}\n", "2:10: include: a mapping stands where a path or a list of paths belongs"},
    {"include: nowhere.yaml\n", "2:10: include: cannot read nowhere.yaml: No such file or directory"},
};
INSTANTIATE_TEST_SUITE_P(WrongValues, Below, ::testing::ValuesIn(kinds));

const Mistake rules[]{
    {"connections: [{schedule: {every: 1h}}]\n", "2:15: connections[0].match is missing"},
    {"connections: [{match: {}, schedule: {every: 1h}}]\n",
     "2:23: connections[0].match: names nothing; to mean every connection, write {name: \"*\"}"},
    {"connections: [{match: {tag: a}, schedule: \"0 * * * *\"}]\n",
     "2:43: connections[0].schedule: a single value stands where a mapping or a list of mappings belongs; "
     "write {cron: "
     "\"…\"}, {every: 1h}, {keep_fresh: 2h}, {after: \"…\"}, a list of these with names, or airbyte"},
    {"connections: [{match: {tag: a}, schedule: {cron: \"@daily\", every: 1h}}]\n",
     "2:67: connections[0].schedule.every: cron and every exclude each other; make two schedules with names"},
    {"connections: [{match: {tag: a}, schedule: {name: x}}]\n",
     "2:43: connections[0].schedule: none of cron, every, keep_fresh, after is given; write {cron: \"0 15 * "
     "* * ?\"} or "
     "{every: 1h}"},
    {"connections: [{match: {tag: a}, schedule: {cron: \"@daily\", phase: 1m}}]\n",
     "2:67: connections[0].schedule.phase: goes with every, not with cron"},
    {"connections: [{match: {tag: a}, schedule: {every: 1h, dst: safe}}]\n",
     "2:60: connections[0].schedule.dst: goes with cron; every counts real time"},
    {"connections: [{match: {tag: a}, schedule: {every: 1h, phase: 1h}}]\n",
     "2:62: connections[0].schedule.phase: 1h is not less than the interval 1h"},
    {"connections: [{match: {tag: a}, schedule: {every: 1h, phase: 1m, spread: true}}]\n",
     "2:62: connections[0].schedule.phase: phase and spread exclude each other; spread chooses the phase "
     "itself"},
    {"connections: [{match: {tag: a}, schedule: {every: 1h, spread: yes}}]\n",
     "2:63: connections[0].schedule.spread: \"yes\" is neither true nor false"},
    {"connections: [{match: {tag: a}, schedule: {every: 0s}}]\n",
     "2:51: connections[0].schedule.every: \"0s\" is out of range; allowed: from 1s to 366d"},
    {"connections: [{match: {tag: a}, schedule: [{every: 1h}, {name: b, every: 2h}]}]\n",
     "2:44: connections[0].schedule[0]: each schedule of a list needs a name; with a name it keeps its "
     "history when the "
     "list is edited"},
    {"connections: [{match: {tag: a}, schedule: [{name: b, every: 1h}, {name: b, every: 2h}]}]\n",
     "2:73: connections[0].schedule[1].name: \"b\" names the schedule in line 2 already"},
    {"connections: [{match: {tag: a}, schedule: {name: \"0\", every: 1h}}]\n",
     "2:50: connections[0].schedule.name: \"0\" is no name for a schedule; a letter, then letters, digits, _ "
     "- . and at "
     "most 63 characters"},
    {"limits: {groups: [{name: a, match: {tag: a}}]}\n",
     "2:19: limits.groups[0].total is missing; such as total: 1"},
    {"limits: {groups: [{name: a, match: {tag: a}, total: 1}, {name: a, match: {tag: b}, total: 1}]}\n",
     "2:64: limits.groups[1].name: \"a\" is the name of a group in line 2 already"},
    {"mode: ${MODE}\n", "2:7: the environment variable MODE is not set; set it, or write ${MODE:-default}"},
    {"state: sqlite:${A b}\n",
     "2:8: ${...} holds no variable's name; write ${NAME}, and $${ for the characters themselves"},
    {"state: sqlite:/x${A\n", "2:8: ${ without its closing brace; $$ is a dollar"},
};
INSTANTIATE_TEST_SUITE_P(Rules, Below, ::testing::ValuesIn(rules));

const Mistake recovery[]{
    {"defaults: {stuck: {orphan: {after: 1h}}}\n",
     "2:20: unknown key \"orphan\" in defaults.stuck; known here: pending, queued, between_attempts, "
     "no_progress, longer_than, max_run_time, max_cancels"},
    {"defaults: {stuck: {pending: 15m}}\n",
     "2:29: defaults.stuck.pending: a single value stands where a mapping belongs"},
    {"defaults: {stuck: {queued: {action: rerun}}}\n",
     "2:37: defaults.stuck.queued.action: \"rerun\" is none of alert, cancel, cancel_and_rerun"},
    {"defaults: {stuck: {no_progress: {afer: 3h}}}\n",
     "2:34: unknown key \"afer\" in defaults.stuck.no_progress; did you mean after?"},
    {"defaults: {stuck: {longer_than: {typical: 3}}}\n",
     "2:43: defaults.stuck.longer_than.typical: \"3\" has no x sign; write 3x; or never"},
    {"defaults: {stuck: {longer_than: {typical: thrice}}}\n",
     "2:43: defaults.stuck.longer_than.typical: \"thrice\" is no factor; such as 3x; or never"},
    {"defaults: {stuck: {longer_than: {typical: 1x}}}\n",
     "2:43: defaults.stuck.longer_than.typical: \"1x\" is out of range; allowed: from 1.1x to 1000x; or "
     "never"},
    {"defaults: {stuck: {max_cancels: -1}}\n",
     "2:33: defaults.stuck.max_cancels: \"-1\" is no whole number from 0 to 20"},
    {"defaults: {stuck: {max_run_time: {after: 30m}}}\n",
     "2:42: defaults.stuck: max_run_time.after (30m) must be more than longer_than.at_least (30m); raise the "
     "one or lower the other; longer_than.typical: never looks at the first only"},
    {"defaults: {stuck: {max_run_time: {after: 2h}}}\n"
     "connections: [{match: {tag: a}, schedule: airbyte, stuck: {longer_than: {at_least: 3h}}}]\n",
     "3:84: connections[0].stuck: max_run_time.after (2h) must be more than longer_than.at_least (3h); raise "
     "the one or lower the other; longer_than.typical: never looks at the first only"},
    {"defaults: {breaker: 8}\n", "2:21: defaults.breaker: a single value stands where a mapping belongs"},
    {"defaults: {breaker: {after_failed_jobs: often}}\n",
     "2:41: defaults.breaker.after_failed_jobs: \"often\" is no whole number from 0 to 1000"},
    {"defaults: {breaker: {probe: {every: 5}}}\n",
     "2:37: defaults.breaker.probe.every: \"5\" has no unit; write 5s or 5m (units ms s m h d w)"},
    {"defaults: {verify: {zero_records: unless_usul}}\n",
     "2:35: defaults.verify.zero_records: \"unless_usul\" is none of unless_usual, suspect, accept; did you "
     "mean unless_usual?"},
    {"defaults: {freshness: {objective: 0.99}}\n",
     "2:35: defaults.freshness.objective: \"0.99\" has no % sign; write 0.99%; or none"},
    {"defaults: {freshness: {objective: 100%}}\n",
     "2:35: defaults.freshness.objective: \"100%\" is out of range; allowed: from 1% to 99.999%; or none"},
    {"defaults: {freshness: {done_by: \"08:00\"}}\n",
     "2:24: unknown key \"done_by\" in defaults.freshness; it belongs under defaults.freshness.late_after"},
    {"defaults: {freshness: {late_after: {days: MON}}}\n",
     "2:36: defaults.freshness.late_after.done_by is missing; such as done_by: \"08:00\""},
    {"defaults: {freshness: {late_after: {done_by: 8am}}}\n",
     "2:46: defaults.freshness.late_after.done_by: \"8am\" is no time of the day; from \"00:00\" to "
     "\"23:59\""},
    {"defaults: {freshness: {late_after: {done_by: \"24:00\"}}}\n",
     "2:46: defaults.freshness.late_after.done_by: \"24:00\" is no time of the day; from \"00:00\" to "
     "\"23:59\""},
    {"defaults: {freshness: {late_after: {done_by: \"08:00\", days: 1-5}}}\n",
     "2:61: defaults.freshness.late_after.days: \"1-5\" names no days; weekdays by name: MON TUE WED THU FRI "
     "SAT SUN, as in MON-FRI or MON,THU"},
    {"defaults: {freshness: {late_after: {done_by: \"08:00\", days: \"MON,\"}}}\n",
     "2:61: defaults.freshness.late_after.days: \"MON,\" names no days; weekdays by name: MON TUE WED THU "
     "FRI "
     "SAT SUN, as in MON-FRI or MON,THU"},
    {"defaults: {incident_after: 0}\n",
     "2:28: defaults.incident_after: \"0\" is out of range; allowed: from 1 to 1000"},
    {"defaults: {labels: [team]}\n",
     "2:20: defaults.labels: a list stands where a mapping of label names to values belongs"},
    {"defaults: {labels: {1st: a, \"a-b\": c, team: , e: [x]}}\n",
     "2:21: defaults.labels.1st: no name of a label; letters, digits and _, not starting with a digit\n"
     "2:29: defaults.labels.a-b: no name of a label; letters, digits and _, not starting with a digit\n"
     "2:39: defaults.labels.team: a label needs one text as its value\n"
     "2:47: defaults.labels.e: a label needs one text as its value"},
    {"defaults: {labels: {a: \"x\\ny\"}}\n", "2:24: defaults.labels.a: the value holds a control character"},
};
INSTANTIATE_TEST_SUITE_P(Recovery, Below, ::testing::ValuesIn(recovery));

const Mistake chains[]{
    {"connections: [{match: {tag: a}, schedule: {keep_fresh: 4m}}]\n",
     "2:56: connections[0].schedule.keep_fresh: \"4m\" is out of range; allowed: from 5m to 366d"},
    {"connections: [{match: {tag: a}, schedule: {keep_fresh: 2h, every: 1h}}]\n",
     "2:56: connections[0].schedule.keep_fresh: every and keep_fresh exclude each other; make two schedules "
     "with names"},
    {"connections: [{match: {tag: a}, schedule: {keep_fresh: 2h, phase: 1m, timezone: UTC}}]\n",
     "2:67: connections[0].schedule.phase: goes with every, not with keep_fresh\n"
     "2:81: connections[0].schedule.timezone: goes with cron, not with keep_fresh"},
    {"connections: [{match: {tag: a}, schedule: {after: []}}]\n",
     "2:51: connections[0].schedule.after: the list is empty"},
    {"connections: [{match: {tag: a}, schedule: {after: [x, {name: y}]}}]\n",
     "2:55: connections[0].schedule.after[1]: a mapping stands where a text belongs"},
    {"connections: [{match: {tag: a}, schedule: {after: {within: 1h}}}]\n",
     "2:51: connections[0].schedule.after.all is missing; such as all: [\"orders -> warehouse\"]"},
    {"connections: [{match: {tag: a}, schedule: {after: {all: [], within: 1s}}}]\n",
     "2:57: connections[0].schedule.after.all: the list is empty\n"
     "2:69: connections[0].schedule.after.within: \"1s\" is out of range; allowed: from 1m to 366d; or none"},
    {"connections: [{match: {tag: a}, schedule: {after: {any: [x], all: [y]}}}]\n",
     "2:52: unknown key \"any\" in connections[0].schedule.after; known here: all, within"},
    {"connections: [{match: {name: \"a → b\"}, schedule: {after: [x, \"a -> b\"]}}]\n",
     "2:64: connections[0].schedule.after: \"a -> b\" names the rule's own connections, which would wait for "
     "themselves; name what they wait for only"},
    {"connections: [{match: {name: \"mart-*\"}, schedule: {after: \"mart-*\"}}]\n",
     "2:59: connections[0].schedule.after: \"mart-*\" names the rule's own connections, which would wait for "
     "themselves; name what they wait for only"},
    {"connections: [{match: {tag: a}, schedule: {after: \"*\"}}]\n",
     "2:51: connections[0].schedule.after: \"*\" names the rule's own connections, which would wait for "
     "themselves; name what they wait for only"},
    {"connections: [{match: {id: ac5b26bb-0d38-45df-9ae1-1d08d17ca666}, schedule: {after: "
     "ac5b26bb-0d38-45df-9ae1-1d08d17ca666}}]\n",
     "2:85: connections[0].schedule.after: \"ac5b26bb-0d38-45df-9ae1-1d08d17ca666\" names the rule's own "
     "connections, which would wait for themselves; name what they wait for only"},
};
INSTANTIATE_TEST_SUITE_P(Chains, Below, ::testing::ValuesIn(chains));

const Mistake windows[]{
    {"fleet_hold: on\n", "2:13: fleet_hold: a single value stands where a mapping or off belongs"},
    {"fleet_hold: {failed_ratio: 50}\n", "2:28: fleet_hold.failed_ratio: \"50\" has no % sign; write 50%"},
    {"fleet_hold: {failed_ratio: half}\n",
     "2:28: fleet_hold.failed_ratio: \"half\" is no percentage; such as 50%"},
    {"fleet_hold: {failed_ratio: 0%}\n",
     "2:28: fleet_hold.failed_ratio: \"0%\" is out of range; allowed: from 1% to 100%"},
    {"fleet_hold: {failed_ratio: \"%\"}\n",
     "2:28: fleet_hold.failed_ratio: \"%\" is no percentage; such as 50%"},
    {"blackouts: [{}]\n",
     "2:13: blackouts[0].name is missing; such as name: warehouse-maintenance\n"
     "2:13: blackouts[0].match is missing\n"
     "2:13: blackouts[0].cron is missing; such as cron: \"0 2 * * SUN\"\n"
     "2:13: blackouts[0].duration is missing; such as duration: 3h"},
    {"blackouts: [{name: n, match: {tag: a}, cron: \"0 2 * * *\", duration: 25h}]\n",
     "2:69: blackouts[0].duration: 1d1h is longer than the 1d from one beginning to the next; windows of one "
     "blackout must not overlap: begin less often, or make it shorter"},
    {"blackouts: [{name: n, match: {tag: a}, cron: \"0 2 * * *\", duration: 24h}]\n",
     "2:69: blackouts[0].duration: it ends when it begins again, so nothing would ever start; begin less "
     "often, or make it shorter"},
    {"blackouts: [{name: n, match: {tag: a}, cron: \"0 25 * * *\", duration: 1h}]\n",
     "2:46: blackouts[0].cron: hours \"25\": 25 is out of range; allowed: 0-23, with * , - /"},
    {"blackouts: [{name: n, match: {tag: a}, cron: \"@daily\", duration: 1h, ticks: drop, running: kill}]\n",
     "2:77: blackouts[0].ticks: \"drop\" is none of defer, skip\n"
     "2:92: blackouts[0].running: \"kill\" is none of finish, cancel"},
    {"blackouts:\n- {name: n, match: {tag: a}, cron: \"@daily\", duration: 1h}\n"
     "- {name: n, match: {}, cron: \"@daily\", duration: 1h}\n",
     "4:10: blackouts[1].name: \"n\" is the name of a blackout in line 3 already\n"
     "4:20: blackouts[1].match: names nothing; to mean every connection, write {name: \"*\"}"},
};
INSTANTIATE_TEST_SUITE_P(Windows, Below, ::testing::ValuesIn(windows));

const Mistake airbyte[]{
    {"", "1:1: airbyte is missing; such as airbyte: {url: \"http://localhost:8001\"}"},
    {"airbyte:\n", "1:1: airbyte.url is missing; such as url: http://localhost:8001/api/v1"},
    {"airbyte: {url: localhost:8000}\n",
     "1:16: airbyte.url: the URL starts with neither http:// nor https://; such as "
     "http://localhost:8001/api/v1"},
    {"airbyte: {url: \"http://me:pw@host\"}\n",
     "1:16: airbyte.url: the URL holds credentials; move them to airbyte.auth, where nothing shows them"},
    {"airbyte: {url: \"http://host:99999\"}\n",
     "1:16: airbyte.url: the URL has no port from 1 to 65535 after the colon"},
    {"airbyte: {url: \"http:///api\"}\n", "1:16: airbyte.url: the URL names no host"},
    {"airbyte: {url: \"http://host?x=1\"}\n", "1:16: airbyte.url: the URL holds a query or a fragment"},
    {"airbyte: {url: \"http://h\", timeouts: {read: 30}}\n",
     "1:45: airbyte.timeouts.read: \"30\" has no unit; write 30s or 30m (units ms s m h d w)"},
    {"airbyte: {url: \"http://h\", settle: 2m}\n",
     "1:36: airbyte.settle (2m) must be more than airbyte.timeouts.trigger (1m30s) + 60s; set airbyte.settle "
     "above "
     "2m30s, or lower the timeout"},
    {"airbyte: {url: \"http://h\", timeouts: {trigger: 3m}}\n",
     "1:48: airbyte.settle (4m) must be more than airbyte.timeouts.trigger (3m) + 60s; set airbyte.settle "
     "above 4m, or "
     "lower the timeout"},
    {"airbyte: {url: \"http://h\", poll: {min: 1m}}\n", "1:34: airbyte.poll: min (1m) is above max (30s)"},
    {"airbyte: {url: \"http://h\", auth: {username: u, password: p}}\n",
     "1:45: airbyte.auth.username does not go with type none; set airbyte.auth.type: basic\n"
     "1:58: airbyte.auth.password does not go with type none; set airbyte.auth.type: basic"},
    {"airbyte: {url: \"http://h\", auth: {type: basic, username: u}}\n",
     "1:41: airbyte.auth.password is missing for type basic; give password or password_file"},
    {"airbyte: {url: \"http://h\", auth: {type: token, token: a, token_file: b}}\n",
     "1:70: airbyte.auth.token and token_file are both given; keep one of the two"},
    {"airbyte: {url: \"http://h\", auth: {type: token, token_file: /nowhere/t}}\n",
     "1:60: airbyte.auth.token_file: cannot read /nowhere/t: No such file or directory; the daemon's user "
     "must be able "
     "to read it"},
    {"airbyte: {url: \"http://h\", auth: {type: token, token_file: \"credential:t\"}}\n",
     "1:60: airbyte.auth.token_file: $CREDENTIALS_DIRECTORY is not set; systemd sets it with LoadCredential= "
     "or SetCredential=; for a command that you type, set it to the folder where a file has that name"},
    {"airbyte: {url: \"http://h\", tls: {key_file: /nowhere/k}}\n",
     "1:44: airbyte.tls.key_file: cannot read /nowhere/k: No such file or directory\n"
     "1:44: airbyte.tls: cert_file and key_file go together"},
    {"airbyte: {url: \"http://h\", proxy: \"socks5://x\"}\n",
     "1:35: airbyte.proxy: the value starts with neither http:// nor https://; from_environment, none, or "
     "http://host:port"},
    {"airbyte: {url: \"http://h\", headers: {\"a b\": c}}\n",
     "1:45: airbyte.headers.a b: no name of a header"},
    {"airbyte: {url: \"http://h\", headers: {Host: c}}\n",
     "1:44: airbyte.headers.Host: this header is the client's own"},
    {"airbyte: {url: \"http://h\", headers: {A: \"b\\nC: d\"}}\n",
     "1:41: airbyte.headers.A: the value holds a line break or a control character"},
    {"airbyte: {url: \"http://h\", ui: \"airbyte.example.com\"}\n",
     "1:32: airbyte.ui: the URL starts with neither http:// nor https://; such as http://localhost:8000, or "
     "none"},
    {"airbyte: {url: \"http://h\", ui: \"http://me:pw@h\"}\n",
     "1:32: airbyte.ui: the URL holds credentials; links are shown to people; leave them out"},
    {"airbyte: {url: \"http://h\", api: v2}\n", "1:33: airbyte.api: \"v2\" is none of probe, config, public"},
};
INSTANTIATE_TEST_SUITE_P(Airbyte, Whole, ::testing::ValuesIn(airbyte));

const Mistake syntax[]{
    {"- a\n", "1:1: a configuration is a mapping of sections, not a list; start with `airbyte:`"},
    {"hello\n", "1:1: a configuration is a mapping of sections, not a single value; start with `airbyte:`"},
    {"airbyte:\n\turl: x\n", "2:1: a tab in the indentation; YAML indents with spaces only"},
    {"a: \xFF\n", "1:4: the line is no valid UTF-8; save the file as UTF-8"},
    {"a: \x01\n", "1:4: a control character; is this a text file?"},
    {"{a: 1}: 2\n", "1:1: a key must be plain text; is a closing bracket or a quote missing?"},
    {"a: &x [*x]\n", "1:8: an alias inside the value that it names; an anchor cannot hold itself"},
};
INSTANTIATE_TEST_SUITE_P(Syntax, Whole, ::testing::ValuesIn(syntax));

}  // namespace
}  // namespace syncwarden::settings
