"""The daemon and the emulator against Airbyte's own API documents, with prism between them. See CONTRACT.md."""

import base64
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from contract_tap import Tap

WATCHED_SECONDS = 25
START_SECONDS = 60
PLANTED_SECONDS = 20

# Refusals that Airbyte really gives and its documents do not list, by operation (reference 3 and 4).
UNLISTED_STATUSES = [
    (r"(GET|POST|PATCH|DELETE) .*", {401}),  # the token has expired; this check lets it expire once
    (r"POST /api/v1/connections/sync", {409, 500}),  # runs already; not active
    (r"POST /api/v1/jobs/(cancel|get|get_light|get_without_logs)", {409, 500}),  # has ended; unknown
    (r"POST /api/public/v1/jobs", {409, 500}),
    (r"(GET|DELETE) /api/public/v1/jobs/\{id\}", {409, 500}),
    (r"GET /api/public/v1/jobs", {400}),  # status=queued, before 2.1; the document is newer
]
# The Public API does not tell its version: the client asks the other API, whose documents are not these.
OTHER_DOCUMENT = ("Public API", "GET /api/v1/instance_configuration", "NO_PATH_MATCHED_ERROR")

RULES = """
state: sqlite:{state}
airbyte:
  url: {url}
  poll: {{min: 500ms, max: 2s}}
  auth: {auth}
defaults:
  extra_jobs: {{max: 1, backoff: {{initial: 3s, factor: 2, max: 10s}}, on: [transient, system, lost]}}
connections:
  - match: {{name: "orders -> *"}}
    schedule: {{cron: "0/7 * * * * ?"}}
    overlap: queue_one
  - match: {{name: "customers -> *"}}
    schedule: {{every: 10s}}
    airbyte_schedule: set_manual
    overlap: attach
  - match: {{name: "payments -> *"}}
    schedule: {{every: 9s, phase: 2s}}
  - match: {{name: "invoices -> *"}}
    schedule: {{every: 8s}}
    overlap: cancel_other
  - match: {{workspace: "*"}}
    schedule: {{every: 12s, spread: true}}
"""

CONFIG_OPERATIONS = ["GET /api/v1/health", "GET /api/v1/instance_configuration", "POST /api/v1/connections/list",
                     "POST /api/v1/connections/sync", "POST /api/v1/connections/update", "POST /api/v1/jobs/cancel"]

LOOKS = ["POST /api/v1/attempt/get_combined_stats", "POST /api/v1/attempt/get_for_job",
         "POST /api/v1/jobs/get_debug_info", "POST /api/v1/stream_statuses/list"]

# (name, document, version, emulator's auth, daemon's auth, base, operations that must have happened)
CONTRACTS = [
    ("Config API 2.0.0", "spec-subset.json", "2.0.0", "bearer",
     "{type: client_credentials, client_id: emulator, client_secret: secret}", "/api/v1",
     [*CONFIG_OPERATIONS[1:], *LOOKS, "POST /api/v1/connections/sync_progress", "POST /api/v1/applications/token",
      "POST /api/v1/jobs/list_for_workspaces"]),
    ("Config API 0.50.40", "spec-subset-0.50.40.json", "0.50.40", "basic",
     "{type: basic, username: airbyte, password: password}", "/api/v1",
     [*CONFIG_OPERATIONS[1:], *LOOKS, "POST /api/v1/workspaces/list"]),
    ("Public API 2.0.0", "public-subset.json", "2.0.0", "bearer",
     "{type: client_credentials, client_id: emulator, client_secret: secret}", "/api/public/v1",
     ["POST /api/public/v1/applications/token", "GET /api/public/v1/workspaces", "GET /api/public/v1/connections",
      "GET /api/public/v1/jobs", "POST /api/public/v1/jobs", "DELETE /api/public/v1/jobs/{id}",
      "PATCH /api/public/v1/connections/{id}"]),
]


# What setting Airbyte up must have asked with success, below the base, by API and age.
SETUP_CONFIG = ["POST /api/v1/" + operation for operation in (
    "source_definitions/list_for_workspace", "destination_definitions/list_for_workspace",
    "source_definition_specifications/get", "destination_definition_specifications/get",
    "scheduler/sources/check_connection", "scheduler/destinations/check_connection", "sources/create",
    "destinations/create", "sources/update", "sources/check_connection", "destinations/check_connection",
    "sources/discover_schema", "connections/create", "connections/update", "connections/reset",
    "connections/delete", "sources/delete", "destinations/delete", "jobs/list_for_workspaces", "jobs/list")]
