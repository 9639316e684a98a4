#!/usr/bin/env python3
"""Each fault that an operator meets, against the real binary: does it say what to do, keep its head, lose nothing?

Every fault is a function named fault_…, whose docstring says what must happen. A fault that this machine cannot show is
reported as skipped, with the reason. `--list` names them, `--only WORD` picks.
"""
import argparse
import concurrent.futures
import hashlib
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import traceback

import harness
from harness import Daemon, Emulator, Failure, Skipped, check, http_request, rows, running, wait_until, write
from tls_front import Authority, TlsFront

PASSWORD = "pa55-word-that-must-not-leak"
UP = "syncwarden_airbyte_up"
# The emulator's own right secret of an application.
CLIENT = {"client_id": "emulator", "client_secret": "secret"}


class Place:
    """What a test gets: a folder, the binary, and shortcuts."""

    def __init__(self, binary, folder):
        self.binary = pathlib.Path(binary).resolve()
        self.folder = pathlib.Path(folder)
        self.state = self.folder / "state.db"
        self.config_path = self.folder / "syncwarden.yaml"
        self.folder.chmod(0o755)

    def emulator(self, *flags, fleet=2, **named):
        return Emulator(self.binary, self.folder, "--fleet", str(fleet), "--shortest", "300ms", "--longest", "600ms",
                        *flags, **named)

    def config(self, url, **changes):
        return write(self.config_path, harness.config_text(url, changes.pop("state", self.state), **changes))

    def daemon(self, url, **changes):
        return Daemon(self.binary, self.folder, self.config(url, **changes))

    def command(self, *arguments, preexec=None):
        """(exit status, everything it said) of a command that ends by itself."""
        done = subprocess.run([str(self.binary), *map(str, arguments)], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, cwd=self.folder,
                              preexec_fn=preexec, check=False)
        with open(self.folder / "commands.log", "a", encoding="utf-8") as log:
            log.write(done.stdout)
        return done.returncode, done.stdout

    def refuses(self, status, *words, preexec=None, **changes):
        """`run` ends by itself with this status and says these words."""
        self.config(changes.pop("url", "http://127.0.0.1:9/api/v1"), **changes)
        got, said = self.command("run", "--config.file", self.config_path, preexec=preexec)
        says(said, *words)
        check(got == status, f"exit status {got} instead of {status}:\n{said}")

    def sanitized(self):
        return b"__asan_init" in self.binary.read_bytes()

    def nothing_leaked(self, *secrets):
        """No file that was written here, logs and state included, holds one of the secrets."""
        for file in self.folder.rglob("*"):
            if not file.is_file() or file == self.config_path or file.name.startswith("secret"):
                continue
            text = file.read_bytes()
            for secret in secrets:
                check(secret.encode() not in text, f"the secret {secret!r} stands in {file.name}")


def says(text, *words):
    for word in words:
        check(re.search(word, text, re.IGNORECASE), f"nothing about /{word}/ in:\n{text[-2500:]}")


