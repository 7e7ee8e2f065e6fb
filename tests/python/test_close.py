"""The close: idempotent, append-only, recomputable (RULES 8)."""

from __future__ import annotations

import csv
import json
import os
import random
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from orchestration.lib.contract import landing_tables
from orchestration.lib.dbt_run import DbtProcess
from orchestration.lib.runs import last_runs
from tests.python.conftest import DBT, Company


def ledger(company: Company) -> list[tuple[Any, ...]]:
    return company.query("select * from marts.fct_pay_ledger order by all")


def test_closing_a_month_again_posts_nothing(closed_demo: Company, tmp_path: Path) -> None:
    company = closed_demo.copy_to(tmp_path)
    before, closes = ledger(company), company.query("from marts.fct_closes")
    assert "nothing was posted" in company.must("close", "2026-06")
    assert ledger(company) == before
    # nor does dbt itself, asked to post the month again, or told to rebuild from scratch
    select = ["--select", "fct_pay_ledger+", "--vars", "{close_month: 2026-06-01}"]
    for more in ([], ["--full-refresh"]):
        done = company.run(DBT, "build", *select, *more)
        assert done.returncode == 0, done.stdout
        assert ledger(company) == before
        assert company.query("from marts.fct_closes") == closes


def test_a_late_refund_leaves_the_closed_month_and_is_posted_in_the_next(
    closed_demo: Company, next_close: Company, truth: dict[str, Any]
) -> None:
    june = closed_demo.query("select * from marts.fct_pay_ledger order by all")
    kept = next_close.query(
        "select * from marts.fct_pay_ledger where posting_month = '2026-06-01' order by all"
    )
    assert kept == june
    corrections = next_close.query(
        "select employee_id, component, cast(period_month as varchar), cast(amount as varchar)"
        " from marts.fct_pay_ledger where is_correction and employee_id = ?",
        truth["late"]["employee_id"],
    )
    expected = (
        truth["late"]["employee_id"],
        truth["late"]["component"],
        "2026-06-01",
        f"{truth['late']['difference']}00",
    )
    assert corrections == [expected]


def test_what_was_posted_in_all_is_what_is_computed_now(next_close: Company) -> None:
    """After a close, posted equals computed for every payee, component and month since the first."""
    assert (
        next_close.query(
            """
        with posted as (
            select employee_id, component, period_month, sum(amount) as amount
            from marts.fct_pay_ledger group by all
        ),
        computed as (
            select employee_id, component, period_month,
                round(amount * units_per_major, 0) * unit_amount as amount
            from marts.fct_pay_components left join policy.policy_currencies using (currency)
            where period_month in ('2026-06-01', '2026-07-01')
        )
        from posted full outer join computed using (employee_id, component, period_month)
        where posted.amount is distinct from computed.amount and coalesce(posted.amount, 0) <> 0
        """
        )
        == []
    )


def test_statements_are_the_ledgers_rows_by_posting_month(next_close: Company) -> None:
    assert next_close.query(
        "select posting_month, sum(amount) from marts.fct_pay_ledger group by 1 order by 1"
    ) == next_close.query(
        "select posting_month, sum(total_amount) from marts.fct_pay_statements group by 1 order by 1"
    )


def test_a_past_close_is_reproduced_from_what_it_knew(next_close: Company, tmp_path: Path) -> None:
    """From the landing of August with June's cut-off; and a changed ledger would be found."""
    company = next_close.copy_to(tmp_path)
    said = company.must("reproduce", "2026-06")
    manifest = json.loads((company.folder / "closes" / "2026-06" / "manifest.json").read_text())
    assert "as posted" in said and manifest["files"]["pay_ledger.csv"] in said
    assert "as posted" in company.must("reproduce", "2026-07")
    with duckdb.connect(str(company.warehouse)) as connection:
        connection.execute(
            "update marts.fct_pay_ledger set amount = amount + 0.01"
            " where employee_id = 'Z06' and component = 'commission'"
        )
    (changed,) = (company.landing / "billing" / "fx_rates").glob("fx_rates*")
    changed.touch()
    os.utime(changed)
    done = company.plumbline("reproduce", "2026-06")
    assert done.returncode == 1
    assert done.stdout.count("Z06") == 1
    assert "landing files and code are those of the close" in done.stdout
    company.land("hr.teams", [{"team_id": "T-new", "_loaded_at": "2026-08-03T00:00:00Z"}])
    done = company.plumbline("reproduce", "2026-07")
    assert done.returncode == 1
    assert "hr/teams/test.csv was changed" in done.stdout
    assert company.plumbline("reproduce", "2026-05").returncode == 1


def test_no_build_begins_while_another_process_writes(closed_demo: Company, tmp_path: Path) -> None:
    company = closed_demo.copy_to(tmp_path)
    with duckdb.connect(str(company.warehouse)):  # as Dagster or a plain dbt build would
        for command in (["build"], ["close", "2026-07"], ["top", "2026-06"]):
            done = company.plumbline(*command)
            assert done.returncode == 1
            assert "another process" in done.stderr
            assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("month", "says"),
    [("2026-05", "lies before 2026-06"), ("2026-07", "is not over"), ("2030-01", "is not over")],
)
def test_a_month_that_cannot_be_closed_says_why(
    closed_demo: Company, tmp_path: Path, month: str, says: str
) -> None:
    company = closed_demo.copy_to(tmp_path)  # what is refused stands in its record of runs
    before = ledger(company)
    done = company.plumbline("close", month)
    assert done.returncode == 1
    assert says in done.stderr
    assert ledger(company) == before
    assert says in last_runs(company.settings)[-1]["error"]


