#!/usr/bin/env python3
"""The commands that ask the daemon, against the real binary: what they print, and how they exit.

Each check is a function named test_…; `--list` names them, `--only WORD` picks. Those of WITH_DEMO share one
`syncwarden demo`; the others need no daemon, or one of their own.
"""
import argparse
import json
import os
import re
import socket
import subprocess
import sys
import time
import traceback

import harness
from harness import Daemon, Failure, Process, check, http_request, wait_until

ORDERS = "orders -> warehouse"


class Place:
    """A folder, the binary, and a demo's address."""

    def __init__(self, binary, folder):
        self.binary = binary
        self.folder = folder
        self.url = None

    def run(self, *arguments, status=0, url=None, env=None, timeout=harness.PATIENCE):
        """What a command prints; a Failure if it exits otherwise than expected."""
        command = [self.binary, *map(str, arguments)]
        url = url or self.url
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
                    ["ack", "0"], ["logs", "x", "--job", "-1"], ["runs", "--verdict", "good"],
                    ["runs", "--from", "never"], ["status", "x", "--all"]):
        place.run(*command, url=nowhere, status=2)


def test_help_says_what_each_command_does(place):
    for command in ("status", "explain", "sync", "cancel", "pause", "resume", "drain", "runs", "incidents", "ack",
                    "logs"):
        said = place.run(command, "--help")
        check("--url" in said and "--json" in said, said)
    check(re.match(r"syncwarden \d", place.run("--version")), "the version")


# ---- against the demo

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


WITH_DEMO = [test_status_shows_the_fleet, test_lists_are_tables_or_json, test_names_that_are_none_exit_2,
             test_what_changes_something_is_guarded]
WITHOUT = [test_without_a_daemon_each_command_exits_3_and_says_what_to_do,
           test_a_stranger_at_the_address_is_no_daemon, test_mistakes_exit_2_before_anything_is_asked,
           test_help_says_what_each_command_does]


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
            check(daemon.terminate() == 0 and not path.exists(), "the socket goes with the daemon")


def test_the_listen_address_comes_from_the_configuration(place):
    port = free_port()
    config = harness.write(place.folder / "conf.yaml", "airbyte: {url: 'http://127.0.0.1:1'}\n"
                           f"state: 'sqlite:{place.folder}/state.db'\nweb: {{listen_address: '127.0.0.1:{port}'}}\n")
    said = place.run("status", "--config.file", config, status=3)
    check(f"127.0.0.1:{port}" in said, said)


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


OWN = [test_a_unix_socket_serves_the_same, test_the_listen_address_comes_from_the_configuration,
       test_a_direct_sync_needs_no_daemon]


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
                good += [show(test, place) for test in picked["demo"]]
    print(f"{sum(good)} of {len(good)} passed")
    return 0 if good and all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
