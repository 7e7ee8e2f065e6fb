"""Publishing: the public marts as a DuckDB file and as Parquet, in versions that are whole.

``<published>/versions/<version>/`` holds ``plumbline.duckdb``, ``parquet/<mart>/`` (partitioned by month
where a mart has months) and ``manifest.json``; ``<published>/current`` points to one of them. A reader that
has a file of a version open keeps that version until it connects again; a publication never waits for one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.lib.close_package import code_version, sync
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.landing import scratch
from orchestration.lib.quoting import identifier, literal
from orchestration.lib.register import sha256
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import WarehouseError, open_read_only

CURRENT, VERSIONS, MANIFEST = "current", "versions", "manifest.json"
# Not `marts.duckdb`: `marts.fct_scores` would be ambiguous there.
FILE, PARQUET = "plumbline.duckdb", "parquet"
MONTH = "period_month"
# What the file is called while it is written.
ALIAS = "published_marts"
# The one that is read, the one before it to roll back to, and one that readers may still have open.
VERSIONS_KEPT = 3


class PublishError(WarehouseError):
    """Nothing was published: what readers see is as it was."""


@dataclass(frozen=True)
class Version:
    """A published version: its name, when it was published, and the rows of each mart."""

    name: str
    published_at: str
    rows: dict[str, int]
    folder: Path


def publish(settings: Settings) -> Version:
    """Publish the marts of the warehouse. Raises ``PublishError``; then nothing has changed for readers."""
    if not settings.warehouse.exists():
        raise PublishError(f"there is no warehouse at {settings.warehouse}: run `plumbline build`")
    with _one_at_a_time(settings.published):
        now = datetime.now(UTC)
        name = f"{now:%Y%m%dT%H%M%S}.{now.microsecond:06}Z"
        draft = settings.published / VERSIONS / f".{name}"
        _remove_drafts(settings)
        try:
            draft.mkdir(parents=True)
            rows = _write_duckdb(settings.warehouse, draft / FILE, name, f"{now:%Y-%m-%d %H:%M:%S}")
            _write_parquet(draft)
            _write_manifest(draft, name, f"{now:%Y-%m-%dT%H:%M:%SZ}", rows)
            _sync_all(draft)
        except (OSError, duckdb.Error) as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise PublishError(f"nothing was published: {error}") from error
        draft.replace(draft.with_name(name))
        sync(draft.parent)
        _point_to(settings, name)
        _remove_old(settings)
    return _read(settings.published / VERSIONS / name)


def versions(settings: Settings) -> list[Version]:
    """What is published and kept, oldest first."""
    folder = settings.published / VERSIONS
    found = sorted(path for path in folder.glob("*") if not path.name.startswith("."))
    return [_read(path) for path in found]


def current(settings: Settings) -> str | None:
    """The name of the version that readers get, or None."""
    link = settings.published / CURRENT
    return link.readlink().name if link.is_symlink() else None


def roll_back(settings: Settings, to: str | None = None) -> Version:
    """Point readers to an earlier version, by default the one before. Raises ``PublishError``."""
    with _one_at_a_time(settings.published):
        names = [version.name for version in versions(settings)]
        now = current(settings)
        if to is None:
            before = [name for name in names if now is not None and name < now]
            if not before:
                raise PublishError("there is no version before the current one")
            to = before[-1]
        if to not in names:
            raise PublishError(f"there is no version {to}; there are {', '.join(names) or 'none'}")
        folder = settings.published / VERSIONS / to
        if faults := _faults(folder):
            raise PublishError("\n".join([f"{to} is not as it was published:", *faults]))
        _point_to(settings, to)
    return _read(folder)


def _write_duckdb(warehouse: Path, file: Path, name: str, published_at: str) -> dict[str, int]:
    """A DuckDB file with the marts as tables, their descriptions, and what version it is; rows by mart."""
    rows = {}
    described = descriptions()
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
        for mart in marts:
            table = f"{ALIAS}.marts.{identifier(mart)}"
            connection.execute(
                f"create table {table} as select * from {identifier(own)}.marts.{identifier(mart)}"
            )
            found = connection.execute(f"select * from {table} limit 0").description or []
            [(rows[mart],)] = connection.execute(f"select count(*) from {table}").fetchall()
            about, of_columns = described.get(mart, ("", {}))
            connection.execute(f"comment on table {table} is {literal(about)}")
            for column, *_ in found:
                says = literal(of_columns.get(column, ""))
                connection.execute(f"comment on column {table}.{identifier(column)} is {says}")
        connection.execute(
            f"create table {ALIAS}.marts.published_version as"
            " select ? as version, cast(? as timestamp) as published_at",
            [name, published_at],
        )
        connection.execute(f"detach {ALIAS}")
    return rows


def _write_parquet(draft: Path) -> None:
    """Every mart as Parquet, from the file just written: the two are one version."""
    with duckdb.connect(str(draft / FILE), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
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


def _faults(folder: Path) -> list[str]:
    """Files of a version that are not as they were published."""
    said: dict[str, str] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    return [
        f"{name} is missing" if not (folder / name).exists() else f"{name} was changed"
        for name, digest in said.items()
        if not (folder / name).exists() or sha256(folder / name) != digest
    ]


def _read(folder: Path) -> Version:
    said = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return Version(said["version"], said["published_at"], said["rows"], folder)


def _sync_all(folder: Path) -> None:
    """Wait until every file and folder of a draft is on disk."""
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)


def _point_to(settings: Settings, name: str) -> None:
    """Let ``current`` be a version: one rename, before which readers get the old one, after it the new."""
    link = settings.published / f".{CURRENT}"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(VERSIONS) / name)
    link.replace(settings.published / CURRENT)
    sync(settings.published)


def _remove_drafts(settings: Settings) -> None:
    for path in (settings.published / VERSIONS).glob(".*"):
        shutil.rmtree(path, ignore_errors=True)


def _remove_old(settings: Settings) -> None:
    """All but the newest versions; never the current one. What a reader has open it keeps."""
    for version in versions(settings)[:-VERSIONS_KEPT]:
        if version.name != current(settings):
            shutil.rmtree(version.folder, ignore_errors=True)


@contextlib.contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise PublishError(f"another publication is at work in {folder}") from error
        yield


def descriptions() -> dict[str, tuple[str, dict[str, str]]]:
    """Description of each mart and of its columns, as the project's YAML has them."""
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for path in sorted((PROJECT_DIR / "models" / "marts").rglob("*.yml")):
        content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        nodes = [*content.get("models", [])]
        for source in content.get("sources", []):
            nodes += source["tables"]
        for node in nodes:
            columns = {c["name"]: c.get("description", "") for c in node.get("columns", [])}
            found[node["name"]] = (node.get("description", "").strip(), columns)
    return found
