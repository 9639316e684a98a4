#!/usr/bin/env python3
"""No configured secret leaves: not in a log line, a metric, a page, an answer, an error, what commands print, the state, or
what `ps` shows. Each secret is drawn anew, and looked for as it is, in base64 and percent-encoded; everything that the
daemon and the commands ever said is kept and searched."""
import argparse
import base64
import os
import pathlib
import secrets
import signal
import subprocess
import urllib.parse

import harness
from harness import Daemon, Emulator, check, http_request, wait_until, workplace

HASH = "$2b$10$hNf2lSsxfm0.i4a.1kVpSONtgKufVdOAnWzEO9bozmsmBipUhL7XK"  # of "secret"
PAGES = ["/", "/metrics", "/livez?verbose", "/readyz?verbose", "/health", "/nothing", "/-/reload", "/api/v1/status",
         "/api/v1/connections", "/api/v1/runs", "/api/v1/ticks", "/api/v1/incidents?state=all", "/api/v1/commands"]


class Kept:
    """The secrets, and everything that was said."""

    def __init__(self):
        self.secrets = {}
        self.said = []

    def secret(self, name):
        # Characters that encodings change, so that a leak in an encoded form is another text.
        self.secrets[name] = f"S+/{secrets.token_hex(12)}={name}"
        return self.secrets[name]

    def keep(self, where, text):
        self.said.append((where, text if isinstance(text, bytes) else text.encode("utf-8", "replace")))

    def leaks(self):
        for name, secret in self.secrets.items():
            forms = {"plain": secret, "url": urllib.parse.quote(secret, safe="")}
            for shift in range(3):  # base64 has three ways to write what stands inside of something else
                coded = base64.b64encode(b"x" * shift + secret.encode()).decode()
                forms[f"base64 {shift}"] = coded[4:-4] if shift else coded[:-4]
            for form, text in forms.items():
                for where, said in self.said:
                    if text.encode() in said:
                        yield f"{name} ({form}) in {where}"


def configuration(folder, airbyte, kept):
    (folder / "client-secret").write_text(kept.secrets["client_secret"])
    (folder / "web.yaml").write_text(
        f"basic_auth_users: {{alice: {HASH}}}\nbearer_tokens:\n"
        f"  - {{name: ci, token: \"{kept.secrets['admin_token']}\", role: admin}}\n"
        f"  - {{name: watcher, token: \"{kept.secrets['read_token']}\", role: read}}\n")
    text = harness.config_text(
        airbyte, folder / "state.db",
        auth="{type: client_credentials, client_id: emulator, client_secret_file: client-secret}",
        rules='[{match: {name: "orders -> *"}, schedule: {every: 2s}}, {match: {name: "payments -> *"}, schedule: {every: 3s}}]')
    (folder / "hook").write_text(kept.secrets["webhook"])
    text = text.replace("web: {", "web: {config_file: web.yaml, airbyte_webhook_token_file: hook, ")
    text = text.replace("  tls: {}", f"  tls: {{}}\n  headers: {{X-Gateway: \"{kept.secrets['header']}\"}}")
    return harness.write(folder / "syncwarden.yaml", text)


def ask_everything(daemon, kept):
    for token in (None, "read_token", "admin_token"):
        headers = {"Authorization": "Bearer " + kept.secrets[token]} if token else {}
        for page in PAGES:
            kept.keep(f"GET {page} as {token}", http_request(daemon.base + page, headers=headers)[1])
    admin = {"Authorization": "Bearer " + kept.secrets["admin_token"]}
    kept.keep("POST sync", http_request(daemon.base + "/api/v1/sync", {"connection": "customers -> warehouse"}, admin)[1])
    kept.keep("wrong", http_request(daemon.base + "/", headers={"Authorization": "Basic " + base64.b64encode(
        f"alice:{kept.secrets['guess']}".encode()).decode()})[1])
    kept.keep("webhook", http_request(f"{daemon.base}/webhooks/airbyte/{kept.secrets['webhook']}", {"text": "Hello"})[1])
    kept.keep("webhook", http_request(f"{daemon.base}/webhooks/airbyte/{kept.secrets['webhook']}?x=1", method="GET")[1])
    kept.keep("who did what", http_request(daemon.base + "/api/v1/commands", headers=admin)[1])