def as_nobody():
    """Permissions bind root as little as nothing, so whoever tests them must be someone else."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)


def agree(place, emulator):
    """Every job that was created belongs to exactly one run."""
    created = {job["job"] for job in emulator.jobs()}
    claimed = [row["job_id"] for row in rows(place.state, "SELECT job_id FROM run WHERE job_id <> 0")]
    check(len(claimed) == len(set(claimed)), f"a job belongs to two runs: {claimed}")
    open_intents = rows(place.state, "SELECT count(*) AS n FROM run WHERE phase IN ('intended', 'unresolved')")[0]["n"]
    strays = created - set(claimed)
    check(len(strays) <= open_intents, f"jobs without a run: {strays}, with {open_intents} open intents")


def started_ticks(place):
    return rows(place.state, "SELECT count(*) AS n FROM tick WHERE outcome = 'started'")[0]["n"]


# --- Airbyte is away --------------------------------------------------------------------------------------------

def fault_airbyte_down_at_start(place):
    """The daemon comes up, alive, says that Airbyte is away, and starts what was due once it is back."""
    early = place.emulator(name="early")
    port = early.port
    early.terminate()
    with running(place.daemon(f"http://127.0.0.1:{port}/api/v1", rules='[{match: {name: "*"}, schedule: {every: 2s}}]')
                 ) as daemon:
        daemon.wait_started()
        daemon.wait_for_output(r"Airbyte unreachable.*refused")
        check(daemon.get("/livez")[0] == 200, "/livez fails because Airbyte is down")
        check(daemon.metrics().sum(UP) == 0, f"{UP} is not 0")
        with running(Emulator(place.binary, place.folder, "--fleet", "2", "--shortest", "300ms", "--longest", "600ms",
                              listen=f"127.0.0.1:{port}")) as emulator:
            daemon.wait_metric(UP, 1)
            daemon.wait_ready()
            daemon.wait_metric("syncwarden_ticks_total", lambda n: n >= 2, outcome="started")
            # And once more, in mid-life: what comes due meanwhile is decided afterwards.
            emulator.faults(down=True)
            daemon.wait_metric(UP, 0)
            before = started_ticks(place)
            time.sleep(2.5)
            check(daemon.get("/readyz")[0] == 200, "not ready because Airbyte is down")
            emulator.faults(down=False)
            daemon.wait_metric(UP, 1)
            wait_until(lambda: started_ticks(place) > before, "what came due meanwhile to be started")
            agree(place, emulator)
            check(daemon.terminate() == 0, "SIGTERM did not end it with 0")


def fault_bad_gateway_with_html(place):
    """A page of nginx is no answer: told as such, and read again later; no tick fails for it."""
    with running(place.emulator()) as emulator, running(place.daemon(emulator.api)) as daemon:
        daemon.wait_ready()
        emulator.faults(http_502=1)
        daemon.wait_metric(UP, 0)
        says(daemon.output(), r"Airbyte unreachable.*502")
        check("<html" not in daemon.output(), "the page itself is in the log")
        emulator.faults(http_502=0)
        daemon.wait_metric(UP, 1)
        before = started_ticks(place)
        wait_until(lambda: started_ticks(place) > before, "syncs to start again")
        check(daemon.metrics().sum("syncwarden_ticks_total", outcome="failed_to_start") == 0, "a tick failed for it")


def fault_bad_gateway_after_the_effect(place):
    """A 502 that hides a started job is unclear, never a refusal: the job is found and adopted."""
    with running(place.emulator("--fault", "bad_gateway_after=1")) as emulator, \
            running(place.daemon(emulator.api)) as daemon:
        daemon.wait_ready()
        wait_until(lambda: started_ticks(place) >= 3, "jobs to be adopted")
        agree(place, emulator)


def fault_lost_replies(place):
    """An answer that never arrives leaves an intent, and the poll finds its job."""
    with running(place.emulator("--fault", "lose_reply=1")) as emulator, running(place.daemon(emulator.api)) as daemon:
        daemon.wait_ready()
        wait_until(lambda: started_ticks(place) >= 3, "jobs to be adopted")
        agree(place, emulator)


# --- credentials ------------------------------------------------------------------------------------------------

def wrong_credentials(place, emulator_auth, auth, secrets, words=("credentials|password|token|secret", )):
    with running(place.emulator("--auth", emulator_auth)) as emulator:
        with running(place.daemon(emulator.api, auth=auth)) as daemon:
            daemon.wait_started()
            daemon.wait_for_output(r"Airbyte unreachable")
            says(daemon.output(), *words)
            check(daemon.metrics().sum(UP) == 0, f"{UP} is not 0 with wrong credentials")
            check(daemon.alive() and daemon.get("/livez")[0] == 200, "wrong credentials ended it")
            scrape = daemon.metrics().text + daemon.get("/readyz?verbose")[1]
            check(not any(secret in scrape for secret in secrets), "a secret is served")
            check(emulator.jobs() == [], "it started something without credentials")
        status, said = place.command("check", "--online", "--verbose", "--config.file", place.config_path)
        check(status == 3, f"check --online ended with {status} instead of 3:\n{said}")
        says(said, *words)
        place.nothing_leaked(*secrets)


def fault_wrong_password(place):
    """Basic: up 0, the message names the credentials, `check --online` ends with 3, the password is nowhere."""
    wrong_credentials(place, "basic", f"{{type: basic, username: airbyte, password: {PASSWORD}}}", [PASSWORD])


def fault_wrong_token(place):
    """Token: the same."""
    wrong_credentials(place, "bearer", f"{{type: token, token: {PASSWORD}}}", [PASSWORD])


def fault_wrong_client_secret(place):
    """Client credentials: the same."""
    wrong_credentials(place, "bearer",
                      f"{{type: client_credentials, client_id: emulator, client_secret: {PASSWORD}}}", [PASSWORD])


def fault_right_credentials_from_files(place):
    """Basic and client credentials from files work, and stand nowhere afterwards."""
    secret = place.folder / "secret-password"
    secret.write_text("password\n")
    with running(place.emulator("--auth", "basic")) as emulator, \
            running(place.daemon(emulator.api, auth=f"{{type: basic, username: airbyte, password_file: {secret}}}")
                    ) as daemon:
        daemon.wait_ready()
        daemon.wait_metric(UP, 1)
        wait_until(lambda: started_ticks(place) >= 1, "a sync")


def fault_token_dies_in_mid_life(place):
    """A 401 in mid-life costs one new token, and nobody notices."""
    with running(place.emulator("--auth", "bearer")) as emulator:
        secret = place.folder / "secret-client"
        secret.write_text(CLIENT["client_secret"])
        auth = f"{{type: client_credentials, client_id: {CLIENT['client_id']}, client_secret_file: {secret}}}"
        with running(place.daemon(emulator.api, auth=auth)) as daemon:
            daemon.wait_ready()
            tokens = daemon.metrics().sum("syncwarden_airbyte_requests_total", operation="get_token")
            check(tokens == 1, f"{tokens} tokens were fetched at the start instead of one")
            emulator.do(expire_tokens=True)
            daemon.wait_metric("syncwarden_airbyte_requests_total", lambda n: n > tokens, operation="get_token")
            before = started_ticks(place)
            wait_until(lambda: started_ticks(place) > before + 1, "syncs after the token's death")
            check(daemon.metrics().sum("syncwarden_airbyte_requests_total", operation="get_token") == tokens + 1,
                  "more than one token was fetched")
            check("Airbyte unreachable" not in daemon.output(), "it lost sight of Airbyte:\n" + daemon.output()[-2000:])
            check(daemon.metrics().sum("syncwarden_ticks_total", outcome="failed_to_start") == 0, "a tick failed")
            agree(place, emulator)


def fault_unreadable_secret_file(place):
    """A secret that is not there, or not for us: exit 2 with the place and the file, before anything starts."""
    missing = place.folder / "secret-missing"
    place.refuses(2, r"syncwarden\.yaml:\d+:\d+", "secret-missing", "password_file",
                  auth=f"{{type: basic, username: airbyte, password_file: {missing}}}")
    locked = place.folder / "secret-locked"
    locked.write_text(PASSWORD)
    locked.chmod(0)
    place.config_path.chmod(0o644)
    place.refuses(2, r"syncwarden\.yaml:\d+:\d+", "secret-locked", "permission|cannot be read",
                  auth=f"{{type: basic, username: airbyte, password_file: {locked}}}", preexec=as_nobody)
    place.nothing_leaked(PASSWORD)


# --- limits, slowness, size -------------------------------------------------------------------------------------

def rate_limited(place, **retry):
    with running(place.emulator()) as emulator, running(place.daemon(emulator.api)) as daemon:
        daemon.wait_ready()
        emulator.faults(rate_limit=1, **retry)
        daemon.wait_metric("syncwarden_airbyte_request_failures_total", lambda n: n >= 1, reason="rate_limited")
        check(daemon.get("/livez")[0] == 200, "a 429 ended it")
        emulator.faults(rate_limit=0)
        polls = daemon.metrics().sum("syncwarden_airbyte_request_failures_total", reason="rate_limited")
        daemon.wait_metric(UP, 1)
        before = daemon.metrics().sum("syncwarden_airbyte_last_poll_success_timestamp_seconds", poll="jobs")
        daemon.wait_metric("syncwarden_airbyte_last_poll_success_timestamp_seconds", lambda at: at > before, poll="jobs")
        check(daemon.metrics().sum("syncwarden_ticks_total", outcome="failed_to_start") == 0, "a tick failed for a 429")
        agree(place, emulator)
        return polls, daemon


def fault_rate_limited_with_retry_after(place):
    """429 with Retry-After: counted, nobody hammers meanwhile, and the polls go on afterwards."""
    began = time.monotonic()
    limited, _ = rate_limited(place, retry_after_s=1)
    check(limited < 20 + 10 * (time.monotonic() - began), f"{limited} requests ran into the limit")


def fault_rate_limited_without_retry_after(place):
    """429 as Airbyte's own proxy says it, without a word about when: the same."""
    rate_limited(place)


