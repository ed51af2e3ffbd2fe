"""A linter for text corpora: boilerplate, duplicates and broken tables, with exact positions and fixes.

    >>> import dechaff
    >>> linter = dechaff.Linter()
    >>> for finding in linter.check(text):
    ...     print(finding.code, finding.message, text[finding.start : finding.end])
    >>> clean = linter.fix(text).text

The module has the same findings and fixes as the command `dechaff`, and prints nothing. Adapters for other libraries
are in submodules such as `dechaff.datatrove` and `dechaff.spark`, which must be imported by name and need their
library.
"""

from dechaff._batch import ChangeTable, FindingTable, FixedBatch, MeasureTable
from dechaff._comparison import Comparison
from dechaff._dechaff import ConfigError, Error, __version__
from dechaff._linter import Linter, rules
from dechaff._types import Change, DocumentReport, Edit, Finding, Findings, Fix, Fixed, Label, Rule, undo

__all__ = [
    "Change",
    "ChangeTable",
    "Comparison",
    "ConfigError",
    "DocumentReport",
    "Edit",
    "Error",
    "Finding",
    "FindingTable",
    "Findings",
    "Fix",
    "Fixed",
    "FixedBatch",
    "Label",
    "Linter",
    "MeasureTable",
    "Rule",
    "__version__",
    "rules",
    "undo",
]
