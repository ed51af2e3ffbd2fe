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


# Calls in another thread, in a process that has not used any rule yet.
CALLS = {
    "batch": "linter.fix_batch(texts * 40)",
    "one thread": "Linter(threads=1).fix_batch(texts * 40)",
    "corpus": "list(linter.fix_corpus(texts * 4))",
    "single texts": "[linter.check(text) for text in texts * 20]",
    "linters": "[Linter(ignore=[f'BP00{number % 9 + 1}']).check(texts[0]) for number in range(100)]",
}


@needs_fork
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_fork_during_a_call_of_another_thread(call):
    """Locks that the other thread holds, and tables that it is building, are not waited for in the child."""
    program = f"""
        import os, sys, threading, time
        sys.path.insert(0, {os.path.dirname(__file__)!r})
        from dechaff import Linter
        from pages import corpus_pages
        linter, texts = Linter(threads=2), corpus_pages(210)
        started = threading.Event()

        def work():
            while True:
                started.set()
                {call}

        def child():
            own, inherited = Linter(ignore=["MT"]), linter
            for one in (own, inherited):
                one.fix_batch(texts[:20])
                one.check(texts[3], path="a.md")
            list(inherited.check_corpus(texts[:20]))

        threading.Thread(target=work, daemon=True).start()
        started.wait()
        children = []
        for number in range(12):
            time.sleep(0.003 * number)
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    child()
                    code = 0
                finally:
                    os._exit(code)
            children.append(pid)
        codes = [os.waitpid(pid, 0)[1] for pid in children]
        print(codes, flush=True)
        os._exit(any(codes))
    """
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(program)],
        capture_output=True, encoding="utf-8", check=False, timeout=LIMIT,
    )
    assert run.returncode == 0, run.stdout + run.stderr


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
        [sys.executable, "-c", textwrap.dedent(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts background jobs with SIGINT ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout.readline() == "ready\n"
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=LIMIT)
    assert output == "interrupted\n", errors
    assert process.returncode == 0
