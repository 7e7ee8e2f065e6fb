"""The DuckDB warehouse as Python sees it: frames out, one table in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from orchestration.lib.limits import spill_folder
from orchestration.lib.quoting import literal
from orchestration.lib.tables import CUTS_COLUMNS, CUTS_TABLE, cut_pools

if TYPE_CHECKING:
    import pandas as pd

# Columns that say when something ran: no results, and never compared.
RUN_TIMES = {"fct_closes": ["closed_at"], "fct_quarantined_rows": ["first_seen_at"]}


class WarehouseError(Exception):
    """The warehouse cannot be read or built; it is as it was."""


class BuildError(WarehouseError):
    """A build that did not succeed; the warehouse is as it was."""


def open_read_only(path: Path) -> duckdb.DuckDBPyConnection:
    """The warehouse for reading; instants are shown in UTC.

    Raises ``WarehouseError`` while another process writes to the file.
    """
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.IOException as error:
        raise WarehouseError(f"{path} is being written by another process: {error}") from error
    connection.execute("set TimeZone = 'UTC'")
    # Beside the warehouse, as DuckDB has it, readers would overwrite what others write aside.
    wanted = spill_folder(str(path.resolve()))
    [(spills_in,)] = connection.execute("select current_setting('temp_directory')").fetchall()
    if spills_in != wanted:
        connection.execute(f"set temp_directory = {literal(wanted)}")
    return connection


def frame(connection: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    """A query's rows with decimals as ``Decimal``: DuckDB's own pandas export makes them floats."""
    rows: pd.DataFrame = connection.sql(query).to_arrow_table().to_pandas()
    return rows


def findings(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int]]:
    """(check, rows found) of every check, most first."""
    checks = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'checks' order by table_name"
    ).fetchall()
    found = []
    for (name,) in checks:
        count = connection.execute(f'select count(*) from checks."{name}"').fetchone()
        found.append((name, count[0] if count else 0))
    return sorted(found, key=lambda row: (-row[1], row[0]))


def ensure_cuts_table(connection: duckdb.DuckDBPyConnection) -> None:
    """An empty cuts table where there is none, so that dbt alone can build what reads it.

    One with other columns, of an earlier version of the project, is none: the cuts are made anew in
    every build.
    """
    _ensure_table(connection, CUTS_TABLE, CUTS_COLUMNS)


def _ensure_table(
    connection: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str]
) -> None:
    typed = ", ".join(f"{name} {data_type}" for name, data_type in columns.items())
    schema, name = table.split(".")
    connection.execute(f"create schema if not exists {schema}")
    present = connection.execute(
        "select column_name from duckdb_columns() where database_name = current_database()"
        " and schema_name = ? and table_name = ? order by column_index",
        [schema, name],
    ).fetchall()
    if present and [column for (column,) in present] != list(columns):
        connection.execute(f"drop table {table}")
    connection.execute(f"create table if not exists {table} ({typed})")


class DuckTables:
    """The tables of a DuckDB connection (``orchestration.lib.tables.Tables``)."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def frame(self, query: str) -> pd.DataFrame:
        """A query's rows, with decimals as ``Decimal``."""
        return frame(self.connection, query)

    def replace(self, table: str, rows: pd.DataFrame, columns: dict[str, str]) -> None:
        """Make ``table`` hold exactly ``rows``, in one transaction."""
        # Arrow takes 40 MB, and dbt works in this process before the cuts are made.
        import pyarrow as pa

        typed = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in columns.items())
        self.connection.register("new_rows", pa.Table.from_pandas(rows, preserve_index=False))
        self.connection.begin()
        _ensure_table(self.connection, table, columns)
        self.connection.execute(f"delete from {table}")
        self.connection.execute(f"insert into {table} select {typed} from new_rows")
        self.connection.commit()


def write_promotion_cuts(path: Path) -> int:
    """Cut the candidates of the warehouse at ``path``; returns the rows written."""
    with duckdb.connect(str(path)) as connection:
        return cut_pools(DuckTables(connection))
