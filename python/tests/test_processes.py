"""Threads, forks, pickles and Ctrl-C."""

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from dechaff import Linter

LIMIT = 120

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def fix(linter: Linter, texts: list[str]) -> list[str]:
    return linter.fix_batch(texts).texts


def fix_corpus(linter: Linter, texts: list[str]) -> list[str]:
    return [fixed.text for _, fixed in linter.fix_corpus(texts)]


@needs_fork
@pytest.mark.parametrize("work", [fix, fix_corpus])
@pytest.mark.parametrize("threads", [None, 2])
def test_fork_after_threads(pages, work, threads):
    linter = Linter(threads=threads)
    parent = Linter(threads=2)
    expected = work(linter, pages)
    assert work(parent, pages) == expected
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as executor:
        results = [executor.submit(work, linter, pages) for _ in range(4)]
        assert all(result.result(timeout=LIMIT) == expected for result in results)
    # The parent's threads still work.
    assert work(parent, pages) == expected


@needs_fork
def test_fork_of_a_fork(pages):
    linter = Linter(threads=2)
    expected = fix(linter, pages)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            same = fix(linter, pages) == expected
            grandchild = os.fork()
            if grandchild == 0:
                code = 0 if fix(linter, pages) == expected else 1
            else:
                code = 0 if same and os.waitpid(grandchild, 0)[1] == 0 else 1
        finally:
            os._exit(code)
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            assert status == 0
            return
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    pytest.fail("the forked child does not end")


@needs_fork
def test_pass_over_a_corpus_does_not_survive_a_fork(pages):
    results = Linter().check_corpus(pages)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            next(results)
        except RuntimeError:
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert len(list(results)) == len(pages)


def test_spawned_process_gets_the_same_linter(pages):
    linter = Linter(ignore=["ND"])
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        assert executor.submit(fix, linter, pages).result(timeout=LIMIT) == fix(linter, pages)


def test_python_threads_share_a_linter(pages):
    linter = Linter(threads=2)
    expected = fix(linter, pages)
    with ThreadPoolExecutor(4) as executor:
        assert all(result == expected for result in executor.map(lambda _: fix(linter, pages), range(8)))


def test_other_threads_run_meanwhile(pages):
    linter = Linter(threads=1)
    texts = pages * 5
    ticks, done = [], threading.Event()

    def tick() -> None:
        while not done.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    start = time.monotonic()
    linter.check("\n\n".join(texts))
    end = time.monotonic()
    done.set()
    thread.join()
    assert len([when for when in ticks if start < when < end]) > 3


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("call", ["linter.fix_batch(texts * 400)", "list(linter.check_corpus(texts * 60))"])
def test_interrupt(call):
    """Ctrl-C raises KeyboardInterrupt long before the call would end."""
    program = f"""
        import sys
        sys.path.insert(0, {os.path.dirname(__file__)!r})
        from dechaff import Linter
        from pages import pages
        linter, texts = Linter(), pages(200)
        print("ready", flush=True)
        try:
            while True:
                {call}
        except KeyboardInterrupt:
            print("interrupted", flush=True)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=LIMIT)
    assert output == "interrupted\n", errors
    assert process.returncode == 0
