"""The guide for BI tools: each of its queries runs, on DuckDB and on PostgreSQL, with the same rows."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import psycopg
import pytest

from orchestration.lib import postgres
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.publish import publish
from tests.python.conftest import Company

GUIDE = (PROJECT_DIR / "docs" / "bi-guide.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture(scope="module")
def published(closed_demo: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    company = closed_demo.copy_to(tmp_path_factory.mktemp("published"))
    publish(company.settings)
    return company.folder / "published" / "current" / "plumbline.duckdb"


def test_every_query_of_the_guide_gives_the_same_rows_on_both(published: Path, url: str) -> None:
    with postgres.connect(url, PROJECT_DIR / "seeds" / "policy") as database:
        database.publish(published, "v1", datetime(2026, 7, 1, tzinfo=UTC), kept=1)
    assert len(QUERIES) >= 12
    with (
        duckdb.connect(str(published), read_only=True) as files,
        psycopg.connect(url) as server,
    ):
        for query in QUERIES:
            found = files.execute(query).fetchall()
            assert found, query
            assert [tuple(map(shown, row)) for row in found] == [
                tuple(map(shown, row)) for row in server.execute(query).fetchall()
            ], query


def shown(value: object) -> object:
    """A quotient has more places on one side than on the other."""
    return round(float(value), 9) if type(value).__name__ in ("Decimal", "float") else value


def test_the_guides_notebook_runs_where_the_readme_left_off(published: Path) -> None:
    [code] = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    assert "build/published/current/plumbline.duckdb" in code
    names: dict[str, object] = {}
    exec(code.replace("build/published/current/plumbline.duckdb", str(published)), names)
    assert len(names["scores"]) > 0  # type: ignore[arg-type]


def test_sales_of_the_guide_are_those_of_the_measures(published: Path) -> None:
    """What the guide says of adding up: direct credits come to what was sold."""
    with duckdb.connect(str(published), read_only=True) as connection:
        asked = connection.execute(QUERIES[0]).fetchall()
        company = connection.execute(
            "select period_month, sum(case measure when 'booked_sales' then numerator end)"
            " from marts.fct_team_measures where scope_type = 'company' and period_kind = 'month'"
            " group by period_month having sum(case measure when 'booked_sales' then 1 end) > 0"
        ).fetchall()
        uncredited = dict(
            connection.execute(
                "select period_month, sum(case transaction_kind when 'cancelled' then -uncredited_amount"
                " else uncredited_amount end) from marts.fct_credit_reconciliation"
                " where transaction_kind in ('booked', 'cancelled') group by period_month"
            ).fetchall()
        )
    booked = {month: amount for month, amount, *_ in asked}
    assert company
    for month, credited in company:
        assert booked[month] == credited + (uncredited.get(month) or 0), month
