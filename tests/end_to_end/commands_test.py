#!/usr/bin/env python3
"""The commands that ask the daemon, against the real binary: what they print, and how they exit.

Each check is a function named test_…; `--list` names them, `--only WORD` picks. Those of WITH_DEMO share one
`syncwarden demo`; the others need no daemon, or one of their own.
"""
import argparse
import datetime
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import traceback

import harness
from harness import Daemon, Failure, Process, check, http_request, wait_until

ORDERS = "orders -> warehouse"
CUSTOMERS = "customers -> warehouse"
EVENTS = "events -> lake"
SURVEYS = "surveys -> warehouse"
CONTACTS = "contacts -> warehouse"
SHIPMENTS = "shipments -> warehouse"


class Place:
    """A folder, the binary, and a demo's address."""

    def __init__(self, binary, folder):
        self.binary = binary
        self.folder = folder
        self.url = None
        self.demo = None

    def run(self, *arguments, status=0, url=None, env=None, timeout=harness.PATIENCE):
        """What a command prints; a Failure if it exits otherwise than expected."""
        command = [self.binary, *map(str, arguments)]
        url = self.url if url is None else url
        if url:
            command += ["--url", url]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SYNCWARDEN_")}
        environment.update({"TZ": "Europe/Berlin", **(env or {})})
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, cwd=self.folder,
                              env=environment, stdin=subprocess.DEVNULL, check=False)
        said = f"{' '.join(command[1:])}\n{done.stdout}{done.stderr}"
        check(done.returncode == status, f"exit {done.returncode} instead of {status}: {said}")
        check("\x1b" not in done.stdout, f"colours without a terminal: {said}")
        return done.stdout + done.stderr

    def json(self, *arguments, **more):
        return json.loads(self.run(*arguments, "--json", **more))


def free_port():
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# ---- no daemon at all

def test_without_a_daemon_each_command_exits_3_and_says_what_to_do(place):
    nowhere = f"http://127.0.0.1:{free_port()}"
    for command in (["status"], ["runs"], ["incidents"], ["explain", "x"], ["sync", "x"], ["cancel", "x"],
                    ["pause", "x", "--until", "1h"], ["resume", "x"], ["drain"], ["ack", "1"], ["logs", "x"]):
        said = place.run(*command, url=nowhere, status=3)
        check("refused the connection" in said and "syncwarden run" in said and "--url" in said, said)
    check("--direct" in place.run("sync", "x", url=nowhere, status=3), "sync names the way without a daemon")


def test_what_is_no_number_is_told_in_words(place):
    for command in (["cancel", "x", "--job", "abc"], ["cancel", "x", "--job", "0"], ["logs", "--job", "-3"], ["ack", "1.5"]):
        said = place.run(*command, status=2)
        check(f'"{command[-1]}" is no number; jobs and incidents count from 1' in said, said)


def test_a_stranger_at_the_address_is_no_daemon(place):
    with harness.running(Process(place.folder, "stranger", [
            sys.executable, "-u", "-c", "import http.server as h; s = h.HTTPServer(('127.0.0.1', 0), "
            "h.SimpleHTTPRequestHandler); print('port', s.server_port); s.serve_forever()"])) as stranger:
        port = stranger.wait_for_output(r"port (\d+)").group(1)
        said = place.run("status", url=f"http://127.0.0.1:{port}", status=3)
        check("not as syncwarden does" in said, said)


def test_mistakes_exit_2_before_anything_is_asked(place):
    nowhere = f"http://127.0.0.1:{free_port()}"
    for command in (["pause", "x"], ["pause", "--all", "--until", "1h"], ["pause", "x", "--until", "soon"],
                    ["pause", "x", "--match", "y", "--until", "1h"], ["resume"], ["cancel", "--all"],
                    ["explain", "x", "--at", "half past two"], ["sync"], ["sync", "x", "--timeout", "5"], ["ack"],
                    ["sync", "x", "--failed-since", "1h"], ["sync", "--failed-since", "soon"], ["sync", "x", "--dry-run"],
                    ["ack", "0"], ["logs", "x", "--job", "-1"], ["runs", "--verdict", "good"],
                    ["runs", "--from", "never"], ["status", "x", "--all"]):
        place.run(*command, url=nowhere, status=2)


