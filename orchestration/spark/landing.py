"""The landing folder as Spark tables: the same files, read by the same rules as on DuckDB."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from orchestration.lib.contract import Table
from orchestration.lib.landing import LandedTable, file_columns, find_files

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
    groups: dict[tuple[str, tuple[tuple[str, str], ...]], list[str]] = {}
    for path in landed.files:
        key = (path.suffix, tuple(file_columns(path).items()))
        groups.setdefault(key, []).append(str(path))
    parts = []
    for (suffix, typed), paths in groups.items():
        rows = (
            session.read.parquet(*paths)
            if suffix == ".parquet"
            else _read_csv(session, paths, [name for name, _ in typed])
        )
        parts.append(_in_contract_order(rows, landed.table, as_text=len(groups) > 1))
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.union(part)
    return whole


def _read_csv(session: SparkSession, paths: list[str], columns: list[str]) -> DataFrame:
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


def _in_contract_order(rows: DataFrame, table: Table, *, as_text: bool) -> DataFrame:
    columns = []
    for name in table.column_names:
        if name not in rows.columns:
            columns.append(f.lit(None).cast("string").alias(name))
        elif as_text:
            columns.append(f.col(name).cast("string").alias(name))
        else:
            columns.append(f.col(name))
    return rows.select(*columns)
