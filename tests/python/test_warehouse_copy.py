"""A warehouse is copied as it is while it is held open, whatever the machine has to copy it with."""

from __future__ import annotations

import stat
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import WarehouseError, open_read_only
from orchestration.lib.working_copy import copy_whole, working_copy


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """Larger than what is copied at a time, and no whole number of such pieces."""
    made = tmp_path / "it's a warehouse.duckdb"
    with duckdb.connect(str(made)) as connection:
        connection.execute("create table rows as select hash(range) as value from range(2_000_000)")
    made.chmod(0o640)
    return made


def with_another(command: str, script: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which one of the commands does something else."""
    folder.mkdir(exist_ok=True)
    (folder / command).write_text(f"#!/bin/sh\n{script}\n")
    (folder / command).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")


NO_SUCH_WAY = "echo no such way >&2; exit 1"


@pytest.mark.parametrize("lacks", [None, "cp", "dd"])
def test_a_copy_is_as_the_warehouse_is_and_no_more_readable(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacks: str | None
) -> None:
    copy = tmp_path / "copy.duckdb"
    if lacks:
        with_another(lacks, NO_SUCH_WAY, tmp_path / "bin", monkeypatch)
    with open_read_only(warehouse):
        copy_whole(warehouse, copy)
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
        copy_whole(warehouse, target)


def settings_of(warehouse: Path, folder: Path) -> Settings:
    return Settings(landing=folder / "landing", policy=folder / "policy", warehouse=warehouse)


def test_what_is_done_meanwhile_is_done_while_the_copy_is_made(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This copy waits for what is done meanwhile: were it waited for first, neither would come."""
    done = tmp_path / "done"
    waits = f'while ! [ -e "{done}" ]; do sleep 0.01; done; exec /bin/cp "$2" "$3"'
    with_another(
        "cp", f'case "$1" in --reflink*) shift; {waits}; esac', tmp_path / "bin", monkeypatch
    )
    before = warehouse.read_bytes()
    with working_copy(settings_of(warehouse, tmp_path), meanwhile=done.touch) as copy:
        assert copy.read_bytes() == before
        with duckdb.connect(str(copy)) as connection:
            connection.execute("insert into rows values (0)")
        assert warehouse.read_bytes() == before
    with open_read_only(warehouse) as connection:
        assert connection.execute("select count(*) from rows").fetchall() == [(2_000_001,)]


def test_where_what_is_done_meanwhile_fails_the_copy_ends_with_it(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = tmp_path / "begun"
    script = f'echo $$ > "{begun}.draft"; mv "{begun}.draft" "{begun}"; exec sleep 600'
    with_another("cp", script, tmp_path / "bin", monkeypatch)
    before = warehouse.read_bytes()

    def fails() -> None:
        while not begun.exists():
            time.sleep(0.01)
        raise ValueError("refused")

    with (
        pytest.raises(ValueError, match="refused"),
        working_copy(settings_of(warehouse, tmp_path), meanwhile=fails),
    ):
        pytest.fail("there is nothing to build on")
    command = Path(f"/proc/{begun.read_text().strip()}/cmdline")
    assert not command.exists() or not command.read_bytes()
    assert warehouse.read_bytes() == before
    assert not list(tmp_path.glob("*.building*"))