def test_a_misspelt_command_is_told_at_every_depth(place):
    for words, meant in ((["statsu"], "status"), (["airbyte", "conections", "list"], "connections"),
                         (["airbyte", "connections", "lst"], "list")):
        said = place.run(*words, status=2)
        check(f"did you mean {meant}?" in said, said)


def test_words_that_nothing_takes_are_told_in_their_order(place):
    for words, told in ((["status", "orders", "-", "x"], ('takes no "-" "x"', "quotes: syncwarden status 'orders -> warehouse'")),
                        (["run", "a", "b"], ('syncwarden run takes no "a" "b"',)),
                        (["status", "--jsno"], ('"--jsno"', "Did you mean --json?")),
                        (["--url", "x", "status"], ('"--url" "x"', "Flags stand after the command"))):
        said = place.run(*words, status=2)
        check(all(one in said for one in told), said)


def test_help_says_what_each_command_does(place):
    for command in ("status", "explain", "sync", "cancel", "pause", "resume", "drain", "runs", "incidents", "ack",
                    "logs"):
        said = place.run(command, "--help")
        check("--url" in said and "--json" in said, said)
    check(re.match(r"syncwarden \d", place.run("--version")), "the version")


def test_a_noun_alone_names_its_verbs(place):
    said = place.run("airbyte", "connections", status=2)
    check("airbyte connections" in said and " refresh " in said and "--help" in said, said)
    said = place.run("state", status=2)
    check(" backup " in said and " restore " in said, said)
    check(" status " in place.run(status=2), "the bare program lists its commands")


def test_the_health_check_fails_where_nobody_answers(place):
    said = place.run("healthcheck", "--web.listen-address", f"127.0.0.1:{free_port()}", status=1)
    check("is syncwarden running" in said, said)


# ---- against the demo

def test_the_health_check_of_the_image(place):
    place.run("healthcheck", "--web.listen-address", place.url.removeprefix("http://"), url="")


def test_status_shows_the_fleet(place):
    said = place.run("status")
    check(re.search(r"Airbyte 2\.0\.0 \(config API\) up", said), said)
    check(re.search(r"12 connections, 12 managed", said), said)
    answer = place.json("status")
    check(answer["connections"]["total"] == 12 and answer["airbyte"]["up"], f"{answer}")


def test_lists_are_tables_or_json(place):
    said = place.run("status", "--all")
    check(said.splitlines()[0].startswith("CONNECTION") and len(said.splitlines()) == 13, said)
    said = place.run("status", "--match", "orders*")
    check(len(said.splitlines()) == 2 and re.search(r"demo:\d|a rule", said), said)
    check(re.search(r" CES?T \((in \w+|\w+ ago|now)\)", said), f"no local times in {said}")
    answer = place.json("status", "--match", "*ledger", "--limit", "1")
    check(answer["matched"] == 3 and len(answer["connections"]) == 1 and answer["next"], f"{answer}")


def test_names_that_are_none_exit_2(place):
    said = place.run("explain", "order -> warehouse", status=2)
    check(f'did you mean "{ORDERS}"?' in said, said)
    place.run("status", "nothing like it", status=2)
    place.run("sync", "nothing like it", "--wait", status=2)


def test_what_changes_something_is_guarded(place):
    target = place.url + "/api/v1/sync"
    body = {"connection": ORDERS}
    check(http_request(target, body, {"Origin": "http://evil.example"})[0] == 403, "a page of another origin")
    check(http_request(target, body, {"Host": "evil.example"})[0] == 421, "another host name")
    check(http_request(target, method="POST")[0] == 415, "no JSON")
    check(http_request(target)[0] == 405, "GET changes nothing")


