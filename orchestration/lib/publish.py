"""Publishing: the public marts as a DuckDB file and as Parquet, in versions that are whole.

``<published>/versions/<version>/`` holds ``plumbline.duckdb``, ``parquet/<mart>/`` (partitioned by month
where a mart has months) and ``manifest.json``; ``<published>/current`` points to one of them. A reader that
has a file of a version open keeps that version until it connects again; a publication never waits for one.
Where PostgreSQL is configured it gets the same version (``orchestration.lib.postgres``), or nothing is
published.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from orchestration.lib import postgres
from orchestration.lib.close_package import sync
from orchestration.lib.mart_files import FILE, MANIFEST, write_files
from orchestration.lib.postgres_database import PostgresError
from orchestration.lib.register import sha256
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import WarehouseError

CURRENT, VERSIONS = "current", "versions"
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
        # A clock that was set back does not put a version before those that are there.
        newest = max((version.name for version in versions(settings)), default="")
        now = datetime.now(UTC)
        if newest:
            now = max(now, _time_of(newest) + timedelta(microseconds=1))
        name = f"{now:%Y%m%dT%H%M%S}.{now.microsecond:06}Z"
        draft = settings.published / VERSIONS / f".{name}"
        _remove_drafts(settings)
        try:
            write_files(settings.warehouse, draft, name, now)
            if settings.postgres is not None:
                with postgres.connect(settings.postgres, settings.policy) as database:
                    database.publish(draft / FILE, name, now, VERSIONS_KEPT)
        except (OSError, duckdb.Error, WarehouseError) as error:
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
        if settings.postgres is not None:
            try:
                with postgres.connect(settings.postgres, settings.policy) as database:
                    database.show(to)
            except PostgresError as error:
                raise PublishError(f"readers get what they got: {error}") from error
        _point_to(settings, to)
    return _read(folder)


def _time_of(name: str) -> datetime:
    """When a version was named."""
    return datetime.strptime(name, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)


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
            # Half of a version is never found under its name, whenever this ends.
            draft = version.folder.with_name(f".{version.name}")
            version.folder.replace(draft)
            shutil.rmtree(draft, ignore_errors=True)


@contextlib.contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise PublishError(f"another publication is at work in {folder}") from error
        yield
