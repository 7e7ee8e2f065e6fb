"""A warehouse is copied as it is while it is held open, whatever the machine has to copy it with."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.lib.warehouse import WarehouseError, copy_held_open, open_read_only


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """Larger than what is copied at a time, and no whole number of such pieces."""
    made = tmp_path / "it's a warehouse.duckdb"
    with duckdb.connect(str(made)) as connection:
        connection.execute("create table rows as select hash(range) as value from range(2_000_000)")
    made.chmod(0o640)
    return made


def without(command: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which one of the commands fails."""
    folder.mkdir(exist_ok=True)
    for name in ("cp", "dd"):
        place = shutil.which(name)
        assert place
        if name != command:
            (folder / name).symlink_to(place)
    (folder / command).write_text("#!/bin/sh\necho no such way >&2; exit 1\n")
    (folder / command).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")


@pytest.mark.parametrize("lacks", [None, "cp", "dd"])
def test_a_copy_is_as_the_warehouse_is_and_no_more_readable(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacks: str | None
) -> None:
    copy = tmp_path / "copy.duckdb"
    if lacks:
        without(lacks, tmp_path / "bin", monkeypatch)
    with open_read_only(warehouse):
        copy_held_open(warehouse, copy)
        # Another that would write is still kept out.
        writer = "import duckdb, sys; duckdb.connect(sys.argv[1])"
        tried = subprocess.run(
            [sys.executable, "-c", writer, str(warehouse)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Could not set lock" in tried.stderr
    assert copy.read_bytes() == warehouse.read_bytes()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o640


def test_what_cannot_be_copied_says_why(warehouse: Path, tmp_path: Path) -> None:
    target = tmp_path / "no folder" / "copy.duckdb"
    target.parent.mkdir()
    warehouse.unlink()
    warehouse.mkdir(mode=0o755)
    with pytest.raises(WarehouseError, match=r"cannot be copied: cp: .*directory"):
        copy_held_open(warehouse, target)
