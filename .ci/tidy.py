#!/usr/bin/env python3
"""Runs clang-tidy over every translation unit of src/, skipping what passed before unchanged.

Tests are left to the compilers' warnings: the macros of GoogleTest cost most of the time and most of the noise.

A unit is unchanged when its text, every project header that it reaches, its compile command, .clang-tidy and the
installed libraries and tools are the same. Passes are remembered in $XDG_CACHE_HOME/syncwarden-tidy by a hash of all
that, with paths relative to the checkout, so a fresh clone profits too. Failures are never remembered.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def project_headers(file, seen):
    """Every project file that `file` reaches through #include "..."; conditions are ignored: too many is safe."""
    if file in seen or not file.is_file():
        return
    seen.add(file)
    for name in INCLUDE.findall(file.read_text(encoding="utf-8", errors="replace")):
        for base in (ROOT / "src", ROOT / "tests", file.parent):
            project_headers((base / name).resolve(), seen)


def toolchain():
    """The versions of everything outside of the checkout that a verdict depends on."""
    listing = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", "clang-tidy*", "lib*-dev", "libstdc++*"],
                             capture_output=True, text=True, check=False).stdout
    return "\n".join(sorted(set(listing.splitlines())))


def key(unit, command, common):
    digest = hashlib.sha256(common)
    digest.update(command.replace(str(ROOT), ".").encode())
    seen = set()
    project_headers(unit, seen)
    for file in sorted(seen):
        digest.update(str(file.relative_to(ROOT) if file.is_relative_to(ROOT) else file).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="a build folder of clang with compile_commands.json")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--times", action="store_true", help="print the seconds that each file took")
    parser.add_argument("only", nargs="*", help="lint only files whose path contains one of these")
    options = parser.parse_args()

    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "syncwarden-tidy"
    cache.mkdir(parents=True, exist_ok=True)
    common = ((ROOT / ".clang-tidy").read_text() + toolchain()).encode()

    commands = json.loads((ROOT / options.build / "compile_commands.json").read_text())
    work = []
    known = 0
    for entry in commands:
        unit = pathlib.Path(entry["file"]).resolve()
        if not unit.is_relative_to(ROOT / "src"):
            continue  # a test, or generated
        if options.only and not any(part in str(unit) for part in options.only):
            continue
        mark = cache / key(unit, entry.get("command", ""), common)
        if mark.exists():
            mark.touch()
            known += 1
        else:
            work.append((unit, mark))

    def lint(item):
        unit, mark = item
        start = time.monotonic()
        run = subprocess.run(["clang-tidy", "-p", str(ROOT / options.build), "--quiet", str(unit)],
                             capture_output=True, text=True, cwd=ROOT, check=False)
        return unit, mark, run, time.monotonic() - start

    bad = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for unit, mark, run, seconds in pool.map(lint, work):
            if options.times:
                print(f"{seconds:6.1f} s  {unit.relative_to(ROOT)}", flush=True)
            if run.returncode == 0:
                mark.touch()
            else:
                bad += 1
                print(run.stdout.replace(str(ROOT) + "/", ""), flush=True)
                if not run.stdout.strip():
                    print(run.stderr, flush=True)

    month_ago = time.time() - 30 * 86400
    for mark in cache.iterdir():
        if mark.stat().st_mtime < month_ago:
            mark.unlink(missing_ok=True)
    print(f"clang-tidy: {len(work)} files checked, {known} unchanged since they passed, {bad} with findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
