#!/usr/bin/env python3
"""Compares the Python module with the command, and with the filters of datatrove, on the texts of a JSON Lines file.

    cargo build --release
    python3 -m venv target/hosts
    target/hosts/bin/pip install maturin pyarrow "datatrove==0.10.1" spacy
    VIRTUAL_ENV="$PWD/target/hosts" target/hosts/bin/maturin develop --release
    target/hosts/bin/python benches/python.py FILE [--rounds 3]

Each measurement runs on one thread in its own process. The processes alternate, so that all see the same machine load. `wall` is wall-clock
time and `processor` the processor time of all threads, without startup and without reading the file, except for the command, which
reads it, writes a copy, and compares the texts of the file with each other. `peak` is the increase of peak memory over that before the texts were
read, as a multiple of the size of the texts. The other measurements find duplicates only within each text.
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.join(os.path.dirname(__file__), "..")
BINARY = os.path.join(ROOT, "target", "release", "dechaff")


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def read_texts(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)["text"]


def write_column(path, to):
    """Writes the texts as an Arrow file. Reading it leaves no other objects in memory."""
    import pyarrow

    column = pyarrow.array(read_texts(path), pyarrow.large_string())
    table = pyarrow.table({"text": column})
    with pyarrow.ipc.new_file(to, table.schema) as file:
        file.write_table(table)


def read_column(path):
    import pyarrow

    with pyarrow.OSFile(path) as file:
        return pyarrow.ipc.open_file(file).read_all()["text"]


class Peak:
    """Samples the memory of the process, because the system's peak includes reading."""

    def __enter__(self):
        self.highest, self.done = resident(), threading.Event()
        self.thread = threading.Thread(target=self.sample)
        self.thread.start()
        return self

    def sample(self):
        while not self.done.wait(0.002):
            self.highest = max(self.highest, resident())

    def __exit__(self, *_):
        self.highest = max(self.highest, resident())
        self.done.set()
        self.thread.join()


def measure(work, before):
    with Peak() as peak:
        wall, processor = time.monotonic(), time.process_time()
        result = work()
        wall, processor = time.monotonic() - wall, time.process_time() - processor
    return {"wall": wall, "processor": processor, "peak": peak.highest - before, "result": result}


def column(path, **settings):
    import dechaff

    linter = dechaff.Linter(threads=1, **settings)
    linter.fix_batch(["warm"])
    import pyarrow.ipc  # noqa: F401

    before = resident()
    texts = read_column(path)
    results = []
    measured = measure(lambda: results.append(linter.fix_batch(texts)), before)
    return {**measured, "result": f"{len(results[0].changes)} changes"}


def datatrove(path, make):
    from datatrove.data import Document
    from loguru import logger

    logger.remove()
    step = make()
    list(step.run(iter([Document(text="Warm up. It loads the tokenizer.", id="warm")])))
    before = resident()
    documents = [Document(text=text, id=str(number)) for number, text in enumerate(read_column(path).to_pylist())]
    measured = measure(lambda: sum(1 for _ in step.run(iter(documents))), before)
    return {**measured, "result": f"{measured['result']} of {len(documents)} documents kept"}


def filters():
    from datatrove.pipeline import filters

    return filters


def dechaff_steps():
    import dechaff.datatrove

    return dechaff.datatrove


MEASUREMENTS = {
    "fix_batch, no duplicates": lambda path: column(path, ignore=["ND"]),
    "fix_batch": column,
    "DechaffFixer": lambda path: datatrove(path, lambda: dechaff_steps().DechaffFixer(ignore=["ND"], threads=1)),
    "DechaffFilter": lambda path: datatrove(path, lambda: dechaff_steps().DechaffFilter(ignore=["ND"], threads=1)),
    "C4QualityFilter": lambda path: datatrove(path, lambda: filters().C4QualityFilter()),
    "GopherQualityFilter": lambda path: datatrove(path, lambda: filters().GopherQualityFilter()),
    "GopherRepetitionFilter": lambda path: datatrove(path, lambda: filters().GopherRepetitionFilter()),
}
COMMANDS = {"command, no duplicates": ["--ignore", "ND"], "command": []}


def run_command(binary, path, options):
    with tempfile.TemporaryDirectory() as directory:
        arguments = ["--isolated", "--fix-only", "--jobs", "1", "--output-dir", directory, *options]
        start = time.monotonic()
        process = subprocess.Popen([binary, "check", path, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{binary} failed with exit code {process.returncode}")
    return {"wall": wall, "processor": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss * 1024, "result": ""}


def run(name, path):
    environment = dict(os.environ, OMP_NUM_THREADS="1")
    arguments = [sys.executable, __file__, path, "--measure", name]
    process = subprocess.run(arguments, env=environment, capture_output=True, encoding="utf-8", check=False)
    if process.returncode:
        print(f"{name}: skipped: {process.stderr.strip().splitlines()[-1]}")
        return None
    return json.loads(process.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--dechaff", default=BINARY)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help="measure only what has this in its name")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(MEASUREMENTS[given.measure](given.file)))
        return
    with tempfile.TemporaryDirectory() as directory:
        compare(given, os.path.join(directory, "texts.arrow"))


def compare(given, column):
    write_column(given.file, column)
    size = read_column(column).nbytes
    names = [name for name in [*COMMANDS, *MEASUREMENTS] if given.only is None or given.only in name]
    results = {name: [] for name in names}
    for _ in range(given.rounds):
        for name in names:
            if None not in results[name]:
                options = COMMANDS.get(name)
                is_command = options is not None
                one = run_command(given.dechaff, given.file, options) if is_command else run(name, column)
                results[name].append(one)
    print(f"{size / 1e6:.1f} MB of text, one thread, median of {given.rounds}")
    print(f"{'':26}{'wall':>9}{'processor':>11}{'MB/s':>8}{'peak':>9}")
    for name, runs in results.items():
        if None in runs:
            continue
        wall, processor, peak = (statistics.median(run[part] for run in runs) for part in ("wall", "processor", "peak"))
        speed = size / 1e6 / processor
        print(f"{name:26}{wall:7.2f} s{processor:9.2f} s{speed:8.1f}{peak / size:8.2f}x  {runs[0]['result']}")


if __name__ == "__main__":
    main()