def test_a_month_that_is_no_month_is_refused(closed_demo: Company) -> None:
    done = closed_demo.plumbline("close", "June")
    assert done.returncode == 2
    assert "is not a month such as 2026-06" in done.stderr


def shuffled(source: Company, target: Company, seed: int) -> None:
    """The same rows in other files and another order, CSV where there was Parquet and back."""
    chance = random.Random(seed)
    for table in landing_tables().values():
        folder = source.landing / table.system / table.name
        rows: list[dict[str, Any]] = []
        for path in sorted(folder.glob("*.csv")):
            with path.open(encoding="utf-8", newline="") as file:
                rows += list(csv.DictReader(file))
        for path in sorted(folder.glob("*.parquet")):
            for row in pq.read_table(path).to_pylist():
                rows.append(
                    {key: "" if value is None else str(value) for key, value in row.items()}
                )
        chance.shuffle(rows)
        parts: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in rows:
            parts[chance.randrange(3)].append(row)
        for part, members in parts.items():
            target.land(f"{table.system}.{table.name}", members, part=f"part-{part}")


def test_shuffled_and_resplit_landing_files_change_no_mart(
    closed_demo: Company, tmp_path: Path
) -> None:
    other = Company(tmp_path)
    shuffled(closed_demo, other, seed=7)
    other.must("close", "2026-06")
    expected, found = closed_demo.marts(), other.marts()
    assert list(found) == list(expected)
    for name in expected:
        assert found[name] == expected[name], name


OFF_BY_A_LITTLE = {
    "intermediate.int_earned_parts set amount = amount + 0.0001": {
        "parts_of_a_sale_are_its_credit"
    },
    "intermediate.int_reversed_parts set amount = amount - 0.0001": {
        "parts_of_what_is_taken_back_are_its_credit"
    },
    "marts.fct_commission_lines set commission_amount = commission_amount + 0.0001,"
    " pay_amount = pay_amount + 0.0001": {
        "commission_of_a_month_is_that_of_its_lines",
        "pay_of_a_month_is_that_of_its_lines",
    },
    "marts.fct_bonuses set pay_amount = pay_amount + 0.0001": {
        "the_bonus_of_a_payee_is_that_of_the_bonuses"
    },
    "marts.fct_commissions set pay_amount = pay_amount + 0.0001": {
        "the_commission_of_a_payee_is_that_of_the_commissions"
    },
    "marts.fct_pay_statements set total_amount = total_amount + 0.0001": {
        "a_statement_is_the_sum_of_its_ledger_rows"
    },
}


def failing(company: Company, *selected: str) -> str:
    """What dbt says of its tests, some of which fail."""
    with DbtProcess() as dbt:
        done = dbt.run([["test", "--select", *selected]], company.environment)
    assert not done.is_success
    return "\n".join(done.errors)


@pytest.mark.parametrize("column", ["opening_amount", "closing_amount", "capitalised_amount"])
def test_an_asset_that_does_not_roll_forward_is_found(
    closed_demo: Company, tmp_path: Path, column: str
) -> None:
    company = closed_demo.copy_to(tmp_path)
    with duckdb.connect(str(company.warehouse)) as connection:
        connection.execute(
            f"update marts.fct_contract_cost_movements set {column} = {column} + 0.01"
            " where currency = 'CNY' and period_month = '2026-03-01'"
        )
    said = failing(company, "fct_contract_cost_movements", "--exclude-resource-type", "unit_test")
    found = set(re.findall(r"Failure in test (\w+?)_fct_|Failure in test (what_comes\w+)", said))
    assert {first or second for first, second in found} == {"expression_is_true"} | (
        {"what_comes_to_the_contract_cost_asset_is_what_contracts_cost"}
        if column == "capitalised_amount"
        else {"rolls_forward"}
    )


def test_each_sum_that_is_off_by_a_ten_thousandth_is_found(
    closed_demo: Company, tmp_path: Path
) -> None:
    company = closed_demo.copy_to(tmp_path)
    with duckdb.connect(str(company.warehouse)) as connection:
        # A payee each: what is off by the same in a sum and in its parts would be off in neither.
        payees = ["A000000", "A000001", "A000002", "Z65", "A000003", "A000004"]
        for change, payee in zip(OFF_BY_A_LITTLE, payees, strict=True):
            table, column = re.fullmatch(r"(\S+) set (\w+) .*", change).groups()  # type: ignore[union-attr]
            [(row,)] = connection.execute(
                f"select min(rowid) from {table} where employee_id = ? and {column} is not null",
                [payee],
            ).fetchall()
            assert row is not None, (table, payee)
            connection.execute(f"update {change} where rowid = {row}")
    said = failing(company, "test_name:adds_up")
    named = set().union(*OFF_BY_A_LITTLE.values())
    assert {name for name in named if f"Failure in test {name} " in said} == named
