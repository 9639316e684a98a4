#!/usr/bin/env python3
"""Each fault that an operator meets, against the real binary: does it say what to do, keep its head, lose nothing?

Every fault is a function named fault_… in airbyte_faults.py or machine_faults.py. One that this machine cannot show is
reported as skipped, with the reason. `--list` names them, `--only WORD` picks.
"""
import argparse
import concurrent.futures
import shutil
import sys
import time
import traceback

import airbyte_faults
import harness
import machine_faults
from fault_place import Place
from harness import Failure, Skipped

FAULTS = {name[len("fault_"):]: function for module in (airbyte_faults, machine_faults)
          for name, function in vars(module).items() if name.startswith("fault_")}


def show(binary, name, keep):
    """(name, verdict, what to print)."""
    began = time.monotonic()
    try:
        with harness.workplace(name, keep) as folder:
            FAULTS[name](Place(binary, folder))
        verdict, why = "passed", ""
    except Skipped as reason:
        verdict, why = "SKIPPED", str(reason)
    except Failure as failure:
        verdict, why = "FAILED", str(failure)
    except Exception:  # a test that breaks is a test that failed
        verdict, why = "FAILED", traceback.format_exc()
    print(f"{verdict:8} {time.monotonic() - began:5.1f} s  {name}" + (f": {why}" if why else ""), flush=True)
    return verdict


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary")
    parser.add_argument("--only", default="", help="those whose name contains this")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--jobs", type=int, default=3, help="so many at once; they wait more than they work")
    parser.add_argument("--keep", action="store_true", help="keep the folder of what failed")
    options = parser.parse_args()
    names = [name for name in FAULTS if options.only in name]
    if options.list:
        for name in names:
            print(f"{name}: {FAULTS[name].__doc__}")
        return 0
    if not options.binary or not shutil.which("openssl"):
        parser.error("--binary is needed, and the openssl command")
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        verdicts = list(pool.map(lambda name: show(options.binary, name, options.keep), names))
    print(", ".join(f"{verdicts.count(word)} {word.lower()}" for word in ("passed", "FAILED", "SKIPPED")))
    return 1 if "FAILED" in verdicts or not verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
