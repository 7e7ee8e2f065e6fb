"""Planted cases of scores: days that a target is due for, segments, departments, people supported."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from orchestration.generator.case_builder import CURRENCY, Cases, noon


def write_score_cases(cases: Cases) -> None:
    """Every case of RULES 4 beyond a plain monthly score."""
    _days(cases)
    _segments(cases)
    _department(cases)


def _visits(cases: Cases, employee: str, count: int) -> None:
    for number in range(count):
        day = cases.day(18 + number)
        cases.add(
            "crm.activities",
            day,
            activity_id=f"ACS-{employee}-{number:02d}",
            employee_id=employee,
            account_id=f"{employee}-1",
            activity_type="visit",
            occurred_at=noon(day),
            duration_seconds=1_800,
            outcome="connected",
            is_recontactable=False,
        )


def _target(cases: Cases, employee: str, value: str, **more: Any) -> None:
    start = more.pop("valid_from", dt.date(2020, 1, 1))
    cases.add(
        "hr.targets",
        max(start, cases.last_month),
        target_id=f"TG-{employee}-{more.get('measure', 'visits')}-{start:%y%m%d}",
        scope_type="employee",
        scope_id=employee,
        **{"measure": "visits", "reason": "case", **more},
        valid_from=start,
        target_value=Decimal(value),
    )


def _days(cases: Cases) -> None:
    """Half a month of 30 days: half of the 7 visits are due, and 4 are 1.1428571429 of them."""
    half = cases.day(16)
    payee = cases.payee(13, hired=half)
    _visits(cases, payee, 4)
    cases.expect(
        "hired_in_the_middle_of_the_month",
        "S1-05",
        payee,
        "4 visits of 3.5 due; half a salary, and the floor of the first month",
        score="0.6785714286",
        base="3500.00",
        performance="1200.00",
    )
    payee = cases.payee(14)
    _visits(cases, payee, 4)
    cases.add(
        "hr.absences",
        cases.day(2),
        absence_id="AB-Z14",
        employee_id=payee,
        valid_from=cases.month,
        valid_to=half,
        absence_type="sick_leave",
    )
    cases.expect(
        "half_a_month_of_sick_leave",
        "S1-05",
        payee,
        "4 visits of 3.5 due, on a whole salary",
        score="0.6785714286",
        base="7000.00",
        performance="2035.71",
    )
    payee = cases.payee(15)
    _visits(cases, payee, 6)
    _target(cases, payee, "4", valid_to=half)
    _target(cases, payee, "8", valid_from=half, reason="the quiet accounts came back")
    cases.expect(
        "a_target_changed_in_the_middle_of_the_month",
        "S1-05",
        payee,
        "15 days at 4 and 15 at 8 are 6 for the month: 6 visits are 100 %",
        score="0.5000000000",
        base="7000.00",
        performance="1500.00",
    )


def _segments(cases: Cases) -> None:
    payee = cases.payee(16, plan="account_manager_by_segment", quota=None)
    cases.account("Z16-2", payee, designation="strategic")
    _visits(cases, payee, 7)
    _target(cases, payee, "4", measure="satisfaction")
    cases.add(
        "crm.surveys",
        cases.day(20),
        survey_id="SV-Z16",
        account_id="Z16-2",
        employee_id=payee,
        survey_type="csat",
        score=Decimal(5),
        responded_at=noon(cases.day(19)),
    )
    cases.expect(
        "the_owner_of_a_strategic_account",
        "S4-08",
        payee,
        "0.40 for the visits; satisfaction, which only strategic owners are scored on, at the cap",
        score="1.6000000000",
        base="7000.00",
        performance="4800.00",
    )
    payee = cases.payee(17, plan="account_manager_by_segment", quota=None)
    _visits(cases, payee, 7)
    cases.expect(
        "the_owner_of_small_accounts_on_the_same_plan",
        "S4-08",
        payee,
        "0.40 for the visits; no new customer, and satisfaction is not asked of him",
        score="0.4000000000",
        base="7000.00",
        performance="1200.00",
    )


def _department(cases: Cases) -> None:
    """A service department of two, an account manager they support, and a solution expert."""
    for team, parent in (("T-case", None), ("T-case-city", "T-case")):
        cases.add(
            "hr.teams",
            cases.last_month,
            team_id=team,
            team_name=team,
            team_kind="service",
            parent_team_id=parent,
        )
    idle = cases.payee(22)
    cases.expect(
        "an_account_manager_who_is_supported",
        "S0-04",
        idle,
        "0.25 in each month of the quarter",
        score="0.2500000000",
        base="7000.00",
        performance="750.00",
    )
    head = cases.payee(
        20,
        quota=None,
        role="team_manager",
        grade="M1",
        team="T-case",
        plan="service_manager_standard",
    )
    consultant = cases.payee(
        21, quota=None, role="service_consultant", grade="C1", team="T-case-city"
    )
    cases.account("Z22-1", consultant, role="service_consultant")
    for number, minutes in enumerate((10, 20, 59, 90)):
        asked = noon(cases.day(9 + number))
        cases.add(
            "crm.service_requests",
            cases.day(9 + number),
            request_id=f"RQ-Z21-{number}",
            account_id="Z22-1",
            employee_id=consultant,
            request_type="question",
            requested_at=asked,
            first_responded_at=asked + dt.timedelta(minutes=minutes),
        )
    cases.expect(
        "a_head_of_service",
        "S0-11",
        head,
        "3 of 4 answered in time by a team below: 0.40 x 1; nobody asked: 0; 0.30 x 0.25 from the "
        "account manager whose account is served; of three months' salary at risk",
        score="0.4750000000",
        base="8000.00",
        performance="2850.00",
    )
    cases.expect(
        "a_service_consultant",
        "S0-10",
        consultant,
        "0.75 against 0.65 is 1.7692307690 x 0.30; no delivery was due: 0.15 x 1; no rating: 0",
        score="0.6807692307",
        base="7000.00",
        performance="6126.92",
    )
    expert = cases.payee(23, quota=None, role="solution_expert", grade="S1", team="T-solution")
    for owner, amount in ((idle, 100_000), ("Z04", 300_000)):
        deal = f"O-{owner}-supported"
        cases.add(
            "crm.opportunities",
            cases.day(11),
            opportunity_id=deal,
            account_id=f"{owner}-1",
            owner_id=owner,
            opportunity_type="new",
            product_id="P1",
            amount=Decimal(amount),
            list_amount=Decimal(amount),
            currency=CURRENCY,
            created_at=noon(cases.last_month),
            first_follow_up_at=noon(cases.last_month),
            closed_at=noon(cases.day(10)),
            outcome="lost",
        )
        cases.add(
            "crm.opportunity_team",
            cases.day(11),
            opportunity_id=deal,
            employee_id=expert,
            team_role="solution_expert",
            credit_share=Decimal(1),
        )
    cases.add(
        "hr.ratings",
        cases.day(28),
        rating_id="RT-Z23",
        rater_id="M000000",
        ratee_id=expert,
        dimension="head",
        period_month=cases.month,
        score=Decimal("4.5"),
    )
    cases.expect(
        "a_solution_expert",
        "S0-09",
        expert,
        "no win: 0; the head's rating: 0.30; account managers at 0.25 (100,000) and at a mean of "
        "0.3166666667 (300,000): 0.30 x 0.30",
        score="0.3900000000",
        base="7000.00",
        performance="3510.00",
    )
