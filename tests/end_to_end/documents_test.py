"""What the READMEs and runbooks tell to type exists: commands, flags, files, subcommands of ./dev; what they show as a
configuration is one; and what they say of versions and numbers of rules is so. Commands and flags are asked of the binary's own --help.
usage: documents_test.py BINARY PROJECT"""
import functools
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

PROJECT = pathlib.Path(sys.argv.pop())
BINARY = sys.argv.pop()
RUNBOOKS = PROJECT / "config/prometheus/runbooks"
PAGES = [PROJECT / name for name in ("README.md", "systemd/README.md", "docker/README.md", "config/README.md",
                                     "config/prometheus/README.md", "config/grafana/README.md")]
DEPTH = {"state": 2, "notify": 2, "airbyte": 3, "completion": 2}  # words of a command's name


@functools.cache
def help_of(*verbs):
    shown = subprocess.run([BINARY, *verbs, "--help"], capture_output=True, text=True, timeout=30, check=False)
    if shown.returncode != 0:
        raise AssertionError(f"{' '.join(verbs)} --help: {shown.stdout}{shown.stderr}")
    return shown.stdout


def commands_of_the_binary():
    listed = help_of().split("Subcommands:")[1].split("\n\n")[0]
    return re.findall(r"^  (\w+) ", listed, re.MULTILINE)


def typed(page):
    """The lines of a page's indented blocks, continued lines joined, without comments."""
    block = "\n".join(line[4:] for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("    "))
    return [re.sub(r" +# .*", "", line).strip() for line in block.replace("\\\n", " ").splitlines()]


def words_of(text):
    """As the shell takes them, up to where another command or a file begins."""
    words = []
    for word in shlex.split(text, comments=True):
        if word in ("&&", "|", ">", ">>", ";"):
            break
        words.append(word)
    return words


def commands(page):
    """The words behind each `syncwarden` that is typed, on this machine or inside of a container."""
    for line in typed(page):
        found = re.search(r"(?:^|^(?:docker|kubectl) .*[ /])syncwarden (?=[a-z])(?!syncwarden)(.*)$", line)
        if found:
            yield words_of(found.group(1))


class Documents(unittest.TestCase):
    def check_commands(self, page):
        found = list(commands(page))
        for words in found:
            with self.subTest(page.name, command=" ".join(words)):
                self.assertIn(words[0], commands_of_the_binary())
                flags = set()
                for depth in range(1, DEPTH.get(words[0], 1) + 1):  # a group's flags are its commands', too
                    flags |= set(re.findall(r"(?<![\w-])--?[\w.-]+", help_of(*words[:depth])))
                used = {word.split("=")[0] for word in words if word.startswith("-") and word != "-"}
                self.assertLessEqual(used, flags)
        return len(found)

    def test_every_command_and_flag_of_the_runbooks_exists(self):
        self.assertGreater(sum(self.check_commands(page) for page in sorted(RUNBOOKS.glob("*.md"))), 40)

    def test_every_command_and_flag_of_the_readmes_exists(self):
        self.assertGreater(sum(self.check_commands(page) for page in PAGES), 30)

    def test_words_that_a_flag_takes_are_taken(self):
        for page in sorted(RUNBOOKS.glob("*.md")):
            for words in commands(page):
                with self.subTest(page.name, command=" ".join(words)):
                    # Without a daemon: usage is judged (exit status 2) before anybody is asked (3).
                    if words[0] in ("status", "explain", "runs", "incidents", "logs", "sync", "pause", "resume", "cancel", "ack"):
                        ran = subprocess.run([BINARY, *words, "--url", "http://127.0.0.1:1"], capture_output=True, text=True,
                                             timeout=30, check=False)
                        self.assertEqual(ran.returncode, 3, ran.stderr)

    def test_every_file_that_a_readme_names_exists(self):
        count = 0
        for page in PAGES:
            text = page.read_text(encoding="utf-8")
            for name in re.findall(r"(?<![\w./:-])(?:\./)?((?:config|docker|systemd|tests|src|kubernetes|runbooks)/[\w./-]*\w)", text):
                with self.subTest(page.relative_to(PROJECT), file=name):
                    self.assertTrue((PROJECT / name).exists() or (page.parent / name).exists())
                    count += 1
        self.assertGreater(count, 60)

    def test_every_command_of_dev_exists(self):
        known = set(re.findall(r"^  (\w+)\)$", (PROJECT / "dev").read_text(encoding="utf-8"), re.MULTILINE)) | {"help"}
        for page in PAGES:
            named = set(re.findall(r"\./dev (\w+)", page.read_text(encoding="utf-8")))
            self.assertLessEqual(named, known, page)

    def test_versions_are_this_one(self):
        version = subprocess.run([BINARY, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout.split()[1]
        named = 0
        for path in [*PAGES, PROJECT / "docker/Dockerfile", PROJECT / "docker/kubernetes/deployment.yaml"]:
            for other in re.findall(r"(?:syncwarden[_:]|VERSION=)(\d+\.\d+\.\d+)", path.read_text(encoding="utf-8")):
                named += 1
                self.assertEqual(other, version, path)
        self.assertGreaterEqual(named, 4)

    def test_the_number_of_rules_is_right(self):
        rules = (PROJECT / "config/prometheus/rules/syncwarden.yaml").read_text(encoding="utf-8")
        told = re.search(r"SUCCESS: (\d+) rules found", (PROJECT / "config/prometheus/README.md").read_text(encoding="utf-8"))
        self.assertEqual(int(told.group(1)), len(re.findall(r"^ *- (?:alert|record):", rules, re.MULTILINE)))

    def test_the_configurations_of_the_readme_are_good(self):
        blocks = re.findall(r"^```yaml\n(.*?)^```", (PROJECT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
        configurations = [block for block in blocks if block.startswith(("airbyte:", "web:", "notify:"))]
        self.assertEqual(len(configurations), 3)
        with tempfile.TemporaryDirectory() as folder:
            for secret in re.findall(r"/run/secrets/([\w-]+)", "".join(configurations)):
                (pathlib.Path(folder) / secret).write_text("https://127.0.0.1/hook\n" if secret == "slack" else "0123456789abcdef" * 2)
            for block in configurations:
                file = pathlib.Path(folder) / "syncwarden.yaml"
                file.write_text(block.replace("/run/secrets", folder) if "airbyte:" in block else
                                "airbyte: {url: http://127.0.0.1}\n" + block.replace("/run/secrets", folder))
                ran = subprocess.run([BINARY, "check", "--config.file", file], capture_output=True, text=True, timeout=30, check=False,
                                     env={name: "http://127.0.0.1" for name in ("HOOK_URL", "HOOK_SECRET", "DBT_URL", "PING_URL")})
                self.assertEqual(ran.returncode, 0, block + ran.stdout + ran.stderr)

    def test_the_manual_page_has_every_command(self):
        page = (PROJECT / "systemd/deb/syncwarden.8").read_text(encoding="utf-8")
        part = page.split(".SH COMMANDS")[1].split(".SH SIGNALS")[0]
        self.assertEqual(sorted(re.findall(r"^\.BR? (\w+)", part, re.MULTILINE)), sorted(commands_of_the_binary()))


if __name__ == "__main__":
    unittest.main()
