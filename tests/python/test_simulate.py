"""Another plan over the same facts, beside the warehouse."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.simulate import compose
from orchestration.lib.warehouse import BuildError
from tests.python.conftest import Company

POLICY = PROJECT_DIR / "seeds" / "policy"
RATES = "policy_commission_rates"


def scenario(folder: Path, table: str, old: str, new: str) -> Path:
    """A scenario of one table, in which a text is another."""
    folder.mkdir(parents=True, exist_ok=True)
    text = (POLICY / f"{table}.csv").read_text(encoding="utf-8")
    assert text.count(old) == 1
    (folder / f"{table}.csv").write_text(text.replace(old, new), encoding="utf-8")
    return folder


def test_a_scenario_shows_cost_winners_and_losers_and_touches_nothing(
    closed_demo: Company, tmp_path: Path
) -> None:
    company = closed_demo.copy_to(tmp_path / "company")
    higher = scenario(
        tmp_path / "a_half_more_once_delivered",
        RATES,
        "account_manager_one_off,any,any,any,any,0,0.020,",
        "account_manager_one_off,any,any,any,any,0,0.030,",
    )
    files = {
        path: path.read_bytes()
        for path in (company.warehouse, *(company.folder / "closes").rglob("*.csv"))
    }
    said = company.must("simulate", str(higher), "--out", str(tmp_path / "out.csv"))
    # 200.00 at 2 % is 300.00 at 3 %; nobody else is on that plan.
    [(paid,)] = company.query(
        "select amount from marts.fct_pay_ledger where employee_id = 'Z65' and component = 'commission'"
    )
    assert paid == Decimal("200")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == [
        {
            "period_month": "2026-06", "employee_id": "Z65", "component": "commission", "currency": "CNY",
            "today": "200.0000", "scenario": "300.0000", "difference": "100.0000",
        }
    ]  # fmt: skip
    assert "146,231.50" in said
    assert "146,331.50" in said
    assert "1 win" in said
    assert "lose" not in said
    assert all(path.read_bytes() == content for path, content in files.items())


def test_a_scenario_that_the_gate_refuses_says_where(closed_demo: Company, tmp_path: Path) -> None:
    company = closed_demo.copy_to(tmp_path / "company")
    wrong = scenario(
        tmp_path / "wrong",
        RATES,
        "account_manager_one_off,any,any,any,any,0,0.020,",
        "account_manager_one_off,any,any,any,any,0,2.0,",
    )
    done = company.plumbline("simulate", str(wrong))
    assert done.returncode == 1
    assert f"{wrong}/policy_commission_rates.csv, row 14, column rate: it is 2.0" in done.stderr


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([], "has no policy table"),
        (["policy_commision_rates.csv"], "no policy table is called so"),
        (None, "is no folder"),
    ],
)
def test_what_is_no_scenario_is_refused(tmp_path: Path, files: list[str] | None, said: str) -> None:
    folder = tmp_path / "scenario"
    if files is not None:
        folder.mkdir()
        for name in files:
            (folder / name).write_text("")
    with pytest.raises(BuildError, match=said):
        compose(POLICY, folder, tmp_path / "policy")


def test_a_scenario_is_todays_plan_but_for_its_own_tables(tmp_path: Path) -> None:
    other = scenario(
        tmp_path / "scenario", RATES, "account_manager_one_off,", "account_manager_one_off ,"
    )
    made = compose(POLICY, other, tmp_path / "policy")
    same = {
        path.name: (POLICY / path.name).read_bytes() == path.read_bytes() for path in made.iterdir()
    }
    assert same.keys() == {path.name for path in POLICY.glob("*.csv")}
    assert [name for name, is_same in same.items() if not is_same] == [f"{RATES}.csv"]
