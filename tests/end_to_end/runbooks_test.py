"""What the runbooks tell to type exists: every `syncwarden` command and flag of them, asked of the binary's own --help.
usage: runbooks_test.py BINARY FOLDER"""
import pathlib
import re
import shlex
import subprocess
import sys
import unittest

FOLDER = pathlib.Path(sys.argv.pop())
BINARY = sys.argv.pop()


def commands():
    for page in sorted(FOLDER.glob("*.md")):
        for line in page.read_text(encoding="utf-8").splitlines():
            if line.startswith("    syncwarden "):
                yield page.stem, shlex.split(line.strip(), comments=True)[1:]


class Runbooks(unittest.TestCase):
    def test_every_command_and_flag_exists(self):
        helps = {}
        found = list(commands())
        self.assertGreater(len(found), 40)
        for page, words in found:
            with self.subTest(page, command=" ".join(words)):
                verbs = words[:2] if words[0] in ("state", "notify") else words[:1]
                key = tuple(verbs)
                if key not in helps:
                    shown = subprocess.run([BINARY, *verbs, "--help"], capture_output=True, text=True, timeout=30)
                    self.assertEqual(shown.returncode, 0, shown.stderr)
                    helps[key] = set(re.findall(r"(?<![\w-])--[\w.-]+", shown.stdout))
                self.assertLessEqual({word.split("=")[0] for word in words if word.startswith("--")}, helps[key])

    def test_words_that_a_flag_takes_are_taken(self):
        for page, words in commands():
            with self.subTest(page, command=" ".join(words)):
                # Without a daemon: usage is judged (exit status 2) before anybody is asked (3).
                if words[0] in ("status", "explain", "runs", "incidents", "logs", "sync", "pause", "resume", "cancel", "ack"):
                    ran = subprocess.run([BINARY, *words, "--url", "http://127.0.0.1:1"], capture_output=True, text=True, timeout=30)
                    self.assertEqual(ran.returncode, 3, ran.stderr)


if __name__ == "__main__":
    unittest.main()