SETUP_PUBLIC = ["POST /api/public/v1/sources", "POST /api/public/v1/destinations", "GET /api/public/v1/streams",
                "GET /api/public/v1/connector_definitions", "POST /api/public/v1/connections",
                "PATCH /api/public/v1/connections/{id}", "DELETE /api/public/v1/connections/{id}",
                "POST /api/public/v1/jobs", "GET /api/public/v1/jobs"]
PIPELINE = pathlib.Path(__file__).resolve().parents[2] / "config" / "pipelines" / "postgres-to-s3.yaml"
SECRETS = {"SHOP_PASSWORD": "p", "LAKE_KEY": "k", "LAKE_SECRET": "s"}


class Failure(Exception):
    """What is wrong, to be printed as it is."""


class Contract:
    """Emulator, prism, tap and daemon of one document."""

    def __init__(self, binary, documents, folder, contract):
        self.name, document, self.version, self.auth, self.daemon_auth, self.base, self.required = contract
        self.binary = binary
        self.document = documents / document
        self.folder = folder / re.sub(r"\W+", "-", self.name).lower()
        self.folder.mkdir()
        self.children = []
        self.tap = None
        self.emulator = ""
        self.said = []

    # ---- processes

    def start(self, name, *command):
        log = self.folder / f"{name}.log"
        with log.open("wb") as out:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        self.children.append(child)
        return child, log

    def wait_for(self, child, log, pattern):
        """The first group of `pattern` once the log has it."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            found = re.search(pattern, log.read_text(errors="replace"))
            if found:
                return found.group(1)
            if child.poll() is not None:
                break
            time.sleep(0.1)
        raise Failure(f"{log} never said {pattern}:\n{log.read_text(errors='replace')[-2000:]}")

    def stop(self):
        for child in reversed(self.children):
            child.terminate()
        for child in self.children:
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if self.tap:
            self.tap.close()

    # ---- requests of this check itself

    def ask(self, root, path, body=None, method=None, headers=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(root + path, data, {"Content-Type": "application/json", **(headers or {})},
                                         method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return json.loads(error.read() or b"null") if error.code == 422 else None

    def login(self):
        if self.auth == "basic":
            return {"Authorization": "Basic " + base64.b64encode(b"airbyte:password").decode()}
        token = self.ask(self.emulator, "/api/v1/applications/token",
                         {"client_id": "emulator", "client_secret": "secret"})
        return {"Authorization": "Bearer " + token["access_token"]}

    def workspaces(self, login):
        if self.version.startswith("0."):
            return self.ask(self.emulator, "/api/v1/workspaces/list", {}, headers=login)["workspaces"]
        instance = self.ask(self.emulator, "/api/v1/instance_configuration", headers=login)
        return self.ask(self.emulator, "/api/v1/workspaces/list_by_user_id",
                        {"userId": instance["defaultUserId"]}, headers=login)["workspaces"]

    def give_airbyte_a_schedule(self, proxy, login):
        """One connection that Airbyte schedules itself, for `set_manual` to change. Prism reads this, too."""
        cron = {"cronExpression": "0 0 12 * * ?", "cronTimeZone": "UTC"}
        if self.base == "/api/v1":
            for workspace in self.workspaces(login):
                found = self.ask(proxy, "/api/v1/connections/list", {"workspaceId": workspace["workspaceId"]},
                                 headers=login)
                for connection in found["connections"]:
                    if connection["name"].startswith("customers"):
                        self.ask(proxy, "/api/v1/connections/update",
                                 {"connectionId": connection["connectionId"], "scheduleType": "cron",
                                  "scheduleData": {"cron": cron}}, headers=login)
                        return
        else:
            found = self.ask(proxy, "/api/public/v1/connections?limit=100", headers=login)
            for connection in found["data"]:
                if connection["name"].startswith("customers"):
                    self.ask(proxy, f"/api/public/v1/connections/{connection['connectionId']}",
                             {"schedule": {"scheduleType": "cron", "cronExpression": "0 0 12 * * ? UTC"}},
                             method="PATCH", headers=login)
                    return
        raise Failure("the emulator has no connection 'customers'")

    # ---- the check

    def run(self):
        emulator, log = self.start("emulator", self.binary, "emulator", "--control", "--listen", "127.0.0.1:0",
                                   "--version", self.version, "--auth", self.auth)
        self.emulator = self.wait_for(emulator, log, r"Config API +(http://127\.0\.0\.1:\d+)/api/v1")
        prism, log = self.start("prism", "prism", "proxy", "-h", "127.0.0.1", "-p", "0", "--errors",
                                str(self.document), self.emulator)
        self.tap = Tap(int(self.wait_for(prism, log, r"listening on http://127\.0\.0\.1:(\d+)")))
        proxy = f"http://127.0.0.1:{self.tap.port}"
        login = self.login()
        self.give_airbyte_a_schedule(proxy, login)
        self.judge(self.tap.take(), [])
        self.said.clear()

        config = self.folder / "syncwarden.yaml"
        config.write_text(RULES.format(state=self.folder / "state.db", url=proxy + self.base, auth=self.daemon_auth))
        daemon, log = self.start("daemon", self.binary, "run", f"--config.file={config}",
                                 "--web.listen-address=127.0.0.1:0")
        time.sleep(WATCHED_SECONDS / 2)
        if self.auth == "bearer":
            self.ask(self.emulator, "/emulator/do", {"expire_tokens": True})
        time.sleep(WATCHED_SECONDS / 2)
        if daemon.poll() is not None:
            raise Failure(f"the daemon ended:\n{log.read_text()[-2000:]}")
        if self.base == "/api/v1":
            self.look_twice(proxy, self.login())
        counts = self.judge(self.tap.take(), self.required)
        for verdict in ("succeeded", "failed"):
            if f"verdict={verdict}" not in log.read_text():
                raise Failure(f"no run {verdict}; see {log}")
        counts += self.set_up(proxy)
        self.plant(proxy, self.login())
        daemon.terminate()
        if daemon.wait(30) != 0:
            raise Failure(f"the daemon ended with {daemon.returncode}; see {log}")
        return counts

    def set_up(self, proxy):
        """A pipeline set up, changed and taken down by the commands, every request of theirs through prism."""
        credentials = ({"SYNCWARDEN_AIRBYTE_USERNAME": "airbyte", "SYNCWARDEN_AIRBYTE_PASSWORD": "password"}
                       if self.auth == "basic" else {"SYNCWARDEN_AIRBYTE_CLIENT_ID": "emulator",
                                                     "SYNCWARDEN_AIRBYTE_CLIENT_SECRET": "secret"})
        environment = {**os.environ, **credentials, **SECRETS, "SYNCWARDEN_AIRBYTE_URL": proxy + self.base}
        public = self.base != "/api/v1"

        def command(*arguments):
            done = subprocess.run([self.binary, *arguments], capture_output=True, text=True, env=environment,
                                  stdin=subprocess.DEVNULL, timeout=60, check=False)
            if done.returncode != 0:
                raise Failure(f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}")

        command("apply", "-f", str(PIPELINE), "--workspace", "default")
        airbyte = [["connections", "update", "shop -> lake", "--prefix", "bronze_", "--schedule", "0 15 2 * * ? UTC"],
                   ["connections", "reset", "shop -> lake", "--yes"], ["jobs", "list", "--limit", "250"],
                   ["jobs", "list", "--connection", "shop -> lake"], ["sources", "discover", "shop"]]
        if not public:  # the Public API's document has neither PATCH nor DELETE of sources and destinations
            airbyte += [["sources", "check", "shop"], ["destinations", "check", "lake"],
                        ["sources", "update", "shop", "--name", "shop"], ["definitions", "get", "postgres", "--source"]]
        for arguments in airbyte:
            command("airbyte", "--workspace", "default", *arguments)
        command("airbyte", "--workspace", "default", "connections", "delete", "shop -> lake", "--yes")
        if not public:
            command("airbyte", "--workspace", "default", "sources", "delete", "shop", "--yes")
            command("airbyte", "--workspace", "default", "destinations", "delete", "lake", "--yes")
        return self.judge(self.tap.take(), SETUP_PUBLIC if public else SETUP_CONFIG)

    def look_twice(self, proxy, login):
        """What the client asks before it acts on a job that looks stuck, in its own words: "invoices" never ends,
        "payments" has failed."""
        def ask(path, body):
            return self.ask(proxy, "/api/v1/" + path, body, headers=login)

        for workspace in self.workspaces(login):
            for connection in ask("connections/list", {"workspaceId": workspace["workspaceId"]})["connections"]:
                if connection["name"].split(" ")[0] in ("invoices", "payments"):
                    self.look_at(ask, connection)

    def look_at(self, ask, connection):
        listed = ask("jobs/list", {"configTypes": ["sync"], "configId": connection["connectionId"],
                                   "pagination": {"pageSize": 5, "rowOffset": 0}})["jobs"]
        job = next((one for one in listed if one["attempts"]), None)
        if job is None:
            raise Failure(f"{connection['name']} has no job to look at")
        attempt = {"jobId": job["job"]["id"], "attemptNumber": job["attempts"][-1]["id"]}
        if not self.version.startswith("0.") and job["job"]["status"] == "running":
            ask("connections/sync_progress", {"connectionId": connection["connectionId"]})
        ask("attempt/get_combined_stats", attempt)
        ask("attempt/get_for_job", attempt)
        ask("jobs/get_debug_info", {"id": job["job"]["id"]})
        ask("stream_statuses/list", {"workspaceId": connection["workspaceId"],
                                     "connectionId": connection["connectionId"], **attempt,
                                     "pagination": {"pageSize": 200, "rowOffset": 0}})

    def allowed(self, exchange):
        name, operation, complaint = OTHER_DOCUMENT
        return (self.name.startswith(name) and exchange.operation == operation
                and exchange.violation.startswith(complaint))

    def judge(self, exchanges, required):
        violations = collections.Counter(f"{e.operation} -> {e.status} {e.violation}"
                                         for e in exchanges if e.violation and not self.allowed(e))
        for exchange in exchanges:
            if exchange.unlisted and not any(re.fullmatch(pattern, exchange.operation) and exchange.status in statuses
                                             for pattern, statuses in UNLISTED_STATUSES):
                violations[f"{exchange.operation}: the document lists no status {exchange.status}"] += 1
        counts = collections.Counter((e.operation, e.status) for e in exchanges)
        seen = {e.operation for e in exchanges if 200 <= e.status < 300}
        self.said += [f"  {count:5d} {operation} {status}" for (operation, status), count in sorted(counts.items())]
        if violations:
            raise Failure("\n".join(f"  violation ({count} times): {text[:1500]}" for text, count in violations.items()))
        missing = [operation for operation in required if operation not in seen]
        if missing:
            raise Failure("never asked with success, so nothing is known of: " + ", ".join(missing))
        return counts

    def plant(self, proxy, login):
        """A wrong answer and a wrong request must be seen, or this check could not fail."""
        self.ask(self.emulator, "/emulator/faults", {"unknown_words": True})
        deadline = time.monotonic() + PLANTED_SECONDS
        while not any(e.violation and e.violation.startswith("VIOLATIONS") for e in self.tap.take()):
            if time.monotonic() > deadline:
                raise Failure("words that the document does not know passed unseen: this check cannot fail")
            time.sleep(0.2)
        self.ask(self.emulator, "/emulator/faults", {"unknown_words": False})
        self.tap.take()
        if self.base == "/api/v1":
            self.ask(proxy, "/api/v1/jobs/list", {"configTypes": ["sinc"]}, headers=login)
        else:
            self.ask(proxy, "/api/public/v1/jobs?limit=500", headers=login)
        if not any(e.violation and e.violation.startswith("UNPROCESSABLE") for e in self.tap.take()):
            raise Failure("a wrong request passed unseen: this check cannot fail")


def main():
    binary, documents = sys.argv[1], pathlib.Path(sys.argv[2])
    failed = 0
    folder = pathlib.Path(tempfile.mkdtemp(prefix="syncwarden-contract-"))
    contracts = [Contract(binary, documents, folder, contract) for contract in CONTRACTS]

    def checked(contract):
        try:
            return contract.run()
        finally:
            contract.stop()

    with concurrent.futures.ThreadPoolExecutor(len(contracts)) as pool:
        for contract, future in [(c, pool.submit(checked, c)) for c in contracts]:
            failure = future.exception()
            print(f"{contract.name}: {'FAILED' if failure else 'passed'}", *contract.said, sep="\n")
            if failure:
                failed += 1
                print(failure if isinstance(failure, Failure) else repr(failure))
            else:
                print(f"  {sum(future.result().values())} requests, violations 0; both planted violations were seen")
    if failed:
        print(f"logs: {folder}")
        return 1
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
