"""Who looks after each account, day by day: the marts against the landed rows looked up one by one."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

import pytest

from orchestration.generator.reference_arithmetic import holds
from orchestration.generator.reference_pay import PayReference
from orchestration.lib.contract import PROJECT_DIR
from tests.python.conftest import Company

POLICY = PROJECT_DIR / "seeds" / "policy"
# Days on which a planted case turns, the days around them, and days on which nothing does.
DAYS = [
    *(dt.date(2026, 6, day) for day in (1, 9, 10, 11, 14, 15, 16, 30)),
    *(dt.date(year, month, 1) for year in (2025, 2026) for month in range(1, 7)),
    dt.date(2024, 7, 1),
    dt.date(2024, 10, 17),
]


@pytest.fixture(scope="module")
def reference(closed_demo: Company) -> PayReference:
    return PayReference(closed_demo.landing, POLICY)


def policy_team(reference: PayReference, account: dict[str, Any], day: dt.date) -> str | None:
    """The team of the first coverage rule that fits and names one."""
    segment = reference.segment_on(account["account_id"], day)
    rules = [row for row in reference.policy["policy_coverage_rules"] if holds(row, day)]
    for rule in sorted(rules, key=lambda row: row["rule_order"]):
        if rule["segment"] not in (None, segment) or any(
            rule[name] not in (None, account[name]) for name in ("ownership_type", "industry")
        ):
            continue
        asked = [name for name in ("region", "industry") if name in rule["matched_by"]]
        teams = [
            team["team_id"]
            for team in reference.rows("hr.teams")
            if team["team_kind"] == rule["team_kind"]
            and all(team[name] and team[name] == account[name] for name in asked)
        ]
        if teams:
            return str(min(teams))
    return None


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_coverage_of_a_day_is_what_the_landed_rows_say(
    closed_demo: Company, reference: PayReference, day: dt.date
) -> None:
    shown = closed_demo.query(
        "select account_id, employee_id, holder_count, policy_team_id, coverage_status"
        " from marts.fct_account_coverage where valid_from <= ? and (valid_to is null or valid_to > ?)",
        day,
        day,
    )
    assert len({row[0] for row in shown}) == len(shown)
    held: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in reference.rows("crm.account_assignments"):
        if row["assignment_role"] == "account_manager" and holds(row, day):
            held[row["account_id"]].append(row)
    parents = {row["team_id"]: row["parent_team_id"] for row in reference.rows("hr.teams")}
    kinds = {row["team_id"]: row["team_kind"] for row in reference.rows("hr.teams")}
    found = []
    for account in reference.rows("crm.accounts"):
        if reference.day(account["created_at"]) > day:
            continue
        rows = held[account["account_id"]]
        newest = max(rows, key=lambda row: (row["valid_from"], row["assignment_id"]), default=None)
        due = policy_team(reference, account, day)
        team = newest and newest["team_id"]
        if newest is None:
            status = "orphan"
        elif len(rows) > 1:
            status = "conflict"
        elif due is None:
            status = "no_policy_team"
        elif due in (team, parents[team]):
            status = "as_policy"
        elif kinds[team] == "region" != kinds[due]:
            status = "run_by_region_team"
        else:
            status = "other_team"
        employee = newest and newest["employee_id"]
        found.append((account["account_id"], employee, len(rows), due, status))
    assert sorted(shown) == sorted(found)


@pytest.mark.parametrize("day", DAYS[:8], ids=str)
def test_loads_of_a_day_are_the_accounts_covered_on_it(closed_demo: Company, day: dt.date) -> None:
    covered = closed_demo.query(
        "select employee_id, team_id, segment from marts.fct_account_coverage where valid_from <= ?"
        " and (valid_to is null or valid_to > ?) and employee_id is not null",
        day,
        day,
    )
    loads = closed_demo.query(
        "select employee_id, team_id, segment, account_count from marts.fct_owner_loads"
        " where valid_from <= ? and (valid_to is null or valid_to > ?)",
        day,
        day,
    )
    assert {tuple(row[:3]): row[3] for row in loads} == Counter(map(tuple, covered))


def test_the_slices_of_an_account_leave_no_day_out_and_none_twice(closed_demo: Company) -> None:
    slices: dict[str, list[tuple[dt.date, dt.date | None]]] = defaultdict(list)
    for account, first, end in closed_demo.query(
        "select account_id, valid_from, valid_to from marts.fct_account_coverage"
    ):
        slices[account].append((first, end))
    assert max(map(len, slices.values())) > 2
    for stretches in slices.values():
        ends = [end for _, end in sorted(stretches)]
        assert ends[:-1] == [first for first, _ in sorted(stretches)[1:]]
        assert ends[-1] is None


def test_the_revenue_at_stake_stands_beside_the_finding(closed_demo: Company) -> None:
    rows = closed_demo.query(
        "select revenue_amount, valid_to from checks.chk_designated_accounts_in_region_teams"
    )
    assert rows == [(Decimal("30000.0000"), dt.date(2026, 6, 15))]
