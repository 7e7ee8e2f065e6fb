"""Companies at the edges: nothing landed, nobody but one, nothing paid; and dbt on its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from orchestration.lib.contract import PROJECT_DIR, Table, landing_tables, policy_tables
from tests.python.conftest import DBT, Company

LOADED = "2026-07-02T00:00:00Z"


def land_one_payee(company: Company, salary: str) -> None:
    """An account manager since 2020."""
    company.land("hr.employees", [{"employee_id": "E1", "full_name": "王伟",
                                   "hire_date": "2020-01-01", "_loaded_at": LOADED}])  # fmt: skip
    company.land("hr.job_history", [{
        "employee_id": "E1", "valid_from": "2020-01-01", "role": "account_manager",
        "monthly_base_salary": salary, "currency": "CNY", "_loaded_at": LOADED,
    }])  # fmt: skip


def test_an_empty_landing_builds_and_says_what_is_missing(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.landing.mkdir()
    shown = company.must("build")
    assert "crm.accounts" in shown
    assert company.query("select count(*) from marts.fct_pay_components") == [(0,)]
    done = company.plumbline("close")
    assert done.returncode == 1
    assert "nothing has been landed" in done.stderr


def test_a_company_of_one_is_closed(tmp_path: Path) -> None:
    company = Company(tmp_path)
    land_one_payee(company, salary="10000.005")
    shown = company.must("close", "2026-06")
    assert "crm.activities" in shown
    posted = company.query("select component, cast(amount as varchar) from marts.fct_pay_ledger")
    # 70 % of 10,000.005 is 7,000.0035; no target is set, so no item pays
    assert posted == [("base", "7000.0000")]
    missing = company.query("select count(*) from checks.chk_score_items_without_target"
                            " where period_month = '2026-06-01'")  # fmt: skip
    assert missing == [(6,)]


def sparsest_row(table: Table) -> dict[str, str]:
    """A row with what the contract requires, and nothing else."""
    row = {}
    for column in table.columns:
        if column.name in table.never_empty or column.is_required:
            kind = column.data_type.split("(")[0]
            by_type = {"string": "E9", "boolean": "false", "decimal": "10", "integer": "1"}
            row[column.name] = (*column.one_of, by_type.get(kind, "2026-05-10"))[0]
    if "currency" in row:
        row["currency"] = "CNY"
    return {**row, "_loaded_at": LOADED}


def test_rows_with_nothing_but_what_the_contract_requires_stop_no_build(tmp_path: Path) -> None:
    company = Company(tmp_path)
    land_one_payee(company, salary="10000")
    for name, table in landing_tables().items():
        company.land(name, [sparsest_row(table)], part="sparse")
    company.must("build")
    set_aside, lost = company.query(
        "select sum(rows_set_aside), sum(rows_landed - rows_staged - rows_without_parent)"
        " from marts.fct_landing_reconciliation"
    )[0]
    assert (set_aside, lost) == (0, 0)


def test_a_policy_folder_where_nothing_is_paid_builds(closed_demo: Company, tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    policy.mkdir()
    for name in policy_tables():
        text = (PROJECT_DIR / "seeds" / "policy" / f"{name}.csv").read_text()
        keeps_rows = name in ("policy_settings", "policy_currencies", "policy_measures")
        (policy / f"{name}.csv").write_text(text if keeps_rows else text.splitlines()[0] + "\n")
    company = Company(tmp_path / "company", policy)
    shutil.copytree(closed_demo.landing, company.landing)
    company.must("close", "2026-06")
    components = company.query(
        "select component, count(*) from marts.fct_pay_ledger group by 1 order by 1"
    )
    # salaries and approved adjustments are no rule's doing; nothing else is paid
    assert [name for name, _ in components] == ["adjustment", "base"]
    assert company.query("select count(*) from marts.fct_scores") == [(0,)]
    # the policy folder, which lies outside the project, is as it was
    assert (policy / "policy_settings.csv").read_text().startswith("setting,value\n")
    assert company.query("select count(distinct policy_digest) from marts.fct_closes") == [(1,)]


def test_dbt_builds_everything_on_its_own_from_the_root(
    closed_demo: Company, tmp_path: Path
) -> None:
    company = Company(tmp_path)
    shutil.copytree(closed_demo.landing, company.landing)
    done = company.run(DBT, "build")
    assert done.returncode == 0, done.stdout[-3_000:]
    assert "ERROR=0" in done.stdout
    expected, found = closed_demo.marts(), company.marts()
    for name in ("fct_pay_components", "fct_rankings", "fct_commission_lines", "fct_score_items"):
        assert found[name] == expected[name], name
    assert found["fct_pay_ledger"] == []

    # and one mart with its parents, as an analytics engineer would
    done = company.run(DBT, "build", "--select", "+fct_measures")
    assert done.returncode == 0, done.stdout[-3_000:]


@pytest.mark.parametrize("outside", ["/tmp/elsewhere", "../elsewhere"])
def test_dbt_on_its_own_does_not_take_a_policy_folder_it_would_overwrite(
    tmp_path: Path, outside: str
) -> None:
    done = Company(tmp_path).run(DBT, "seed", PLUMBLINE_POLICY=outside)
    assert done.returncode != 0