def far_enough_ahead(place):
    """When the next tick of CUSTOMERS is due, if that is some seconds from now."""
    now, due = place.json("status")["now"], place.json("status", CUSTOMERS)["next_run"]
    left = datetime.datetime.fromisoformat(due) - datetime.datetime.fromisoformat(now)
    return due if left.total_seconds() > 3 else None


def test_a_pause_holds_until_it_is_resumed(place):
    # A tick that comes due between the question and the pause would be started, and the pause would cover none.
    due = wait_until(lambda: far_enough_ahead(place), "a tick that is not due at once", every=0.5)
    said = place.run("pause", CUSTOMERS, "--until", "2h", "--reason", "migration")
    check("paused until" in said and "what runs goes on" in said, said)
    said = place.run("status", CUSTOMERS)
    check(re.search(r"paused +until .* \(in 1h59m.*, by .*: migration", said), said)
    said = place.run("explain", CUSTOMERS)
    check(re.search(r"paused since .*migration\): ticks are skipped until", said), said)
    wait_until(lambda: place.json("status")["now"] > due, "a tick to come due", timeout=60, every=0.5)
    place.run("pause", CUSTOMERS, "--until", "1h", "--indefinitely", status=2)
    check("1 pause ended" in place.run("resume", CUSTOMERS), "resumed")
    said = place.run("resume", CUSTOMERS, status=1)
    check("nothing of that is paused" in said, said)
    wait_until(lambda: not place.json("status", CUSTOMERS)["pause"], "the pause to be over")
    paused = [tick for tick in place.json("runs", CUSTOMERS, "--ticks")["ticks"] if tick["reason"] == "paused"]
    check(len(paused) == 1 and paused[0]["outcome"] == "skipped", f"one record for the whole range: {paused}")


def test_a_sync_is_started_followed_and_told_once(place):
    said = place.run("pause", SURVEYS, "--indefinitely")
    said = place.run("sync", SURVEYS, status=1)
    check("is paused by" in said and "syncwarden resume" in said, said)
    place.run("resume", SURVEYS)
    idle(place, SURVEYS)
    said = place.run("sync", SURVEYS, "--wait", "--timeout", "2m", timeout=150)
    check(re.search(r"succeeded, job \d+ after", said), said)
    idle(place, SURVEYS)
    first = place.json("sync", SURVEYS, "--idempotency-key", "tonight")
    again = place.json("sync", SURVEYS, "--idempotency-key", "tonight")
    check(first["run"] == again["run"] and again["repeated"] and not first["repeated"], f"{first} {again}")
    manual = [run for run in place.json("runs", SURVEYS)["runs"] if run["cause"] == "manual"]
    check(len(manual) == 2, f"{manual}")
    check("sync surveys" in place.run("runs", "--commands"), "who asked for what")


def test_the_streams_of_a_sync_are_told_and_an_interrupt_leaves_it(place):
    idle(place, CONTACTS)
    follower = Process(place.folder, "follower", [place.binary, "sync", CONTACTS, "--wait", "--url", place.url])
    follower.wait_for_output(r"contacts . warehouse: public\.contacts: rate limited until .*\(in \d+s\)", timeout=90)
    follower.send(signal.SIGINT)
    follower.wait_for_output(rf"the sync goes on; cancel it with: syncwarden cancel '{CONTACTS}' --url '{place.url}'")
    check(follower.wait() == 6, f"exit {follower.child.returncode}")
    check(place.json("status", CONTACTS)["jobs"], "an interrupt of whoever waits ended the sync")
    said = place.run("sync", CONTACTS, "--direct", "--idempotency-key", "k", status=2, url="")
    check("only the daemon remembers" in said, said)


def idle(place, connection):
    wait_until(lambda: not place.json("status", connection)["jobs"], f"{connection} to be idle", timeout=60, every=0.2)


