#!/usr/bin/env python3
"""From a failing sync to somebody's phone: the daemon, a real Prometheus with the shipped rules, a real Alertmanager with
the shipped routes, and a receiver. One minute of the rules is one second here; nothing else of them is changed."""
import argparse
import pathlib
import signal
import time

import harness
from harness import Daemon, Emulator, check, wait_until, workplace
from watchers import Alertmanager, Prometheus, Receiver, quickened

PROJECT = pathlib.Path(__file__).resolve().parents[2]
RULES = PROJECT / "config/prometheus/rules/syncwarden.yaml"
ROUTES = PROJECT / "config/prometheus/alertmanager.yml"
BEGAN = time.monotonic()

# What is named is healthy, but for "refunds", which fails three times and then recovers.
CONNECTIONS = """
  - match: {name: "refunds -> *"}
    schedule: {every: 5s}
  - match: {name: "orders -> *"}
    schedule: {every: 6s}
    freshness: {late_after: 1m}
  - match: {name: "customers -> *"}
    schedule: {every: 15s}
    freshness: {late_after: 1m}
"""


def say(what):
    print(f"{time.monotonic() - BEGAN:5.1f} s  {what}", flush=True)


def failing_sync(receiver):
    where, alert = receiver.wait_for("firing", "SyncwardenConnectionFailing", connection_name="refunds → warehouse")
    check(where == "tickets", f"a warning went to {where}")
    check(alert["annotations"]["runbook_url"].endswith("/SyncwardenConnectionFailing.md"), "no runbook in the notice")
    say(f"a failing sync: {alert['annotations']['description']}")
    receiver.wait_for("resolved", "SyncwardenConnectionFailing", connection_name="refunds → warehouse")
    say("its recovery resolves it")


def airbyte_killed(receiver, prometheus, airbyte):
    # What is not about this outage is over first.
    wait_until(lambda: not prometheus.query('ALERTS{alertstate="firing"}'), "no alert to be left", 60, 0.2)
    before = len(receiver.arrived)
    airbyte.send(signal.SIGKILL)
    where, alert = receiver.wait_for("firing", "SyncwardenAirbyteUnreachable", since=before, timeout=120)
    check(where == "page", f"an outage went to {where}")
    say(f"Airbyte killed: {alert['annotations']['description']}")
    # Not for want of reason: two connections have been late for longer than their alert takes.
    prometheus.wait_query("count(time() - syncwarden_connection_stale_after_timestamp_seconds > 15) >= 2", timeout=150)
    told = receiver.names(before, "firing")
    check(told == ["SyncwardenAirbyteUnreachable()"], f"one cause was told as {told}")
    say("one alert, although two connections are late by now")


def daemon_killed(receiver, daemon):
    before = len(receiver.arrived)
    daemon.send(signal.SIGKILL)
    where, alert = receiver.wait_for("firing", "SyncwardenDown", since=before)
    check(where == "page", f"SyncwardenDown went to {where}")
    told = receiver.names(before, "firing")
    check(told == ["SyncwardenDown()"], f"the killed daemon was told as {told}")
    say(f"syncwarden killed: {alert['annotations']['description']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(PROJECT / "build/gcc/src/app/syncwarden"))
    parser.add_argument("--keep", action="store_true", help="keep the folder of what failed")
    arguments = parser.parse_args()
    receiver = Receiver()
    processes = []
    with workplace("alerting", arguments.keep) as folder:
        try:
            rules = harness.write(folder / "rules.yaml", quickened(RULES.read_text()))
            airbyte = Emulator(arguments.binary, folder)
            processes.append(airbyte)
            text = harness.config_text(airbyte.api, folder / "state.db", rules=CONNECTIONS)
            daemon = Daemon(arguments.binary, folder, harness.write(folder / "syncwarden.yaml", text))
            processes.append(daemon)
            daemon.wait_ready()
            alertmanager = Alertmanager.start(folder, ROUTES, receiver.url)
            processes.append(alertmanager)
            prometheus = Prometheus.start(folder, [daemon.base.removeprefix("http://")], [rules], alertmanager.address)
            processes.append(prometheus)
            prometheus.wait_query('up{job="syncwarden"} == 1')
            say("Prometheus scrapes, Alertmanager is ready")
            failing_sync(receiver)
            airbyte_killed(receiver, prometheus, airbyte)
            daemon_killed(receiver, daemon)
        finally:
            for process in processes:
                process.kill()
            receiver.stop()
    say("passed")


if __name__ == "__main__":
    main()
