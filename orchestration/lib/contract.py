"""The landing contract and the policy tables, as Python objects.

Both are written once, in the project's YAML: the sources of ``models/staging/<system>`` and the
seeds of ``models/policy``. dbt reads them there; this module reads the same files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

PROJECT_DIR = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Column:
    """A column of a table: its SQL type and what its values may be.

    A landed column may be empty unless it ``is_required`` (or of the key); a policy column may not
    unless it ``is_optional``.
    """

    name: str
    data_type: str
    one_of: tuple[str, ...] = ()
    is_optional: bool = False
    is_required: bool = False
    refers_to: str | None = None


@dataclass(frozen=True)
class MonthRule:
    """Which months a landed row belongs to: those of ``column``, of its own table or of another.

    Rows of another ``table`` count that name the row: their ``key`` equals its ``reference`` (by
    default its key). ``when`` names columns whose change alone matters to them, ``where`` (SQL over
    the other table) which of them count. A rule that ``counts_only`` says how many rows a month has.
    A change is told as one of the landed table, or by another name (``told_as``): who reads that is told of
    nothing else of the table.
    """

    column: str
    table: str | None = None
    key: str | None = None
    reference: str | None = None
    when: tuple[str, ...] = ()
    where: str | None = None
    counts_only: bool = False
    told_as: str | None = None


@dataclass(frozen=True)
class Table:
    """A landing or policy table: its columns and the key of which the newest version counts."""

    system: str
    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...] = field(default=())
    no_overlap_by: tuple[str, ...] = ()
    months: tuple[MonthRule, ...] = ()

    @property
    def full_name(self) -> str:
        return f"{self.system}.{self.name}"

    @property
    def never_empty(self) -> frozenset[str]:
        """Columns that every landed row has, a deletion too."""
        return frozenset((*self.key, "_loaded_at"))

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


def _read(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8") as file:
        content: dict[str, Any] = yaml.safe_load(file)
    return content


def _meta(node: dict[str, Any]) -> dict[str, Any]:
    meta: dict[str, Any] = node.get("config", {}).get("meta", {})
    return meta


def _names(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _column(node: dict[str, Any], data_type: str) -> Column:
    meta = _meta(node)
    return Column(
        name=node["name"],
        data_type=data_type,
        one_of=tuple(meta.get("one_of", ())),
        is_optional=meta.get("is_optional", False),
        is_required=meta.get("is_required", False),
        refers_to=meta.get("refers_to"),
    )


def _table(system: str, node: dict[str, Any], types: dict[str, str]) -> Table:
    meta = _meta(node)
    return Table(
        system=system,
        name=node["name"],
        key=tuple(meta["key"]),
        columns=tuple(_column(column, types[column["name"]]) for column in node["columns"]),
        no_overlap_by=_names(meta.get("no_overlap_by", ())),
        months=tuple(
            MonthRule(**{**rule, "when": tuple(rule.get("when", ()))})
            for rule in meta.get("months", ())
        ),
    )


@cache
def landing_tables() -> dict[str, Table]:
    """Every table of the landing contract, by full name (``crm.accounts``)."""
    tables = {}
    for path in sorted((PROJECT_DIR / "models" / "staging").glob("*/_*__sources.yml")):
        for source in _read(path)["sources"]:
            for node in source["tables"]:
                types = {column["name"]: column["data_type"] for column in node["columns"]}
                table = _table(source["name"], node, types)
                tables[table.full_name] = table
    return tables


@cache
def policy_tables() -> dict[str, Table]:
    """Every policy table, by name (``policy_payout_curves``)."""
    path = PROJECT_DIR / "models" / "policy" / "_policy__seeds.yml"
    tables = {}
    for node in _read(path)["seeds"]:
        tables[node["name"]] = _table("policy", node, node["config"]["column_types"])
    return tables
