"""The marts of a warehouse as files: DuckDB and, from it, Parquet, with a manifest of their hashes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from orchestration.lib.close_package import code_version, sync
from orchestration.lib.landing import scratch
from orchestration.lib.marts import described_marts
from orchestration.lib.quoting import identifier, literal
from orchestration.lib.register import sha256
from orchestration.lib.warehouse import open_read_only

# Not `marts.duckdb`: `marts.fct_scores` would be ambiguous there.
FILE, PARQUET, MANIFEST = "plumbline.duckdb", "parquet", "manifest.json"
MONTH = "period_month"
# What the file is called while it is written.
ALIAS = "published_marts"
# What is taken of a mart: a query of its relation, from its name and that of the marts' schema; or nothing.
Selection = Callable[[str, str], str | None]
# Functions of a text that these queries may call, by name.
Functions = Mapping[str, Callable[[str], str]]


def everything(mart: str, schema: str) -> str:
    """The whole mart."""
    return f"select * from {schema}.{identifier(mart)}"


def write_files(
    warehouse: Path,
    folder: Path,
    version: str,
    made_at: datetime,
    select: Selection = everything,
    functions: Functions = MappingProxyType({}),
) -> None:
    """Write a new folder with the marts of a warehouse, and wait until it is on disk.

    Raises ``OSError`` and ``duckdb.Error``; then the folder is not whole.
    """
    folder.mkdir(parents=True)
    said_at = f"{made_at:%Y-%m-%d %H:%M:%S}"
    rows = _write_duckdb(warehouse, folder / FILE, version, said_at, select, functions)
    _write_parquet(folder)
    _write_manifest(folder, version, f"{made_at:%Y-%m-%dT%H:%M:%SZ}", rows)
    _sync_all(folder)


def _write_duckdb(
    warehouse: Path,
    file: Path,
    name: str,
    published_at: str,
    select: Selection,
    functions: Functions,
) -> dict[str, int]:
    """A DuckDB file with the marts as tables, their descriptions, and what version it is; rows by mart."""
    rows = {}
    described = described_marts()
    with open_read_only(warehouse) as connection:
        # Its views name it.
        [(own,)] = connection.execute("select current_database()").fetchall()
        marts = [
            mart
            for (mart,) in connection.execute(
                "select table_name from information_schema.tables"
                " where table_catalog = current_database() and table_schema = 'marts' order by 1"
            ).fetchall()
        ]
    with scratch() as connection:
        connection.execute("set preserve_insertion_order = false")
        connection.execute(f"attach {literal(str(warehouse))} as {identifier(own)} (read_only)")
        connection.execute(f"attach {literal(str(file))} as {ALIAS}")
        connection.execute(f"create schema {ALIAS}.marts")
        for called, function in functions.items():
            connection.create_function(called, function, ["VARCHAR"], "VARCHAR")
        for mart in marts:
            table = f"{ALIAS}.marts.{identifier(mart)}"
            query = select(mart, f"{identifier(own)}.marts")
            if query is None:
                continue
            connection.execute(f"create table {table} as {query}")
            there = connection.table(table).columns
            [(rows[mart],)] = connection.execute(f"select count(*) from {table}").fetchall()
            if mart not in described:
                continue
            connection.execute(
                f"comment on table {table} is {literal(described[mart].description)}"
            )
            for column in described[mart].columns:
                if column.name in there:
                    says = literal(column.description)
                    name_of = f"{table}.{identifier(column.name)}"
                    connection.execute(f"comment on column {name_of} is {says}")
        connection.execute(
            f"create table {ALIAS}.marts.published_version as"
            " select ? as version, cast(? as timestamp) as published_at",
            [name, published_at],
        )
        connection.execute(f"detach {ALIAS}")
    return rows


def _write_parquet(draft: Path) -> None:
    """Every mart as Parquet, from the file just written: the two are one version."""
    with open_read_only(draft / FILE) as connection:
        for (mart,) in connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts' order by 1"
        ).fetchall():
            rows = connection.table(f'marts."{mart}"')
            place = draft / PARQUET / mart
            place.mkdir(parents=True)
            if MONTH in rows.columns and rows.limit(1).fetchone() is not None:
                rows.write_parquet(
                    str(place), partition_by=[MONTH], write_partition_columns=True, overwrite=True
                )
            else:
                rows.write_parquet(str(place / "data.parquet"))


def _write_manifest(draft: Path, name: str, published_at: str, rows: dict[str, int]) -> None:
    files = {
        str(path.relative_to(draft)): sha256(path)
        for path in sorted(draft.rglob("*"))
        if path.is_file()
    }
    manifest = {
        "version": name,
        "published_at": published_at,
        "code_version": code_version(),
        "rows": rows,
        "files": files,
    }
    (draft / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def _sync_all(folder: Path) -> None:
    """Wait until every file and folder of a draft is on disk."""
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)
