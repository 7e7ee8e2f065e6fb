"""A dispute from the statement it is about to what came of it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.python.conftest import Company


def dispute(loaded: str, **columns: Any) -> dict[str, Any]:
    return {
        "dispute_id": "DS-1",
        "employee_id": "Z12",
        "statement_month": "2026-06-01",
        "component": "commission",
        "currency": "CNY",
        "claimed_amount": "120",
        "reason": "the deal was signed in June",
        "raised_on": "2026-07-12",
        "_loaded_at": loaded,
        **columns,
    }


@pytest.fixture(scope="module")
def disputed(closed_demo: Company, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """June is closed, and Z12 disputes a line of its statement."""
    company = closed_demo.copy_to(tmp_path_factory.mktemp("disputed"))
    [(line,)] = company.query(
        "select min(commission_line_id) from marts.fct_commission_lines"
        " where employee_id = 'Z12' and period_month = '2026-06-01'"
    )
    company.land(
        "hr.pay_disputes", [dispute("2026-07-12T01:00:00Z", commission_line_id=line)], part="raised"
    )
    company.must("build")
    return company


def test_an_open_dispute_stands_beside_its_line_and_is_listed(disputed: Company) -> None:
    [row] = disputed.query(
        "select fault, is_open, posted_amount, line_amount, open_days from marts.fct_pay_disputes"
        " where dispute_id = 'DS-1'"
    )
    [(posted,)] = disputed.query(
        "select sum(amount) from marts.fct_pay_ledger where employee_id = 'Z12'"
        " and component = 'commission' and posting_month = '2026-06-01'"
    )
    assert posted > 0
    assert row[:3] == (None, True, posted)
    assert row[3] is not None
    told = disputed.must("disputes")
    assert "DS-1" in told and "DS-Z06" in told and "2026-06" in told


def test_a_dispute_that_is_upheld_is_paid_by_the_next_close_and_kept_with_it(
    disputed: Company,
) -> None:
    company = disputed
    company.land(
        "hr.pay_disputes",
        [
            dispute(
                "2026-07-20T01:00:00Z",
                outcome="upheld",
                outcome_reason="so it was",
                decided_by="HR",
                decided_on="2026-07-20",
                adjustment_id="AJ-DS-1",
            )
        ],
        part="decided",
    )
    company.land(
        "hr.pay_adjustments",
        [
            {
                "adjustment_id": "AJ-DS-1",
                "employee_id": "Z12",
                "period_month": "2026-06-01",
                "amount": "120",
                "currency": "CNY",
                "reason": "DS-1",
                "requested_by": "HR",
                "approved_by": "M000001",
                "_loaded_at": "2026-07-20T01:00:00Z",
            }
        ],
        part="dispute",
    )
    company.land("hr.teams", [{"team_id": "T-new", "_loaded_at": "2026-08-02T00:00:00Z"}])
    told = company.must("close", "2026-07")
    assert "Open disputes" in told and "DS-Z06" in told and "DS-1 " not in told
    [row] = company.query(
        "select fault, is_open, adjusted_amount, open_days from marts.fct_pay_disputes"
        " where dispute_id = 'DS-1'"
    )
    assert row == (None, False, Decimal(120), 8)
    assert company.query(
        "select amount from marts.fct_pay_ledger where employee_id = 'Z12'"
        " and component = 'adjustment' and posting_month = '2026-07-01'"
    ) == [(Decimal(120),)]
    # The package of July has both: the one that is open, and the one decided in its month.
    package = company.folder / "closes" / "2026-07"
    kept = (package / "pay_disputes.csv").read_text(encoding="utf-8-sig")
    assert "DS-1," in kept and "DS-Z06," in kept
    assert "pay_disputes.csv" in json.loads((package / "manifest.json").read_text())["files"]
    assert "DS-1" in company.must("disputes", "--all")
    assert "DS-1 " not in company.must("disputes")
    company.must("pack", "2026-07")
    page = (company.folder / "packs" / "2026-07" / "index.html").read_text(encoding="utf-8")
    assert "<h2>Disputes</h2>" in page and "a payment of the month before is not in it" in page


def test_whoever_is_paid_does_not_decide(disputed: Company, tmp_path: Any) -> None:
    company = disputed.copy_to(tmp_path)
    company.land(
        "hr.pay_disputes",
        [
            dispute(
                "2026-07-21T01:00:00Z", outcome="upheld", decided_by="Z12", decided_on="2026-07-21"
            )
        ],
        part="by-the-payee",
    )
    company.must("build")
    assert ("DS-1", "decided_by_the_payee") in company.query(
        "select dispute_id, fault from checks.chk_unsound_disputes"
    )
