#!/usr/bin/env python3
"""Compares dechaff with typos on a folder. The programs run alternately, so that all see the same machine load.

    cargo build --profile dist
    python3 benches/beside.py FOLDER --typos TYPOS [--rounds 5] [--threads 2]

typos checks spelling. Runs that exceed `--limit` seconds are stopped and marked. Times are medians over the rounds: `wall` is
wall-clock time, `processor` the processor time of all threads.
"""
import argparse
import glob
import os
import signal
import statistics
import subprocess
import tempfile
import time
import tomllib

ROOT = os.path.join(os.path.dirname(__file__), "..")
DECHAFF = os.path.join(ROOT, "target", "dist", "dechaff")


def pattern_rules():
    """Returns the codes of the default rules of the kind `pattern`."""
    for path in sorted(glob.glob(os.path.join(ROOT, "rules", "*", "*.toml"))):
        with open(path, "rb") as file:
            rule = tomllib.load(file)
            if "find" in rule and rule.get("default", True):
                yield rule["code"]


def run(command, threads, limit):
    """Returns wall-clock seconds, processor seconds and peak megabytes; no seconds if the run was stopped."""
    environment = dict(os.environ, RAYON_NUM_THREADS=str(threads))
    start = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL, env=environment)
        signal.signal(signal.SIGALRM, lambda *_: process.kill())
        signal.alarm(limit)
        _, status, usage = os.wait4(process.pid, 0)
        signal.alarm(0)
    process.returncode = 0
    wall = time.monotonic() - start
    stopped = os.WIFSIGNALED(status)
    return None if stopped else (wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder")
    arguments.add_argument("--dechaff", default=DECHAFF)
    arguments.add_argument("--typos")
    arguments.add_argument("--quiet", action="store_true", help="have dechaff count its findings and print none")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--limit", type=int, default=300)
    given = arguments.parse_args()
    size = sum(os.path.getsize(os.path.join(path, name)) for path, _, names in os.walk(given.folder) for name in names)
    check = [given.dechaff, "check", "--isolated", "--quiet" if given.quiet else "--output-format=concise"]
    commands = {
        "dechaff, all rules": [*check, given.folder],
        "dechaff, pattern rules": [*check, "--select", ",".join(pattern_rules()), given.folder],
        "dechaff, duplicates": [*check, "--select", "ND", given.folder],
        "dechaff, structure and tables": [*check, "--select", "MS,MT", given.folder],
        "dechaff, line model": [*check, "--select", "BP901", given.folder],
    }
    if given.typos:
        commands["typos"] = [given.typos, "--format", "brief", "--threads", str(given.threads), given.folder]
    results = {name: [] for name in commands}
    for _ in range(given.rounds):
        for name, command in commands.items():
            if None not in results[name]:
                results[name].append(run(command, given.threads, given.limit))
    print(f"{size / 1e6:.1f} MB, {given.threads} threads, median of {given.rounds}")
    print(f"{'':32}{'wall':>9}{'MB/s':>8}{'processor':>11}{'MB/s':>8}{'peak':>10}")
    for name, runs in results.items():
        if None in runs or not runs:
            print(f"{name:32}not done after {given.limit} s")
            continue
        wall, processor, peak = (statistics.median(run[part] for run in runs) for part in range(3))
        print(f"{name:32}{wall:7.2f} s{size / 1e6 / wall:8.1f}{processor:9.2f} s{size / 1e6 / processor:8.1f}{peak:7.0f} MB")


if __name__ == "__main__":
    main()
