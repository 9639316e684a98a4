#!/usr/bin/env python3
"""The rules of the source tree that a compiler does not check. usage: tree_rules.py [ROOT]"""
import pathlib
import re
import subprocess
import sys

from check_coawait import check as check_coawait
from cpp_text import code_only, includes

# --- what may stand where ---------------------------------------------------------------------------------------

TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "config", "dev", "docker", "src", "systemd",
             "tests"}

# Which rooms a room may include; the order of the lines is the order of the rooms.
ROOMS = {
    "base": "",
    "calendar": "base",
    "model": "base calendar",
    "core": "base calendar model",
    "ports": "base calendar model",
    "settings": "base calendar model",
    "http": "base",
    "airbyte": "base model ports http",
    "provision": "base calendar model ports",
    "store": "base model ports",
    "observe": "base model ports",
    "notify": "base model ports http",
    "emulator": "base calendar model http",
    "forecast": "base calendar model core emulator",
    "runtime": "base calendar model core ports",
    "admin": "base calendar model ports http observe forecast",
    "app": "base calendar model core ports settings http airbyte provision store observe notify emulator forecast runtime"
           " admin",
}

# Rooms that only compute: whoever replays their inputs gets their outputs again.
PURE = ("calendar", "model", "core", "forecast")
IMPURE_INCLUDE = re.compile(r"(boost/(asio|beast|json)|spdlog/|prometheus/|sqlite3|openssl/"
                            r"|(thread|condition_variable|future)$)")

# Libraries that live in some rooms only: (what, pattern of the include, pattern of the files that may).
LIBRARIES = (
    ("Beast", r"boost/beast", r"src/http/.*\.cpp$"),
    ("OpenSSL", r"openssl/|boost/asio/ssl", r"src/http/.*\.cpp$"),
    ("prometheus-cpp", r"prometheus/", r"src/observe/.*\.cpp$"),
    ("SQLite", r"sqlite3", r"src/store/.*\.cpp$"),
    ("libpq", r"libpq|pqxx/", r"src/store/.*\.cpp$"),
    ("Boost.JSON", r"boost/json", r"src/.*\.cpp$"),
    ("yaml-cpp", r"yaml-cpp/", r"src/settings/.*\.cpp$"),
    ("CLI11", r"CLI/", r"src/app/"),
    ("valijson", r"valijson/", r"src/provision/impl/validate\.cpp$"),
    ("date", r"date/", r"src/calendar/.*\.cpp$"),
)
PORTS_BOOST = re.compile(r"boost/asio/awaitable\.hpp$")

CLOCK = re.compile(r"\b((system|steady|high_resolution|utc|tai|gps|file)_clock)\s*::\s*now\b"
                   r"|\b(gettimeofday|clock_gettime|timespec_get)\s*\(|\b(std\s*::\s*|::\s*)time\s*\(")
CLOCK_HOME = "src/runtime/clock.cpp"
# Deadlines of reads and writes are counted on the timers' own clock, which decides nothing else.
TIMER_CLOCK = re.compile(r"\bclock_type\s*::\s*now\b")
TIMER_CLOCK_HOME = "src/http/"
RANDOM = re.compile(r"\brandom_device\b|\b(std\s*::\s*)?s?rand\s*\(|\bgetrandom\s*\(")
RANDOM_HOME = "src/app/"
DETACHED = re.compile(r"\bdetached\b(?!_)")
MAX_LINES = 600
LONG_FILES = ()  # may be longer; a reason belongs beside the name
VAGUE = {"util", "utils", "utility", "utilities", "common", "manager", "helper", "helpers", "misc"}
# Pieces, so that this file does not break its own rule.
MACHINE_PATH = re.compile("(?<![\\w.:-])/" + "(" + "|".join(["work/", "farm/", "root/", "home/[a-z]", "Users/", "tmp/bash" + "_jobs"])
                          + ")")
METRIC = re.compile(r"\bsyncwarden_[a-z0-9_]+")


# --- the rules --------------------------------------------------------------------------------------------------

def room_of(path):
    parts = path.split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "src" and parts[1] != "cmake" else None


def check_includes(path, code):
    room = room_of(path)
    if room is None:
        return
    if room not in ROOMS:
        yield 1, f"room '{room}' is not in the order of rooms (tests/tree/tree_rules.py, src/README.md)"
        return
    allowed = set(ROOMS[room].split()) | {room}
    for line, name, quoted in includes(code):
        target = name.split("/")[0]
        if quoted:
            if "/" not in name:
                yield line, f'"{name}": write the path from src/, "{room}/{name}"'
            elif target not in ROOMS:
                yield line, f'"{name}" is in no room'
            elif target not in allowed:
                yield line, f'{room} may not include {target} ("{name}")'
            elif target != room and "/impl/" in name:
                yield line, f'"{name}" is private to {target}'
            continue
        if target in ROOMS and name.endswith(".hpp"):
            yield line, f'<{name}> is ours: write "{name}"'
        if room in PURE and IMPURE_INCLUDE.match(name):
            yield line, f"{room} only computes and may not include <{name}>"
        if room == "ports" and name.startswith("boost/") and not PORTS_BOOST.match(name):
            yield line, f"ports knows awaitables and nothing else of Boost, not <{name}>"
        for library, pattern, home in LIBRARIES:
            if re.match(pattern, name) and not re.match(home, path):
                yield line, f"{library} (<{name}>) belongs in {home.replace('.*', '*').replace(chr(92), '').rstrip('$')}"


