"""RavenStack: every figure printed is recomputed from the source, without the models or the landing."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from examples.adventureworks.land import Row, read
from examples.ravenstack.run import (
    FIRST_RENEWALS,
    RETENTION,
    build_example,
    findings,
    response_by_priority,
    rows_of,
    source_folder,
)

SOURCE = source_folder()
pytestmark = pytest.mark.skipif(
    not (SOURCE / "ravenstack_subscriptions.csv").exists(),
    reason=f"RavenStack is not at {SOURCE}; name its folder in PLUMBLINE_RAVENSTACK",
)
LAST = dt.date(2024, 12, 31)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    build = tmp_path_factory.mktemp("ravenstack")
    done = build_example(SOURCE, build)
    assert done.returncode == 0, done.stdout + done.stderr
    return build


def due_days(row: Row) -> list[dt.date]:
    """The days on which a subscription fell due, up to its end and to the end of the data."""
    start = dt.date.fromisoformat(row["start_date"])
    end = dt.date.fromisoformat(row["end_date"]) if row["end_date"] else None
    step = 1 if row["billing_frequency"] == "monthly" else 12
    days: list[dt.date] = []
    while True:
        month = start.month - 1 + step * (len(days) + 1)
        year, month = start.year + month // 12, month % 12 + 1
        last_of_month = (dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(1)).day
        day = dt.date(year, month, min(start.day, last_of_month))
        if day > LAST:
            return days
        days.append(day)
        if end and end <= day:
            return days


def is_renewed(row: Row, day: dt.date) -> bool:
    return not row["end_date"] or dt.date.fromisoformat(row["end_date"]) > day


def amount(row: Row) -> Decimal:
    return Decimal(row["mrr_amount" if row["billing_frequency"] == "monthly" else "arr_amount"])


def test_first_renewals_by_plan_and_billing(built: Path) -> None:
    expected: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    for row in read(SOURCE, "ravenstack_subscriptions"):
        days = due_days(row)
        if days:
            billing = row["billing_frequency"] + (" trial" if row["is_trial"] == "TRUE" else "")
            due, renewed, total = expected[row["plan_tier"], billing]
            renewed += int(is_renewed(row, days[0]))
            expected[row["plan_tier"], billing] = [due + 1, renewed, total + amount(row)]
    shown = {row[:2]: [*row[2:4], row[5]] for row in rows_of(built, FIRST_RENEWALS)}
    assert shown == dict(expected)
    assert len(shown) == 12


def test_retention_by_month(built: Path) -> None:
    due: dict[dt.date, Decimal] = defaultdict(Decimal)
    kept: dict[dt.date, Decimal] = defaultdict(Decimal)
    customers: dict[dt.date, dict[str, bool]] = defaultdict(dict)
    for row in read(SOURCE, "ravenstack_subscriptions"):
        for day in due_days(row):
            month, renewed = day.replace(day=1), is_renewed(row, day)
            due[month] += amount(row)
            kept[month] += amount(row) if renewed else 0
            was = customers[month].get(row["account_id"], False)
            customers[month][row["account_id"]] = was or renewed
    shown = {row[0]: list(row[2:6]) for row in rows_of(built, RETENTION)}
    assert shown == {
        month: [len(customers[month]), sum(customers[month].values()), due[month], kept[month]]
        for month in due
    }


def test_response_by_priority(built: Path) -> None:
    for priority, tickets, minutes, fast, slow in response_by_priority(SOURCE, built):
        rows = [
            row for row in read(SOURCE, "ravenstack_support_tickets") if row["priority"] == priority
        ]
        waited = [float(row["first_response_time_minutes"]) for row in rows]
        assert tickets == len(rows)
        assert minutes == pytest.approx(sum(waited) / len({row["account_id"] for row in rows}))
        assert fast == sum(one <= 60 for one in waited) / len(rows)
        assert slow == sum(one > 1_440 for one in waited) / len(rows)


def test_dirty_rows_are_findings_and_none_is_dropped(built: Path) -> None:
    found = dict(findings(SOURCE, built))
    assert found["chk_requests_before_account"] == 1_077
    assert found["chk_requests_resolved_unanswered"] == 36
    assert found["chk_duplicate_contracts"] >= 8
    assert sorted(found.values())[:2] == [found["chk_duplicate_contracts"], 21]
    usage = read(SOURCE, "ravenstack_feature_usage")
    starts = {row["subscription_id"]: row for row in read(SOURCE, "ravenstack_subscriptions")}
    before = sum(row["usage_date"] < starts[row["subscription_id"]]["start_date"] for row in usage)
    shown = rows_of(
        built,
        "select count(*) filter (fault = 'before it starts') from checks.chk_consumption_outside_contract",
    )
    assert shown == [(before,)]
    assert before == 19_142
    assert rows_of(
        built,
        "select (select count(*) from marts.fct_service_requests),"
        " (select count(*) from marts.fct_transactions where transaction_kind = 'consumed'),"
        " (select count(distinct account_id) from marts.dim_accounts)",
    ) == [(2_000, len(usage), 500)]
