"""Which day and which month a landed row belongs to, as SQL: the landing contract says by which column.

Instants are counted by quarter hours and days by days ("buckets"), so that a time zone is asked once for
each and not for every row.
"""

from __future__ import annotations

from orchestration.lib.contract import Table

# Time zones change their offset on quarter hours; looking up one row per quarter hour is enough.
QUARTER_HOUR = 900


def own_columns(table: Table) -> list[str]:
    """The columns that say which months a row belongs to; the first is what staging builds by.

    Not those that are told by another name.
    """
    return [
        rule.column
        for rule in table.months
        if rule.table is None and not rule.counts_only and not rule.told_as
    ]


def day_column(table: Table) -> str | None:
    """The column that says on which day a row of the table was; None where another table says it."""
    return next((rule.column for rule in table.months if rule.table is None), None)


def key_of(table: Table) -> str:
    """SQL: what other tables name a row by, as text."""
    return f"cast({table.key[0]} as varchar)"


def key_columns_of(table: Table) -> list[str]:
    """SQL: what versions of a row have in common; an instant however it is written."""
    return [
        f"epoch_us(cast({name} as timestamptz))"
        if table.column(name).data_type == "timestamp"
        else f"cast({name} as varchar)"
        for name in table.key
    ]


def whole_key_of(table: Table) -> str:
    """SQL: what versions of a row have in common, as one text."""
    if len(table.key) == 1:
        return key_of(table)
    return f"concat_ws(chr(31), {', '.join(key_columns_of(table))})"


def bucket_of(table: Table, column: str) -> str:
    """SQL: a landed day, or the quarter of an hour of a landed instant, as a number."""
    if table.column(column).data_type == "date":
        return f"epoch(cast({column} as date))::bigint // 86400"
    return f"epoch_us(cast({column} as timestamptz)) // {QUARTER_HOUR * 1_000_000}"


def utc_day_of(table: Table, column: str, bucket: str) -> str:
    """SQL: the day of a bucket in UTC; batches of months begin and end between two of these."""
    seconds = 86400 if table.column(column).data_type == "date" else QUARTER_HOUR
    return f"cast(make_timestamp({bucket} * {seconds * 1_000_000}) as date)"


def month_of(table: Table, column: str, bucket: str, time_zone: str) -> str:
    """SQL: the first day of the local month of a bucket."""
    if table.column(column).data_type == "date":
        return f"cast(date_trunc('month', make_timestamp({bucket} * 86400000000)) as date)"
    at = f"make_timestamp({bucket} * {QUARTER_HOUR * 1_000_000})"
    return f"cast(date_trunc('month', timezone('{time_zone}', timezone('UTC', {at}))) as date)"