def fault_slow_sync_reply(place):
    """An answer after 100 s: given up after its deadline, but the job is seen by the poll and followed to its end."""
    with running(place.emulator("--fault", "slow_sync=100s")) as emulator, \
            running(place.daemon(emulator.api)) as daemon:
        daemon.wait_ready()
        wait_until(lambda: rows(place.state, "SELECT 1 FROM run WHERE verdict = 'succeeded'"), "a run to succeed")
        adopted = rows(place.state, "SELECT count(*) AS n FROM run WHERE attribution = 'adopted'")[0]["n"]
        check(adopted >= 1, "no job was adopted")
        agree(place, emulator)


def fault_sync_reply_never_comes(place):
    """The same without any answer; and the watching goes on while every trigger hangs."""
    with running(place.emulator("--fault", "hang_sync", fleet=12)) as emulator, \
            running(place.daemon(emulator.api)) as daemon:
        daemon.wait_ready()
        wait_until(lambda: len(rows(place.state, "SELECT 1 FROM run WHERE verdict = 'succeeded'")) >= 12,
                   "runs to succeed")
        polls = daemon.metrics().sum("syncwarden_airbyte_polls_total", poll="jobs")
        daemon.wait_metric("syncwarden_airbyte_polls_total", lambda n: n > polls + 2, poll="jobs")
        agree(place, emulator)


