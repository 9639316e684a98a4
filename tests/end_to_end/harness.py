"""Starts the real binary, looks at it from outside, and takes everything down again.

Nothing here waits a fixed time for something to happen: `wait_until` polls for the condition, with a deadline that a
busy machine can keep. Every server listens on port 0 and tells its port on its own output.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

PATIENCE = 30.0  # seconds that anything may take which should take a moment


class Failure(AssertionError):
    """What the test expected did not come."""


class Skipped(Exception):
    """This machine cannot show it."""


def wait_until(condition, what, timeout=PATIENCE, every=0.02):
    """The first true value of `condition()`; a Failure that names `what` if there is none in time."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"waited {timeout:.0f} s for: {what}")
        time.sleep(every)


def check(condition, what):
    if not condition:
        raise Failure(what)


def http_request(url, body=None, headers=None, timeout=PATIENCE, method=None):
    """(status, text) of a request; a dictionary as body is sent as JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=dict(headers or {}), method=method)
    if data is not None:
        request.add_header("Content-Type", "application/json")
    try:
        # No proxy of the environment stands between a test and its own processes.
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=timeout) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


class Process:
    """A child whose whole output is kept in one file."""

    def __init__(self, folder, name, command, env=None, preexec=None):
        self.name = name
        self.log_path = pathlib.Path(folder) / f"{name}.log"
        self.started = time.monotonic()
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith("SYNCWARDEN_") and not key.lower().endswith("_proxy")}
        environment.update(env or {})
        with open(self.log_path, "ab") as log:
            self.log_from = log.tell()
            self.child = subprocess.Popen([str(part) for part in command], stdout=log, stderr=subprocess.STDOUT,
                                          stdin=subprocess.DEVNULL, env=environment, cwd=folder, preexec_fn=preexec)

    def output(self):
        """What this process has said so far."""
        with open(self.log_path, "rb") as log:
            log.seek(self.log_from)
            return log.read().decode(errors="replace")

    def alive(self):
        return self.child.poll() is None

    def wait_for_output(self, pattern, timeout=PATIENCE):
        """The match of a regular expression in the output; a Failure if the process ends or is silent."""
        def look():
            found = re.search(pattern, self.output())
            if not found and not self.alive():
                found = re.search(pattern, self.output())
                if not found:
                    raise Failure(f"{self.name} ended with {self.child.returncode} and never said {pattern!r}:\n"
                                  + self.output()[-3000:])
            return found
        try:
            return wait_until(look, f"{self.name} to say {pattern!r}", timeout)
        except Failure as silent:
            raise Failure(f"{silent}\nit said:\n{self.output()[-3000:]}") from None

    def send(self, what):
        self.child.send_signal(what)

    def wait(self, timeout=PATIENCE):
        """The exit status; negative for a signal."""
        try:
            return self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} did not end within {timeout} s:\n{self.output()[-2000:]}") from None

    def kill(self):
        if self.alive():
            self.child.kill()
        self.child.wait()

    def terminate(self, timeout=PATIENCE):
        if self.alive():
            self.send(signal.SIGTERM)
        return self.wait(timeout)

    def peak_memory(self):
        """The largest resident size so far, in bytes."""
        status = pathlib.Path(f"/proc/{self.child.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024


class Emulator(Process):
    """`syncwarden emulator` with its control doors open."""

    def __init__(self, binary, folder, *flags, name="emulator", listen="127.0.0.1:0"):
        super().__init__(folder, name, [binary, "emulator", "--listen", listen, "--control", *flags])
        self.port = int(self.wait_for_output(r"Config API  http://[^:]+:(\d+)/").group(1))
        self.url = f"http://127.0.0.1:{self.port}"
        self.api = self.url + "/api/v1"

    def faults(self, **changes):
        status, text = http_request(self.url + "/emulator/faults", changes)
        check(status == 200, f"the emulator refused the faults {changes}: {status} {text}")

    def do(self, **what):
        status, text = http_request(self.url + "/emulator/do", what)
        check(status == 200, f"the emulator refused {what}: {status} {text}")

    def jobs(self):
        """Every job that was really created, as the emulator itself noted it."""
        status, text = http_request(self.url + "/emulator/log")
        check(status == 200, f"no log of the emulator: {status}")
        return [json.loads(line) for line in text.splitlines()]


class Daemon(Process):
    """`syncwarden run`."""

    def __init__(self, binary, folder, config=None, flags=(), wrapper=(), env=None, preexec=None, name="daemon"):
        command = [*wrapper, binary, "run"]
        if config is not None:
            command += ["--config.file", config]
        super().__init__(folder, name, [*command, *flags], env=env, preexec=preexec)
        self.base = None

    def wait_started(self, timeout=PATIENCE):
        listen = self.wait_for_output(r'msg="?started"?.* listen=(\S+)', timeout).group(1)
        self.base = "http://" + listen
        return self

    def get(self, path):
        return http_request(self.base + path)

    def metrics(self):
        return Metrics(self.get("/metrics")[1])

    def wait_ready(self, timeout=PATIENCE):
        if self.base is None:
            self.wait_started(timeout)
        wait_until(lambda: self.get("/readyz")[0] == 200, "the daemon to be ready", timeout)
        return self

    def wait_metric(self, name, wanted, timeout=PATIENCE, **labels):
        """Until the sum of these series is as wanted: a number, or a predicate."""
        test = wanted if callable(wanted) else lambda value: value == wanted
        return wait_until(lambda: (lambda value: test(value) and (value, ))(self.metrics().sum(name, **labels)),
                          f"{name}{labels or ''}", timeout, 0.05)[0]


class Metrics:
    """One scrape."""

    LINE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)')
    LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')

    def __init__(self, text):
        self.text = text
        self.samples = []
        for line in text.splitlines():
            found = None if line.startswith("#") else self.LINE.match(line)
            if found:
                self.samples.append((found.group(1), dict(self.LABEL.findall(found.group(2) or "")),
                                     float(found.group(3))))

    def sum(self, name, **labels):
        """The sum of all series of that name with at least these labels; 0 where there is none."""
        return sum(value for found, has, value in self.samples
                   if found == name and all(has.get(key) == want for key, want in labels.items()))


def rows(state, query, *values):
    """Rows of the state file as dictionaries, read beside a running daemon."""
    connection = sqlite3.connect(f"file:{state}?mode=ro", uri=True, timeout=PATIENCE)
    try:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query, values)]
    finally:
        connection.close()


# The smallest legal deadlines: `settle` must be more than the trigger's deadline and a minute.
CONFIG = """\
airbyte:
  url: {url}
  auth: {auth}
  timeouts: {{connect: 1s, read: 5s, trigger: {trigger}}}
  settle: {settle}
  poll: {poll}
  requests_per_second: 0
  triggers_per_second: 0
  tls: {tls}
