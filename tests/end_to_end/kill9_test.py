#!/usr/bin/env python3
"""Kills the daemon with SIGKILL at random moments, always with the same state file, and counts afterwards.

The emulator runs in a process of its own and notes every sync that it really created. When the killing is over and
everything has come to rest, its notes and the state must agree:

  - every job that was created belongs to exactly one run, so no start was doubled;
  - every instant that the schedules name, from the first sight of the connection on, has exactly one outcome.

With --proxy a proxy stands between them (delay_proxy.py) that holds back requests until after the client has given up,
delivers them all the same, and throws answers away.
"""
import argparse
import collections
import random
import re
import signal
import sys
import time

import harness
from delay_proxy import DelayProxy
from harness import Daemon, Emulator, Failure, check, rows, wait_until

INTERVAL_MS = 3000
SETTLE = 62.0  # seconds; the smallest that the settings allow for a trigger's deadline of one second
RULES = '[{match: {name: "fleet-*"}, schedule: {every: 3s, spread: true}}]'

# Slow enough that some jobs are known by the answer to their request, the others by a poll.
POLL = "{min: 600ms, max: 1s}"


def now_ms():
    return int(time.time() * 1000)


class Story:
    """One state file, one Airbyte, many lives of the daemon."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.random = random.Random(options.seed)
        self.state = folder / "state.db"
        self.config = folder / "syncwarden.yaml"
        self.emulator = Emulator(options.binary, folder, "--fleet", str(options.connections), "--shortest", "500ms",
                                 "--longest", "2s", "--signal-delay", "250ms", "--seed", str(options.seed))
        self.proxy = DelayProxy(self.emulator.port, options.seed) if options.proxy else None
        self.url = (self.proxy.url if self.proxy else self.emulator.url) + "/api/v1"
        self.daemon = None
        self.ready_lives = 0
        self.caught = collections.Counter()

    def configure(self, mode):
        harness.write(self.config, harness.config_text(self.url, self.state, rules=RULES, mode=mode,
                                                       poll=POLL))

    def start(self):
        self.daemon = Daemon(self.options.binary, self.folder, self.config)
        return self.daemon

    def close(self):
        if self.daemon:
            self.daemon.kill()
        self.emulator.kill()
        if self.proxy:
            self.proxy.close()

    def first_life(self):
        """Until every schedule has its first durable mark: from there on each instant counts."""
        self.configure("live")
        self.start().wait_ready()
        wait_until(lambda: len(rows(self.state, "SELECT 1 FROM cursor")) == self.options.connections,
                   "a durable mark of every schedule")
        self.daemon.kill()
        marks = rows(self.state, "SELECT schedule_id, watermark_ms FROM cursor")
        ticks = {row["schedule_id"]: row["first"] for row in
                 rows(self.state, "SELECT schedule_id, min(nominal_ms) AS first FROM tick GROUP BY 1")}
        return {row["schedule_id"]: min(row["watermark_ms"], ticks.get(row["schedule_id"], row["watermark_ms"]) - 1)
                for row in marks}

    def kill_at_random_moments(self):
        for number in range(1, self.options.kills + 1):
            self.start()
            # A third of the lives end while they begin, the others among requests.
            time.sleep(self.random.uniform(0, 0.05) if self.random.random() < 0.33 else self.random.uniform(0.05, 1.5))
            check(self.daemon.alive(), f"the daemon ended by itself with {self.daemon.child.returncode}:\n"
                  + self.daemon.output()[-3000:])
            self.ready_lives += 'msg="started"' in self.daemon.output()
            self.daemon.kill()
            self.look_at_the_body()
            if number % self.options.breather == 0 and number < self.options.kills:
                self.breathe()

    def look_at_the_body(self):
        """What the kill caught in the middle: counted, so that a run that proves nothing shows."""
        for row in rows(self.state, "SELECT phase, count(*) AS n FROM run WHERE phase <> 'finished' GROUP BY 1"):
            self.caught[row["phase"]] += row["n"]

    def breathe(self):
        """Lives long enough to settle what only time can settle; otherwise ever fewer connections take part."""
        self.start().wait_ready()
        self.wait_for_runs_before(now_ms())
        self.daemon.kill()

    def wait_for_runs_before(self, instant):
        def settled():
            check(self.daemon.alive(), "the daemon ended by itself:\n" + self.daemon.output()[-3000:])
            check(self.emulator.alive(), f"the emulator ended by itself with {self.emulator.child.returncode}:\n"
                  + self.emulator.output()[-3000:])
            waiting = rows(self.state, "SELECT count(*) AS n FROM run WHERE phase <> 'finished' AND nominal_ms <= ?",
                           instant)[0]["n"]
            behind = rows(self.state, "SELECT count(*) AS n FROM cursor WHERE watermark_ms <= ?",
                          instant - INTERVAL_MS)[0]["n"]
            return waiting == 0 and behind == 0
        try:
            wait_until(settled, "every earlier run to be settled", SETTLE + 60, 0.2)
        except Failure as stuck:
            still = rows(self.state, "SELECT * FROM run WHERE phase <> 'finished' AND nominal_ms <= ?", instant)
            raise Failure(f"{stuck}\n{still}\n{self.daemon.output()[-3000:]}") from None

    def come_to_rest(self):
        """Everything is settled, then nothing new is started, then an orderly end. Returns the last instant that
        counts."""
        if self.proxy:
            self.proxy.be_kind()
        self.start().wait_ready()
        if self.proxy:
            wait_until(lambda: self.proxy.pending() == 0, "the proxy to deliver what it holds back")
        calm = now_ms()
        self.wait_for_runs_before(calm)
        self.configure("shadow")
        self.daemon.send(signal.SIGHUP)
        self.daemon.wait_for_output(r"configuration changed")
        wait_until(lambda: rows(self.state, "SELECT count(*) AS n FROM run WHERE phase <> 'finished'")[0]["n"] == 0,
                   "no run to be open in shadow mode")
        status = self.daemon.terminate()
        check(status == 0, f"SIGTERM ended the daemon with {status}")
        return calm


def compare(first_marks, last, created, ticks, runs, jobs, cursors):
    """A list of everything that should not be."""
    wrong = []
    claims = collections.defaultdict(list)
    for run in runs:
        if run["job_id"] and run["attribution"] in ("proven", "adopted"):
            claims[run["job_id"]].append(run)
    recorded = {job["job_id"]: job for job in jobs}
    for job in created:
        if job["cause"] != "manual":
            continue
        owners = claims.get(job["job"], [])
        if len(owners) != 1:
            wrong.append(f"job {job} belongs to {len(owners)} runs: {owners}; the state knows {recorded.get(job['job'])}")
        elif owners[0]["connection_id"] != job["connection"]:
            wrong.append(f"job {job} is claimed by a run of another connection: {owners[0]}")
    made = {job["job"] for job in created}
    wrong += [f"a run claims job {job} that was never created: {owners}" for job, owners in claims.items()
              if job not in made]
    for name, count in collections.Counter(run["run_id"] for run in runs).items():
        if count != 1:
            wrong.append(f"run {name} is there {count} times")
    started = collections.Counter((run["schedule_id"], run["nominal_ms"]) for run in runs if run["job_id"])
    wrong += [f"{count} runs started for {what}" for what, count in started.items() if count != 1]

    outcomes = collections.defaultdict(collections.Counter)
    for tick in ticks:
        for older in range(tick["also"] + 1):
            outcomes[tick["schedule_id"]][tick["nominal_ms"] - older * INTERVAL_MS] += 1
        if tick["outcome"] == "started" and (tick["schedule_id"], tick["nominal_ms"]) not in started:
            wrong.append(f"a tick says started and no run has a job: {tick}")
    due = 0
    for cursor in cursors:
        schedule = cursor["schedule_id"]
        phase = re.search(r"phase (\d+)s", cursor["spec"])
        offset = int(phase.group(1)) * 1000 if phase else 0
        begin = first_marks[schedule]
        nominal = begin - (begin - offset) % INTERVAL_MS + INTERVAL_MS
        while nominal <= last:
            due += 1
            count = outcomes[schedule].get(nominal, 0)
            if count != 1:
                wrong.append(f"{schedule} at {nominal} has {count} outcomes")
            nominal += INTERVAL_MS
        wrong += [f"{schedule} at {nominal} is no instant of {cursor['spec']}" for nominal in outcomes[schedule]
                  if (nominal - offset) % INTERVAL_MS]
    return wrong, due


def tell(story, due, created, ticks, runs, took):
    options = story.options
    print(f"seed {options.seed}: {options.kills} kills, {story.ready_lives} of them after the start was complete, "
          f"{took:.0f} s")
    print("open runs that the kills met: " + ", ".join(f"{n} {phase}" for phase, n in sorted(story.caught.items())))
    if story.proxy:
        print(f"proxy: {story.proxy.passed} passed, {story.proxy.count('late')} late "
              f"({story.proxy.count('late', True)} of them after the client had gone), "
              f"{story.proxy.count('no_reply')} answers thrown away, {story.proxy.count('lost')} lost")
    print(f"{due} instants due, {len(created)} jobs created, {len(runs)} runs")
    count = collections.Counter((run["attribution"] for run in runs if run["job_id"]))
    print("runs with a job: " + ", ".join(f"{n} {how}" for how, n in sorted(count.items())))
    count = collections.Counter((tick["outcome"], tick["reason"]) for tick in ticks)
    print("ticks: " + ", ".join(f"{n} {outcome}({reason})" for (outcome, reason), n in sorted(count.items())))
    requests = collections.Counter(run["requests"] for run in runs)
    print("requests of a run: " + ", ".join(f"{n} runs with {sent}" for sent, n in sorted(requests.items())))


def play(options, folder):
    began = time.monotonic()
    story = Story(options, folder)
    try:
        marks = story.first_life()
        story.kill_at_random_moments()
        last = story.come_to_rest()
        created = story.emulator.jobs()
    finally:
        story.close()
    ticks, runs, jobs, cursors = (rows(story.state, f"SELECT * FROM {table}") for table in
                                  ("tick", "run", "job", "cursor"))
    wrong, due = compare(marks, last, created, ticks, runs, jobs, cursors)
    tell(story, due, created, ticks, runs, time.monotonic() - began)
    check(len(created) > options.kills / 4, "so few jobs were created that this proves nothing")
    check(not options.proxy or story.proxy.count("late") > 0, "the proxy held nothing back")
    if wrong:
        print(f"{len(wrong)} WRONG:", *wrong[:40], sep="\n  ")
        raise Failure("the state and the emulator disagree")
    print("none lost, none doubled")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--connections", type=int, default=24)
    parser.add_argument("--seed", type=int, default=None, help="of the moments; drawn and printed unless given")
    parser.add_argument("--proxy", action="store_true", help="with delays and losses between the two")
    parser.add_argument("--breather", type=int, default=50, help="settle everything after so many kills")
    parser.add_argument("--keep", action="store_true", help="keep the folder of a run that failed")
    options = parser.parse_args()
    options.seed = random.SystemRandom().randrange(1 << 31) if options.seed is None else options.seed
    print(f"seed {options.seed}", flush=True)
    try:
        with harness.workplace("kill9", options.keep) as folder:
            play(options, folder)
    except Failure as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
