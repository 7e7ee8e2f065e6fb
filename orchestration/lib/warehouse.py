"""The DuckDB warehouse as Python sees it: frames out, one table in."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from orchestration.lib.promotion_cuts import COLUMNS, promotion_cuts

CUTS_TABLE = "marts.fct_promotion_cuts"


class WarehouseError(Exception):
    """The warehouse cannot be read or built; it is as it was."""


def open_read_only(path: Path) -> duckdb.DuckDBPyConnection:
    """The warehouse for reading; instants are shown in UTC.

    Raises ``WarehouseError`` while another process writes to the file.
    """
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.IOException as error:
        raise WarehouseError(f"{path} is being written by another process: {error}") from error
    connection.execute("set TimeZone = 'UTC'")
    return connection


def frame(connection: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    """A query's rows with decimals as ``Decimal``: DuckDB's own pandas export makes them floats."""
    rows: pd.DataFrame = connection.sql(query).to_arrow_table().to_pandas()
    return rows


def ensure_cuts_table(connection: duckdb.DuckDBPyConnection) -> None:
    """An empty cuts table where there is none, so that dbt alone can build what reads it."""
    columns = ", ".join(f"{name} {data_type}" for name, data_type in COLUMNS.items())
    connection.execute("create schema if not exists marts")
    connection.execute(f"create table if not exists {CUTS_TABLE} ({columns})")


def write_promotion_cuts(path: Path) -> int:
    """Cut the candidates of the warehouse at ``path`` into ``marts.fct_promotion_cuts``.

    Returns the rows written. The table is replaced in one transaction.
    """
    with duckdb.connect(str(path)) as connection:
        candidates = frame(connection, "select * from intermediate.int_promotion_candidates")
        cuts = promotion_cuts(candidates)
        rows = pa.Table.from_pandas(cuts, preserve_index=False)
        typed = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in COLUMNS.items())
        connection.register("cut_rows", rows)
        connection.begin()
        ensure_cuts_table(connection)
        connection.execute(f"delete from {CUTS_TABLE}")
        connection.execute(f"insert into {CUTS_TABLE} select {typed} from cut_rows")
        connection.commit()
    return len(cuts)
