"""Findings, fixes and rules as plain values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from dechaff import _html
from dechaff._dechaff import Error

if TYPE_CHECKING:
    import pandas
    import pyarrow

Severity = Literal["info", "warning", "error"]
Applicability = Literal["safe", "unsafe"]
Verdict = Literal["keep", "fix", "review", "drop"]


@dataclass(frozen=True, slots=True)
class Edit:
    """A replacement in the text of a document.

    `start` and `end` are code points, so `text[start:end]` is replaced by `content`; `span_bytes` has the same
    positions in UTF-8 bytes.
    """

    start: int
    end: int
    span_bytes: tuple[int, int]
    content: str


@dataclass(frozen=True, slots=True)
class Fix:
    """The edits that fix a finding, applied all together or not at all.

    Unsafe fixes should be reviewed.
    """

    applicability: Applicability
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Label:
    """A span related to a finding, such as the first copy of a duplicate.

    `document` is the ID of the other document, or `None` if the position is in the same one. `start`, `end` and
    `span_bytes` are as in `Edit`.
    """

    message: str
    start: int
    end: int
    span_bytes: tuple[int, int]
    document: Any = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem in a text: where, why, and how to fix it.

    - `code`, `name`: the rule, such as `"BP001"` and `"comment-prompt"`.
    - `severity`: `"info"`, `"warning"` or `"error"`.
    - `message`: what is wrong, in a few words. `notes` explain it, and `help` says what the fix does.
    - `start`, `end`: the marked span in code points, and `text` its text; `span_bytes` is the span in UTF-8 bytes.
    - `line`, `column`: the start, counted from 1; the column in code points.
    - `labels`: related spans.
    - `fix`: the edits that solve the problem, if there are any.
    - `probability`: from 0 to 1, only for findings of the line model.
    - `also_reported_by`: codes and messages of other rules for the same span.
    - `fingerprint`: a hash of the rule and the text that stays the same when the text moves.
    - `unlisted`: the number of further findings of the rule that are not listed.
    - `document`: the path or ID that was passed with the text.
    """

    code: str
    name: str
    severity: Severity
    message: str
    start: int
    end: int
    span_bytes: tuple[int, int]
    line: int
    column: int
    text: str
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None
    fix: Fix | None = None
    probability: float | None = None
    also_reported_by: tuple[tuple[str, str], ...] = ()
    fingerprint: str = ""
    unlisted: int = 0
    document: Any = None
    _context: tuple[str, str] = field(default=("", ""), repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as dictionaries, lists and plain values."""
        values = asdict(self)
        del values["_context"]
        return values

    def _repr_html_(self) -> str:
        return _html.finding(self)


class Findings(list[Finding]):
    """The findings in one text, in order of position: a list that can be converted to tables and displayed as HTML."""

    def to_arrow(self) -> pyarrow.Table:
        """Returns a `pyarrow.Table` with a row for each finding, without labels and edits."""
        import pyarrow

        return pyarrow.Table.from_pylist([_row(finding) for finding in self], schema=_finding_schema())

    def to_pandas(self) -> pandas.DataFrame:
        """Returns a `pandas.DataFrame` with a row for each finding, without labels and edits."""
        return self.to_arrow().to_pandas()

    def _repr_html_(self) -> str:
        return _html.findings(self)


@dataclass(frozen=True, slots=True)
class Change:
    """A passage that a fix deleted or replaced.

    `start` and `end` are code points in the original and `span_bytes` bytes; `removed` is the old
    text, `inserted` the new one, and `rules` has the codes of the rules responsible.
    """

    start: int
    end: int
    span_bytes: tuple[int, int]
    removed: str
    inserted: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A text after fixing.

    - `text`: the fixed text, or the original if nothing changed.
    - `changes`: the changes, in order of position in the original.
    - `applied`: the number of applied fixes by rule code.
    - `refusal`: why some or all fixes were not applied, for example because the text would lose more than half of its
      words; `None` if nothing was refused.
    """

    text: str
    changes: tuple[Change, ...] = ()
    applied: Mapping[str, int] = field(default_factory=dict)
    refusal: str | None = None

    @property
    def is_changed(self) -> bool:
        """Whether the text differs from the original."""
        return bool(self.changes)

    def undo(self) -> str:
        """Returns the original text."""
        return undo(self.text, self.changes)

    def to_arrow(self) -> pyarrow.Table:
        """Returns a `pyarrow.Table` with a row for each change."""
        import pyarrow

        rows = [{**asdict(change), "rules": list(change.rules)} for change in self.changes]
        for row in rows:
            row["start_byte"], row["end_byte"] = row.pop("span_bytes")
        return pyarrow.Table.from_pylist(rows, schema=_change_schema())

    def to_pandas(self) -> pandas.DataFrame:
        """Returns a `pandas.DataFrame` with a row for each change."""
        return self.to_arrow().to_pandas()

    def _repr_html_(self) -> str:
        return _html.fixed(self)


@dataclass(frozen=True, slots=True)
class DocumentReport:
    """The findings in a document in numbers, and whether to keep it.

    Shares are shares of the words of the document, from 0 to 1, rounded to four decimals.

    - `verdict`: `"keep"`, `"fix"` (safe fixes apply), `"review"` or `"drop"`; `reason` explains it, and `threshold`
      is the configuration key that decided, such as `"drop-share = 0.9"`.
    - `words`, `bytes`: its size.
    - `page_kind`: the most probable kind of page, such as `"article"`, with its probability, `page_kind_probability`.
    - `findings`, `findings_by_rule`: the number of findings, in total and by code.
    - `safe_removed_share`, `removed_share`: the share that safe fixes, and all fixes, of the findings delete.
    - `noise_share`: the share that fixes delete as noise, without duplicates.
    - `duplicated_share`: the share reported as copies of passages in other documents.
    - `doubtful_share`: the share flagged by findings without a safe fix.
    - `unique_share`: the share that is neither noise nor in an earlier document that is not dropped.
    - `nearest`: the ID of the document with most of the duplicated words, and `nearest_share` their share.
    - `document`: the ID that was passed with the text.
    """

    verdict: Verdict
    reason: str
    threshold: str | None
    words: int
    bytes: int
    page_kind: str
    page_kind_probability: float
    findings: int
    findings_by_rule: Mapping[str, int]
    safe_removed_share: float
    removed_share: float
    noise_share: float
    duplicated_share: float
    doubtful_share: float
    unique_share: float
    nearest: Any
    nearest_share: float
    document: Any = None

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as a dictionary."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its code, what it finds and why it matters.

    `fix` is the applicability of its fixes, and `severity` the severity of its findings, both as configured.
    `is_selected` tells whether the linter runs it, and `is_default` whether a linter without settings does.
    """

    code: str
    name: str
    summary: str
    why: str
    severity: Severity
    fix: Applicability | None
    is_default: bool
    is_selected: bool
    is_custom: bool
    since: str


def undo(text: str, changes: Iterable[Change | Mapping[str, Any]]) -> str:
    """Returns the original of a fixed text.

    `changes` are those of `Fixed` or `FixedBatch`, or rows of such a table as dictionaries, in order of position.

    Raises `dechaff.Error` if `text` cannot be the fixed text, because an insertion is missing or it is too short.
    Deletions cannot be verified: store a hash of the text if it may change.
    """
    parts: list[str] = []
    original = position = 0
    for change in changes:
        if isinstance(change, Mapping):
            start, removed, inserted = change["start"], change["removed"], change["inserted"]
        else:
            start, removed, inserted = change.start, change.removed, change.inserted
        kept = start - original
        if kept < 0 or position + kept + len(inserted) > len(text) or not text.startswith(inserted, position + kept):
            raise Error("the text is not what the fixes left; it cannot be restored")
        parts += text[position : position + kept], removed
        position += kept + len(inserted)
        original = start + len(removed)
    return "".join(parts) + text[position:]


def _row(finding: Finding) -> dict[str, Any]:
    names = ("start", "end", "line", "column", "code", "name", "severity", "message", "help", "probability")
    row = {name: getattr(finding, name) for name in (*names, "text", "fingerprint")}
    row["start_byte"], row["end_byte"] = finding.span_bytes
    row["fix"] = finding.fix.applicability if finding.fix else None
    return row


def _finding_schema() -> pyarrow.Schema:
    import pyarrow

    numbers = ("start", "end", "start_byte", "end_byte", "line", "column")
    texts = ("code", "name", "severity", "message", "help", "fix", "fingerprint", "text")
    fields = [(name, pyarrow.int64()) for name in numbers] + [(name, pyarrow.string()) for name in texts]
    return pyarrow.schema([*fields, ("probability", pyarrow.float32())])


def _change_schema() -> pyarrow.Schema:
    import pyarrow

    numbers = ("start", "end", "start_byte", "end_byte")
    fields = [(name, pyarrow.int64()) for name in numbers]
    fields += [(name, pyarrow.large_string()) for name in ("removed", "inserted")]
    return pyarrow.schema([*fields, ("rules", pyarrow.list_(pyarrow.string()))])


def _place(row: dict[str, Any]) -> dict[str, Any]:
    """Merges the fields of `place`, a dictionary, into the row."""
    row.update(row.pop("place"))
    return row


def _findings(rows: list[dict[str, Any]], document: Any, ids: list[Any] | None = None) -> Findings:
    """Creates findings from the rows of the extension module. `ids` has the ID of each document of a corpus."""
    return Findings(_finding(row, document, ids) for row in rows)


def _finding(row: dict[str, Any], document: Any, ids: list[Any] | None) -> Finding:
    for label in row["labels"]:
        if ids is not None and label["document"] is not None:
            label["document"] = ids[label["document"]]
    fix = row["fix"]
    if fix is not None:
        fix = Fix(fix["applicability"], tuple(Edit(**_place(edit)) for edit in fix["edits"]))
    row = _place(row) | {
        "labels": tuple(Label(**_place(label)) for label in row["labels"]),
        "notes": tuple(row["notes"]),
        "fix": fix,
        "also_reported_by": tuple(row["also_reported_by"]),
        "_context": row.pop("context"),
        "document": document,
    }
    row.pop("context", None)
    return Finding(**row)


def _fixed(original: str, row: dict[str, Any]) -> Fixed:
    """Creates the result of a fix from the row of the extension module."""
    changes = (Change(**_place(change) | {"rules": tuple(change["rules"])}) for change in row["changes"])
    text = original if row["text"] is None else row["text"]
    return Fixed(text, tuple(changes), row["applied"], row["refusal"])


def _report(row: str, document: Any, ids: Sequence[Any]) -> DocumentReport:
    """Creates a report from a row of the extension module, in JSON. `ids` has the ID of each document of a corpus."""
    values = json.loads(row)
    for name in ("path", "record_index", "record_id", "nearest_path", "nearest_record_id"):
        del values[name]
    index = values.pop("nearest_record_index")
    return DocumentReport(**values, nearest=None if index is None else ids[index - 1], document=document)
