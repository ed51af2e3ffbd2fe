"""Findings and fixes as HTML, for notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dechaff._types import Finding, Findings, Fixed

# Colours that are readable on light and dark pages.
_STYLES = {
    "del": "background:#f8514966;text-decoration:line-through",
    "ins": "background:#2ea04366;text-decoration:none",
    "mark": "background:#d2992266;color:inherit",
}
_CONTEXT = 80
_MAX_ITEMS = 50


def finding(finding: Finding) -> str:
    """Shows a finding in its context, struck out if its fix deletes it."""
    is_deleted = finding.fix is not None and all(not edit.content for edit in finding.fix.edits)
    before, after = finding._context
    marked = _tag("del" if is_deleted else "mark", finding.text)
    title = f"<b>{escape(finding.code)}</b> {escape(finding.message)} <small>line {finding.line}</small>"
    return f"<div>{title}{_excerpt(escape(before) + marked + escape(after))}</div>"


def findings(findings: Findings) -> str:
    """Shows a list of findings."""
    return _list([finding(one) for one in findings[:_MAX_ITEMS]], len(findings), "finding")


def fixed(fixed: Fixed) -> str:
    """Shows the changes, each in its context."""
    original = fixed.undo()
    items = []
    for change in fixed.changes[:_MAX_ITEMS]:
        before = original[max(0, change.start - _CONTEXT) : change.start]
        after = original[change.end : change.end + _CONTEXT]
        passage = escape(before) + _tag("del", change.removed) + _tag("ins", change.inserted) + escape(after)
        items.append(f"<div><b>{escape(', '.join(change.rules))}</b>{_excerpt(passage)}</div>")
    note = f"<div>{escape(fixed.refusal)}</div>" if fixed.refusal else ""
    return note + _list(items, len(fixed.changes), "change")


def _list(items: list[str], total: int, noun: str) -> str:
    counted = f"{total} {noun}{'' if total == 1 else 's'}"
    rest = f"<div>{total - len(items)} more</div>" if total > len(items) else ""
    return f"<div>{counted}</div>{''.join(items)}{rest}"


def _tag(name: str, text: str) -> str:
    return f'<{name} style="{_STYLES[name]}">{escape(text)}</{name}>' if text else ""


def _excerpt(html: str) -> str:
    return f'<pre style="white-space:pre-wrap;margin:0 0 1em 1em">{html}</pre>'