def fault_reply_of_200_megabytes(place):
    """A reply without end is cut off: memory stays flat, the job is adopted."""
    with running(place.emulator(fleet=1)) as emulator, \
            running(place.daemon(emulator.api, trigger="20s", settle="81s")) as daemon:
        daemon.wait_ready()
        before = daemon.peak_memory()
        emulator.faults(huge_reply=200_000_000)
        known = len(emulator.jobs())
        wait_until(lambda: len(emulator.jobs()) > known, "a sync to be created", every=0.1)
        wait_until(lambda: rows(place.state, "SELECT 1 FROM run WHERE verdict = 'succeeded' AND job_id > ?", known),
                   "the job behind the huge reply to be followed to its end")
        emulator.faults(huge_reply=0)
        grown = daemon.peak_memory() - before
        check(grown < 64 << 20, f"the daemon grew by {grown >> 20} MiB for a reply that it should not keep")
        agree(place, emulator)
        print(f"    the daemon's peak grew by {grown / (1 << 20):.1f} MiB")


# --- TLS --------------------------------------------------------------------------------------------------------

def tls(place, certificate, words, trusted=True):
    authority = Authority(place.folder)
    with running(place.emulator()) as emulator:
        front = TlsFront(*certificate(authority), emulator.port)
        try:
            url = f"https://127.0.0.1:{front.port}/api/v1"
            options = f"{{ca_file: {authority.ca}}}" if trusted else "{}"
            with running(place.daemon(url, tls=options)) as daemon:
                daemon.wait_started()
                if words is None:
                    daemon.wait_ready()
                    daemon.wait_metric(UP, 1)
                else:
                    daemon.wait_for_output(r"Airbyte unreachable")
                    says(daemon.output(), *words)
                    check(daemon.metrics().sum(UP) == 0, f"{UP} is not 0")
            status, said = place.command("check", "--online", "--config.file", place.config_path)
            says(said, *(words or ["2 connections"]))
            check(status == (3 if words else 0), f"check --online ended with {status}:\n{said}")
            if words:
                check(emulator.jobs() == [], "it spoke with a server that it should not trust")
        finally:
            front.close()