state: sqlite:{state}
defaults: {{extra_jobs: {{max: 0}}}}
connections: {rules}
mode: {mode}
web: {{listen_address: "{listen}"}}
"""


def config_text(url, state, **changes):
    """A configuration in which things happen within seconds."""
    values = {"auth": "{type: none}", "trigger": "1s", "settle": "61100ms", "tls": "{}", "mode": "live",
              "poll": "{min: 200ms, max: 500ms}",
              "listen": "127.0.0.1:0", "rules": '[{match: {name: "*"}, schedule: {every: 1s}}]'}
    values.update(changes)
    return CONFIG.format(url=url, state=state, **values)


def write(path, text):
    """Replaces a file whole, so that no reader sees a half of it."""
    path = pathlib.Path(path)
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text)
    os.replace(fresh, path)
    return path


@contextlib.contextmanager
def workplace(name, keep=False):
    """A folder of its own under the system's temporary one, removed unless something fails."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"syncwarden-{name}-"))
    try:
        yield folder
    except BaseException as why:
        if keep and not isinstance(why, Skipped):
            print(f"what happened lies in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running(*processes):
    """Kills the processes at the end, whatever happened."""
    try:
        yield processes[0] if len(processes) == 1 else processes
    finally:
        for process in processes:
            process.kill()

