"""Planted cases: payees and accounts of their own whose pay for the last month is known by hand.

The demo's plan is ``account_manager_standard`` (collected cash, quarterly tiers at the quota,
established product and new customer: 2 % up to it, 3 % above; cap 60,000 a quarter). A payee who
does nothing scores 0.25: nothing fell due (retention 0.15 x 1) and nothing was spent (cost 0.10).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np

from orchestration.generator.behaviour import GUILTY, write_behaviour
from orchestration.generator.case_builder import CURRENCY, Cases, Row
from orchestration.generator.coverage_cases import write_coverage_cases
from orchestration.generator.credit_cases import write_credit_cases
from orchestration.generator.currency_cases import write_currency_cases
from orchestration.generator.people import role_targets
from orchestration.generator.score_cases import write_score_cases
from orchestration.generator.shape import REGIONS, Company
from orchestration.generator.write import LandingWriter

IDLE = {"base": "7000.00", "performance": "750.00"}
SHANGHAI = dt.timezone(dt.timedelta(hours=8))


def write_cases(company: Company, writer: LandingWriter) -> Row:
    """Write every planted case and return the ground truth."""
    cases = Cases(company)
    _score(cases)
    _new_hire(cases)
    _tiers(cases)
    _transfer(cases)
    _findings(cases)
    write_score_cases(cases)
    write_credit_cases(cases)
    write_coverage_cases(cases)
    write_currency_cases(cases)
    write_behaviour(cases)
    for table, rows in cases.rows.items():
        writer.write_rows(table, rows, "cases")
    return {
        "period_month": cases.month.isoformat(),
        "cases": cases.cases,
        "findings": {
            "chk_transactions_without_owner": [
                "booked:K-EUR",
                "booked:K-Z90",
                "collected:PY-Z90-05",
            ],
            "chk_splits_not_whole": ["O-Z61"],
            "chk_sales_without_quota": ["Z11"],
            "chk_payees_without_plan": ["Z10"],
            "chk_overlapping_account_managers": ["Z91"],
            "chk_orphan_accounts": ["Z71-2", "Z90", "Z92"],
            "chk_designated_accounts_in_region_teams": ["Z72-1"],
            "chk_accounts_outside_policy": _moved_accounts(company),
            "chk_owner_loads": ["Z60", "Z72"],
            "chk_transactions_without_rate": ["booked:K-EUR"],
            "chk_pay_without_rate": ["Z77", "Z81"],
            "chk_adjustments_by_one_person": ["AJ-Z81"],
            "chk_open_disputes": ["DS-Z06"],
            "chk_unsound_disputes": ["DS-Z06"],
            "chk_score_items_without_target": [],
            "chk_activity_stuffing": [GUILTY],
            "chk_quarter_end_pull_in": [GUILTY],
            "chk_hidden_pipeline": [GUILTY],
            "chk_cherry_picking": [GUILTY],
            "chk_discounting": [f"O-{GUILTY}-discount"],
            "chk_negative_sales_cycles": [f"O-{GUILTY}-cycle"],
            "chk_requests_before_account": ["RQ-Z92-early"],
            "chk_requests_resolved_unanswered": ["RQ-Z92-resolved-first"],
            "chk_consumption_outside_contract": ["consumed:CN-Z04-before"],
            "chk_duplicate_contracts": ["K-Z10-a", "K-Z10-b"],
            "chk_scores_on_one_measure": ["account_manager_pilot"],
            "chk_plans_without_team_element": [
                "account_manager_booked",
                "account_manager_by_segment",
                "account_manager_pilot",
                "account_manager_standard",
                "service_consultant_standard",
            ],
            "chk_plans_without_customer_measure": [
                "account_manager_by_segment",
                "account_manager_pilot",
                "solution_expert_standard",
            ],
            "chk_targets_unchanged": _old_targets(cases, company),
        },
        "late": {
            "rows": cases.late_rows,
            "employee_id": "Z12",
            "component": "commission",
            "difference": "-80.00",
            "why": "4,000 of 10,000 is refunded at the 2 % it had earned",
        },
    }


def _old_targets(cases: Cases, company: Company) -> list[str]:
    """Targets that have held for more than a year and still do."""
    year_ago = cases.next - dt.timedelta(days=365)
    return sorted(
        row["target_id"]
        for row in [*role_targets(company), *cases.rows["hr.targets"]]
        if row["valid_from"] < year_ago and "valid_to" not in row
    )


def _visit(cases: Cases, number: int, at: dt.datetime, **more: Any) -> None:
    cases.add(
        "crm.activities",
        cases.day(28),
        activity_id=f"ACZ{number:02d}",
        employee_id="Z01",
        account_id="Z01-1",
        activity_type=more.pop("activity_type", "visit"),
        occurred_at=at,
        duration_seconds=1_800,
        outcome="connected",
        is_recontactable=True,
        **more,
    )


def _score(cases: Cases) -> None:
    """Every item of one score, with a visit at each edge of the local month."""
    payee = cases.payee(1, salary=20_000)
    for measure, value in {
        "visits": "10",
        "new_customers": "1",
        "customer_retention": "0.90",
        "key_product_sales": "100000",
        "competitor_notes": "2",
        "cost_control": "4500",
    }.items():
        cases.add(
            "hr.targets",
            cases.last_month,
            target_id=f"TG-Z01-{measure}",
            scope_type="employee",
            scope_id=payee,
            measure=measure,
            valid_from=dt.date(2020, 1, 1),
            target_value=Decimal(value),
            reason="case",
        )
    first = dt.datetime.combine(cases.month, dt.time(0, 0), SHANGHAI)
    after = dt.datetime.combine(cases.next, dt.time(0, 0), SHANGHAI)
    second = dt.timedelta(seconds=1)
    _visit(cases, 1, first)  # local midnight: in; the UTC day is the last of the month before
    _visit(cases, 2, after - second)  # in
    _visit(cases, 3, after)  # out, though the UTC month still runs
    _visit(cases, 4, first - second)  # out
    for number in range(5, 11):
        _visit(cases, number, first + dt.timedelta(days=number, hours=10))
    _visit(cases, 11, first + dt.timedelta(days=12, hours=10))
    cases.rows["crm.activities"].append(
        {
            **cases.rows["crm.activities"][-1],
            "_loaded_at": cases.load(cases.day(28)) + dt.timedelta(hours=1),
            "_deleted": True,
        }
    )  # deleted: out
    _visit(cases, 12, first + dt.timedelta(days=13, hours=10), activity_type="competitor_note")
    _visit(cases, 13, first + dt.timedelta(days=14, hours=10), activity_type="competitor_note")
    year_ago = cases.day(15) - dt.timedelta(days=365)
    cases.contract("K-Z01-1", "Z01-1", year_ago, 80_000, ends_on=cases.day(15))
    cases.contract(
        "K-Z01-1b",
        "Z01-1",
        cases.day(10),
        80_000,
        contract_type="renewal",
        renews_contract_id="K-Z01-1",
    )
    cases.account("Z01-2", payee)
    cases.contract("K-Z01-2", "Z01-2", cases.day(12), 110_000, product="P3")
    expense = cases.add(
        "hr.expenses",
        cases.day(20),
        expense_id="XZ01",
        employee_id=payee,
        incurred_on=cases.day(18),
        amount=Decimal(9_999),
        currency=CURRENCY,
    )
    cases.rows["hr.expenses"].append(
        {**expense, "amount": Decimal(5_000), "_loaded_at": cases.load(cases.day(21))}
    )
    # 0.20 x 1 + 0.20 x 1.5 + 0.15 x 1.5555555555 + 0.25 x 0.64 + 0.10 x 1 + 0.10 x 0.9
    cases.expect(
        "every_item_of_a_score",
        "S0-05 S0-06",
        payee,
        "8 of 10 visits are 0.80 exactly: 0.64; 110 % of key-product sales: 1.5; one of "
        "one customer renewed against 0.90; the corrected expense counts",
        score="1.0833333333",
        base="14000.00",
        performance="6500.00",
    )


def _new_hire(cases: Cases) -> None:
    hired = cases.last_month - dt.timedelta(days=1)
    payee = cases.payee(2, hired=hired)
    cases.expect(
        "hired_on_the_last_day_two_months_ago",
        "S0-14",
        payee,
        "the month of hire is used up by one day; this is the third and last protected",
        score="0.2500000000",
        base="7000.00",
        performance="2400.00",
    )
    before = hired.replace(day=1) - dt.timedelta(days=1)
    payee = cases.payee(3, hired=before)
    cases.expect(
        "hired_on_the_last_day_three_months_ago",
        "S0-14",
        payee,
        "the fourth month is not protected",
        score="0.2500000000",
        **IDLE,
    )


def _tiers(cases: Cases) -> None:
    sold = cases.last_month
    payee = cases.payee(4)
    cases.contract("K-Z04-1", "Z04-1", sold, 200_000)
    cases.payment("Z04-1", cases.day(5), 80_000)
    cases.payment("Z04-1", cases.day(20), 40_000)
    cases.expect(
        "a_sale_across_the_quota",
        "S0-07",
        payee,
        "80,000 and 20,000 at 2 %, 20,000 at 3 %",
        commission="2600.00",
        **IDLE,
    )
    payee = cases.payee(5, quota=1_000_000)
    cases.contract("K-Z05-1", "Z05-1", sold, 5_000_000)
    cases.payment("Z05-1", cases.day(5), 4_000_000)
    cases.expect(
        "commission_at_the_cap",
        "S0-07",
        payee,
        "20,000 + 90,000 is cut to the cap of 60,000",
        commission="60000.00",
        **IDLE,
    )
    payee = cases.payee(6)
    cases.contract("K-Z06-1", "Z06-1", sold, 200_000)
    paid = cases.payment("Z06-1", cases.day(3), 150_000)
    cases.refund("Z06-1", cases.day(20), paid, 30_000)
    cases.expect(
        "a_refund_at_the_rates_earned",
        "S0-07",
        payee,
        "2,000 + 1,500 earned; 20,000 goes back at 2 % and 10,000 at 3 %",
        commission="2800.00",
        **IDLE,
    )
    payee = cases.payee(
        7, quota=30_000, window=(cases.month, cases.next), plan="account_manager_booked"
    )
    cases.contract("K-Z07-1", "Z07-1", cases.day(9), 50_000)
    cases.expect(
        "a_plan_of_his_own_on_booked_sales",
        "S0-02",
        payee,
        "30,000 at 1 % and 20,000 at 2 %; one new customer, no visit",
        score="0.5000000000",
        base="7000.00",
        performance="1500.00",
        commission="700.00",
    )
    payee = cases.payee(12)
    cases.contract("K-Z12-1", "Z12-1", sold, 200_000)
    paid = cases.payment("Z12-1", cases.day(5), 10_000)
    cases.expect(
        "a_payment_refunded_after_the_close",
        "RULES 8",
        payee,
        "10,000 at 2 %; the refund is landed later",
        commission="200.00",
        **IDLE,
    )
    late = cases.next + dt.timedelta(days=9)
    cases.late_rows.append(
        {
            "table": "billing.refunds",
            "row": {
                "refund_id": "RF-Z12",
                "account_id": "Z12-1",
                "contract_id": "K-Z12-1",
                "payment_id": paid,
                "refunded_on": cases.day(25).isoformat(),
                "amount": "4000.00",
                "currency": CURRENCY,
                "_loaded_at": cases.load(late).isoformat(),
            },
        }
    )


def _transfer(cases: Cases) -> None:
    giver, taker = cases.payee(8), cases.payee(9)
    handover = cases.day(16)
    cases.account("Z89", giver, end=handover)
    cases.account("Z89", taker, start=handover)
    cases.contract("K-Z89", "Z89", cases.last_month, 200_000)
    cases.payment("Z89", cases.day(15), 10_000)
    cases.payment("Z89", cases.day(16), 30_000)
    cases.expect(
        "the_day_before_a_handover", "S4-03", giver, "10,000 at 2 %", commission="200.00", **IDLE
    )
    cases.expect(
        "the_day_of_a_handover", "S4-03", taker, "30,000 at 2 %", commission="600.00", **IDLE
    )


def _findings(cases: Cases) -> None:
    """One planted fault per check."""
    payee = cases.payee(10, quota=None, role="key_account_director")
    cases.expect(
        "a_payee_on_no_plan",
        "RULES 4",
        payee,
        "the role has no default plan: base pay in full, and a finding",
        base="10000.00",
    )
    payee = cases.payee(11, quota=None)
    cases.contract("K-Z11-1", "Z11-1", cases.last_month, 50_000)
    cases.payment("Z11-1", cases.day(5), 5_000)
    cases.expect(
        "sales_without_a_quota",
        "RULES 0",
        payee,
        "attainment is null: the line pays nothing and is a finding",
        **IDLE,
    )
    cases.account("Z90", None)
    cases.contract("K-Z90", "Z90", cases.last_month, 50_000)
    cases.payment("Z90", cases.day(5), 1_000)
    cases.account("Z91", "Z03", end=cases.day(20))
    cases.account("Z91", "Z02", start=cases.day(10))
    cases.contract("K-EUR", "Z90", cases.last_month, 9_000, currency="EUR")
    _records(cases)
    # A dispute of a statement that no close has made: the month before is not closed here.
    cases.add(
        "hr.pay_disputes",
        cases.day(20),
        dispute_id="DS-Z06",
        employee_id="Z06",
        statement_month=cases.last_month,
        component="commission",
        claimed_amount=Decimal(300),
        currency=CURRENCY,
        reason="a payment of the month before is not in it",
        raised_on=cases.day(18),
    )


def _records(cases: Cases) -> None:
    """Records that cannot be right, each beside one that can."""
    noon = dt.datetime.combine(cases.day(10), dt.time(4), dt.UTC)
    hour, day = dt.timedelta(hours=1), dt.timedelta(days=1)
    cases.account("Z92", None, created=noon)
    for name, asked, resolved in (
        ("early", noon - day, noon + hour),
        ("in-time", noon, noon + hour),
        ("resolved-first", noon, noon + hour / 2),
    ):
        cases.add(
            "crm.service_requests",
            cases.day(12),
            request_id=f"RQ-Z92-{name}",
            account_id="Z92",
            request_type="question",
            requested_at=asked,
            first_responded_at=asked + hour,
            resolved_at=resolved,
        )
    for name, used in (("before", cases.last_month - day), ("first-day", cases.last_month)):
        cases.add(
            "billing.consumption",
            cases.last_month,
            consumption_id=f"CN-Z04-{name}",
            account_id="Z04-1",
            contract_id="K-Z04-1",
            product_id="P1",
            consumed_on=used,
            quantity=Decimal(1),
            amount=Decimal(1),
            currency=CURRENCY,
        )
    for name, amount in (("a", 9_000), ("b", 9_000), ("c", 9_001)):
        cases.contract(f"K-Z10-{name}", "Z10-1", cases.last_month, amount)


def _moved_accounts(company: Company) -> list[str]:
    """Accounts that were with another region's team at some time."""
    region = company.owner % len(REGIONS)
    moved = np.flatnonzero((region != region[0]).any(axis=0))
    return [f"C{number:07d}" for number in moved]
