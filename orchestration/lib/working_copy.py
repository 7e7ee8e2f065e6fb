"""The copy of the warehouse that a build works on, and the lock of whoever writes beside the warehouse.

It takes the warehouse's place when all went well: readers see the last good state until then.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.lib.close_package import sync
from orchestration.lib.landing import find_files, stamp
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import BuildError, WarehouseError, open_read_only

# Who builds is written into it.
LOCK = "build.lock"
MEGABYTE = 1_000_000
# Logs, packages, and what DuckDB writes before it makes room again.
SPARE_BYTES = 64 * MEGABYTE
# The best way first: at once, on file systems that share blocks; else past the system's cache, for an
# eighth of the CPU seconds, and what is cached stays so. The last says why there is none.
COPY = """
cp --reflink=always -- "$1" "$2" 2>/dev/null ||
dd if="$1" of="$2" bs=8M iflag=direct oflag=direct 2>/dev/null ||
cp -- "$1" "$2"
"""


class Copying:
    """A copy of a warehouse that is being made: a context, and a copy nobody waited for ends with it.

    By processes of their own: were this one to open and close a file that it holds open, the lock that
    keeps other writers out would be gone (POSIX locks belong to the process).
    """

    def __init__(self, warehouse: Path, to: Path) -> None:
        self.warehouse, self.to = warehouse, to

    def __enter__(self) -> Copying:
        # Whoever may read the one may read the other, and nobody else.
        self.to.touch(mode=stat.S_IMODE(self.warehouse.stat().st_mode))
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", COPY, "copy", str(self.warehouse.resolve()), str(self.to.resolve())],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        return self

    def wait(self) -> None:
        """Until it is there. Raises ``WarehouseError`` where it cannot be made."""
        _, said = self._process.communicate()
        if self._process.returncode != 0:
            raise WarehouseError(f"{self.warehouse} cannot be copied: {said.strip()}")

    def __exit__(self, *raised: object) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            # Until nobody writes to it, the shell's children neither.
            self._process.communicate()


def copy_whole(warehouse: Path, to: Path) -> None:
    """Copy a warehouse, and wait for it. Raises ``WarehouseError`` where it cannot be copied."""
    with Copying(warehouse, to) as copying:
        copying.wait()


def copy_to_build_on(warehouse: Path, to: Path) -> None:
    """A warehouse beside the real one, on which what does not change is not built anew."""
    to.parent.mkdir(parents=True, exist_ok=True)
    to.unlink(missing_ok=True)
    if warehouse.exists():
        copy_whole(warehouse, to)


@contextlib.contextmanager
def writer_lock(settings: Settings) -> Iterator[None]:
    """The lock of whoever writes beside the warehouse: one at a time, and the next is told who it is.

    Raises ``BuildError`` where another process holds it; it is free as soon as that one is gone.
    """
    folder = settings.warehouse.parent
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise BuildError(f"another build is at work in {folder}: {lock.read()}") from error
        lock.truncate(0)
        lock.write(f"process {os.getpid()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
        lock.flush()
        yield


@contextlib.contextmanager
def working_copy(
    settings: Settings, meanwhile: Callable[[], object] = lambda: None
) -> Iterator[Path]:
    """A copy of the warehouse to work on; it takes the warehouse's place when all went well.

    ``meanwhile`` is done while the copy is made; where it raises, there is none.
    """
    folder = settings.warehouse.parent
    copy = folder / f"{settings.warehouse.stem}.building{settings.warehouse.suffix}"
    with writer_lock(settings):
        _remove_leftovers(copy)
        _require_space(settings)
        try:
            with no_other_writer(settings.warehouse):
                if settings.warehouse.exists():
                    with Copying(settings.warehouse, copy) as copying:
                        meanwhile()
                        copying.wait()
                else:
                    meanwhile()
                yield copy
                checkpoint(copy)
                sync(copy)
                copy.replace(settings.warehouse)
                sync(folder)
        finally:
            _remove_leftovers(copy)


def _remove_leftovers(copy: Path) -> None:
    """What a build works on: its copy, DuckDB's log of it and what it spilt."""
    for leftover in (copy, copy.with_name(copy.name + ".wal")):
        leftover.unlink(missing_ok=True)
    shutil.rmtree(copy.with_name(copy.name + ".tmp"), ignore_errors=True)


def _require_space(settings: Settings) -> None:
    """Raise ``BuildError`` where the disk cannot hold the copy and what may be added to it."""
    folder = settings.warehouse.parent
    needed, free = space_needed(settings), shutil.disk_usage(folder).free
    if free < needed:
        raise BuildError(
            f"{folder} has {free / MEGABYTE:,.0f} MB free, and a build may need {needed / MEGABYTE:,.0f}:"
            " a copy of the warehouse, and as much as is landed"
        )


def space_needed(settings: Settings) -> int:
    """Bytes that a build may need: a copy of the warehouse, and as much as is landed."""
    held = settings.warehouse.stat().st_size if settings.warehouse.exists() else 0
    return held + bytes_landed(settings) + SPARE_BYTES


def bytes_landed(settings: Settings) -> int:
    """Of all files of the landing folder that are of a table."""
    return sum(stamp(path)[0] for table in find_files(settings.landing) for path in table.files)


def checkpoint(warehouse: Path) -> None:
    """Put what a log still holds into the file itself."""
    if warehouse.with_name(warehouse.name + ".wal").exists():
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute("checkpoint")


@contextlib.contextmanager
def no_other_writer(warehouse: Path) -> Iterator[None]:
    """Hold the warehouse open for reading: readers may come and go, nobody else can write to it."""
    if not warehouse.exists():
        yield
        return
    with open_read_only(warehouse):
        yield
