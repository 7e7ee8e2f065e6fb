"""The landing folder as Spark tables: the same files, read by the same rules as on DuckDB."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from orchestration.lib import quarantine
from orchestration.lib.changes import record_changes
from orchestration.lib.landing import (
    LandedTable,
    alike,
    find_files,
    projection,
    relation_of,
    scratch,
)
from orchestration.spark.session import SparkTables

TABLES_AT_A_TIME = 4
# Tables that models read of what is written down about the landing files.
LOG = {
    quarantine.TABLE: quarantine.COLUMNS,
    "orchestration.landing_files": {
        "landing_table": "varchar",
        "path": "varchar",
        "rows_landed": "bigint",
        "rows_set_aside": "bigint",
    },
}


def load_landing(
    session: SparkSession, landing: Path, policy: Path, faulty: frozenset[Path]
) -> None:
    """Make ``crm.*``, ``billing.*`` and ``hr.*`` Parquet tables of what is landed.

    They hold contract columns in contract order: text where the files are CSV, the files' own types
    where all of them are Parquet of one make, nulls where a file lacks a column. A table without
    files is empty.
    """
    found = find_files(landing, faulty)
    for system in sorted({landed.table.system for landed in found}):
        session.sql(f"create database if not exists {system}")

    def load(landed: LandedTable) -> None:
        rows_of(session, landed).write.mode("overwrite").saveAsTable(landed.table.full_name)

    # Most tables are small: what takes time is Spark's start of each statement.
    with ThreadPoolExecutor(TABLES_AT_A_TIME) as pool:
        list(pool.map(load, found))
    _load_log(session, landing, policy, faulty)


def _load_log(session: SparkSession, landing: Path, policy: Path, faulty: frozenset[Path]) -> None:
    """What is known of the files beside their rows (``orchestration.*``), as DuckDB finds it."""
    tables = SparkTables(session)
    with scratch() as connection:
        record_changes(connection, landing, policy, faulty)
        for name, columns in LOG.items():
            rows = connection.sql(f"select {', '.join(columns)} from {name}").fetchall()
            typed = {column: kind.replace("varchar", "string") for column, kind in columns.items()}
            tables.replace(name, pd.DataFrame(rows, columns=list(columns), dtype=object), typed)


def rows_of(session: SparkSession, landed: LandedTable) -> DataFrame:
    """The rows landed for a table. Files of different columns or types meet as text."""
    if landed.is_absent:
        schema = ", ".join(f"{name} string" for name in landed.table.column_names)
        return session.createDataFrame([], schema)
    groups = alike(path for path in landed.files if path not in landed.faulty)
    faulty = [path for path in landed.files if path in landed.faulty]
    as_text = len(groups) > 1 or bool(faulty)
    parts = []
    if faulty:
        parts.append(_sound_rows(session, landed.only(faulty)))
    for suffix, columns, files in groups:
        paths = [str(path) for path in files]
        rows = (
            session.read.parquet(*paths)
            if suffix == ".parquet"
            else _read_csv(session, paths, tuple(columns))
        )
        wanted = projection(landed.table, columns, as_text=as_text)
        parts.append(rows.selectExpr(*wanted))
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.union(part)
    return whole


def _sound_rows(session: SparkSession, landed: LandedTable) -> DataFrame:
    """Rows of faulty files without those that are set aside, as text: DuckDB says which these are."""
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file, scratch() as connection:
        names = ", ".join(
            f"cast({name} as varchar) as {name}" for name in landed.table.column_names
        )
        relation_of(connection, landed).project(names).write_parquet(file.name)
        rows = session.read.parquet(file.name).collect()
    schema = ", ".join(f"{name} string" for name in landed.table.column_names)
    return session.createDataFrame(rows, schema)


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
