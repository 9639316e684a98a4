"""The processes that ./run measures, each in a directory of its own and on loopback only."""
import datetime
import json
import pathlib
import re
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request


def get(port, path, data=None, timeout=30):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=data,
                                     headers={"Content-Type": "application/json"} if data else {})
    with urllib.request.urlopen(request, timeout=timeout) as reply:
        return reply.read().decode()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def si(text):
    """Google Benchmark's "12.3M"."""
    return float(text.rstrip("kMG")) * {"k": 1e3, "M": 1e6, "G": 1e9}.get(text[-1], 1)


class Bench:
    def __init__(self, build, place, connections, lanes):
        self.build, self.place, self.connections, self.lanes = build, place, connections, lanes
        self.binary = build / "src/app/syncwarden"
        self.count = 0

    def directory(self, what):
        self.count += 1
        path = self.place / f"{self.count}-{what}"
        path.mkdir()
        return path

    def limits(self, *words, stdin=None):
        text = self.program("bench/bare_limits", *map(str, words), stdin=stdin)
        first, second, *third = text.split()
        return float(first), int(second), *map(float, third)

    def program(self, path, *words, stdin=None):
        done = subprocess.run([self.build / "tests" / path, *words], input=stdin, text=True, capture_output=True,
                              timeout=300, check=True)
        return done.stdout

    @staticmethod
    def after_start(instant):
        time.sleep(max(0.0, instant - time.time()))


class Process:
    """Ends with its block."""
    process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Emulator(Process):
    def __init__(self, bench):
        self.process = subprocess.Popen(
            [bench.binary, "emulator", "--listen", "127.0.0.1:0", "--fleet", str(bench.connections), "--control",
             "--shortest", "10s", "--longest", "20s", "--signal-delay", "0ms", "--start-delay", "0ms"], stdout=subprocess.PIPE, text=True)
        self.port = None
        while self.port is None:
            line = self.process.stdout.readline()
            if not line:
                raise subprocess.SubprocessError("the emulator did not start")
            if found := re.search(r"http://127\.0\.0\.1:(\d+)/api/v1", line):
                self.port = int(found[1])

    def ids(self):
        space = json.loads(get(self.port, "/api/public/v1/connections?limit=1"))["data"][0]["workspaceId"]
        body = json.dumps({"workspaceId": space}).encode()
        return [one["connectionId"] for one in json.loads(get(self.port, "/api/v1/connections/list", body))["connections"]]

    def log(self):
        """Every job that was created."""
        return [json.loads(line) for line in get(self.port, "/emulator/log").splitlines()]

    def jobs(self):
        """Job -> when it was created, ms."""
        return {line["job"]: line["createdAt"] for line in self.log()}

    def ended(self):
        """Job -> when it ended, ms. The API itself tells whole seconds only."""
        return {line["job"]: line["endedAt"] for line in self.log() if "endedAt" in line}

    def created(self):
        return list(self.jobs().values())


class Daemon(Process):
    def __init__(self, bench, airbyte, poll, rules):
        self.place = bench.directory("daemon")
        self.port = free_port()
        self.state = self.place / "state.db"
        config = self.place / "syncwarden.yaml"
        config.write_text(
            f"airbyte:\n  url: http://127.0.0.1:{airbyte.port}/api/v1\n"
            f"  in_flight: {{triggers: {bench.lanes}}}\n  requests_per_second: 0\n  triggers_per_second: 0\n"
            f"  poll: {poll}\nstate: sqlite:{self.state}\n{rules}")
        self.log = self.place / "log"
        self.began = time.monotonic()
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [bench.binary, "run", "--config.file", config, "--log.format", "json",
                 "--web.listen-address", f"127.0.0.1:{self.port}"], stdout=log, stderr=subprocess.STDOUT)

    def wait_until_polled(self):
        """Seconds from exec to the first complete poll."""
        while time.monotonic() - self.began < 60:
            if self.process.poll() is not None:
                raise subprocess.SubprocessError("the daemon ended: " + self.log.read_text()[-1000:])
            try:
                get(self.port, "/readyz")
                return time.monotonic() - self.began
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.005)
        raise subprocess.SubprocessError("no complete poll within a minute: " + self.log.read_text()[-1000:])

    def metrics(self):
        return get(self.port, "/metrics")

    def series(self):
        return sum(1 for line in self.metrics().splitlines() if not line.startswith("#"))

    def requests(self):
        """Requests to Airbyte so far, by operation."""
        return {operation: float(value) for operation, value in re.findall(
            r'^syncwarden_airbyte_requests_total\{operation="(\w+)"\} (\S+)$', self.metrics(), re.M)}

    def resident_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def cpu_seconds(self):
        """Of all threads, to the nanosecond: the ticks of utime are too coarse for an idle process."""
        threads = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9

    def query(self, sql):
        state = sqlite3.connect(f"file:{self.state}?mode=ro", uri=True)
        try:
            return state.execute(sql).fetchall()
        finally:
            state.close()

    def noticed_after(self, ended):
        """Seconds from each job's end in Airbyte (job -> ms) to the log's line about it."""
        found = []
        for line in self.log.read_text().splitlines():
            if '"run finished"' not in line:
                continue
            entry = json.loads(line)
            at = datetime.datetime.fromisoformat(entry["time"].replace("Z", "+00:00")).timestamp()
            if int(entry["job"]) in ended:
                found.append(at - ended[int(entry["job"])] / 1e3)
        return found