def test_a_cancel_hits_what_runs_and_is_told(place):
    idle(place, EVENTS)
    # Before its first attempt a cancel does nothing, in this version of Airbyte.
    wait_until(lambda: [job for job in place.json("status", EVENTS)["jobs"] if job["attempts"]], "a job to cancel",
               timeout=90, every=0.2)
    job = place.json("status", EVENTS)["jobs"][0]["id"]
    said = place.run("cancel", EVENTS, "--job", str(job + 100_000), status=1)
    check(f"job {job} " in said, said)
    check(f"cancel of job {job} " in place.run("cancel", EVENTS, "--job", str(job)), "asked for")
    def run_of_job():
        return next((run for run in place.json("runs", EVENTS)["runs"] if run["job"] and run["job"]["id"] == job), None)
    wait_until(lambda: (run_of_job() or {}).get("phase") == "finished", "the run to end", timeout=60, every=0.2)
    check(run_of_job()["verdict"] == "cancelled" and run_of_job()["by"], f"{run_of_job()}")
    check(re.search(r"cancelled by \S+", place.run("runs", EVENTS, "--limit", "5")), place.run("runs", EVENTS))


def test_the_stuck_one_is_found_cancelled_and_run_again(place):
    """`shipments`: its policy says cancel_and_rerun; each step shows in explain, incidents, /metrics and the log."""
    wait_until(lambda: any(run["verdict"] == "succeeded" and run["cancels"] == 1
                           for run in place.json("runs", SHIPMENTS)["runs"]), "the frozen run to end in success",
               timeout=150, every=1)
    incidents = [incident for incident in place.json("incidents", "--all")["incidents"]
                 if incident["subject"].startswith("shipments") and incident["stuck"] == "no_progress"]
    check(len(incidents) == 1, f"{incidents}")
    said = place.run("incidents", str(incidents[0]["number"]))
    check("no counter changed for" in said and "closed" in said and "stuck no_progress" in said, said)
    said = place.run("explain", SHIPMENTS)
    check("stuck" in said or "cancelled" in said, said)
    metrics = harness.Metrics(http_request(place.url + "/metrics")[1])
    for action, result in (("cancel", "done"), ("rerun", "asked")):
        check(metrics.sum("syncwarden_recovery_actions_total", action=action, result=result) >= 1,
              f"no {action} {result} in /metrics")
    log = place.demo.output()
    for line in ('msg="stuck" kind=no_progress', 'msg="recovery" action=cancel', 'msg="recovery" action=rerun'):
        check(line in log, f"no {line} in the log")


def test_incidents_are_told_acknowledged_and_owned(place):
    """`payments` fails for good, `budgets` moves nothing, `contacts -> ledger` is rate-limited and left alone."""
    def open_ones():
        return {(incident["subject"].split(" ")[0], incident["kind"]): incident["number"]
                for incident in place.json("incidents")["incidents"]}
    wait_until(lambda: ("payments", "sync_failing") in open_ones() and ("budgets", "suspect_success") in open_ones(),
               "payments and budgets to be incidents", timeout=120, every=1)
    number = open_ones()[("payments", "sync_failing")]
    said = place.run("incidents", str(number))
    check("revoked" in said and "sync_failing" in said, said)
    place.run("ack", str(number), "--note", "asked finance for a new key")
    said = place.run("incidents", str(number))
    check(re.search(r"owner +\S+", said) and "asked finance for a new key" in said, said)
    place.run("ack", "99999", status=2)
    said = place.run("explain", "payments -> ledger")
    check("revoked" in said or "failed" in said, said)
    cancelled = [run for run in place.json("runs", "contacts -> ledger")["runs"] if run["cancels"]]
    check(not cancelled, f"the rate-limited one was cancelled: {cancelled}")
    said = place.run("sync", "--failed-since", "1h", "--match", "payments*", "--dry-run")
    check("payments" in said and ("would be run again" in said or "it runs already" in said), said)


