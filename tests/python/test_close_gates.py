"""What stops a close: findings beyond what the plan allows, tables not loaded, sums that are off."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.lib.business_days import business_day
from orchestration.lib.close_gates import finding_gates, freshness_gates, total_gate
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.notify import notify
from orchestration.lib.policy_gate import check_policy
from orchestration.lib.reproduce import completed
from tests.python.conftest import Company

JUNE = date(2026, 6, 1)


def with_gates(company: Company, folder: Path, *rows: str) -> Company:
    """The company with a plan that has these gates."""
    policy = folder / "policy"
    shutil.copytree(PROJECT_DIR / "seeds" / "policy", policy, dirs_exist_ok=True)
    lines = ["gate_kind,subject,threshold", *rows]
    (policy / "policy_close_gates.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return replace(company, policy=policy)


def test_a_close_stops_at_more_findings_than_the_plan_allows(
    closed_demo: Company, tmp_path: Path
) -> None:
    company = Company(tmp_path)
    company.landing.symlink_to(closed_demo.landing)
    # The demo has three: commission and pay that wait for a rate.
    company = with_gates(company, tmp_path, "findings,chk_pay_without_rate,2")
    company.must("build")
    done = company.plumbline("close", "2026-06")
    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert "a gate is shut" in said
    assert "chk_pay_without_rate found 3, and 2 are allowed" in said
    assert "plumbline findings chk_pay_without_rate" in said
    assert company.query("select count(*) from marts.fct_pay_ledger") == [(0,)]
    assert not list(company.folder.glob("closes/*"))
    told = company.plumbline("gates", "2026-06")
    assert told.returncode == 1 and "shut" in told.stdout
    assert "Z81" in company.must("findings", "chk_pay_without_rate")
    wrong = company.plumbline("findings", "chk_pay_without_rates")
    assert wrong.returncode == 1 and "Did you mean chk_pay_without_rate," in wrong.stderr
    with_gates(company, tmp_path, "findings,chk_pay_without_rate,3")
    assert "open" in company.must("gates", "2026-06")
    company.must("close", "2026-06")


def test_pay_in_a_currency_that_the_plan_does_not_know_stops_the_close_and_no_build(
    closed_demo: Company, tmp_path: Path
) -> None:
    """Whatever the plan allows; and what was posted in it before is not taken back."""
    company = with_gates(closed_demo.copy_to(tmp_path), tmp_path)
    adjustment = {
        "adjustment_id": "ADJ-X", "employee_id": "Z06", "period_month": "2026-07-01", "amount": "12.34",
        "currency": "XTS", "reason": "a test", "requested_by": "Z01", "approved_by": "HR",
        "_loaded_at": "2026-07-20T00:00:00Z",
    }  # fmt: skip
    company.land("hr.pay_adjustments", [adjustment], part="unknown")
    company.land("hr.teams", [{"team_id": "T-new", "_loaded_at": "2026-08-02T00:00:00Z"}])
    company.must("build")
    assert company.query("select employee_id, amount from checks.chk_pay_in_unknown_currency") == [
        ("Z06", Decimal("12.34"))
    ]
    before = company.query("select * from marts.fct_pay_ledger order by all")
    done = company.plumbline("close", "2026-07")
    assert done.returncode == 1
    assert (
        "chk_pay_in_unknown_currency found 1 (XTS 12.34 at stake), and 0 are allowed"
        in " ".join(done.stderr.split())
    )
    # The plan forgets the yen: those who were paid in it are found, and keep it.
    currencies = company.policy / "policy_currencies.csv"
    currencies.write_text(currencies.read_text().replace("JPY,1,1\n", ""))
    company.must("build")
    assert company.plumbline("close", "2026-07").returncode == 1
    assert company.query("select * from marts.fct_pay_ledger order by all") == before
    mended = {**adjustment, "currency": "CNY", "_loaded_at": "2026-08-02T00:00:00Z"}
    company.land("hr.pay_adjustments", [mended], part="mended")
    shutil.copy(PROJECT_DIR / "seeds" / "policy" / currencies.name, currencies)
    company.must("close", "2026-07")
    assert company.query(
        "select amount from marts.fct_pay_ledger where employee_id = 'Z06' and component = 'adjustment'"
        " and posting_month = '2026-07-01'"
    ) == [(Decimal("12.34"),)]


@pytest.mark.parametrize(
    ("loaded", "days", "is_open"),
    [
        # 16:00 UTC on 30 June is midnight of 1 July in Shanghai.
        ("2026-06-30T15:59:59Z", 1, False),
        ("2026-06-30T16:00:00Z", 1, True),
        ("2026-06-30T15:59:59Z", 0, True),
        ("2026-07-03T00:00:00Z", 4, False),
    ],
)
def test_a_table_is_fresh_when_it_was_loaded_since_the_month_was_over(
    tmp_path: Path, loaded: str, days: int, is_open: bool
) -> None:
    company = with_gates(Company(tmp_path), tmp_path, f"freshness,hr.teams,{days}")
    company.land("hr.teams", [{"team_id": "T", "_loaded_at": loaded}])
    [gate] = freshness_gates(company.settings, JUNE, None)
    assert gate.is_open is is_open
    assert "hr.teams was last loaded on 2026-0" in gate.says


def test_a_table_that_was_not_known_then_is_not_fresh(tmp_path: Path) -> None:
    company = with_gates(
        Company(tmp_path), tmp_path, "freshness,hr.teams,1", "freshness,hr.quotas,1"
    )
    company.land("hr.teams", [{"team_id": "T", "_loaded_at": "2026-07-02T00:00:00Z"}])
    now = freshness_gates(company.settings, JUNE, None)
    then = freshness_gates(company.settings, JUNE, "2026-07-01 12:00:00")
    assert [(gate.subject, gate.is_open) for gate in now] == [
        ("hr.quotas", False),
        ("hr.teams", True),
    ]
    assert [gate.is_open for gate in then] == [False, False]
    assert "hr.quotas has not been loaded" in now[0].says


def test_a_posting_that_is_not_what_is_computed_is_seen(
    closed_demo: Company, tmp_path: Path
) -> None:
    company = closed_demo.copy_to(tmp_path)
    assert total_gate(company.warehouse, JUNE).is_open
    assert finding_gates(company.settings, company.warehouse)
    with duckdb.connect(str(company.warehouse)) as connection:
        connection.execute(
            "update marts.fct_pay_ledger set amount = amount + 0.01"
            " where employee_id = 'Z06' and component = 'base'"
        )
    gate = total_gate(company.warehouse, JUNE)
    assert not gate.is_open
    assert "Z06 base CNY 2026-06-01: posted" in gate.says


def test_a_holiday_is_no_business_day_and_a_weekend_that_is_worked_is_one() -> None:
    off = {date(2026, 7, 1): False, date(2026, 7, 4): True}
    assert business_day(date(2026, 7, 17), 1, {}) == date(2026, 7, 1)
    assert [business_day(date(2026, 7, 1), number, off).day for number in (1, 2, 3, 4)] == [
        2,
        3,
        4,
        6,
    ]


def test_a_file_that_did_not_come_is_found_and_stops_a_close_where_the_plan_says_so(
    closed_demo: Company, tmp_path: Path
) -> None:
    company = Company(tmp_path)
    shutil.copytree(closed_demo.landing, company.landing)
    for path in (company.landing / "crm" / "activities").glob("2026-06*"):
        path.unlink()
    for path in (company.landing / "hr" / "expenses").glob("*2026-0[56]*"):
        path.unlink()
    company = with_gates(company, tmp_path, "findings,chk_landing_volumes,0")
    company.must("build")
    found = company.query(
        "select landing_table, passed_limit, row_count, cast(period_month as text)"
        " from checks.chk_landing_volumes order by all"
    )
    activities = [row for row in found if row[0] == "crm.activities"]
    assert [(*row[:2], row[3]) for row in activities] == [
        ("crm.activities", "lowest_share", "2026-06-01")
    ]
    assert {row[0] for row in found} == {"crm.activities", "hr.expenses"}
    assert company.query("select landing_table from checks.chk_landing_tables_behind") == [
        ("hr.expenses",)
    ]
    done = company.plumbline("close", "2026-06")
    assert done.returncode == 1 and "chk_landing_volumes found" in " ".join(done.stderr.split())


@pytest.mark.parametrize("address", ["", "ftp://example.org", "http://127.0.0.1:9/nobody"])
def test_a_webhook_that_is_not_there_fails_nothing(
    address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PLUMBLINE_WEBHOOK", address)
    with caplog.at_level("INFO", logger="plumbline"):
        assert not notify("it is done", is_good=True, month="2026-06")
    assert '"month": "2026-06"' in caplog.text
    assert not address or address not in caplog.text


def test_a_policy_folder_of_before_is_completed_with_tables_without_rows(tmp_path: Path) -> None:
    """Else no close made before a plan table came could be reproduced."""
    before = tmp_path / "before"
    shutil.copytree(PROJECT_DIR / "seeds" / "policy", before)
    later = ("policy_close_gates", "policy_contract_costs", "policy_journal_accounts")
    for name in later:
        (before / f"{name}.csv").unlink()
    assert len(check_policy(before)) == len(later)
    found = completed(before, tmp_path / "completed")
    assert check_policy(found) == []
    for path in before.glob("*.csv"):
        assert (found / path.name).read_bytes() == path.read_bytes()
