"""Compares what Spark built with what DuckDB built: every table, row by row, to the last digit.

``python -m orchestration.spark.parity``: exit code 1 where anything differs. It reads Spark's Parquet
files with DuckDB, so that the two are compared as they lie there; it needs no Spark.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import RUN_TIMES, open_read_only

SCHEMAS = ("marts", "intermediate", "checks", "policy")


@dataclass(frozen=True)
class Compared:
    """A table on both engines: rows there, and rows that the other engine does not have."""

    table: str
    duckdb_rows: int
    spark_rows: int
    only_duckdb: int
    only_spark: int

    @property
    def is_same(self) -> bool:
        return not (self.only_duckdb or self.only_spark)


def compare(warehouse: Path, spark_warehouse: Path) -> list[Compared]:
    """Compare every table of the DuckDB file with Spark's; a table absent there has no rows."""
    found = []
    with open_read_only(warehouse) as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables()"
            " where list_contains(?, schema_name) order by 1, 2",
            [list(SCHEMAS)],
        ).fetchall()
        for schema, name in tables:
            found.append(_compare_table(connection, schema, name, spark_warehouse))
    return found


def _compare_table(
    connection: duckdb.DuckDBPyConnection, schema: str, name: str, spark_warehouse: Path
) -> Compared:
    columns = connection.execute(
        "select column_name, data_type from duckdb_columns()"
        " where schema_name = ? and table_name = ? order by column_index",
        [schema, name],
    ).fetchall()
    compared = [(column, kind) for column, kind in columns if column not in RUN_TIMES.get(name, [])]
    here = connection.sql(f"select * from {schema}.{name}")
    folder = spark_warehouse / f"{schema}.db" / name
    files = [str(path) for path in sorted(folder.rglob("*.parquet"))]
    there = connection.read_parquet(files, hive_partitioning=False) if files else here.limit(0)
    _refuse_doubles(f"{schema}.{name}", there)
    here = here.project(", ".join(column for column, _ in compared))
    there = there.project(", ".join(_as(column, kind) for column, kind in compared))
    return Compared(
        table=f"{schema}.{name}",
        duckdb_rows=_count(here),
        spark_rows=_count(there),
        only_duckdb=_count(_except_all(connection, here, there)),
        only_spark=_count(_except_all(connection, there, here)),
    )


def _as(column: str, kind: str) -> str:
    """A column of Spark's in DuckDB's type. Decimals stay as they are: a cast could round them."""
    return column if kind.startswith("DECIMAL") else f"cast({column} as {kind}) as {column}"


def _refuse_doubles(table: str, rows: duckdb.DuckDBPyRelation) -> None:
    """Raise ``TypeError`` for a floating point column: it would compare as if it were exact."""
    for column, kind in zip(rows.columns, rows.types, strict=True):
        if str(kind) in ("DOUBLE", "FLOAT"):
            raise TypeError(f"{table}.{column} is a {kind} on Spark")


def _except_all(
    connection: duckdb.DuckDBPyConnection,
    left: duckdb.DuckDBPyRelation,
    right: duckdb.DuckDBPyRelation,
) -> duckdb.DuckDBPyRelation:
    """Rows of ``left`` that ``right`` does not have as often."""
    connection.register("left_rows", left)
    connection.register("right_rows", right)
    return connection.sql("select * from left_rows except all select * from right_rows")


def _count(rows: duckdb.DuckDBPyRelation) -> int:
    return int(rows.count("*").fetchall()[0][0])


def main() -> None:
    """The command line of this module."""
    spark_warehouse = PROJECT_DIR / os.environ.get(
        "PLUMBLINE_SPARK_WAREHOUSE", "build/spark/warehouse"
    )
    found = compare(Settings.from_environment().warehouse, spark_warehouse)
    for each in found:
        if not each.is_same:
            print(
                f"{each.table}: {each.duckdb_rows} rows on DuckDB, {each.spark_rows} on Spark;"
                f" {each.only_duckdb} and {each.only_spark} of them only there"
            )
    different = sum(not each.is_same for each in found)
    rows = sum(each.duckdb_rows for each in found)
    print(
        f"{len(found)} tables, {rows} rows: {different or 'none'} differ between DuckDB and Spark"
    )
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
