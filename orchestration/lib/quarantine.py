"""Rows that break a rule of the landing contract: set aside, named, and back when a later load mends them.

``orchestration.quarantined_rows`` has one row for each landed row and rule that it breaks: where it lies,
what is wrong with it, and when it was first seen. What a row would have said is missing from every model;
an older version of its key, where there is one, goes on to count. A later version of the same key mends it.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.lib.contract import Table
from orchestration.lib.landing import LandedTable, as_read, file_columns, numbered, relation_of
from orchestration.lib.quoting import literal
from orchestration.lib.row_rules import row_rules

TABLE = "orchestration.quarantined_rows"
COLUMNS = {
    "landing_table": "varchar",
    "path": "varchar",
    "row_in_file": "bigint",
    "column_name": "varchar",
    "value": "varchar",
    "rule": "varchar",
    "row_key": "varchar",
    "currency": "varchar",
    "amount": "decimal(18, 4)",
    "loaded_at": "timestamp",
    "mended_at": "timestamp",
    "first_seen_at": "timestamp",
}
# What is kept of a value: enough to find it.
MOST_CHARACTERS = 200


def broken_rows(
    connection: duckdb.DuckDBPyConnection, landed: LandedTable, path: Path
) -> duckdb.DuckDBPyRelation:
    """Rows of a file with each rule that they break: the columns of ``TABLE`` and ``message``."""
    physical = file_columns(path)
    rows = as_read(numbered(connection, path))
    key = row_key(landed.table)
    of_money = {"currency", "amount"} <= physical.keys()
    currency = f"left(currency, {MOST_CHARACTERS})" if of_money else "cast(null as varchar)"
    amount = "try_cast(amount as decimal(18, 4))" if of_money else "cast(null as decimal(18, 4))"
    whole: duckdb.DuckDBPyRelation | None = None
    for rule in row_rules(landed.table, physical):
        broken = rows.filter(rule.condition).project(
            f"row_in_file, {literal(rule.column)} as column_name,"
            f" left(cast({rule.column} as varchar), {MOST_CHARACTERS}) as value,"
            f" {literal(rule.rule)} as rule, {key} as row_key, {currency} as currency,"
            f" {amount} as amount,"
            " make_timestamp(epoch_us(try_cast(_loaded_at as timestamptz))) as loaded_at,"
            f" {literal(rule.message)} as message"
        )
        whole = broken if whole is None else whole.union(broken)
    assert whole is not None  # every table has a key
    return whole


def row_key(table: Table) -> str:
    """SQL: what names a row to a person: its key, as text; null where a part of it is missing."""
    return " || ' ' || ".join(f"cast({name} as varchar)" for name in table.key)


def set_aside(connection: duckdb.DuckDBPyConnection, landed: LandedTable, root: Path) -> None:
    """Write down the broken rows of a table's files; those that were there keep when they were seen."""
    name = landed.table.full_name
    connection.execute(
        f"create or replace temp table seen_before as select * from {TABLE} where landing_table = ?",
        [name],
    )
    for path in landed.files:
        where = str(path.relative_to(root))
        connection.execute(
            f"delete from {TABLE} where landing_table = ? and path = ?", [name, where]
        )
        if path not in landed.faulty:
            continue
        rows = broken_rows(connection, landed, path)  # noqa: F841 - DuckDB finds it by its name
        connection.execute("create or replace temp table broken as select * from rows")
        connection.execute(
            f"""
            insert into {TABLE} by name
            select
                ? as landing_table, ? as path, broken.* exclude (message),
                coalesce(
                    seen_before.first_seen_at, cast(timezone('UTC', now()) as timestamp)
                ) as first_seen_at
            from broken
            left join seen_before
                on seen_before.path = ? and broken.row_in_file = seen_before.row_in_file
                and broken.rule = seen_before.rule
                and broken.value is not distinct from seen_before.value
            """,
            [name, where, where],
        )
        connection.execute("drop table broken")
    connection.execute("drop table seen_before")


def forget(connection: duckdb.DuckDBPyConnection, landed: LandedTable, root: Path) -> None:
    """Rows of files that are no longer there."""
    there = [str(path.relative_to(root)) for path in landed.files]
    connection.execute(
        f"delete from {TABLE} where landing_table = ? and not list_contains(?::varchar[], path)",
        [landed.table.full_name, there],
    )


def look_for_mends(connection: duckdb.DuckDBPyConnection, landed: LandedTable) -> None:
    """Write down which rows a version of the same key, loaded later, has taken the place of.

    A row of which nobody can say when it was loaded, or what its key is, stays: it is for a person.
    """
    name = landed.table.full_name
    [(waiting,)] = connection.execute(
        f"select count(*) from {TABLE} where landing_table = ? and row_key is not null", [name]
    ).fetchall()
    if not waiting or landed.is_absent:
        return
    versions = relation_of(connection, landed).project(  # noqa: F841 - DuckDB finds it by its name
        f"{row_key(landed.table)} as row_key,"
        " make_timestamp(epoch_us(cast(_loaded_at as timestamptz))) as loaded_at"
    )
    connection.execute(
        f"""
        create or replace temp table mends as
        select aside.path, aside.row_in_file, min(versions.loaded_at) as mended_at
        from {TABLE} as aside
        inner join versions
            on aside.row_key = versions.row_key and versions.loaded_at > aside.loaded_at
        where aside.landing_table = ?
        group by all
        """,
        [name],
    )
    connection.execute(
        f"""
        update {TABLE} as aside
        set mended_at = (
            select mends.mended_at from mends
            where mends.path = aside.path and mends.row_in_file = aside.row_in_file
        )
        where landing_table = ?
        """,
        [name],
    )
    connection.execute("drop table mends")
