"""When tables were last loaded: by what Parquet files state of themselves, where they do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.lib.landing import newest_in_footers, newest_loads

FIRST = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)
LAST = FIRST + timedelta(days=2, microseconds=1)
EXPENSES = "hr.expenses"


def land(
    landing: Path, name: str, loads: list[Any], kind: pa.DataType | None = None, **options: Any
) -> Path:
    """Expenses in a Parquet file, of which nothing is known but when they were loaded."""
    path = landing / "hr" / "expenses" / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {"expense_id": [str(number) for number in range(len(loads))]}
    columns["_loaded_at"] = pa.array(loads, type=kind or pa.timestamp("us", tz="UTC"))
    pq.write_table(pa.table(columns), path, row_group_size=1, **options)
    return path


@pytest.mark.parametrize(
    ("loads", "kind", "options", "is_stated"),
    [
        ([FIRST, LAST, FIRST], None, {}, True),
        ([FIRST, LAST], pa.timestamp("us", tz="Asia/Shanghai"), {}, True),
        ([at.replace(tzinfo=None) for at in (LAST, FIRST)], pa.timestamp("us"), {}, True),
        ([FIRST, LAST], None, {"write_statistics": False}, False),
        ([FIRST, None, LAST], None, {}, False),
        ([FIRST.isoformat(), LAST.isoformat()], pa.string(), {}, False),
        ([FIRST, LAST], pa.timestamp("ns", tz="UTC"), {}, False),
    ],
)
def test_the_newest_load_is_that_of_the_rows_whether_a_file_states_it_or_not(
    tmp_path: Path, loads: list[Any], kind: pa.DataType | None, options: Any, is_stated: bool
) -> None:
    path = land(tmp_path, "one", loads, kind, **options)
    expected = LAST.replace(tzinfo=None)
    assert newest_in_footers([path]) == (expected if is_stated else None)
    assert newest_loads(tmp_path, frozenset()) == {EXPENSES: expected}


def test_the_newest_of_files_that_state_it_and_of_rows_that_are_read_counts(tmp_path: Path) -> None:
    newer, older = LAST.replace(tzinfo=None), FIRST.replace(tzinfo=None)
    stated = land(tmp_path, "stated", [FIRST])
    text = stated.with_name("text.csv")
    text.write_text(f"expense_id,_loaded_at\n1,{LAST.isoformat()}\n")
    assert newest_loads(tmp_path, frozenset()) == {EXPENSES: newer}
    # As of a day before, rows are read; a file with rows that are set aside is, too.
    assert newest_loads(tmp_path, frozenset(), until=older) == {EXPENSES: older}
    text.unlink()
    assert newest_loads(tmp_path, frozenset({stated})) == {EXPENSES: older}
    assert newest_loads(tmp_path, frozenset(), ["hr.ratings"]) == {}
