"""Faults of the machine, of its clock, and of whoever operates it. Each function's docstring says what must happen."""
import hashlib
import os
import resource
import signal
import socket
import sqlite3
import time

from fault_place import PASSWORD, UP, agree, as_nobody, says, started_ticks
from harness import Daemon, Skipped, check, http_request, rows, running, wait_until, write


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
        daemon.wait_metric("syncwarden_store_operation_failures_total", lambda n: n >= 1, operation="write")
        wait_until(lambda: daemon.get("/readyz")[0] == 503, "/readyz to fail")
        says(daemon.get("/readyz?verbose")[1], "store")
        check(daemon.get("/livez")[0] == 200, "/livez fails, so it would be restarted for nothing")
        polls = daemon.metrics().sum("syncwarden_airbyte_polls_total", poll="jobs")
        daemon.wait_metric("syncwarden_airbyte_polls_total", lambda n: n > polls + 4, poll="jobs")
        # A log that starts over fits into itself, and what fits may be started. Asked in this order, as each request is
        # written down before it is sent.
        created = len(emulator.jobs())
        written = rows(place.state, "SELECT sum(requests) AS n FROM run")[0]["n"]
        check(created <= written, f"it started syncs that it could not write down: {created} of {written}")
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
    """Forward by hours: the newest tick catches up, the older ones are recorded. Back and again: nothing starts twice.

    A step back of three hours and more is a correction with rules of its own, so this one is smaller.
    """
    library = next((path for path in (FAKETIME, FAKETIME.replace("x86_64", "aarch64")) if os.path.exists(path)), None)
    if library is None:
        raise Skipped("the Debian package faketime is not installed")
    if place.sanitized():
        raise Skipped("libfaketime cannot be preloaded before AddressSanitizer")
    stamp = write(place.folder / "faketime", "+0")
    env = {"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": str(stamp), "FAKETIME_NO_CACHE": "1",
           "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    with running(place.emulator()) as emulator:
        # The real clock is in the middle of an interval, so only the steps make anything due.
        phase = int(time.time() + 15 * 60) % (30 * 60)
        config = place.config(emulator.api,
                              rules=f'[{{match: {{name: "*"}}, schedule: {{every: 30m, phase: {phase}s}}}}]')
        with running(Daemon(place.binary, place.folder, config, env=env)) as daemon:
            daemon.wait_ready()
            daemon.wait_metric(UP, 1)
            wait_until(lambda: len(rows(place.state, "SELECT 1 FROM cursor")) == 2, "marks of both schedules")
            write(stamp, "+150m")
            wait_until(lambda: started_ticks(place) == 2, "the newest tick of both connections to start")
            says(daemon.output(), "clock stepped")
            missed = rows(place.state, "SELECT also, outcome, reason FROM tick WHERE outcome = 'missed'")
            check(len(missed) == 2 and all(row["also"] == 3 for row in missed), f"the older ticks: {missed}")
            wait_until(lambda: len(rows(place.state, "SELECT 1 FROM run WHERE phase = 'finished'")) == 2, "both to end")
            write(stamp, "+0")
            wait_until(lambda: daemon.output().count("clock stepped") >= 2, "the step back to be told")
            polls = daemon.metrics().sum("syncwarden_airbyte_polls_total", poll="jobs")
            daemon.wait_metric("syncwarden_airbyte_polls_total", lambda n: n > polls + 3, poll="jobs")
            write(stamp, "+150m")
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
    """Two signals at once: the second ends it without waiting, not with 0, and what was decided is on disk."""
    with running(place.emulator("--fault", "hang_sync", "--fault", "delay_request=60s")) as emulator, \
            running(hanging(place, emulator)) as daemon:
        # Stopped for a moment, so that both wait when it wakes: an orderly stop is too quick to meet by chance.
        daemon.send(signal.SIGSTOP)
        daemon.send(signal.SIGTERM)
        daemon.send(signal.SIGINT)
        daemon.send(signal.SIGCONT)
        status = daemon.wait()
        check(status == 1, f"exit status {status}:\n{daemon.output()[-1000:]}")
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
