"""What differs between two computations of pay, each difference with its cause."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.landed_rows import find_rows
from tests.python.conftest import Company

LOADED = "2026-07-20T00:00:00Z"
# A seller whose salary changes, one whose target does, one on a plan whose rate does.
TRANSFERRED, TARGETED, PLANNED = "A000003", "A000004", "Z65"
RATE = "account_manager_one_off,any,any,any,any,0,0.020,2000-01-01,"


@pytest.fixture(scope="module")
def corrected(
    closed_demo: Company, truth: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Company:
    """The demo after June's close: a late refund, another target, a transfer and a plan corrected."""
    company = closed_demo.copy_to(tmp_path_factory.mktemp("corrected"))
    for late in truth["late"]["rows"]:
        company.land(late["table"], [late["row"]], part="late")
    company.land(
        "hr.targets",
        [
            {
                "target_id": "TG-late",
                "scope_type": "employee",
                "scope_id": TARGETED,
                "measure": "visits",
                "valid_from": "2026-06-01",
                "valid_to": "2026-07-01",
                "target_value": "1000",
                "_loaded_at": LOADED,
            }
        ],
    )
    # What is about July is no cause of anything in June.
    company.land(
        "hr.expenses",
        [
            {
                "expense_id": "X-july",
                "employee_id": TARGETED,
                "incurred_on": "2026-07-05",
                "amount": "10",
                "currency": "CNY",
                "_loaded_at": LOADED,
            }
        ],
    )
    job = find_rows(company.landing, "hr.job_history", "employee_id", [TRANSFERRED])[-1].values
    salary = Decimal(job["monthly_base_salary"])
    company.land(
        "hr.job_history",
        [
            {**job, "valid_to": "2026-06-11", "_loaded_at": LOADED},
            {
                **job,
                "valid_from": "2026-06-11",
                "team_id": "T-south",
                "monthly_base_salary": salary + 3000,
                "_loaded_at": LOADED,
            },
        ],
    )
    policy = company.folder / "policy"
    shutil.copytree(PROJECT_DIR / "seeds" / "policy", policy)
    rates = policy / "policy_commission_rates.csv"
    text = rates.read_text(encoding="utf-8")
    assert text.count(RATE) == 1
    rates.write_text(text.replace(RATE, RATE.replace("0.020", "0.025")), encoding="utf-8")
    company = replace(company, policy=policy)
    company.must("build")
    return company


def found(company: Company, *arguments: str) -> dict[tuple[str, str], dict[str, Any]]:
    rows = json.loads(company.must("diff", *arguments, "--json"))
    return {(row["employee_id"], row["component"]): row for row in rows}


def refunded(truth: dict[str, Any]) -> str:
    employee: str = truth["late"]["employee_id"]
    return employee


def assert_four_causes(
    differences: dict[tuple[str, str], dict[str, Any]], refunded_by: str
) -> None:
    refund = differences[refunded_by, "commission"]
    assert any(change.startswith("new: reversed refunded:") for change in refund["changes"])
    assert any(cause.startswith("new row: billing.refunds ") for cause in refund["causes"])
    target = differences[TARGETED, "performance"]
    assert not any("X-july" in cause for cause in target["causes"])
    assert any("visits" in change and "1000" in change for change in target["changes"])
    assert any(
        cause == "new row: hr.targets TG-late (hr/targets/test.csv, row 2)"
        for cause in target["causes"]
    )
    job = differences[TRANSFERRED, "base"]
    for cause in job["causes"]:
        assert f"hr.job_history {TRANSFERRED} " in cause
    assert {cause.split(":")[0] for cause in job["causes"]} == {"changed row", "new row"}
    plan = differences[PLANNED, "commission"]
    assert any("rate 0.02 is 0.025" in change for change in plan["changes"])
    [cause] = [cause for cause in plan["causes"] if cause.startswith("changed plan")]
    assert cause.startswith(f"changed plan: policy_commission_rates - {RATE}; + ")
    # Nobody else's difference is put down to that plan.
    named = {
        key[0] for key, row in differences.items() if any("0.025" in text for text in row["causes"])
    }
    assert named == {PLANNED}


