"""The landing folder as Spark tables: the same files, read by the same rules as on DuckDB."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from orchestration.lib.landing import LandedTable, alike, find_files, projection

TABLES_AT_A_TIME = 4


def load_landing(session: SparkSession, landing: Path) -> None:
    """Make ``crm.*``, ``billing.*`` and ``hr.*`` Parquet tables of what is landed.

    They hold contract columns in contract order: text where the files are CSV, the files' own types
    where all of them are Parquet of one make, nulls where a file lacks a column. A table without
    files is empty.
    """
    found = find_files(landing)
    for system in sorted({landed.table.system for landed in found}):
        session.sql(f"create database if not exists {system}")

    def load(landed: LandedTable) -> None:
        rows_of(session, landed).write.mode("overwrite").saveAsTable(landed.table.full_name)

    # Most tables are small: what takes time is Spark's start of each statement.
    with ThreadPoolExecutor(TABLES_AT_A_TIME) as pool:
        list(pool.map(load, found))


def rows_of(session: SparkSession, landed: LandedTable) -> DataFrame:
    """The rows landed for a table. Files of different columns or types meet as text."""
    if landed.is_absent:
        schema = ", ".join(f"{name} string" for name in landed.table.column_names)
        return session.createDataFrame([], schema)
    groups = alike(landed.files)
    parts = []
    for (suffix, columns), files in groups:
        paths = [str(path) for path in files]
        rows = (
            session.read.parquet(*paths)
            if suffix == ".parquet"
            else _read_csv(session, paths, columns)
        )
        wanted = projection(landed.table, set(columns), as_text=len(groups) > 1)
        parts.append(rows.selectExpr(*wanted))
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.union(part)
    return whole


def _read_csv(session: SparkSession, paths: list[str], columns: tuple[str, ...]) -> DataFrame:
    """CSV as text; nothing is sniffed. An empty cell is null, quoted or not, as on DuckDB."""
    rows = session.read.csv(
        paths,
        schema=", ".join(f"`{name}` string" for name in columns),
        header=True,
        enforceSchema=True,
        quote='"',
        escape='"',
        multiLine=True,
        encoding="UTF-8",
        mode="FAILFAST",
    )
    return rows.select(*(f.nullif(f.col(name), f.lit("")).alias(name) for name in columns))
