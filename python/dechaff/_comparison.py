"""A comparison in steps over a work folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dechaff import _dechaff
from dechaff._linter import Linter, Path, make_linter

if TYPE_CHECKING:
    import pyarrow

# The default memory of a task, as in the command.
MEMORY = 1 << 30


class Comparison:
    """A comparison of more documents than one process can hold, in steps over a work folder.

    It works like `dechaff compare`. Each step is split into shares, which are tasks for any engine: they are
    idempotent, write files atomically, and may be repeated or run twice at the same time. A step needs all shares of
    the previous one.

    - `work`: the work folder. All tasks must see it at the same path; relative paths are made absolute here.
    - `documents`: files, directories and globs. The order of their names, and of the records in them, decides which
      copy counts as the original.
    - `text` and `id`: the fields or columns with the text and the ID, by default as configured, or `text` and `id`.
    - `memory`: a soft limit on the memory of a task, in bytes.
    - `skip_bad_records`: skip unreadable records, which are an error otherwise.

    Pass a linter or its settings. The findings are those of `dechaff check` with the same settings, however
    the work is split. A comparison can be pickled and sent to tasks. A task uses the threads of the linter.
    """

    def __init__(
        self,
        work: Path,
        documents: Sequence[Path],
        linter: Linter | None = None,
        *,
        text: str | None = None,
        id: str | None = None,
        memory: int = MEMORY,
        skip_bad_records: bool = False,
        **settings: Any,
    ) -> None:
        if isinstance(documents, str | bytes | os.PathLike):
            raise TypeError(f"documents is a list of paths, not a single one: write [{documents!r}]")
        self.linter = make_linter(linter, settings)
        self.work = _absolute(work)
        self.documents = [_absolute(path) for path in documents]
        self.text, self.id, self.memory, self.skip_bad_records = text, id, memory, skip_bad_records

    def steps(self) -> list[str]:
        """Returns the steps that the rules need, in order. The first one, `sketch`, reads the documents."""
        return [name for name, _ in self._native().steps()]

    def shares(self, step: str, wanted: int) -> int:
        """Returns the number of shares of a step.

        That is `wanted`, or 1 if the step cannot be split, or the number that it was started with.
        """
        native = self._native()
        is_split = dict(native.steps())
        if step not in is_split:
            raise ValueError(f"the rules need no step {step!r}; the steps are {', '.join(is_split)}")
        if not is_split[step]:
            return 1
        begun = {name: count for name, count, _ in native.progress()}
        return begun.get(step) or wanted

    def is_done(self, step: str) -> bool:
        """Returns whether all shares of a step are done."""
        return any(name == step and count == done for name, count, done in self._native().progress())

    def run(self, step: str, number: int = 1, count: int = 1) -> bool:
        """Does share `number` of `count` of a step, counted from 1. Returns `False` if it had already been done.

        Waits if another process on this machine is doing the same share.

        Raises `dechaff.Error` if an earlier step is not done, a document cannot be read, or the work folder belongs to
        another comparison.
        """
        return self._native().run(step, number, count)

    def run_all(self, shares: int = 1) -> None:
        """Does the remaining work of all steps, one share after the other."""
        for step in self.steps():
            if not self.is_done(step):
                count = self.shares(step, shares)
                for number in range(1, count + 1):
                    self.run(step, number, count)

    def check(self, number: int = 1, count: int = 1) -> Iterator[pyarrow.RecordBatch]:
        """Yields the findings in share `number` of `count` of the documents, once all steps are done.

        Columns: `path`, `record` (from 1, or null) and `id` of the document; those of `FindingTable`, without `row`;
        and for copies the position of the original: `original_path`, `original_record`, `original_id`, `original_start`
        and `original_end` in code points, `original_start_byte` and `original_end_byte`.
        """
        return self._batches(self._native().check(number, count))

    def fix(self, number: int = 1, count: int = 1, *, unsafe_fixes: bool | None = None) -> Iterator[pyarrow.RecordBatch]:
        """Removes copies in share `number` of `count` of the documents, but never the last one.

        Yields a row for each document: `path`, `record` and `id`; `text`, fixed; `removed_bytes`; and `refusal`, why
        fixes were not applied, or null. A copy also stays if a fix may delete its original, so compare the texts
        again to find more.

        Raises `dechaff.Error` if rules are selected that do not compare documents: apply their fixes first.
        """
        return self._batches(self._native().fix(number, count, unsafe_fixes))

    def _native(self) -> _dechaff.Comparison:
        # Created for each call, in the process of the task.
        return _dechaff.Comparison(
            self.linter._engine, self.work, self.documents, self.text, self.id, self.memory, self.skip_bad_records
        )

    @staticmethod
    def _batches(results: _dechaff.Results) -> Iterator[pyarrow.RecordBatch]:
        import pyarrow

        try:
            for batch in results:
                yield pyarrow.record_batch(batch)
        finally:
            results.cancel()


def _absolute(path: Path) -> str:
    """Makes a path independent of a task's working directory. URLs are unchanged."""
    path = os.fspath(path)
    return path if "://" in path else os.path.abspath(path)
