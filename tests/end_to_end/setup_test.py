#!/usr/bin/env python3
"""Setting Airbyte up with the real binary against the emulator: whole pipelines, wrong inputs, long lists, adoption.

Each check is a function named test_…; `--only WORD` picks.
"""
import argparse
import json
import os
import pathlib
import pty
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

import harness
from harness import Emulator, check

PIPELINES = pathlib.Path(__file__).resolve().parents[2] / "config" / "pipelines"
SECRETS = {"SHOP_PASSWORD": "0123", "LAKE_KEY": "key", "LAKE_SECRET": "s3cr3t", "PAYMENTS_SECRET": "sk_1",
           "WAREHOUSE_PASSWORD": "w4reh0use"}
BASIC = {"SYNCWARDEN_AIRBYTE_USERNAME": "airbyte", "SYNCWARDEN_AIRBYTE_PASSWORD": "password"}
BEARER = {"SYNCWARDEN_AIRBYTE_CLIENT_ID": "emulator", "SYNCWARDEN_AIRBYTE_CLIENT_SECRET": "secret"}
FAST = ("--shortest", "20ms", "--longest", "40ms", "--signal-delay", "5ms", "--start-delay", "5ms")


class Place:
    def __init__(self, binary, folder):
        self.binary = binary
        self.folder = pathlib.Path(folder)
        self.environment = {}

    def airbyte(self, version="2.0.0", auth="bearer", base="/api/v1", *flags):
        """An emulator of its own; commands ask it from now on."""
        emulator = Emulator(self.binary, self.folder, "--version", version, "--auth", auth, *FAST, *flags)
        credentials = {"basic": BASIC, "bearer": BEARER, "none": {}}[auth]
        self.environment = {"SYNCWARDEN_AIRBYTE_URL": emulator.url + base, **credentials, **SECRETS}
        return emulator

    def command(self, *arguments, stdin=None, env=None):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SYNCWARDEN_")}
        environment.update({"TZ": "UTC", **self.environment, **(env or {})})
        return subprocess.run([self.binary, *map(str, arguments)], capture_output=True, text=True,
                              timeout=harness.PATIENCE, cwd=self.folder, env=environment, check=False,
                              **({"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}))

    def run(self, *arguments, status=0, **more):
        """What it prints; a Failure if it exits otherwise or shows a secret."""
        done = self.command(*arguments, **more)
        said = f"{' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}"
        check(done.returncode == status, f"exit {done.returncode} instead of {status}: {said}")
        for secret in ("s3cr3t", "w4reh0use", "sk_1"):
            check(secret not in done.stdout + done.stderr, f"a secret was shown: {said}")
        return done.stdout + done.stderr

    def lines(self, *arguments):
        done = self.command(*arguments, "--json")
        check(done.returncode == 0, f"{arguments}: {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path


# ---- whole pipelines

def whole_pipeline(place, version, auth, base):
    emulator = place.airbyte(version, auth, base)
    public = base != "/api/v1"
    try:
        for example in sorted(PIPELINES.glob("*.yaml")):
            text = example.read_text()
            if version.startswith("0.40"):  # it knows ignore and disable only, which is told before anything happens
                told = place.run("apply", "-f", "-", "--workspace", "default", status=2, stdin=text) if "propagate" in text else "0.50"
                check("0.50" in told, told)
                text = text.replace("propagate_columns", "ignore")
            file = place.file(example.name, text)
            planned = place.run("apply", "-f", file, "--workspace", "default", "--dry-run")
            check("to create" in planned, planned)
            if example.name == "api-to-postgres.yaml":
                check(not place.lines("airbyte", "sources", "list", "--workspace", "default"), "a dry run created something")
            done = place.run("apply", "-f", file, "--workspace", "default", "--sync")
            check("created       connection" in done, done)
            check(("checked       source" in done) != public, done)
            again = place.run("apply", "-f", file, "--workspace", "default")
            check("nothing to do" in again, f"a second run is not idempotent: {again}")
        wanted = {"shop -> lake", "shop -> warehouse", "payments -> warehouse"}
        there = {one["name"]: one for one in place.lines("airbyte", "connections", "list", "--workspace", "default")}
        check(wanted == set(there), f"{there.keys()}")
        check(all(one["schedule"]["kind"] == "manual" for one in there.values()), "syncwarden's rules start them")
        done = place.run("sync", "shop -> warehouse", "--direct", "--wait")
        check("succeeded" in done, done)
        jobs = place.lines("airbyte", "jobs", "list", "--connection", "shop -> warehouse")
        check([job["status"] for job in jobs] == ["succeeded", "succeeded"], f"{jobs}")
        detail = place.lines("airbyte", "jobs", "get", jobs[0]["id"])[0]
        check(public or detail["attempt_list"][0]["status"] == "succeeded", f"{detail}")
        exported = place.file("exported.yaml", place.command("export", "--workspace", "default").stdout)
        variables = {name: "whatever" for name in re.findall(r'\$\{(\w+)\}', exported.read_text())}
        again = place.run("apply", "-f", exported, env=variables)
        check("nothing to do" in again, f"what was exported is otherwise: {again}")
    finally:
        emulator.terminate()


def test_a_whole_pipeline_on_the_basic_auth_era(place):
    whole_pipeline(place, "0.40.32", "basic", "/api/v1")


def test_a_whole_pipeline_on_1_5(place):
    whole_pipeline(place, "1.5.0", "bearer", "/api/v1")


def test_a_whole_pipeline_with_client_credentials(place):
    whole_pipeline(place, "2.0.0", "bearer", "/api/v1")


def test_a_whole_pipeline_over_the_public_api(place):
    whole_pipeline(place, "2.0.0", "bearer", "/api/public/v1")


def test_drift_is_told_and_mended(place):
    emulator = place.airbyte()
    try:
        file = place.file("p.yaml", (PIPELINES / "postgres-to-s3.yaml").read_text())
        place.run("apply", "-f", file, "--workspace", "default")
        place.run("airbyte", "connections", "update", "shop -> lake", "--prefix", "bronze_", "--schedule", "every 6 hours")
        told = place.run("apply", "-f", file, "--workspace", "default", "--dry-run")
        check("/prefix: bronze_ -> raw_" in told and "/airbyte_schedule: every 6 hours -> manual" in told, told)
        place.run("apply", "-f", file, "--workspace", "default")
        check("nothing to do" in place.run("apply", "-f", file, "--workspace", "default"), "the drift is still there")
        place.run("airbyte", "connections", "delete", "shop -> lake", status=2)
        place.run("airbyte", "connections", "delete", "shop -> lake", "--yes")
        check("1 to create" in place.run("apply", "-f", file, "--workspace", "default", "--dry-run"), "a deleted one comes back")
    finally:
        emulator.terminate()


# ---- wrong inputs

SOURCE = """
host: db.internal
port: 5432
database: shop
username: reader
password: "${SHOP_PASSWORD}"
"""
CREATE = ("airbyte", "sources", "create", "--name", "new", "--connector", "postgres", "--workspace", "default", "-f", "-")
PIPELINE = re.sub(r"(?m)^(  - name|    source): shop\b", r"\1: new", (PIPELINES / "postgres-to-s3.yaml").read_text())
PIPELINE = re.sub(r"(?m)^(  - name|    destination): lake\b", r"\1: new lake", PIPELINE)


def pipeline(old, new):
    check(old in PIPELINE, f"the example has no {old!r}")
    return PIPELINE.replace(old, new)


APPLY = ("apply", "--workspace", "default", "-f", "-")
NOBODY = "00000000-0000-4000-8000-000000000000"
# (what, arguments, standard input, exit status, what must be said)
WRONG = [
    ("text for a number", CREATE, SOURCE.replace("5432", '"5432"'), 2, ["standard input:3:7", "/port", "without quotes"]),
    ("number for a text", CREATE, SOURCE.replace("db.internal", "7"), 2, ["/host: must be text"]),
    ("a required field is missing", CREATE, SOURCE.replace("database: shop", ""), 2, ["/database: is missing"]),
    ("a number out of range", CREATE, SOURCE.replace("5432", "70000"), 2, ["/port: must be at most 65536"]),
    ("an unknown choice", CREATE, SOURCE + "tunnel_method: {tunnel_method: VPN}\n", 2,
     ["/tunnel_method/tunnel_method", "one of: NO_TUNNEL, SSH_KEY_AUTH"]),
    ("a choice without its fields", CREATE, SOURCE + "ssl_mode: {mode: verify-full}\n", 2, ["/ssl_mode/ca_certificate: is missing"]),
    ("an unset variable", CREATE, SOURCE.replace("SHOP_PASSWORD", "NOT_SET"), 2, ["standard input:6:11", "NOT_SET is not set"]),
    ("a secret's file that is not there", CREATE, SOURCE.replace('"${SHOP_PASSWORD}"', "file:/nowhere/secret"), 2,
     ["standard input:6:11", "/nowhere/secret"]),
    ("no YAML", CREATE, "host: [", 2, ["standard input:1", "YAML"]),
    ("an unknown connector", [*CREATE[:6], "postgress", *CREATE[7:]], SOURCE, 2, ["no connector", "did you mean"]),
    ("an unreachable host", CREATE, SOURCE.replace("db.internal", "unreachable.example"), 1, ["cannot connect", "Connection refused"]),
    ("a wrong password", CREATE, SOURCE.replace("${SHOP_PASSWORD}", "wrong"), 1, ["password authentication failed"]),
    ("a connector that crashes", CREATE, SOURCE.replace("db.internal", "crash.example"), 1, ["the check itself failed"]),
    ("a name that is taken", ["airbyte", "sources", "create", "--name", "orders", "--connector", "postgres", "--workspace",
                              "analytics", "-f", "-"], SOURCE, 2, ["there is a source \"orders\" already"]),
    ("several workspaces", [*CREATE[:7], "-f", "-"], SOURCE, 2, ["several workspaces", "--workspace"]),
    ("an unknown workspace", ["airbyte", "sources", "list", "--workspace", "analitics"], None, 2, ["did you mean \"analytics\""]),
    ("an ambiguous name", ["airbyte", "sources", "get", "contacts"], None, 2, ["means several sources", "give the id"]),
    ("an unknown name", ["airbyte", "connections", "get", "orders -> warehosue"], None, 2, ["no connection", "did you mean"]),
    ("a connection that does not exist", ["airbyte", "connections", "get", NOBODY], None, 1, ["no connection with this id"]),
    ("a job that does not exist", ["airbyte", "jobs", "get", "4711"], None, 1, ["there is no job 4711"]),
    ("no job's number", ["airbyte", "jobs", "cancel", "latest"], None, 2, ["no job's number"]),
    ("deleting without a yes", ["airbyte", "sources", "delete", "orders"], None, 2, ["Nothing was done", "--yes"]),
    ("a bad cron", ["airbyte", "connections", "update", "orders -> warehouse", "--schedule", "0 30 * * *"], None, 2,
     ["6 or 7 fields"]),
    ("a zone that Airbyte refuses", ["airbyte", "connections", "update", "orders -> warehouse", "--schedule", "0 0 1 * * ? Etc/UTC"],
     None, 2, ["write UTC"]),
    ("an unknown key in a pipeline", APPLY, pipeline("prefix:", "prefx:"), 2, ["/connections/0/prefx", "did you mean prefix"]),
    ("an unknown stream", APPLY, pipeline("name: customers", "name: custmers"), 2, ["no stream \"custmers\"", "did you mean customers"]),
    ("an unsupported mode", APPLY, pipeline("name: customers, sync_mode: full_refresh", "name: audit_log, sync_mode: incremental"), 2,
     ["it cannot be synced incremental", "it can: full_refresh"]),
    ("a mode that the destination lacks", APPLY, pipeline("destination_sync_mode: append,", "destination_sync_mode: append_dedup,"), 2,
     ["the destination does not take append_dedup", "it takes: append, overwrite"]),
    ("a missing cursor", APPLY, pipeline(", cursor: updated_at", ""), 2, ["incremental needs a cursor", "name one of its fields"]),
    ("a cursor that the stream lacks", APPLY, pipeline("cursor: updated_at", "cursor: update_at"), 2,
     ["it has no field \"update_at\"", "did you mean updated_at"]),
    ("duplicate names", APPLY, PIPELINE + PIPELINE[PIPELINE.index("  - name: new ->"):], 2, ["there are two connections"]),
    ("a bad cron of ours", APPLY, pipeline("0 15 * * * ?", "0 15 * *"), 2, ["cron"]),
    ("a source that nobody has", APPLY, pipeline("source: new", "source: nwe"), 2, ["no source \"nwe\"", "sources list"]),
    ("both ends are checked first", APPLY, pipeline("s3_bucket_name: lake", "s3_bucket_name: missing"), 1,
     ["destination new lake: Airbyte cannot connect", "nothing was created"]),
    ("no pipeline", APPLY, "", 2, ["declares nothing"]),
]


def test_wrong_inputs_say_where_and_what_to_do(place):
    emulator = place.airbyte()
    try:
        def everything():
            return [place.command("airbyte", kind, "list", "--json").stdout for kind in ("sources", "destinations", "connections")]
        before = everything()
        for what, arguments, text, status, said in WRONG:
            done = place.command(*arguments, stdin=text)
            output = done.stdout + done.stderr
            check(done.returncode == status, f"{what}: exit {done.returncode} instead of {status}: {output}")
            for words in said:
                check(words in output, f"{what}: {words!r} was not said: {output}")
            check(len(done.stderr.splitlines()) <= 24, f"{what}: more than a screen: {output}")
            check(SECRETS["SHOP_PASSWORD"] not in done.stderr, f"{what}: a secret was shown: {output}")
        check(everything() == before, "something was left behind")
    finally:
        emulator.terminate()


def test_credentials_roles_and_an_airbyte_that_is_away(place):
    emulator = place.airbyte()
    try:
        listing = ("airbyte", "connections", "list")
        token = place.file("token", "expired")
        told = place.run(*listing, "--airbyte.auth.type", "token", "--airbyte.auth.token-file", token, status=3,
                         env=dict.fromkeys(BEARER, ""))
        check("expired" in told, told)
        told = place.run(*listing, status=3, env={"SYNCWARDEN_AIRBYTE_CLIENT_SECRET": "wrong"})
        check("client_secret" in told, told)
        emulator.faults(forbidden=True)
        told = place.run(*listing, status=3)
        check("role" in told, told)
        emulator.faults(forbidden=False, down=True)
        place.run(*listing, status=3)
    finally:
        emulator.terminate()
    told = place.run(*listing, status=3)
    check("is Airbyte running there" in told, told)


def test_files_and_arguments_that_are_missing(place):
    for file, words in (("none.yaml", "No such file"), (".", "it is a folder"), (place.file("empty.yaml", ""), "declares nothing")):
        told = place.run("apply", "-f", file, status=2)
        check(words in told and "config/pipelines" in told, told)
    told = place.run("airbyte", "sources", "get", status=2)
    check("needs source (name or id)" in told and "for example: syncwarden airbyte sources get '" in told, told)
    told = place.run("airbyte", "destinations", "create", "--name", "lake", status=2)
    check("--connector" in told and "--file" in told and "--name (" not in told, told)


def test_what_an_api_cannot_do_says_what_can(place):
    emulator = place.airbyte("2.0.0", "bearer", "/api/public/v1")
    try:
        for arguments in (("sources", "check", "orders"), ("definitions", "get", "postgres", "--source"),
                          ("connections", "refresh", "orders -> warehouse", "--yes")):
            told = place.run("airbyte", *arguments, status=2)
            check("Public API cannot" in told and "/api/v1" in told, told)
    finally:
        emulator.terminate()
    emulator = place.airbyte("0.40.32", "basic")
    try:
        check("--connection" in place.run("airbyte", "jobs", "list", status=2), "before 0.50 jobs are listed per connection")
    finally:
        emulator.terminate()


# ---- long lists

def peak_kib(place, *arguments):
    """Lines, and the largest resident size of the command."""
    read, write = os.pipe()
    # A sanitizer keeps what was freed, to catch its use: that is not the command's appetite.
    sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"
    environment = {**os.environ, **place.environment, "ASAN_OPTIONS": sanitizer.lstrip(":")}
    child = os.fork()
    if child == 0:
        os.dup2(write, 1)
        os.close(read)
        os.execve(place.binary, [place.binary, *arguments], environment)
    os.close(write)
    ids = []
    with os.fdopen(read) as out:
        for line in out:
            ids.append(json.loads(line)["id"])
    _, status, usage = os.wait4(child, 0)
    check(status == 0, f"exit {status}")
    return ids, usage.ru_maxrss


def test_fifty_thousand_jobs_stream(place):
    emulator = place.airbyte("2.0.0", "bearer", "/api/v1", "--fleet", "100", "--every-minutes", "1", "--age", "9h")
    try:
        few, small = peak_kib(place, "airbyte", "jobs", "list", "--json", "--limit", "200")
        many, large = peak_kib(place, "airbyte", "jobs", "list", "--json")
        check(len(few) == 200, f"{len(few)} jobs with --limit 200")
        check(len(many) >= 50_000, f"only {len(many)} jobs")
        check(len(set(many)) == len(many), "a job was listed twice")
        check(large < small + 8 * 1024, f"{small} KiB for a page, {large} KiB for {len(many)} jobs")
        print(f"         {len(many)} jobs: {large} KiB at most, {small} KiB for one page")
    finally:
        emulator.terminate()


# ---- schedules

def test_adopt_and_release(place):
    emulator = place.airbyte()
    schedules = {"orders -> warehouse": "0 30 2 * * ? Europe/Berlin", "deals -> warehouse": "every 24 hours"}
    try:
        for name, schedule in schedules.items():
            place.run("airbyte", "connections", "update", name, "--schedule", schedule)
        told = place.run("adopt", "--match", "*", "--dry-run")
        check("fires of the next two years change" in told and "overlap: queue_one" in told, told)
        check("nothing was changed" in place.run("adopt", "--match", "*", status=2), "it wants files")
        place.run("adopt", "--match", "*", "--save", "undo.yaml", "--rules", "rules.yaml")
        kinds = {one["schedule"]["kind"] for one in place.lines("airbyte", "connections", "list")}
        check(kinds == {"manual"}, f"{kinds}")
        place.run("adopt", "--match", "*", "--save", "undo.yaml", "--rules", "rules.yaml")  # nothing left to adopt
        place.file("conf.yaml", f"airbyte: {{url: {emulator.url}}}\ninclude: rules.yaml\n")
        check("2 rules" in place.run("check", "--config.file", "conf.yaml"), "the rules are no good configuration")
        place.run("release", "--from", "undo.yaml")
        there = {one["name"].replace("\u2192", "->"): one["schedule"] for one in place.lines("airbyte", "connections", "list")}
        check(there["orders -> warehouse"] == {"kind": "cron", "cron": "0 30 2 * * ?", "timezone": "Europe/Berlin"}, f"{there}")
        check(there["deals -> warehouse"]["units"] == 24, f"{there}")
        place.run("airbyte", "connections", "update", "deals -> warehouse", "--schedule", "every 1 hours")
        told = place.run("release", "--from", "undo.yaml", status=1)
        check("another schedule" in told and "already" in told, told)
    finally:
        emulator.terminate()


# ---- watching

class Watcher:
    """A command that follows something, on a pipe or on a terminal of its own."""

    def __init__(self, place, *arguments, terminal=False):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SYNCWARDEN_")}
        environment.update({"TZ": "UTC", "TERM": "xterm", **place.environment})
        self.said = ""
        self.output, theirs = pty.openpty() if terminal else os.pipe()
        self.process = subprocess.Popen([place.binary, *map(str, arguments)], stdout=theirs, stderr=theirs,
                                        stdin=subprocess.DEVNULL, cwd=place.folder, env=environment)
        os.close(theirs)

    def read_until(self, pattern):
        deadline = time.monotonic() + harness.PATIENCE
        while not re.search(pattern, self.said):
            check(time.monotonic() < deadline, f"never said {pattern}: {self.said}")
            if not select.select([self.output], [], [], 0.5)[0]:
                continue
            try:
                more = os.read(self.output, 65536)
            except OSError:  # what a terminal says when nobody writes to it any more
                more = b""
            check(more, f"ended without {pattern}: {self.said}")
            self.said += more.decode()

    def end(self, status):
        try:
            check(self.process.wait(timeout=harness.PATIENCE) == status, f"{self.process.returncode}: {self.said}")
        finally:
            self.process.kill()
            os.close(self.output)


def test_a_watched_job_tells_its_streams_and_an_interrupt_leaves_it(place):
    emulator = place.airbyte()
    try:
        job = re.search(r"job (\d+) started", place.run("sync", "contacts -> warehouse", "--direct")).group(1)
        url = place.environment.pop("SYNCWARDEN_AIRBYTE_URL")
        asked = ("--airbyte.url", url)
        plain = Watcher(place, "airbyte", "jobs", "watch", job, *asked)
        plain.read_until(rf"job {job} running")
        plain.read_until(r"\.contacts[^\n]*: running")
        plain.process.send_signal(signal.SIGINT)
        plain.read_until(rf"the job goes on; cancel it with: syncwarden airbyte jobs cancel {job} --airbyte.url '{url}'\n")
        plain.end(6)
        late = Watcher(place, "airbyte", "jobs", "watch", job, "--timeout", "1s", *asked)
        late.read_until("it has not ended in time: the job goes on")
        late.end(6)
        drawn = Watcher(place, "airbyte", "jobs", "watch", job, *asked, terminal=True)
        drawn.read_until(r"\r\x1b\[J[^\n]*contacts → warehouse: job \d+ running[^\n]*\n  [^\n]*contacts[^\n]*: \w+")
        drawn.read_until(r"\x1b\[1A\r\x1b\[J")
        direct = place.run("airbyte", "jobs", "get", job, *asked)
        check("running" in direct, direct)
        place.run("airbyte", "jobs", "cancel", job, "--yes", *asked)
        drawn.read_until("cancelled, job")
        drawn.end(5)
    finally:
        emulator.terminate()


# ---- the shell

def test_completion(place):
    for shell in ("bash", "zsh", "fish"):
        check("--complete" in place.run("completion", shell), shell)
    check(place.run("--complete", "airbyte", "conn").split() == ["connections"], "commands")
    check("--json" in place.run("--complete", "airbyte", "jobs", "list", "--j").split(), "flags of the parents")
    script = place.file("bash.sh", place.run("completion", "bash") + f"""
        syncwarden() {{ {place.binary} "$@"; }}
        COMP_WORDS=(syncwarden airbyte sou) COMP_CWORD=2
        _syncwarden
        printf '%s\\n' "${{COMPREPLY[@]}}"
        """)
    done = subprocess.run(["bash", script], capture_output=True, text=True, check=True)
    check(done.stdout.split() == ["sources"], done.stdout + done.stderr)
    demo = harness.Process(place.folder, "demo", [place.binary, "demo", "--web.listen-address", "127.0.0.1:0"])
    try:
        url = demo.wait_for_output(r"(http://127\.0\.0\.1:\d+)/metrics").group(1)
        names = harness.wait_until(lambda: place.run("--complete", "status", "--url", url, "ord").splitlines(), "names")
        check(names == ["orders \u2192 warehouse"], f"{names}")
        names = place.run("--complete", "airbyte", "sources", "get", "--url", url, "cont").splitlines()
        check(names == ["contacts"], f"a daemon knows sources by their connections: {names}")
    finally:
        demo.terminate()


def test_completion_of_names_from_airbyte(place):
    """Sources and destinations, connected or not, with the flags and the environment that the commands take."""
    emulator = place.airbyte()
    try:
        for words, wanted in ((("sources", "get", "sho"), ["shop"]), (("sources", "get", "nothing"), []),
                              (("destinations", "delete", "la"), ["lake"]), (("workspaces", "get", "d"), ["default"]),
                              (("sources", "list", "--workspace", "d"), ["default"]),
                              (("connections", "create", "--source", "sho"), ["shop"]),
                              (("connections", "get", "shop"), ["shop -> lake"])):
            if words[0] == "sources" and wanted == ["shop"]:
                place.run("apply", "-f", PIPELINES / "postgres-to-s3.yaml", "--workspace", "default")
            found = place.run("--complete", "airbyte", *words).splitlines()
            check(found == wanted, f"{words}: {found}")
    finally:
        emulator.terminate()
    check(place.run("--complete", "airbyte", "sources", "get", "sh").split() == [], "silent where Airbyte is away")
    with socket.socket() as mute:  # takes connections and never answers
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        before = time.monotonic()
        nobody = {"SYNCWARDEN_AIRBYTE_URL": f"http://127.0.0.1:{mute.getsockname()[1]}/api/v1"}
        check(not place.run("--complete", "airbyte", "sources", "get", "sh", env=nobody), "silent where nobody answers")
        check(time.monotonic() - before < 10, "whoever presses a key waits")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    failed = 0
    for name, test in list(globals().items()):
        if not name.startswith("test_") or options.only not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(Place(os.path.abspath(options.binary), folder))
                print(f"ok       {name}")
            except Exception:  # one failure must not hide the others
                failed += 1
                print(f"FAILED   {name}\n{traceback.format_exc()}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
