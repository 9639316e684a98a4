#!/usr/bin/env python3
"""Every query of the dashboards and of the runbooks, executed by a real Prometheus that scrapes `syncwarden demo`, and
beside it a daemon with full detail that watches the demo's Airbyte. Each panel and each variable must show something
within its time; a query of a runbook must only be right, since most of them look for trouble."""
import argparse
import json
import pathlib
import re
import time

import harness
from harness import Daemon, Failure, Process, check, workplace
from watchers import Prometheus

PROJECT = pathlib.Path(__file__).resolve().parents[2]
BEGAN = time.monotonic()
PATIENCE = 100

# As Grafana would fill them in.
VARIABLES = {"$job": ".+", "$instance": ".+", "$workspace_name": ".+", "$source_connector": ".+",
             "$connection_name": "orders → warehouse", "$__rate_interval": "10s", "$__range": "1m"}

# One connection is late at once, the other one has a next start.
RULES = """
  - match: {name: "payments -> *"}
    schedule: {every: 7d}
    freshness: {late_after: 1m}
  - match: {name: "orders -> *"}
    schedule: {every: 1h}
metrics: {connection_detail: full}
"""


def say(what):
    print(f"{time.monotonic() - BEGAN:5.1f} s  {what}", flush=True)


def filled(text):
    for name, value in VARIABLES.items():
        text = text.replace(name, value)
    check("$" not in text, f"a variable that nobody fills in: {text}")
    return text


def panels(folder):
    """(where, query) of every panel."""
    for path in sorted(folder.glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", []):
                yield f"{path.stem}: {panel['title']} {target['refId']}", filled(target["expr"])


def variables(folder):
    """(where, selector, label) of every variable that asks Prometheus."""
    for path in sorted(folder.glob("*.json")):
        for variable in json.loads(path.read_text())["templating"]["list"]:
            if variable["type"] == "query":
                selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
                yield f"{path.stem}: ${variable['name']}", filled(selector), label


def runbook_queries(folder):
    for page in sorted(folder.glob("*.md")):
        for query in re.findall(r"```promql\n(.*?)```", page.read_text(), re.DOTALL):
            yield page.stem, query.strip()


def examine(prometheus):
    for page, query in runbook_queries(PROJECT / "config/prometheus/runbooks"):
        prometheus.query(query)
    say("the queries of the runbooks are right")
    wanted = dict(panels(PROJECT / "config/grafana"))
    check(len(wanted) > 60, f"only {len(wanted)} queries found")
    missing = dict(wanted)
    deadline = time.monotonic() + PATIENCE
    while missing and time.monotonic() < deadline:
        missing = {where: query for where, query in missing.items() if not prometheus.query(query)}
        time.sleep(1)
    if missing:
        raise Failure("these show nothing:\n" + "\n".join(f"  {where}\n    {query}" for where, query in missing.items()))
    say(f"{len(wanted)} queries of panels show something")
    for where, selector, label in variables(PROJECT / "config/grafana"):
        series = prometheus.api("series", **{"match[]": selector})
        check(any(label in labels for labels in series), f"{where} offers nothing")
    say("every variable offers something")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(PROJECT / "build/gcc/src/app/syncwarden"))
    parser.add_argument("--keep", action="store_true", help="keep the folder of what failed")
    arguments = parser.parse_args()
    processes = []
    with workplace("dashboards", arguments.keep) as folder:
        try:
            demo = Process(folder, "demo", [arguments.binary, "demo", "--web.listen-address", "127.0.0.1:0"])
            processes.append(demo)
            own, airbyte = demo.wait_for_output(r"metrics\s+http://(\S+)/metrics[\s\S]*airbyte\s+(\S+)").groups()
            text = harness.config_text(airbyte, folder / "state.db", rules=RULES)
            daemon = Daemon(arguments.binary, folder, harness.write(folder / "syncwarden.yaml", text))
            processes.append(daemon)
            daemon.wait_ready()
            prometheus = Prometheus.start(folder, [own, daemon.base.removeprefix("http://")])
            processes.append(prometheus)
            prometheus.wait_query('count(up{job="syncwarden"} == 1) == 2')
            say("Prometheus scrapes both")
            examine(prometheus)
        finally:
            for process in processes:
                process.kill()
    say("passed")


if __name__ == "__main__":
    main()
