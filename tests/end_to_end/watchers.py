"""A real Prometheus, a real Alertmanager, and somebody at the end who is told."""
import http.server
import json
import re
import socket
import threading
import urllib.parse

import yaml
from harness import Failure, Process, check, http_request, wait_until

# One minute of a rule is one second here.
SCALE = 60


def free_port():
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def started_on_a_free_port(start, ready, attempts=3):
    """Neither server tells which port it took, so it is given one that was free a moment ago; again if it no longer is."""
    for _ in range(attempts):
        process = start(free_port())
        wait_until(lambda: not process.alive() or ready(process), f"{process.name} to be ready")
        if process.alive():
            return process
    raise Failure(f"{process.name} does not start:\n{process.output()[-2000:]}")


def is_ready(process):
    try:
        return http_request(process.url + "/-/ready")[0] == 200
    except OSError:
        return False


class Prometheus(Process):
    """Scrapes `targets` as job syncwarden, twice a second, with these rule files."""

    @classmethod
    def start(cls, folder, targets, rules=(), alertmanager=None):
        config = {"global": {"scrape_interval": "500ms", "scrape_timeout": "450ms", "evaluation_interval": "500ms"},
                  "rule_files": [str(path) for path in rules],
                  "scrape_configs": [{"job_name": "syncwarden", "static_configs": [{"targets": list(targets)}]}]}
        if alertmanager:
            config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]}
        path = folder / "prometheus.yml"
        path.write_text(yaml.safe_dump(config))

        def begin(port):
            process = cls(folder, "prometheus", ["prometheus", "--config.file", path, "--log.level=warn",
                                                 "--storage.tsdb.path", folder / f"data-{port}",
                                                 f"--web.listen-address=127.0.0.1:{port}"])
            process.url = f"http://127.0.0.1:{port}"
            return process
        return started_on_a_free_port(begin, is_ready)

    def api(self, path, **parameters):
        status, text = http_request(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters, doseq=True)}")
        answer = json.loads(text)
        check(status == 200 and answer["status"] == "success", f"{parameters}: {answer.get('error', text)}")
        return answer["data"]

    def query(self, expression):
        """The values of an instant query; NaN counts as none."""
        result = self.api("query", query=expression)["result"]
        return [float(sample["value"][1]) for sample in result if sample["value"][1] != "NaN"]

    def wait_query(self, expression, what=None, timeout=60):
        return wait_until(lambda: self.query(expression), what or expression, timeout, 0.2)


class Alertmanager(Process):
    """With the configuration of `source`, its receivers turned to `receiver`, and its waits a sixtieth."""

    @classmethod
    def start(cls, folder, source, receiver):
        config = yaml.safe_load(source.read_text())
        for route in [config["route"], *config["route"].get("routes", [])]:
            for wait in ("group_wait", "group_interval"):
                if wait in route:
                    route[wait] = f"{max(1, milliseconds(route[wait]) // SCALE)}ms"
        for named in config["receivers"]:
            for hook in named.get("webhook_configs", []):
                hook["url"] = f"{receiver}/{named['name']}"
        path = folder / "alertmanager.yml"
        path.write_text(yaml.safe_dump(config))

        def begin(port):
            process = cls(folder, "alertmanager", ["prometheus-alertmanager", "--config.file", path, "--storage.path",
                                                   folder / f"notices-{port}", "--cluster.listen-address=",
                                                   f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"])
            process.address = f"127.0.0.1:{port}"
            process.url = "http://" + process.address
            return process
        return started_on_a_free_port(begin, is_ready)


def milliseconds(duration):
    amount, unit = re.fullmatch(r"(\d+)(ms|s|m|h)", duration).groups()
    return int(amount) * {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}[unit]


def quickened(rules):
    """The rules with every `for` and every window a sixtieth; nothing else is changed."""
    def shorter(found):
        return f"{found.group(1)}{milliseconds(found.group(2)) // SCALE}ms{found.group(3)}"
    text = re.sub(r"(\[)(\d+[smh])(\])", shorter, rules)
    return re.sub(r"(?m)^( *for: )(\d+[smh])()$", shorter, text)


class Receiver:
    """Where Alertmanager's webhooks arrive."""

    def __init__(self):
        self.arrived = []  # (receiver, status, alert), oldest first
        taken = self.arrived

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                taken.extend((self.path.strip("/"), alert["status"], alert) for alert in body["alerts"])
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_for(self, status, alertname, since=0, timeout=60, **labels):
        """(receiver, alert) of the first such notice after the first `since` ones."""
        def look():
            return next(((receiver, alert) for receiver, state, alert in self.arrived[since:]
                         if state == status and alert["labels"]["alertname"] == alertname
                         and labels.items() <= alert["labels"].items()), None)
        return wait_until(look, f"{alertname} {labels or ''} {status}; arrived: {self.names()}", timeout, 0.1)

    def names(self, since=0, status=None):
        return sorted({f"{alert['labels']['alertname']}({alert['labels'].get('connection_name', '')})"
                       for _, state, alert in self.arrived[since:] if status in (None, state)})

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
