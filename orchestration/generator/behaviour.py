"""What the checks of RULES 7 must find, and beside each an innocent twin that they must not.

None of it changes anybody's pay: e-mails, open deals and contracts without a payment earn nothing.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from orchestration.generator.case_builder import CURRENCY, Cases, noon
from orchestration.generator.shape import next_month

GUILTY, INNOCENT = "Z11", "Z06"


def write_behaviour(cases: Cases) -> None:
    """Write the rows of both into ``cases``."""
    _stuffing(cases)
    _pull_in(cases)
    for owner, days in ((GUILTY, 2), (INNOCENT, 5)):
        for number in range(3):
            created = cases.day(3 + number)
            _deal(cases, owner, f"sudden-{number}", created, created + dt.timedelta(days))
    for owner, amount in ((GUILTY, 50_000), (INNOCENT, 65_000)):
        _deal(cases, owner, "discount", cases.last_month, cases.day(5), amount)
    for owner, follow_up in ((GUILTY, 20), (INNOCENT, 10)):
        _deal(
            cases, owner, "cycle", cases.last_month, cases.day(10), follow_up=cases.day(follow_up)
        )
    for owner, amount in ((GUILTY, 1_000_000), (INNOCENT, 40_000)):
        for number in range(3):
            name = f"supported-{number}"
            _deal(cases, owner, name, cases.day(8), None, amount, listed=amount)
            cases.add(
                "crm.opportunity_team",
                cases.day(8),
                opportunity_id=f"O-{owner}-{name}",
                employee_id=owner,
                team_role="solution_expert",
                credit_share=Decimal(1),
            )


def _stuffing(cases: Cases) -> None:
    """Twenty e-mails in each of three months, then sixty: with a tenth of the contacts, or nine."""
    month = cases.month
    months = [month]
    for _ in range(3):
        months.insert(0, (months[0] - dt.timedelta(days=1)).replace(day=1))
    for owner, contacts in ((GUILTY, 6), (INNOCENT, 54)):
        for start in months:
            is_last = start == month
            for number in range(60 if is_last else 20):
                day = start + dt.timedelta(days=number % 25)
                cases.add(
                    "crm.activities",
                    day,
                    activity_id=f"ACB-{owner}-{start:%y%m}-{number:02d}",
                    employee_id=owner,
                    account_id=f"{owner}-1",
                    activity_type="email",
                    occurred_at=noon(day),
                    duration_seconds=60,
                    outcome="connected",
                    is_recontactable=not is_last or number < contacts,
                )


def _pull_in(cases: Cases) -> None:
    """Three contracts in the last days of the quarter: nine tenths of it, or three fifths."""
    end = next_month(cases.month)
    for owner, early, late in ((GUILTY, 0, 200_000), ("Z12", 200_000, 100_000)):
        account = f"{owner}-1"
        if early:
            cases.contract(f"K-{owner}-early", account, cases.quarter, early)
        for number in range(3):
            day = end - dt.timedelta(days=1 + number)
            cases.contract(f"K-{owner}-late-{number}", account, day, late)


def _deal(
    cases: Cases,
    owner: str,
    name: str,
    created: dt.date,
    closed: dt.date | None,
    amount: int = 90_000,
    *,
    listed: int = 100_000,
    follow_up: dt.date | None = None,
) -> None:
    """A deal of ``owner``: won on ``closed``, or open."""
    cases.add(
        "crm.opportunities",
        closed or created,
        opportunity_id=f"O-{owner}-{name}",
        account_id=f"{owner}-1",
        owner_id=owner,
        opportunity_type="new",
        product_id="P1",
        amount=Decimal(amount),
        list_amount=Decimal(listed),
        currency=CURRENCY,
        created_at=noon(created),
        first_follow_up_at=noon(follow_up or created),
        closed_at=noon(closed) if closed else None,
        outcome="won" if closed else None,
    )
