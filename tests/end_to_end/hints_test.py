#!/usr/bin/env python3
"""Airbyte's webhook is a hint: with it a job's end is seen although the next poll is ten minutes away, a thousand hints are
few polls, and a flood, a guess and nonsense are refused and counted."""
import argparse
import time

import harness
from harness import Daemon, Emulator, check, http_request, wait_until, workplace

TOKEN = "0123456789abcdef-hint"
SHORTEST_MS = 1000


def notice(success):
    """What Airbyte 2 sends, but for what nobody reads."""
    title = "Sync completed" if success else "Sync failure occurred"
    return {"text": "Your connection has something to say.",
            "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": f"{title}: <http://airbyte/|orders>"}}],
            "data": {"success": success, "jobId": 1, "startedAt": "2026-01-01T00:00:00Z", "errorType": None}}


class Hints:
    def __init__(self, daemon):
        self.daemon = daemon
        self.url = f"{daemon.base}/webhooks/airbyte/"

    def post(self, body, token=TOKEN):
        return http_request(self.url + token, body, {"Host": "syncwarden.internal"})[0]

    def count(self, name, **labels):
        return self.daemon.metrics().sum(f"syncwarden_airbyte_{name}", **labels)


def a_job_nobody_looks_for(emulator, hints):
    """Starts a sync past the daemon, and waits for its end, which nothing but a hint shows."""
    before = hints.count("polls_total", poll="jobs")
    name = "orders"
    listed = http_request(f"{hints.daemon.base}/api/v1/connections?match={name}*")[1]
    identity = harness.json.loads(listed)["connections"][0]["id"]
    status, said = http_request(f"{emulator.api}/connections/sync", {"connectionId": identity})
    check(status == 200, f"the sync was answered {status}: {said}")
    wait_until(lambda: [job for job in emulator.jobs() if "endedAt" in job], "the job to end")
    check(hints.count("polls_total", poll="jobs") == before, "it was polled for without a hint")
    check(hints.daemon.metrics().sum("syncwarden_jobs_completed_total") == 0, "it was seen without a hint")
    check(hints.post(notice(True)) == 202, "the hint was refused")
    hints.daemon.wait_metric("syncwarden_jobs_completed_total", lambda value: value >= 1, source_connector="postgres")
    check(hints.count("webhooks_received_total", event="success") == 1, "the hint was not counted")


def airbyte_tells_by_itself(emulator, hints):
    """The emulated Airbyte posts the end of a sync in its own words, and the daemon finds it."""
    emulator.do(webhook=hints.url + TOKEN)
    listed = http_request(f"{hints.daemon.base}/api/v1/connections?match=orders*")[1]
    identity = harness.json.loads(listed)["connections"][0]["id"]
    ended = hints.daemon.metrics().sum("syncwarden_jobs_completed_total")
    told = hints.count("webhooks_received_total")
    status, said = http_request(f"{emulator.api}/connections/sync", {"connectionId": identity})
    check(status == 200, f"the sync was answered {status}: {said}")
    hints.daemon.wait_metric("syncwarden_jobs_completed_total", lambda value: value > ended, source_connector="postgres")
    check(hints.count("webhooks_received_total") > told, "nobody told of it")


def a_thousand(hints):
    before = hints.count("polls_total", poll="jobs")
    began = time.monotonic()
    answers = [hints.post(notice(False)) for _ in range(1000)]
    polls = hints.count("polls_total", poll="jobs") - before
    took = time.monotonic() - began
    hints.daemon.wait_metric("syncwarden_airbyte_polls_total", lambda value: value > before, poll="jobs")
    taken, refused = answers.count(202), answers.count(429)
    check(taken >= 200 and taken + refused == 1000, f"{taken} were taken and {refused} refused of 1000")
    check(refused > 0 or took > 10, f"none of 1000 within {took:.1f} s was refused")
    check(polls <= took * 1000 / SHORTEST_MS + 1, f"{polls} polls in {took:.1f} s")
    check(hints.count("webhooks_rejected_total", reason="rate_limited") == refused, "the refused were not counted")
    return taken, refused, polls, took


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    arguments = parser.parse_args()
    with workplace("hints") as folder:
        emulator = Emulator(arguments.binary, folder)
        text = harness.config_text(emulator.api, folder / "state.db", rules="[]", poll=f"{{min: {SHORTEST_MS}ms, max: 10m}}")
        text = text.replace("web: {", f"web: {{airbyte_webhook_token: {TOKEN}, ")
        daemon = Daemon(arguments.binary, folder, harness.write(folder / "syncwarden.yaml", text))
        with harness.running(emulator, daemon):
            daemon.wait_ready()
            hints = Hints(daemon)
            a_job_nobody_looks_for(emulator, hints)
            check(hints.post(notice(True), TOKEN[:-1]) == 404, "a guess was heard")
            check(hints.count("webhooks_rejected_total", reason="auth") == 1, "the guess was not counted")
            airbyte_tells_by_itself(emulator, hints)
            taken, refused, polls, took = a_thousand(hints)
            check(TOKEN not in daemon.output() + daemon.get("/metrics")[1], "the token is in the log or in a metric")
            check(daemon.terminate() == 0, "the daemon did not stop in order")
    print(f"a hint showed an end ten minutes early; of 1000 in {took:.1f} s {taken} were taken and {refused} refused: "
          f"{polls:.0f} polls")


if __name__ == "__main__":
    main()
