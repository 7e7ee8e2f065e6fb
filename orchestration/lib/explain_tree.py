"""The tree of an explanation: figures, what they come from, and the landed rows at its leaves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from orchestration.lib.contract import landing_tables
from orchestration.lib.landed_rows import LandedRow, find_rows

Row = dict[str, Any]
NOTHING = Decimal(0)


class Source(NamedTuple):
    """Landed rows: those of a table in which a column has a value; ``day`` is part of some keys."""

    table: str
    column: str
    value: str
    day: date | None = None

    def names(self, row: LandedRow) -> bool:
        """Whether a row that has the value is also of the day."""
        key = dict(zip(landing_tables()[self.table].key, row.key, strict=True))
        return self.day is None or any(text[:10] == self.day.isoformat() for text in key.values())


@dataclass
class Node:
    """A figure and what it comes from.

    ``parts`` add up to ``amount``, rounded half away from zero to ``unit`` where there is one; ``reasons``
    say more about it and add nothing. ``counted`` is what landed rows add to a measure, numerator and
    denominator. ``resolve`` finds where the ``sources`` lie.
    """

    what: str
    amount: Decimal | None = None
    currency: str = ""
    how: str = ""
    rules: tuple[str, ...] = ()
    plan: str = ""
    unit: Decimal | None = None
    counted: tuple[Decimal | None, Decimal | None] | None = None
    parts: list[Node] = field(default_factory=list)
    reasons: list[Node] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    landed: list[LandedRow] = field(default_factory=list)

    def recomputed(self) -> Decimal:
        """The amount, made from the leaves."""
        if not self.parts:
            return self.amount or NOTHING
        whole = sum((part.recomputed() for part in self.parts), NOTHING)
        return whole if self.unit is None else rounded(whole, self.unit)

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for child in (*self.parts, *self.reasons):
            yield from child.walk()

    def as_dict(self) -> dict[str, Any]:
        """For JSON: amounts as text, so that no reader makes floats of them; what is empty is left out."""
        numerator, denominator = self.counted or (None, None)
        found = {
            "what": self.what,
            "amount": None if self.amount is None else f"{self.amount:f}",
            "currency": self.currency,
            "how": self.how,
            "numerator": None if numerator is None else f"{numerator:f}",
            "denominator": None if denominator is None else f"{denominator:f}",
            "rules": list(self.rules),
            "plan": self.plan,
            "parts": [part.as_dict() for part in self.parts],
            "reasons": [reason.as_dict() for reason in self.reasons],
            "landed": [
                {"table": row.table, "file": row.file, "row": row.row, "values": row.values}
                for row in self.landed
            ],
        }
        return {name: value for name, value in found.items() if value not in (None, "", [])}


def resolve(nodes: Iterable[Node], landing: Path, known_at: datetime) -> None:
    """Find the landed rows of every node: of each key the newest version loaded by ``known_at``."""
    asking = [node for root in nodes for node in root.walk() if node.sources]
    wanted: dict[tuple[str, str], set[str]] = defaultdict(set)
    for node in asking:
        for source in node.sources:
            wanted[source.table, source.column].add(source.value)
    held: dict[tuple[str, str, str], list[LandedRow]] = defaultdict(list)
    for (table, column), values in sorted(wanted.items()):
        newest: dict[tuple[str, ...], LandedRow] = {}
        for row in find_rows(landing, table, column, values):
            kept = newest.get(row.key)
            if row.loaded_at <= known_at and (kept is None or row.loaded_at >= kept.loaded_at):
                newest[row.key] = row
        for row in newest.values():
            held[table, column, row.values[column]].append(row)
    for node in asking:
        node.landed = [
            row for source in node.sources for row in held[source[:3]] if source.names(row)
        ]


class Asker:
    """Asks a warehouse."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def values(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of a query as tuples."""
        return self.connection.execute(query, list(values)).fetchall()

    def rows(self, query: str, *values: Any, **named: Any) -> list[Row]:
        """Rows of a query by column, with values for its ``?``, or its ``$name``."""
        found = self.connection.execute(query, named or list(values))
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def rounded(amount: Decimal, unit: Decimal) -> Decimal:
    """Half away from zero (RULES 0), to whole units."""
    return (amount / unit).quantize(Decimal(1), rounding=ROUND_HALF_UP) * unit