WITH_DEMO = [test_the_health_check_of_the_image, test_status_shows_the_fleet, test_lists_are_tables_or_json, test_names_that_are_none_exit_2,
             test_what_changes_something_is_guarded, test_a_pause_holds_until_it_is_resumed,
             test_a_sync_is_started_followed_and_told_once,
             test_the_streams_of_a_sync_are_told_and_an_interrupt_leaves_it, test_a_cancel_hits_what_runs_and_is_told,
             test_incidents_are_told_acknowledged_and_owned, test_the_stuck_one_is_found_cancelled_and_run_again]
WITHOUT = [test_a_noun_alone_names_its_verbs, test_the_health_check_fails_where_nobody_answers,
           test_without_a_daemon_each_command_exits_3_and_says_what_to_do,
           test_a_stranger_at_the_address_is_no_daemon, test_mistakes_exit_2_before_anything_is_asked,
           test_a_misspelt_command_is_told_at_every_depth, test_help_says_what_each_command_does]


# ---- a daemon of its own

def test_a_unix_socket_serves_the_same(place):
    path = place.folder / "api.sock"
    with harness.running(harness.Emulator(place.binary, place.folder)) as emulator:
        flags = ["--airbyte.url", emulator.url, "--web.listen-address", "127.0.0.1:0", "--web.unix-socket", str(path)]
        with harness.running(Daemon(place.binary, place.folder, flags=flags)) as daemon:
            daemon.wait_started()
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(harness.PATIENCE)
                connection.connect(str(path))
                connection.sendall(b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                said = b""
                while piece := connection.recv(65536):
                    said += piece
            check(said.startswith(b"HTTP/1.1 200 ") and b'"airbyte"' in said, said.decode())
            check(path.stat().st_mode & 0o777 == 0o660, "the socket's mode")
            who = f"(uid {os.getuid()} on this host)"
            local = f"unix:{path}"
            wait_until(lambda: place.json("status", url=local)["connections"]["total"] == 12, "the connections")
            place.run("pause", ORDERS, "--indefinitely", url=local, env={"USER": "somebody else"})
            paused = place.json("status", ORDERS, url=local)["pause"]
            check(who in paused["by"] and paused["by"].endswith("by own account somebody else"), f"{paused}")
            config = harness.write(place.folder / "socket.yaml", "airbyte: {url: 'http://127.0.0.1:1'}\n"
                                   f"state: 'sqlite:{place.folder}/none.db'\nweb: {{unix_socket: '{path}'}}\n")
            check("Airbyte" in place.run("status", "--config.file", config), "the socket of the configuration")
            check(daemon.terminate() == 0 and not path.exists(), "the socket goes with the daemon")


def test_the_listen_address_comes_from_the_configuration(place):
    port = free_port()
    config = harness.write(place.folder / "conf.yaml", "airbyte: {url: 'http://127.0.0.1:1'}\n"
                           f"state: 'sqlite:{place.folder}/state.db'\nweb: {{listen_address: '127.0.0.1:{port}'}}\n")
    said = place.run("status", "--config.file", config, status=3)
    check(f"127.0.0.1:{port}" in said, said)


def test_a_daemon_with_a_certificate_and_users_is_asked_all_the_same(place):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
                    "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "server.key",
                    "-out", "server.pem"], cwd=place.folder, check=True, capture_output=True, timeout=60)
    (place.folder / "web.yaml").write_text("tls_server_config: {cert_file: server.pem, key_file: server.key}\n"
                                           "bearer_tokens: [{name: ann, token: abcdefghijklmnopqrstuvwxyz012345, role: read}]\n")
    port = free_port()
    config = harness.write(place.folder / "tls.yaml", "airbyte: {url: 'http://127.0.0.1:1'}\n"
                           f"state: 'sqlite:{place.folder}/tls.db'\n"
                           f"web: {{listen_address: '127.0.0.1:{port}', config_file: web.yaml}}\n")
    trusting = {"SYNCWARDEN_CA_FILE": str(place.folder / "server.pem"), "SYNCWARDEN_TOKEN": "abcdefghijklmnopqrstuvwxyz012345"}
    with harness.running(Daemon(place.binary, place.folder, config=config)) as daemon:
        daemon.wait_started()
        named = f"https://localhost:{port}"
        said = place.run("status", url=named, env=trusting)
        check("no connection seen yet" in said, said)
        said = place.run("status", url=named, env={"SYNCWARDEN_TOKEN": trusting["SYNCWARDEN_TOKEN"]}, status=3)
        check("unknown authority" in said and "SYNCWARDEN_CA_FILE" in said, said)
        said = place.run("status", "--config.file", config, url="", env=trusting, status=3)
        check(f"https://127.0.0.1:{port}" in said and "--url https://" in said, said)
        check("this wants a user or a token" in place.run("status", url=named, status=2,
                                                          env={"SYNCWARDEN_CA_FILE": trusting["SYNCWARDEN_CA_FILE"]}), "no token")


