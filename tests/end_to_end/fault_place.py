"""What every fault's test gets: a folder of its own, the binary, and the questions that all of them ask."""
import os
import pathlib
import re
import shutil
import subprocess

import harness
from harness import Daemon, Emulator, check, rows, write

PASSWORD = "pa55-word-that-must-not-leak"
UP = "syncwarden_airbyte_up"
# Slow enough that an answer, or its deadline, is there before a poll shows the job.
SLOW_POLL = "{min: 2s, max: 2s}"
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
        binary = self.binary
        if preexec is not None:
            # Another user may not be able to reach the build folder.
            binary = self.folder / "syncwarden"
            shutil.copy(self.binary, binary)
            self.config_path.chmod(0o644)
        done = subprocess.run([str(binary), *map(str, arguments)], stdin=subprocess.DEVNULL, text=True,
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
            if not file.is_file() or file in (self.config_path, self.folder / "syncwarden") or file.name.startswith("secret"):
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