def fault_tls_wrong_host(place):
    """A certificate for somebody else: refused, with the name that was expected."""
    tls(place, lambda authority: authority.issue("wrong", names="DNS:elsewhere.example"),
        ["certificate", r"127\.0\.0\.1|host|name"])


def fault_tls_expired(place):
    """An expired certificate: refused, and told as expired."""
    tls(place, lambda authority: authority.issue("old", days=-1), ["certificate", "expired"])


def fault_tls_unknown_issuer(place):
    """An authority that nobody trusts: refused, and the message names the key that changes it."""
    tls(place, lambda authority: authority.issue("good"), ["certificate", "issuer|authority|self.signed", "ca_file"],
        trusted=False)


def fault_tls_own_authority(place):
    """The same certificate with `ca_file` works."""
    tls(place, lambda authority: authority.issue("good"), None)


# --- this machine -----------------------------------------------------------------------------------------------

def fault_port_taken(place):
    """Exit 1, names the port; the state is left in order."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        place.refuses(1, f"port {port} is already in use", listen=f"127.0.0.1:{port}")


def fault_state_folder_missing(place):
    """Exit 1 and says to make the folder."""
    place.refuses(1, "make the directory", "state.db", state=place.folder / "not-there" / "state.db")


def fault_state_unwritable(place):
    """Exit 1, names the file and the user that may not."""
    locked = place.folder / "locked"
    locked.mkdir(mode=0o555)
    place.refuses(1, "locked/state.db", "permission|cannot", state=locked / "state.db", preexec=as_nobody)


def fault_state_is_no_database(place):
    """Exit 1, says so, and leaves the file as it is."""
    untouched(place, lambda file: file.write_bytes(b"these are not the rows you are looking for\n" * 200),
              "damaged|not a database|another program")


def fault_state_of_another_program(place):
    """Exit 1, says so, and leaves the file as it is."""
    def make(file):
        database = sqlite3.connect(file)
        database.execute("CREATE TABLE bookmarks (url TEXT)")
        database.commit()
        database.close()
    untouched(place, make, "another program")


def fault_state_damaged(place):
    """Exit 1, says that it is damaged and what to do, and leaves the file as it is."""
    def make(file):
        real_state(place)
        data = bytearray(file.read_bytes())
        for at in range(4096 + 8, len(data), 97):
            data[at] ^= 0xA5
        file.write_bytes(data)
    untouched(place, make, "damaged", "backup|move|restore")


def fault_state_from_a_newer_version(place):
    """Exit 1, tells both versions, and leaves the file as it is."""
    def make(file):
        real_state(place)
        database = sqlite3.connect(file)
        database.execute("PRAGMA user_version = 99")
        database.commit()
        database.execute("PRAGMA journal_mode = DELETE")
        database.close()
    untouched(place, make, "version 99", "newer syncwarden")


def real_state(place):
    """Leaves a good state file behind."""
    with running(place.emulator(name="before")) as emulator, running(place.daemon(emulator.api)) as daemon:
        daemon.wait_ready()
        wait_until(lambda: started_ticks(place) >= 2, "something to remember")
        check(daemon.terminate() == 0, "SIGTERM did not end it with 0")


def untouched(place, make, *words):
    make(place.state)
    before = hashlib.sha256(place.state.read_bytes()).hexdigest()
    place.refuses(1, "state.db", *words)
    check(hashlib.sha256(place.state.read_bytes()).hexdigest() == before, "the state file was changed")


def fault_state_in_use(place):
    """A second daemon on the same file: exit 1, names who holds it; the first goes on."""
    with running(place.emulator()) as emulator, running(place.daemon(emulator.api)) as daemon:
        daemon.wait_ready()
        place.refuses(1, r"holds the state file", str(daemon.child.pid), url=emulator.api)
        check(daemon.alive() and daemon.get("/livez")[0] == 200, "the first daemon suffered")


def fault_disk_full(place):
    """Nothing is started that cannot be written down first; watching and metrics go on; it recovers by itself."""
    with running(place.emulator(fleet=6)) as emulator, running(place.daemon(emulator.api)) as daemon:
        daemon.wait_ready()
        wait_until(lambda: started_ticks(place) >= 3, "normal life")
        wal = place.state.with_name(place.state.name + "-wal")
        # No file may grow beyond where the log of the state is now: to the daemon that is a full disk.
        resource.prlimit(daemon.child.pid, resource.RLIMIT_FSIZE, (max(wal.stat().st_size, 1), resource.RLIM_INFINITY))
        daemon.log_limit = True
        daemon.wait_metric("syncwarden_store_operation_failures_total", lambda n: n >= 1, operation="write")
        wait_until(lambda: daemon.get("/readyz")[0] == 503, "/readyz to fail")
        says(daemon.get("/readyz?verbose")[1], "store")
        check(daemon.get("/livez")[0] == 200, "/livez fails, so it would be restarted for nothing")
        # What was on its way may still arrive; then nothing more.
        time.sleep(1)
        created = len(emulator.jobs())
        polls = daemon.metrics().sum("syncwarden_airbyte_polls_total", poll="jobs")
        daemon.wait_metric("syncwarden_airbyte_polls_total", lambda n: n > polls + 2, poll="jobs")
        check(len(emulator.jobs()) == created, "it started syncs that it could not write down")
        resource.prlimit(daemon.child.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        wait_until(lambda: daemon.get("/readyz")[0] == 200, "/readyz to recover")
        before = started_ticks(place)
        wait_until(lambda: started_ticks(place) > before, "syncs to start again")
        says(daemon.output(), "state cannot be written.*(disk|file|space|full|large)", "state is written again")
        agree(place, emulator)
        check(daemon.terminate() == 0, "SIGTERM did not end it with 0")


# --- the clock --------------------------------------------------------------------------------------------------

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


def fault_clock_set_forward_and_back(place):
    """Forward by three hours: the newest tick catches up, the older ones are recorded. Back: nothing starts twice."""
    library = next((path for path in (FAKETIME, FAKETIME.replace("x86_64", "aarch64")) if os.path.exists(path)), None)
    if library is None:
        raise Skipped("the Debian package faketime is not installed")
    if place.sanitized():
        raise Skipped("libfaketime cannot be preloaded before AddressSanitizer")
    stamp = write(place.folder / "faketime", "+0")
    env = {"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": str(stamp), "FAKETIME_NO_CACHE": "1",
           "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    with running(place.emulator()) as emulator:
        config = place.config(emulator.api, rules='[{match: {name: "*"}, schedule: {every: 1h}}]')
        with running(Daemon(place.binary, place.folder, config, env=env)) as daemon:
            daemon.wait_ready()
            daemon.wait_metric(UP, 1)
            wait_until(lambda: len(rows(place.state, "SELECT 1 FROM cursor")) == 2, "marks of both schedules")
            write(stamp, "+3h")
            wait_until(lambda: started_ticks(place) == 2, "the newest tick of both connections to start")
            says(daemon.output(), "clock stepped")
            missed = rows(place.state, "SELECT also, outcome, reason FROM tick WHERE outcome = 'missed'")
            check(len(missed) == 2 and all(row["also"] == 1 for row in missed), f"the older ticks: {missed}")
            wait_until(lambda: len(rows(place.state, "SELECT 1 FROM run WHERE phase = 'finished'")) == 2, "both to end")
            write(stamp, "+0")
            wait_until(lambda: daemon.output().count("clock stepped") >= 2, "the step back to be told")
            polls = daemon.metrics().sum("syncwarden_airbyte_polls_total", poll="jobs")
            daemon.wait_metric("syncwarden_airbyte_polls_total", lambda n: n > polls + 3, poll="jobs")
            write(stamp, "+3h")
            wait_until(lambda: daemon.output().count("clock stepped") >= 3, "the step forward to be told")
            polls = daemon.metrics().sum("syncwarden_airbyte_polls_total", poll="jobs")
            daemon.wait_metric("syncwarden_airbyte_polls_total", lambda n: n > polls + 3, poll="jobs")
            check(len(emulator.jobs()) == 2, f"a tick started twice: {emulator.jobs()}")
            agree(place, emulator)
            check(daemon.alive() and daemon.get("/livez")[0] == 200, "a step of the clock ended it")


# --- signals and configuration ----------------------------------------------------------------------------------

def fault_reload(place):
    """A good file is taken while jobs run; a bad one is refused whole, with every error, and the old one stays."""
    with running(place.emulator()) as emulator, running(place.daemon(emulator.api)) as daemon:
        daemon.wait_ready()
        place.config(emulator.api, rules='[{match: {name: "fleet-00000"}, schedule: {every: 1s}}]')
        daemon.send(signal.SIGHUP)
        daemon.wait_for_output("configuration changed")
        place.config(emulator.api, rules='[{match: {name: "*"}, shedule: {every: 1s}}]', mode="sometimes",
                     auth=f"{{type: basic, username: airbyte, password: {PASSWORD}, pasword_file: x}}")
        daemon.send(signal.SIGHUP)
        daemon.wait_for_output("configuration refused")
        says(daemon.output(), "shedule", "schedule", "sometimes", "pasword_file")
        check(daemon.metrics().sum("syncwarden_config_last_reload_successful") == 0, "the metric says that it worked")
        before = started_ticks(place)
        wait_until(lambda: started_ticks(place) > before + 1, "the old configuration to go on")
        status, said = http_request(daemon.base + "/-/reload", method="POST", headers={"Content-Length": "0"})
        check(status >= 400 and PASSWORD not in said, f"/-/reload: {status} {said}")
        place.config(emulator.api, mode="shadow")
        status, said = http_request(daemon.base + "/-/reload", method="POST", headers={"Content-Length": "0"})
        check(status == 200 and "mode" in said, f"/-/reload: {status} {said}")
        check(daemon.metrics().sum("syncwarden_config_last_reload_successful") == 1, "the metric still says that it failed")
        daemon.wait_metric("syncwarden_ticks_total", lambda n: n > 1, outcome="skipped", reason="shadow")
        place.nothing_leaked(PASSWORD)


def hanging(place, emulator):
    daemon = place.daemon(emulator.api, trigger="90s", settle="151s")
    daemon.wait_ready()
    daemon.wait_metric("syncwarden_airbyte_requests_in_flight", lambda n: n >= 1)
    return daemon


def fault_sigterm_while_a_sync_hangs(place):
    """Gone within 25 s with 0, and the request under way is a durable intent, or its job is known."""
    with running(place.emulator("--fault", "hang_sync", "--fault", "delay_request=60s")) as emulator, \
            running(hanging(place, emulator)) as daemon:
        began = time.monotonic()
        status = daemon.terminate(40)
        took = time.monotonic() - began
        check(status == 0, f"exit status {status}:\n{daemon.output()[-2000:]}")
        check(took < 25, f"it took {took:.1f} s")
        says(daemon.output(), 'msg="?stopped')
        left = rows(place.state, "SELECT * FROM run WHERE phase IN ('intended', 'unresolved')")
        check(left, "the request under way left no intent")
        print(f"    it took {took:.1f} s")


def fault_second_signal(place):
    """The second signal ends it at once, not with 0; the intent is on disk all the same."""
    with running(place.emulator("--fault", "hang_sync", "--fault", "delay_request=60s")) as emulator, \
            running(hanging(place, emulator)) as daemon:
        daemon.send(signal.SIGTERM)
        daemon.wait_for_output("stopping")
        began = time.monotonic()
        if not daemon.alive():
            raise Skipped("it was gone before the second signal")
        daemon.send(signal.SIGINT)
        status = daemon.wait()
        check(time.monotonic() - began < 5, "the second signal did not end it at once")
        check(status in (0, 1), f"exit status {status}")
        check(rows(place.state, "SELECT 1 FROM run WHERE phase IN ('intended', 'unresolved')"), "no intent was left")


def fault_bad_configuration(place):
    """Exit 2, every error in one run, each with its place; nothing is started."""
    place.refuses(2, r"syncwarden\.yaml:\d+:\d+.*shedule.*schedule", "2 errors|3 errors", "sometimes",
                  rules='[{match: {name: "*"}, shedule: {every: 1s}}]', mode="sometimes")
    check(not place.state.exists(), "it made a state file")
    status, said = place.command("run", "--config.file", place.folder / "not-there.yaml")
    check(status == 2, f"a missing file: exit status {status}")
    says(said, "not-there.yaml", "--config.file")
    status, said = place.command("run", "--no-such-flag")
    check(status == 2, f"an unknown flag: exit status {status}")


# --- running them -----------------------------------------------------------------------------------------------

FAULTS = {name[len("fault_"):]: function for name, function in list(globals().items()) if name.startswith("fault_")}


def show(binary, name, keep):
    """(name, verdict, what to print)."""
    began = time.monotonic()
    try:
        with harness.workplace(name, keep) as folder:
            FAULTS[name](Place(binary, folder))
        verdict, why = "passed", ""
    except Skipped as reason:
        verdict, why = "SKIPPED", str(reason)
    except Failure as failure:
        verdict, why = "FAILED", str(failure)
    except Exception:  # a test that breaks is a test that failed
        verdict, why = "FAILED", traceback.format_exc()
    print(f"{verdict:8} {time.monotonic() - began:5.1f} s  {name}" + (f": {why}" if why else ""), flush=True)
    return verdict


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary")
    parser.add_argument("--only", default="", help="those whose name contains this")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--jobs", type=int, default=3, help="so many at once; they wait more than they work")
    parser.add_argument("--keep", action="store_true", help="keep the folder of what failed")
    options = parser.parse_args()
    names = [name for name in FAULTS if options.only in name]
    if options.list:
        for name in names:
            print(f"{name}: {FAULTS[name].__doc__}")
        return 0
    if not options.binary or not shutil.which("openssl"):
        parser.error("--binary is needed, and the openssl command")
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        verdicts = list(pool.map(lambda name: show(options.binary, name, options.keep), names))
    print(", ".join(f"{verdicts.count(word)} {word.lower()}" for word in ("passed", "FAILED", "SKIPPED")))
    return 1 if "FAILED" in verdicts or not verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
