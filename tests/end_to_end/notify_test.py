#!/usr/bin/env python3
"""Incidents of a failing connection arrive: at a receiver that first answers 500, across a kill -9 between incident and
delivery, signed and under a key that stays, past another receiver that is dead. No address is in what the daemon says."""
import argparse
import hashlib
import hmac
import http.server
import json
import socket
import subprocess
import sqlite3
import threading
import time

import harness
from harness import Daemon, Emulator, check, rows, wait_until, workplace

SECRET = "signing-s3cret"
RULES = '[{match: {name: "refunds -> *"}, schedule: {every: 1s}}]'


class Hook:
    """Receives; answers /hook as it is told, everything else with 200."""

    def __init__(self):
        self.arrived = []
        self.lock = threading.Lock()
        self.status = 500
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status = outer.status if self.path.startswith("/hook") else 200
                with outer.lock:
                    outer.arrived.append((self.path, status, dict(self.headers), body))
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def got(self, path, status=None):
        with self.lock:
            return [one for one in self.arrived if one[0].startswith(path) and status in (None, one[1])]

    def wait(self, path, status, what, accept=lambda one: True):
        return wait_until(lambda: [one for one in self.got(path, status) if accept(one)], what)[0]


def closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def minutes_ago(minutes):
    return time.strftime("%H:%M", time.gmtime(time.time() - 60 * minutes))


def configuration(folder, emulator, hook):
    text = harness.config_text(emulator.api, folder / "state.db", rules=RULES)
    text += f"""notify:
  - {{name: hook, webhook: {{url: "{hook.url}/hook/h00k-s3cret?t=0", hmac_secret: {SECRET}}}}}
  - {{name: dead, webhook: {{url: "http://127.0.0.1:{closed_port()}/dead-s3cret"}}}}
  - {{name: other, webhook: {{url: "{hook.url}/other-s3cret"}}, match: {{name: "refunds -> *"}}}}
  - {{name: elsewhere, webhook: {{url: "{hook.url}/elsewhere"}}, match: {{name: "orders -> *"}}}}
  - {{name: runs, webhook: {{url: "{hook.url}/runs-s3cret"}}, match: {{name: "refunds -> *"}}, events: [run_failed],
     daily_digest: {{at: "{minutes_ago(5)}"}}}}
  - {{name: team, slack: {{webhook_url: "{hook.url}/slack-s3cret"}}, events: [incident_closed]}}
  - {{name: am, alertmanager: {{urls: ["{hook.url}/am"]}}}}
  - {{name: deadman, heartbeat: {{url: "{hook.url}/ping-s3cret", every: 1s}}}}
"""
    return harness.write(folder / "syncwarden.yaml", text)


def event(one):
    return json.loads(one[3])["alerts"][0]["annotations"]["event"]


def check_signature(one):
    wanted = "sha256=" + hmac.new(SECRET.encode(), one[3], hashlib.sha256).hexdigest()
    check(one[2].get("Syncwarden-Signature") == wanted, f"the signature is {one[2].get('Syncwarden-Signature')}")


def first_life(binary, folder, config, hook, state):
    """Until the incident is on disk and its receiver has refused it."""
    daemon = Daemon(binary, folder, config).wait_ready()
    refused = hook.wait("/hook", 500, "the receiver to refuse the incident")
    check(event(refused) == "incident_opened", f"first came {event(refused)}")
    check_signature(refused)
    # Neither the dead receiver nor the one that refuses delays this one.
    taken = hook.wait("/other", 200, "another receiver to take it meanwhile")
    check(taken[2]["Syncwarden-Key"].endswith("/other"), f"its key is {taken[2]['Syncwarden-Key']}")
    hook.wait("/ping", 200, "a heartbeat")
    alerts = json.loads(hook.wait("/am/api/v2/alerts", 200, "an alert at Alertmanager's API")[3])
    check(alerts[0]["labels"]["alertname"] == "SyncwardenConnectionFailing", f"the alert is {alerts[0]['labels']}")
    daemon.wait_metric("syncwarden_notification_queue_length", lambda value: value >= 2)
    daemon.wait_metric("syncwarden_notification_oldest_undelivered_timestamp_seconds", lambda value: value > 0,
                       integration="webhook")
    failed = json.loads(hook.wait("/runs", 200, "a failed run to be told")[3])["alerts"][0]
    check(failed["annotations"]["event"] == "run_failed" and failed["status"] == "firing", f"a run was told as {failed}")
    check("failed" in failed["annotations"]["summary"] and "timeline" in failed["annotations"]["link"], f"it says {failed}")
    daemon.kill()  # SIGKILL
    waiting = [row["key"] for row in rows(state, "SELECT key FROM outbox WHERE receiver = 'hook'")]
    check(refused[2]["Syncwarden-Key"] in waiting, f"{refused[2]['Syncwarden-Key']} is not among {waiting}")
    return refused, daemon


