"""What is wrong with an input, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Problem:
    """A fault in an input file. ``row`` counts as a spreadsheet shows it.

    For one that ``is_set_aside`` the row is left out and a build goes on; any other stops it.
    """

    path: Path
    row: int | None
    column: str | None
    rule: str
    message: str
    is_set_aside: bool = False

    def __str__(self) -> str:
        place = str(self.path)
        if self.row is not None:
            place += f", row {self.row}"
        if self.column is not None:
            place += f", column {self.column}"
        return f"{place}: {self.message} [rule: {self.rule}]"
