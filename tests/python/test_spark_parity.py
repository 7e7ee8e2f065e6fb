"""The comparison of Spark with DuckDB finds what differs. The builds themselves: ``make spark``."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.spark.parity import Compared, compare

ROWS = (
    "values (1, 10.5000, timestamp '2026-06-01 08:00:00'), (2, 20.0000, null), (2, 20.0000, null)"
)


def engines(
    folder: Path, on_spark: str = f"select * from ({ROWS}) as r(id, amount, seen_at)"
) -> list[Compared]:
    """A mart on DuckDB with ``ROWS``, and the query's rows as what Spark wrote of it."""
    warehouse = folder / "plumbline.duckdb"
    files = folder / "spark" / "marts.db" / "fct_pay"
    files.mkdir(parents=True)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.fct_pay (id integer, amount decimal(18, 4), seen_at timestamp)"
        )
        connection.execute(f"insert into marts.fct_pay {ROWS}")
        connection.sql(on_spark).write_parquet(str(files / "part-0.parquet"))
    return compare(warehouse, folder / "spark")


def test_the_same_rows_in_another_order_and_another_time_type_are_the_same(tmp_path: Path) -> None:
    (found,) = engines(
        tmp_path,
        f"with r(id, amount, seen_at) as ({ROWS})"
        " select id, amount, cast(seen_at as timestamptz) as seen_at from r order by id desc",
    )
    assert (found.table, found.duckdb_rows, found.spark_rows) == ("marts.fct_pay", 3, 3)
    assert found.is_same


@pytest.mark.parametrize(
    ("what", "query"),
    [
        ("the last digit", "select id, amount + 0.0001 as amount, seen_at from r"),
        (
            "a finer decimal",
            "select id, cast(amount + 0.00001 as decimal(18, 5)) as amount, seen_at from r",
        ),
        ("a row twice", "select * from r union all select * from r where id = 1"),
        ("a row once that is there twice", "select distinct * from r"),
        ("a row that is missing", "select * from r where id = 2"),
        ("a null", "select id, amount, null::timestamp as seen_at from r"),
        ("another hour", "select id, amount, seen_at + interval 1 hour as seen_at from r"),
    ],
)
def test_it_finds_a_difference_of(what: str, query: str, tmp_path: Path) -> None:
    (found,) = engines(tmp_path, f"with r(id, amount, seen_at) as ({ROWS}) {query}")
    assert not found.is_same, what


def test_a_table_that_spark_did_not_build_differs(tmp_path: Path) -> None:
    engines(tmp_path)
    (tmp_path / "spark" / "marts.db" / "fct_pay" / "part-0.parquet").unlink()
    (found,) = compare(tmp_path / "plumbline.duckdb", tmp_path / "spark")
    assert (found.only_duckdb, found.only_spark) == (3, 0)


def test_a_floating_point_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"fct_pay\.amount is a DOUBLE"):
        engines(
            tmp_path,
            f"select id, amount::double as amount, seen_at from ({ROWS}) as r(id, amount, seen_at)",
        )
