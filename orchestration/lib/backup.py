"""Backup and recovery: warehouse, packages, plan and register in one file that proves itself by hashes.

A backup is a tar file with ``manifest.json`` first, which has the SHA-256 of everything after it.
Readers may read while it is made; a build may not, so that warehouse and packages belong together.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tarfile
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from orchestration.lib.build import require_agreement
from orchestration.lib.close_package import closed_months, code_version, disagreements, sync
from orchestration.lib.register import REGISTER, sha256
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import WarehouseError
from orchestration.lib.working_copy import copy_whole, no_other_writer, writer_lock

FORMAT = 1
MANIFEST = "manifest.json"
WAREHOUSE, CLOSES, POLICY, LANDING = "warehouse.duckdb", "closes", "policy", "landing"


class BackupError(WarehouseError):
    """A backup that could not be made, or is not what was written; nothing was changed."""


@dataclass(frozen=True)
class Backup:
    """What a backup holds: months closed in it, files and their bytes."""

    made_at: str
    months: list[str]
    files: int
    bytes: int


def backup(settings: Settings, to: Path, *, with_landing: bool) -> Backup:
    """Write a backup. Raises ``BackupError`` where there is nothing to back up, or the file is there."""
    if not settings.warehouse.exists():
        raise BackupError(f"there is no warehouse at {settings.warehouse}")
    if to.exists():
        raise BackupError(f"{to} is there already: a backup is never overwritten")
    to.parent.mkdir(parents=True, exist_ok=True)
    require_agreement(settings)
    with (
        writer_lock(settings),
        no_other_writer(settings.warehouse),
        tempfile.TemporaryDirectory(dir=to.parent, prefix=".backup-") as place,
    ):
        copy = Path(place) / WAREHOUSE
        copy_whole(settings.warehouse, copy)
        files = {
            WAREHOUSE: copy,
            **_tree(settings.closes, CLOSES),
            **_tree(settings.policy, POLICY),
        }
        if settings.register.exists():
            files[REGISTER] = settings.register
        if with_landing:
            files |= _tree(settings.landing.resolve(), LANDING)
        manifest = {
            "format": FORMAT,
            "made_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "code_version": code_version(),
            "months": [f"{month:%Y-%m}" for month in sorted(closed_months(copy))],
            "files": {
                name: {"bytes": path.stat().st_size, "sha256": sha256(path)}
                for name, path in sorted(files.items())
            },
        }
        said = Path(place) / MANIFEST
        said.write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")
        draft = Path(place) / "backup.tar"
        with tarfile.open(draft, "w", format=tarfile.PAX_FORMAT) as tar:
            tar.add(said, MANIFEST)
            for name, path in sorted(files.items()):
                tar.add(path, name)
        read(draft, None)
        draft.chmod(0o600)
        sync(draft)
        draft.replace(to)
        sync(to.parent)
    return _told(manifest)


def recover(settings: Settings, file: Path) -> Backup:
    """Put warehouse, packages and register back, as the backup has them; plan and landing stay.

    Raises ``BackupError`` where the backup is not what was written, or where it lacks a month that is
    closed here: what was posted is never lost.
    """
    folder = settings.warehouse.parent
    folder.mkdir(parents=True, exist_ok=True)
    with (
        writer_lock(settings),
        tempfile.TemporaryDirectory(dir=folder, prefix=".recover-") as place,
    ):
        manifest = read(file, Path(place))
        here = replace(settings, warehouse=Path(place) / WAREHOUSE)
        if found := disagreements(here, here.warehouse):
            raise BackupError("\n".join([f"{file} does not agree with itself:", *found]))
        _require_nothing_lost(settings, manifest, Path(place))
        with no_other_writer(settings.warehouse):
            for path in sorted((Path(place) / CLOSES).glob("*")):
                target = settings.closes / path.name
                if not target.exists():
                    settings.closes.mkdir(parents=True, exist_ok=True)
                    path.replace(target)
            sync(settings.closes if settings.closes.exists() else folder)
            if (Path(place) / REGISTER).exists():
                (Path(place) / REGISTER).replace(settings.register)
            sync(here.warehouse)
            here.warehouse.replace(settings.warehouse)
            sync(folder)
    return _told(manifest)


def read(file: Path, into: Path | None) -> dict[str, Any]:
    """Read a backup, hold every file against its manifest, and lay it into a folder where one is given.

    Raises ``BackupError`` for one that is not what was written.
    """
    try:
        with tarfile.open(file, "r:") as tar:
            return _read(tar, file, into)
    except (tarfile.TarError, OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{file} is no whole backup: {error}") from error


def _read(tar: tarfile.TarFile, file: Path, into: Path | None) -> dict[str, Any]:
    first = tar.next()
    if first is None or first.name != MANIFEST:
        raise BackupError(f"{file} is no backup")
    manifest: dict[str, Any] = json.loads(_content(tar, first).read())
    waiting = dict(manifest["files"])
    while (member := tar.next()) is not None:
        said = waiting.pop(member.name, None)
        pure = PurePosixPath(member.name)
        if said is None or not member.isfile() or pure.is_absolute() or ".." in pure.parts:
            raise BackupError(f"{file} has {member.name}, which its manifest has not")
        with contextlib.ExitStack() as stack:
            if into is None:
                path = Path(stack.enter_context(tempfile.NamedTemporaryFile()).name)
            else:
                path = into / pure
                path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as target:
                shutil.copyfileobj(_content(tar, member), target)
            if sha256(path) != said["sha256"]:
                raise BackupError(f"{file}: {member.name} is not what was written")
    if waiting:
        raise BackupError(f"{file} lacks {', '.join(sorted(waiting))}")
    return manifest


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Any:
    found = tar.extractfile(member)
    if found is None:
        raise BackupError(f"{member.name} is no file")
    return found


def _require_nothing_lost(settings: Settings, manifest: dict[str, Any], place: Path) -> None:
    """That every package here is in the backup, byte for byte."""
    there = {path.name for path in (place / CLOSES).glob("*")}
    for path in sorted(settings.closes.glob("*")) if settings.closes.exists() else []:
        if path.is_dir() and path.name not in there:
            raise BackupError(
                f"{path} is not in the backup, made {manifest['made_at']}: move it away if it is to be"
                " lost, or recover beside it (PLUMBLINE_WAREHOUSE)"
            )
        theirs = place / CLOSES / path.name
        ours = {str(f.relative_to(path)): sha256(f) for f in path.rglob("*") if f.is_file()}
        if path.is_dir() and ours != {
            str(f.relative_to(theirs)): sha256(f) for f in theirs.rglob("*") if f.is_file()
        }:
            raise BackupError(f"{path} is not what the backup has of it")


def _tree(folder: Path, name: str) -> dict[str, Path]:
    """Every file below a folder, by its name in a backup."""
    if not folder.exists():
        return {}
    return {
        f"{name}/{path.relative_to(folder).as_posix()}": path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".tmp")
    }


def _told(manifest: dict[str, Any]) -> Backup:
    files = manifest["files"].values()
    return Backup(
        manifest["made_at"], manifest["months"], len(files), sum(file["bytes"] for file in files)
    )
