"""What a build is measured against gives the build's rows: else the figures compare nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from benchmarks import company, frames, history, script
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


def landed(table: Path, rows: str) -> Path:
    """A Parquet file of a landing folder, with rows given in SQL."""
    table.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.sql(rows).write_parquet(str(table / "file.parquet"))
    return table / "file.parquet"


def rows_of(file: Path) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        return connection.read_parquet(str(file)).order("1").fetchall()


def test_a_restated_year_is_of_twelve_months_by_the_companys_clock(tmp_path: Path) -> None:
    landed(
        tmp_path / "whole" / "crm" / "activities",
        """
        select id as activity_id, cast(occurred as timestamptz) as occurred_at, 60 as duration_seconds,
            cast('2025-07-02 00:00:00+00' as timestamptz) as _loaded_at, is_deleted as _deleted
        from (values
            (1, '2024-06-30 15:59:59+00', false), (2, '2024-06-30 16:00:00+00', false),
            (3, '2025-06-30 15:59:59+00', false), (4, '2025-06-30 16:00:00+00', false),
            (5, '2025-01-15 00:00:00+00', true)
        ) as activities (id, occurred, is_deleted)
        """,
    )
    landed(
        tmp_path / "whole" / "billing" / "payments",
        """
        select id as payment_id, cast(day as date) as paid_on, cast(1.5 as decimal(18, 4)) as amount,
            cast('2025-07-02 00:00:00+00' as timestamptz) as _loaded_at
        from (values (1, '2024-06-30'), (2, '2024-07-01'), (3, '2025-06-30'), (4, '2025-07-01'))
            as payments (id, day)
        """,
    )
    company._restate(tmp_path / "whole", tmp_path / "restated", *company.MIDDLE_YEAR)
    again = tmp_path / "restated"
    activities = rows_of(next((again / "crm" / "activities").iterdir()))
    payments = rows_of(next((again / "billing" / "payments").iterdir()))
    assert [(row[0], row[2]) for row in activities] == [(2, 61), (3, 61)]
    assert [(row[0], str(row[2])) for row in payments] == [(2, "1.5100"), (3, "1.5100")]
    assert {str(row[3])[:10] for row in activities + payments} == {"2025-07-04"}


def test_a_history_cut_off_leaves_the_whole_one_as_it_was(tmp_path: Path) -> None:
    whole = landed(
        tmp_path / "whole" / "billing" / "payments",
        "select id as payment_id, cast(day as date) as paid_on"
        " from (values (1, '2025-12-31'), (2, '2026-01-01')) as payments (id, day)",
    )
    people = landed(tmp_path / "whole" / "hr" / "employees", "select 'A1' as employee_id")
    over = landed(
        tmp_path / "whole" / "billing" / "contracts",
        "select 'C1' as contract_id, date '2025-12-31' as ends_on",
    )
    short = tmp_path / "short"
    history._cut_off(tmp_path / "whole", short, history.first_of_last(6))
    assert rows_of(short / "billing" / "payments" / "file.parquet") == [(2, date(2026, 1, 1))]
    assert rows_of(short / "hr" / "employees" / "file.parquet") == [("A1",)]
    assert not (short / "billing" / "contracts" / "file.parquet").exists()
    assert [len(rows_of(file)) for file in (whole, people, over)] == [2, 1, 1]


def test_the_last_months_end_with_the_last_one() -> None:
    firsts = [str(history.first_of_last(months)) for months in (1, 6, 12, 36)]
    assert firsts == ["2026-06-01", "2026-01-01", "2025-07-01", "2023-07-01"]
