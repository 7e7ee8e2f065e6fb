"""What the command line says to machines: one JSON value, with amounts as text, and the same exit code."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.python.conftest import Company

LEDGER = "select count(*), sum(amount) from marts.fct_pay_ledger where currency = 'CNY'"


@pytest.fixture(scope="module")
def asked(closed_demo: Company, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A copy of the closed demo that may be asked and published."""
    return closed_demo.copy_to(tmp_path_factory.mktemp("asked").resolve() / "company")


def said(company: Company, *command: str) -> Any:
    return json.loads(company.must(*command, "--json"), parse_float=no_floats)


def no_floats(text: str) -> float:
    raise AssertionError(f"{text} is an amount as a number")


def test_a_close_says_what_was_posted(asked: Company, tmp_path: Path) -> None:
    [(count, amount)] = asked.query(LEDGER)
    closed = said(asked, "close", "2026-06")
    assert closed["is_new"] is False and Decimal(closed["totals"]["CNY"]) == amount
    [verified] = said(asked, "verify")
    assert verified["manifest_sha256"] == closed["manifest_sha256"]
    assert verified["ledger_rows"] == closed["ledger_rows"] >= count
    [step] = said(asked, "periods")
    assert (step["month"], step["step"]) == ("2026-06", "closed")
    assert step["totals"] == closed["totals"]
    paid = said(asked, "payroll", "2026-06", "--out", str(tmp_path))
    assert all(Path(file).exists() for file in paid["files"]) and paid["control_totals"]
    booked = said(asked, "journal", "2026-06", "--out", str(tmp_path))
    assert (
        sum(Decimal(line["debit"] or 0) - Decimal(line["credit"] or 0) for line in booked["lines"])
        == 0
    )


def test_a_build_says_what_it_built_and_found(asked: Company) -> None:
    built = said(asked, "build")
    assert built["not_landed"] == [] and built["findings"]["chk_orphan_accounts"] > 0
    found = {row["check"]: row["rows"] for row in said(asked, "findings")}
    assert found == built["findings"]
    orphans = said(asked, "findings", "chk_orphan_accounts")
    assert len(orphans) == found["chk_orphan_accounts"] and orphans[0]["account_id"]


def test_boards_disputes_and_versions_are_rows_by_name(asked: Company) -> None:
    best = asked.query(
        "select employee_id, value from marts.fct_rankings where board = 'score' and rank = 1"
        " and role = 'account_manager' and scope_type = 'company' and period_month = date '2026-06-01'"
    )
    [row] = said(asked, "top", "2026-06", "--role", "account_manager", "--limit", "1")
    assert (row["employee_id"], Decimal(row["value"])) in best
    [dispute] = said(asked, "disputes")
    assert dispute["outcome"].startswith("open") and dispute["employee_id"]
    [version] = said(asked, "publish")
    assert version["is_current"] and version["rows"]["fct_pay_ledger"] > 0


def test_a_shut_gate_and_a_close_that_is_not_there_have_the_exit_code_that_they_always_have(
    asked: Company,
) -> None:
    gates = asked.plumbline("gates", "2026-06", "--json")
    assert gates.returncode == 0
    assert {gate["subject"] for gate in json.loads(gates.stdout)} >= {"chk_quarantined_rows"}
    nothing = asked.plumbline("reproduce", "2026-05", "--json")
    assert nothing.returncode == 1 and nothing.stdout == "" and nothing.stderr


def test_a_reproduced_close_says_so(asked: Company) -> None:
    found = said(asked, "reproduce", "2026-06")
    assert found["is_reproduced"] and found["differences"] == found["causes"] == []
