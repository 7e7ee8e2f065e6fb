"""Where a row was landed: file and row, for whoever asks why a figure is what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from orchestration.lib.contract import Table, landing_tables
from orchestration.lib.landing import find_files, numbered, scratch
from orchestration.lib.quoting import literal

# Which landing table and column a transaction's identifier names, by what comes before its colon.
TRANSACTIONS = {
    "booked": ("billing.contracts", "contract_id"),
    "cancelled": ("billing.contracts", "contract_id"),
    "collected": ("billing.payments", "payment_id"),
    "refunded": ("billing.refunds", "refund_id"),
    "consumed": ("billing.consumption", "consumption_id"),
}


@dataclass(frozen=True)
class LandedRow:
    """A row as it was landed; ``row`` counts as a spreadsheet shows it, a CSV file's header being row 1."""

    table: str
    key: tuple[str, ...]
    file: str
    row: int
    loaded_at: datetime
    values: dict[str, str]

    @property
    def place(self) -> str:
        return f"{self.file}, row {self.row}"


def landed_transaction(transaction_id: str) -> tuple[str, str, str]:
    """Table, column and value of the landed row that a transaction is made from.

    Raises ``ValueError`` for an identifier that is no transaction's.
    """
    kind, _, landed_id = transaction_id.partition(":")
    if kind not in TRANSACTIONS or not landed_id:
        raise ValueError(f"{transaction_id} is no transaction")
    return (*TRANSACTIONS[kind], landed_id)


def find_rows(landing: Path, table: str, column: str, values: Iterable[str]) -> list[LandedRow]:
    """Every landed version of the rows in which a column has one of the values, in landing order.

    Raises ``KeyError`` for a table that is not in the contract.
    """
    named = _named({column: set(values)})
    return _rows(landing, table, named)


def loaded_between(
    landing: Path,
    table: str,
    after: datetime,
    until: datetime | None,
    month: date,
    naming: Mapping[str, set[str]],
) -> list[LandedRow]:
    """Rows of a table that were loaded after one instant and by another, and may bear on a month.

    Of these only such that name something: ``naming`` has the values by column. A row whose days all lie
    after the month bears on a later one. Raises ``KeyError`` for a table that is not in the contract.
    """
    days = [
        column.name
        for column in landing_tables()[table].columns
        if column.data_type in ("date", "timestamp") and not column.name.startswith("_")
    ]
    # An instant's local day may be another one: a day more does no harm.
    next_month = (month.replace(day=28) + timedelta(days=5)).replace(day=2)
    named = _named(naming)

    def condition(names: list[str]) -> str | None:
        which = named(names)
        if which is None:
            return None
        bounds = f"loaded_at > timestamp '{after.isoformat(sep=' ')}'"
        if until is not None:
            bounds += f" and loaded_at <= timestamp '{until.isoformat(sep=' ')}'"
        there = [
            f'try_cast(left(cast("{day}" as varchar), 10) as date)' for day in days if day in names
        ]
        if there:
            bounds += f" and coalesce(least({', '.join(there)}) < date '{next_month}', true)"
        return f"{bounds} and ({which})"

    return _rows(landing, table, condition)


def _named(naming: Mapping[str, set[str]]) -> Callable[[list[str]], str | None]:
    """A condition on those columns that a file has: one of them has one of its values; None without any."""

    def condition(names: list[str]) -> str | None:
        found = []
        for column, values in naming.items():
            if column in names and values:
                texts = ", ".join(map(literal, sorted(values)))
                found.append(f'cast("{column}" as varchar) in ({texts})')
        return " or ".join(found) or None

    return condition


def _rows(
    landing: Path, table: str, condition: Callable[[list[str]], str | None]
) -> list[LandedRow]:
    """Rows that fit a condition, made for the columns that a file has; it may name ``loaded_at``."""
    contract = landing_tables()[table]
    found: list[LandedRow] = []
    with scratch() as connection:
        for landed in find_files(landing):
            if landed.table.full_name != table:
                continue
            for path in landed.files:
                rows = numbered(connection, path)
                names = [name for name in contract.column_names if name in rows.columns]
                fits = condition(names)
                if fits is not None:
                    texts = ", ".join(f'cast("{name}" as varchar)' for name in names)
                    loaded = "make_timestamp(epoch_us(try_cast(_loaded_at as timestamptz)))"
                    fitting = (
                        rows.project(f"*, {loaded} as loaded_at")
                        .filter(fits)
                        .project(f"row_in_file, loaded_at, {texts}")
                        .order("row_in_file")
                        .fetchall()
                    )
                    found += [_row(contract, path, landing, names, row) for row in fitting]
    return found


def _row(
    contract: Table, path: Path, landing: Path, names: list[str], row: tuple[Any, ...]
) -> LandedRow:
    number, loaded_at, *texts = row
    values = {name: text for name, text in zip(names, texts, strict=True) if text is not None}
    return LandedRow(
        table=contract.full_name,
        key=tuple(values.get(name, "") for name in contract.key),
        file=str(path.relative_to(landing.resolve())),
        row=number,
        loaded_at=loaded_at,
        values=values,
    )