def check_words(path, code):
    """Clocks, chance and tasks without an owner."""
    if not path.startswith("src/"):
        return
    for number, line in enumerate(code.split("\n"), 1):
        if path != CLOCK_HOME and CLOCK.search(line):
            yield number, f"reads a clock; only {CLOCK_HOME} does, everybody else is told the time"
        if not path.startswith((CLOCK_HOME, TIMER_CLOCK_HOME)) and TIMER_CLOCK.search(line):
            yield number, f"reads a clock through a timer; only {TIMER_CLOCK_HOME} does, for its deadlines"
        if not path.startswith(RANDOM_HOME) and RANDOM.search(line):
            yield number, f"asks for chance; only {RANDOM_HOME} does, everybody else gets a seeded Rng"
        if DETACHED.search(line):
            yield number, "a detached coroutine swallows its exceptions and outlives its owner; spawn it in a nursery"


def check_size(path, text):
    lines = text.count("\n")
    if lines > MAX_LINES and path not in LONG_FILES:
        yield MAX_LINES, f"{lines} lines are too many (at most {MAX_LINES}): split it by meaning"


def check_name(path):
    for part in path.split("/"):
        for word in re.split(r"[^a-z]+", part.split(".")[0].lower()):
            if word in VAGUE:
                yield 1, f"'{word}' says nothing: name what is in there"


def check_machine_paths(text):
    for number, line in enumerate(text.split("\n"), 1):
        if MACHINE_PATH.search(line):
            yield number, "a path of somebody's machine"


def check_rooms_and_top(root, paths):
    for name in sorted({path.split("/")[0] for path in paths}):
        if not name.startswith(".") and name not in TOP_LEVEL:
            yield name, 1, "does not belong at the top level"
    for room in sorted({room_of(path) for path in paths} - {None}):
        readme = root / "src" / room / "README.md"
        if not readme.is_file() or not readme.read_text(encoding="utf-8").strip():
            yield f"src/{room}", 1, "a room needs a README.md: what lives here, what it may include, why it is so"


def check_metric_names(root, paths):
    """Rules that ask for a metric that nobody exports never fire."""
    catalogue = [p for p in paths if p.startswith("src/observe/") and p.endswith((".cpp", ".hpp"))]
    if not catalogue:
        return
    known = set()
    for path in catalogue:
        known.update(METRIC.findall((root / path).read_text(encoding="utf-8")))
    for path in paths:
        if not re.match(r"config/prometheus/rules/.*\.ya?ml$", path):
            continue
        for number, line in enumerate((root / path).read_text(encoding="utf-8").split("\n"), 1):
            expression = re.sub(r"job:\w+(:\w+)*", "", line.split("#")[0])
            for name in METRIC.findall(expression):
                if name not in known and re.sub(r"_(bucket|sum|count)$", "", name) not in known:
                    yield path, number, f"no metric is called {name} (src/observe)"


# --- all of it --------------------------------------------------------------------------------------------------

def tracked(root):
    """The project's files: what git knows or would add, else (in an unpacked archive) what is there."""
    run = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True,
                         check=False)
    if run.returncode == 0:
        names = run.stdout.splitlines()
    else:
        names = [str(f.relative_to(root)) for f in root.rglob("*") if not re.match(r"(build|\.cache)/", str(f.relative_to(root)))]
    return sorted(name for name in names if (root / name).is_file())


def findings(root):
    paths = tracked(root)
    yield from check_rooms_and_top(root, paths)
    yield from check_metric_names(root, paths)
    for path in paths:
        for line, text in check_name(path):
            yield path, line, text
        try:
            text = (root / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # the corpora of the fuzzers hold any bytes
        for line, why in check_machine_paths(text):
            yield path, line, why
        if not path.endswith((".cpp", ".hpp", ".py")):
            continue
        for line, why in check_size(path, text):
            yield path, line, why
        if path.endswith(".py") or not path.startswith(("src/", "tests/")):
            continue
        code = code_only(text)
        for rule in (check_includes, check_words):
            for line, why in rule(path, code):
                yield path, line, why
        for line, fault in check_coawait(text):
            yield path, line, f"co_await in one expression with {fault}: gcc 12 destroys it twice; name it first"


def main(root):
    found = list(findings(pathlib.Path(root).resolve()))
    for path, line, why in found:
        print(f"{path}:{line}: {why}")
    print(f"{len(found)} findings" if found else "the tree keeps its rules")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "."))