def test_two_schedulers_are_a_standing_warning(place):
    """A connection that a rule schedules and Airbyte, too: told by check, by the list of connections and by the status."""
    with harness.running(harness.Emulator(place.binary, place.folder)) as emulator:
        def configured(name, policy):
            return harness.write(place.folder / name, f"""
airbyte: {{url: '{emulator.url}'}}
state: 'sqlite:{place.folder}/both.db'
web: {{listen_address: '127.0.0.1:{port}'}}
connections:
  - match: {{name: "{ORDERS}"}}
    airbyte_schedule: {policy}
    schedule: {{cron: "0 15 * * * ?"}}
""")
        port = free_port()
        config = configured("refuse.yaml", "refuse")
        ours = ["--config.file", config]
        run = lambda *arguments, **more: place.run(*arguments, *ours, url="", **more)
        run("airbyte", "connections", "update", ORDERS, "--schedule", "manual")
        check("! " not in run("check", "--online"), "one scheduler is no fault")
        run("airbyte", "connections", "update", ORDERS, "--schedule", "every 24 hours")
        said = run("check", "--online", status=1)
        check("Airbyte schedules it too (every 24 hours)" in said and "syncwarden adopt" in said, said)
        said = place.run("check", "--online", "--config.file", configured("tolerate.yaml", "tolerate"), url="", status=1)
        check("two schedulers drive it, this rule and Airbyte (every 24 hours)" in said, said)
        said = place.run("check", "--online", "--config.file", configured("manual.yaml", "set_manual"), url="")
        check("will be set to manual" in said, said)
        check("two schedulers" not in run("airbyte", "connections", "list"), "no daemon, no second scheduler")
        with harness.running(Daemon(place.binary, place.folder, config=config)) as daemon:
            daemon.wait_ready()
            said = wait_until(lambda: "two_schedulers" in run("incidents") and run("status"), "the incident")
            check("Airbyte schedules it (" in said, said)
            said = run("airbyte", "connections", "list")
            check("two schedulers drive 1 of these connections" in said and "Airbyte: every 24 hours" in said, said)
            run("airbyte", "connections", "update", ORDERS, "--schedule", "manual")
            check("two schedulers" not in run("airbyte", "connections", "list"), "one scheduler is no warning")


def test_a_plan_reads_the_state_of_a_running_daemon(place):
    config = harness.write(place.folder / "plan.yaml", """
airbyte: {url: 'AIRBYTE'}
state: 'sqlite:FOLDER/plan.db'
web: {listen_address: '127.0.0.1:0'}
limits: {per_destination: 1}
connections:
  - match: {destination: warehouse}
    schedule: {cron: "0 0 * * * ?"}
""")
    with harness.running(harness.Emulator(place.binary, place.folder)) as emulator:
        config.write_text(config.read_text().replace("AIRBYTE", emulator.url).replace("FOLDER", str(place.folder)))
        with harness.running(Daemon(place.binary, place.folder, config=config)) as daemon:
            daemon.wait_ready()
            wait_until(lambda: json.loads(daemon.get("/api/v1/status")[1])["connections"]["total"] == 12, "the connections")
            plan = place.json("plan", "--config.file", config, "--next", "3h", url="")
            check(len(plan["ticks"]) == 3 * 7, f"{len(plan['ticks'])} ticks")
            check(any(hour["waits_for"] == "slot: limit destination warehouse (limit 1)"
                      for hour in plan["waiting_hours"]), f"{plan['waiting_hours']}")
            fleet = place.folder / "fleet.json"
            fleet.write_text(json.dumps(place.json("status", "--all", url=daemon.base)))
            again = place.json("plan", "--config.file", config, "--connections", fleet, "--next", "3h", url="")
            check(len(again["ticks"]) == len(plan["ticks"]), f"{len(again['ticks'])} ticks from the list")