def run_commands(binary, daemon, folder, kept):
    config = str(folder / "syncwarden.yaml")
    environment = {**os.environ, "SYNCWARDEN_TOKEN": kept.secrets["admin_token"]}
    for words in (["status"], ["status", "--json"], ["runs", "--json"], ["incidents", "--all", "--json"], ["runs", "--commands"]):
        done = subprocess.run([binary, *words, "--url", daemon.base], capture_output=True, timeout=30, env=environment, check=False)
        check(done.returncode == 0, f"{words}: {done.stderr.decode()}")
        kept.keep(" ".join(words), done.stdout + done.stderr)
    for words in (["check", "--verbose"], ["check", "--online"], ["state", "info"], ["plan", "--next", "1h", "--json"]):
        done = subprocess.run([binary, *words, "--config.file", config], capture_output=True, timeout=60, cwd=folder, check=False)
        kept.keep(" ".join(words), done.stdout + done.stderr)
    for file in folder.glob("state.db*"):
        kept.keep(file.name, file.read_bytes())
    kept.keep("ps", pathlib.Path(f"/proc/{daemon.child.pid}/cmdline").read_bytes())


def make_it_complain(daemon, folder, kept):
    """Reloads: a wrong file with secrets in wrong places, then a secret that Airbyte refuses."""
    good = (folder / "syncwarden.yaml").read_text()
    harness.write(folder / "syncwarden.yaml", good.replace("mode: live", f"mode: \"{kept.secrets['client_secret'][:3]}x\""))
    web = (folder / "web.yaml").read_text()
    harness.write(folder / "web.yaml", web.replace(HASH, f"\"{kept.secrets['guess']}\"").replace("role: admin", "role: admin, pin: 1"))
    daemon.send(signal.SIGHUP)
    daemon.wait_for_output("the old one stays")
    harness.write(folder / "web.yaml", web)
    (folder / "client-secret").write_text(kept.secrets["wrong_secret"])
    harness.write(folder / "syncwarden.yaml", good)
    daemon.send(signal.SIGHUP)
    token = {"Authorization": "Bearer " + kept.secrets["admin_token"]}
    wait_until(lambda: "syncwarden_airbyte_up 0" in http_request(daemon.base + "/metrics", headers=token)[1],
               "Airbyte to refuse the wrong secret")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    arguments = parser.parse_args()
    binary = os.path.abspath(arguments.binary)
    kept = Kept()
    for name in ("header", "admin_token", "read_token", "guess", "wrong_secret"):
        kept.secret(name)
    kept.secrets["webhook"] = secrets.token_hex(16)  # part of a path, so without what encodings change
    # The emulator knows one secret only, and it is a word; so it is not among those that are searched for.
    with workplace("secrets") as folder:
        airbyte = Emulator(binary, folder, "--auth=bearer")
        kept.secrets["client_secret"] = "secret"
        daemon = Daemon(binary, folder, configuration(folder, airbyte.api, kept), ["--log.level=debug"])
        with harness.running(airbyte, daemon):
            daemon.wait_started()
            token = {"Authorization": "Bearer " + kept.secrets["admin_token"]}
            wait_until(lambda: 'outcome="started",reason="on_time"} 0' not in
                       http_request(daemon.base + "/metrics", headers=token)[1], "a sync to start")
            ask_everything(daemon, kept)
            run_commands(binary, daemon, folder, kept)
            make_it_complain(daemon, folder, kept)
            ask_everything(daemon, kept)
            run_commands(binary, daemon, folder, kept)
            check(daemon.terminate() == 0, "the daemon did not stop in order")
            kept.keep("the log", daemon.output())
    del kept.secrets["client_secret"]
    found = list(kept.leaks())
    check(not found, "secrets left: " + "; ".join(found))
    # A search that finds nothing anywhere is none.
    kept.keep("planted", "https://user:" + urllib.parse.quote(kept.secrets["header"], safe="") + "@host/ "
              + base64.b64encode(b"ab:" + kept.secrets["guess"].encode()).decode())
    check(len(list(kept.leaks())) == 2, f"planted leaks were not found: {list(kept.leaks())}")
    size = sum(len(said) for _, said in kept.said)
    print(f"{len(kept.secrets)} secrets, {len(kept.said)} texts of {size / 1e6:.1f} MB: none of them in any")


if __name__ == "__main__":
    main()
