"""What the landing contract asks of a row: conditions in SQL, one for each way of being wrong.

A row that fulfils one of them is set aside (``orchestration.quarantined_rows``): it is in no model, and
stands there with file, row, column, value and rule until a later load mends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestration.lib.contract import Column, Table

# No customer signs before the first of these days or after the last; a mistyped year lies outside.
# `valid_to` alone may say "for good" as 9999-12-31.
EARLIEST, LATEST = "1900-01-01", "2200-01-01"
# What a Parquet column may be, by what the contract wants; DuckDB casts it, and what does not fit is a
# row's fault. Anything else is a column of another type, which is the file's.
PHYSICAL_TYPES = {
    "string": ("string", "large_string", "dictionary", "int", "uint", "null"),
    "date": ("date", "string", "large_string", "dictionary", "timestamp", "null"),
    "timestamp": ("timestamp", "date", "string", "large_string", "dictionary", "null"),
    "boolean": ("bool", "string", "large_string", "dictionary", "int", "uint", "null"),
    "decimal": ("decimal", "int", "uint", "string", "large_string", "dictionary", "null", "float",
                "double"),
    "integer": ("int", "uint", "string", "large_string", "dictionary", "null", "decimal"),
}  # fmt: skip


@dataclass(frozen=True)
class RowRule:
    """A rule on a column, the condition (SQL, true for a row that breaks it) and how to say so.

    ``is_of_type`` tells a value that cannot be read as the contract's type from any other fault.
    """

    column: str
    rule: str
    condition: str
    message: str
    is_of_type: bool = False


def has_other_type(column: Column, physical: str) -> bool:
    """Whether a Parquet column is of a kind that its values are not."""
    return not physical.startswith(PHYSICAL_TYPES[_kind(column)])


def row_rules(table: Table, physical: Mapping[str, str]) -> list[RowRule]:
    """The rules that a file's rows can break at all. ``physical`` are its columns and their types.

    A Parquet column that has the contract's type already is not asked whether it can be read as it.
    """
    rules = []
    for column in table.columns:
        if column.name in physical:
            rules += _type_rules(column, physical[column.name])
            rules += _value_rules(column)
            if column.name in table.never_empty or column.is_required:
                rules.append(_never_empty(column, table, "_deleted" in physical))
    if {"valid_from", "valid_to"} <= physical.keys() & set(table.column_names):
        rules.append(
            RowRule(
                "valid_to",
                "a row is valid from a day to a later one, or on no day at all (RULES 0)",
                "try_cast(valid_to as date) < try_cast(valid_from as date)",
                "lies before valid_from",
            )
        )
    return rules


def is_broken(table: Table, physical: Mapping[str, str]) -> str:
    """SQL: whether a row of a file breaks any rule; never null."""
    conditions = [f"coalesce({rule.condition}, false)" for rule in row_rules(table, physical)]
    return " or ".join(conditions) or "false"


def _never_empty(column: Column, table: Table, may_be_deleted: bool) -> RowRule:
    """A deletion has a key and the time of its load, and need not have more."""
    condition = f"{column.name} is null"
    if column.name not in table.never_empty and may_be_deleted:
        condition += " and not coalesce(try_cast(_deleted as boolean), false)"
    return RowRule(column.name, f"{column.name} is never empty", condition, "is empty")


def readable_type(column: Column) -> str:
    """What a value is cast to: an instant honours the offset it has."""
    return "timestamptz" if column.data_type == "timestamp" else column.data_type


def _kind(column: Column) -> str:
    return column.data_type.split("(")[0]


def _type_rules(column: Column, physical: str) -> list[RowRule]:
    """That a value can be read as the contract's type, and as no other number than it is."""
    kind, name = column.data_type, column.name
    if kind == "string" or (
        physical.startswith({"date": "date32", "boolean": "bool"}.get(_kind(column), _kind(column)))
        and not (kind.startswith("decimal") and _scale(physical) > _scale(kind))
    ):
        return []
    rules = [
        RowRule(
            name,
            f"{name} is a {kind}",
            f"{name} is not null and try_cast({name} as {readable_type(column)}) is null",
            f"is not a {kind}",
            is_of_type=True,
        )
    ]
    if kind.startswith("decimal"):
        places = _scale(kind)
        rules.append(
            RowRule(
                name,
                f"{name} carries at most {places} decimal places",
                f"try_cast({name} as {kind}) <> try_cast({name} as decimal(38, 16))",
                f"has more than {places} decimal places",
            )
        )
    return rules


def _value_rules(column: Column) -> list[RowRule]:
    name, kind = column.name, column.data_type
    rules = []
    if column.one_of:
        allowed = ", ".join(f"'{value}'" for value in column.one_of)
        rules.append(
            RowRule(
                name,
                f"{name} is one of {', '.join(column.one_of)}",
                f"{name} not in ({allowed})",
                "is not allowed",
            )
        )
    if kind in ("date", "timestamp"):
        value = f"try_cast({name} as {readable_type(column)})"
        latest = "" if name == "valid_to" else f" or {value} >= '{LATEST}'"
        rules.append(
            RowRule(
                name,
                f"{name} lies between {EARLIEST} and {LATEST}",
                f"{value} < '{EARLIEST}'{latest}",
                "does not",
            )
        )
    return rules


def _scale(data_type: str) -> int:
    """4 of ``decimal(18,4)`` or ``decimal128(18, 4)``."""
    return int(data_type.rstrip(")").split(",")[1])