def test_the_selftest_passes_and_can_fail(place):
    said = place.run("selftest")
    check("9 of 9 steps passed" in said and "virtual time" in said, said)
    said = place.run("selftest", "--sabotage", status=1)
    check("9 of 9 steps FAILED" in said, said)
    told = place.json("selftest", "--step", "frozen")
    check(told["passed"] and [step["step"] for step in told["steps"]] == ["frozen"], f"{told}")
    check("did you mean frozen" in place.run("selftest", "--step", "frosen", status=2), "a misspelt step")


def test_a_direct_sync_needs_no_daemon(place):
    with harness.running(harness.Emulator(place.binary, place.folder)) as emulator:
        url = ["--airbyte.url", emulator.url]
        said = place.run("sync", ORDERS, "--direct", "--wait", *url, timeout=120)
        check(re.search(r"succeeded, job \d+ after", said), said)
        check(len([job for job in emulator.jobs()]) == 1, "one job")
        place.run("sync", "payments -> ledger", "--direct", "--wait", *url, status=1, timeout=120)
        said = place.run("sync", "invoices -> ledger", "--direct", "--timeout", "1s", *url, status=6, timeout=120)
        check("goes on" in said, said)
        place.run("sync", "nothing like it", "--direct", *url, status=2)


OWN = [test_two_schedulers_are_a_standing_warning, test_a_unix_socket_serves_the_same,
       test_a_daemon_with_a_certificate_and_users_is_asked_all_the_same, test_the_listen_address_comes_from_the_configuration,
       test_a_direct_sync_needs_no_daemon, test_a_plan_reads_the_state_of_a_running_daemon,
       test_the_selftest_passes_and_can_fail]


class Demo(Process):
    """`syncwarden demo`, ready."""

    def __init__(self, binary, folder):
        super().__init__(folder, "demo", [binary, "demo", "--web.listen-address", "127.0.0.1:0"])
        self.url = "http://127.0.0.1:" + self.wait_for_output(r"status +http://127\.0\.0\.1:(\d+)/").group(1)
        wait_until(lambda: json.loads(http_request(self.url + "/api/v1/status")[1])["connections"]["total"] == 12,
                   "the demo to know its connections")


def show(test, place):
    began = time.monotonic()
    why = ""
    try:
        test(place)
    except Failure as failure:
        why = str(failure)
    except Exception:  # a test that breaks is a test that failed
        why = traceback.format_exc()
    print(f"{'FAILED' if why else 'passed':8} {time.monotonic() - began:5.1f} s  {test.__name__[5:]}"
          + (f": {why}" if why else ""), flush=True)
    return not why


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--only", default="", help="those whose name contains this")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    options.binary = os.path.abspath(options.binary)
    picked = {kind: [test for test in tests if options.only in test.__name__]
              for kind, tests in (("without", WITHOUT), ("demo", WITH_DEMO), ("own", OWN))}
    if options.list:
        print("\n".join(test.__name__[5:] for tests in picked.values() for test in tests))
        return 0
    good = []
    with harness.workplace("commands") as folder:
        place = Place(options.binary, folder)
        good += [show(test, place) for test in picked["without"] + picked["own"]]
        if picked["demo"]:
            with harness.running(Demo(options.binary, folder)) as demo:
                place.url = demo.url
                place.demo = demo
                good += [show(test, place) for test in picked["demo"]]
    print(f"{sum(good)} of {len(good)} passed")
    return 0 if good and all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