def a_day_passes(state):
    """What the outbox remembers of the last digest is a day older now."""
    with sqlite3.connect(state) as connection:
        moved = connection.execute("UPDATE outbox SET at_ms = at_ms - 86400000 WHERE key = 'digests/runs'").rowcount
    connection.close()
    check(moved == 1, "nothing remembers when the digest was last due")


def digests(hook):
    return [json.loads(one[3])["alerts"][0] for one in hook.got("/runs", 200) if event(one) == "daily_digest"]


def second_life(binary, folder, config, hook, state, refused):
    hook.status = 200
    daemon = Daemon(binary, folder, config, name="daemon2").wait_ready()
    key = refused[2]["Syncwarden-Key"]
    taken = hook.wait("/hook", 200, "what waited to arrive", lambda one: one[2]["Syncwarden-Key"] == key)
    check(taken[3] == refused[3], "the repetition is another message")
    check_signature(taken)
    closed = hook.wait("/hook", 200, "its end to arrive", lambda one: event(one) == "incident_closed")
    check(json.loads(closed[3])["status"] == "resolved", "a closed incident is not resolved")
    slack = hook.wait("/slack", 200, "the end to arrive at Slack")
    check("*Closed*" in json.loads(slack[3])["text"], f"Slack was told {slack[3]}")
    wait_until(lambda: not rows(state, "SELECT 1 FROM outbox WHERE receiver <> 'dead' AND key <> 'digests/runs'"),
               "the outbox to be empty")
    said = wait_until(lambda: digests(hook), "the daily digest")[0]["annotations"]
    check("1 incident" in said["summary"] or "0 incidents" in said["summary"], f"the digest says {said}")
    check("failed" in said["description"] and "refunds" in said["description"], f"the digest says {said}")
    check(rows(state, "SELECT 1 FROM outbox WHERE receiver = 'dead'"), "what nobody took is gone")
    check(not hook.got("/elsewhere"), "somebody was told whom it does not concern")
    check(len({one[2]["Syncwarden-Key"] for one in hook.got("/other")}) == len(hook.got("/other")),
          "what was taken was sent again")
    return daemon


def a_newer_version_was_here(state):
    """It wrote about something that this one has never heard of."""
    with sqlite3.connect(state) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(outbox)")][3:]
        connection.execute(f"INSERT INTO outbox SELECT 'newer/other', 'other', 'moon_landed', {', '.join(columns)}"
                           " FROM outbox LIMIT 1")
    connection.close()


def third_life(binary, folder, config, hook, state):
    """No second digest for the same day; what a newer version wrote is for the newer version to send."""
    before = len(hook.got("/ping", 200))
    daemon = Daemon(binary, folder, config, name="daemon3").wait_ready()
    wait_until(lambda: len(hook.got("/ping", 200)) > before + 1, "two more heartbeats")
    check(len(digests(hook)) == 1, f"{len(digests(hook))} digests for one day")
    check(not [one for one in hook.got("/other") if one[2]["Syncwarden-Key"].startswith("newer")],
          "a notification of an unknown kind was sent")
    check(rows(state, "SELECT 1 FROM outbox WHERE key = 'newer/other'"), "a newer version's notification is gone")
    check(daemon.output().count("moon_landed") == 1, "it does not say once what it does not know")
    return daemon


def tests_a_receiver(binary, config, hook):
    said = []
    for name, status, words in (("hook", 0, "took the test"), ("deadman", 0, "took the test"), ("dead", 3, "connect_refused"),
                                ("nobody", 2, 'no receiver is called "nobody"')):
        done = subprocess.run([binary, "notify", "test", name, "--config.file", config], capture_output=True, text=True,
                              timeout=30, check=False)
        check(done.returncode == status and words in done.stdout + done.stderr,
              f"notify test {name}: {done.returncode} {done.stdout}{done.stderr}")
        said.append(done.stdout + done.stderr)
    check("This is a test" in hook.got("/hook", 200)[-1][3].decode(), "the test is not marked")
    return said


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--keep", action="store_true", help="keep the folder of what failed")
    options = parser.parse_args()
    with workplace("notify", options.keep) as folder:
        hook = Hook()
        emulator = Emulator(options.binary, folder)
        state = folder / "state.db"
        config = configuration(folder, emulator, hook)
        processes = [emulator]
        try:
            refused, first = first_life(options.binary, folder, config, hook, state)
            processes.append(first)
            a_day_passes(state)
            second = second_life(options.binary, folder, config, hook, state, refused)
            processes.append(second)
            said = [*tests_a_receiver(options.binary, config, hook), second.get("/metrics")[1]]
            check(second.terminate() == 0, "SIGTERM did not end it orderly")
            a_newer_version_was_here(state)
            third = third_life(options.binary, folder, config, hook, state)
            processes.append(third)
            check(third.terminate() == 0, "SIGTERM did not end it orderly")
            said += [first.output(), second.output(), third.output()]
            check(not [text for text in said if "s3cret" in text], "an address or a secret is in what was said")
        finally:
            for process in processes:
                process.kill()
    print("notifications arrive: after 500, after kill -9, signed, once each where they were taken")


if __name__ == "__main__":
    main()