def test_what_came_after_a_close_is_found_with_its_cause_before_it_is_posted(
    corrected: Company, truth: dict[str, Any]
) -> None:
    differences = found(corrected, "2026-06")
    assert_four_causes(differences, refunded(truth))
    for row in differences.values():
        assert Decimal(row["after"]) - Decimal(row["before"]) == Decimal(row["difference"]) != 0
        assert row["causes"], row


def test_corrections_in_the_open_month_have_their_causes_and_the_closed_rows_stay(
    corrected: Company, truth: dict[str, Any], tmp_path: Path
) -> None:
    company = corrected.copy_to(tmp_path)
    package = company.folder / "closes" / "2026-06" / "pay_ledger.csv"
    before = package.read_bytes()
    company.land("hr.teams", [{"team_id": "T-new", "_loaded_at": "2026-08-02T00:00:00Z"}])
    company.must("close", "2026-07")
    assert package.read_bytes() == before
    assert "the ledger is theirs" in company.must("verify")
    said = json.loads(company.must("diff", "2026-06", "2026-07", "--json"))
    posted = company.query(
        "select employee_id, component, sum(amount) from marts.fct_pay_ledger"
        " where posting_month = '2026-07-01' and is_correction group by all"
    )
    # The corrections come after the comparison of the two closes.
    corrections = {(row["employee_id"], row["component"]): row for row in said[-len(posted) :]}
    assert {key: Decimal(row["difference"]) for key, row in corrections.items()} == {
        (employee, component): amount for employee, component, amount in posted
    }
    assert_four_causes(corrections, refunded(truth))
    # As a table too.
    shown = company.must("diff", "2026-06", "2026-07", "--employee", TARGETED)
    assert "Corrections of 2026-06" in shown
    assert "TG-late" in shown


def test_two_instants_are_compared_beside_the_warehouse(
    corrected: Company, truth: dict[str, Any], tmp_path: Path
) -> None:
    company = corrected.copy_to(tmp_path)
    before = company.warehouse.read_bytes()
    differences = found(
        company, "2026-06", "--known-at", "2026-07-03T12:00:00", "--known-at", "2026-07-25T00:00:00"
    )
    assert differences[TARGETED, "performance"]["causes"] == [
        "new row: hr.targets TG-late (hr/targets/test.csv, row 2)"
    ]
    assert refunded(truth) in {key[0] for key in differences}
    # One plan and one code on both sides.
    assert (PLANNED, "commission") not in differences
    assert company.warehouse.read_bytes() == before


def test_a_month_that_has_not_changed_differs_in_nothing(closed_demo: Company) -> None:
    assert found(closed_demo, "2026-06") == {}
    assert "agree" in closed_demo.must("diff", "2026-06")


@pytest.mark.parametrize(
    "arguments",
    [
        ("2026-04", "2026-05", "2026-06"),
        ("2026-06", "--known-at", "2026-07-01"),
        ("2026-05", "2026-06", "--known-at", "2026-07-01", "--known-at", "2026-07-02"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    closed_demo: Company, arguments: tuple[str, ...]
) -> None:
    done = closed_demo.plumbline("diff", *arguments)
    assert done.returncode == 2
    assert "name one month" in done.stderr


def test_a_month_without_a_package_is_not_compared(closed_demo: Company) -> None:
    done = closed_demo.plumbline("diff", "2026-05")
    assert done.returncode == 1
    assert "2026-05 has no package" in done.stderr


def test_a_package_that_was_changed_is_not_compared(closed_demo: Company, tmp_path: Path) -> None:
    company = closed_demo.copy_to(tmp_path)
    scores = company.folder / "closes" / "2026-06" / "scores.csv"
    scores.chmod(0o644)
    with scores.open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(["Z06"])
    done = company.plumbline("diff", "2026-06")
    assert done.returncode == 1
    assert "scores.csv was changed" in done.stderr
