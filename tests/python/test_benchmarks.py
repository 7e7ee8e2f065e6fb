"""What a build is measured against gives the build's rows: else the figures compare nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from benchmarks import frames, script
from benchmarks.run import measure
from benchmarks.same import differences
from tests.python.conftest import Company


def by_script(landing: Path, place: Path) -> None:
    script.write(landing, place, months_at_a_time=6)


@pytest.mark.parametrize(
    ("write", "place"), [(by_script, "script.duckdb"), (frames.write, "frames")]
)
def test_the_same_rows_as_a_build(
    write: Callable[[Path, Path], None], place: str, closed_demo: Company, tmp_path: Path
) -> None:
    write(closed_demo.landing, tmp_path / place)
    assert differences(closed_demo.warehouse, tmp_path / place) == {}


def test_a_row_of_another_amount_is_a_difference(closed_demo: Company, tmp_path: Path) -> None:
    place = tmp_path / "script.duckdb"
    by_script(closed_demo.landing, place)
    with duckdb.connect(str(place)) as connection:
        connection.execute(
            "update fct_credits set credit_amount = credit_amount + 1"
            " where transaction_id = (select min(transaction_id) from fct_credits)"
        )
    assert differences(closed_demo.warehouse, place) == {"fct_credits": (1, 1)}


def test_the_memory_measured_is_the_commands_and_not_that_of_who_measures() -> None:
    mine = bytearray(b"x" * 300_000_000)
    command = [sys.executable, "-c", "theirs = bytearray(b'x' * 100_000_000)"]
    assert 100_000_000 < measure("a command", 1, command, {}).memory < len(mine)


def test_a_command_that_fails_is_no_measurement() -> None:
    command = [sys.executable, "-c", "print('why'); raise SystemExit(3)"]
    with pytest.raises(RuntimeError, match="a command at size 1 failed:\nwhy"):
        measure("a command", 1, command, {})
