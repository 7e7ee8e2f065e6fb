"""Bad input is refused with file, row, column and rule, and nothing is changed."""

from __future__ import annotations

import datetime as dt
import random
import shutil
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.lib import gate, gate_worker
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.gate import check_landing, check_once, drift
from orchestration.lib.landing import create_views, unknown_paths
from orchestration.lib.policy_gate import check_policy
from tests.python import mutations
from tests.python.conftest import DBT, Company

POLICY = PROJECT_DIR / "seeds" / "policy"
LOADED = "2026-06-01T00:00:00Z"


def job(**changes: str) -> dict[str, str]:
    return {
        "employee_id": "E1",
        "valid_from": "2026-01-01",
        "role": "account_manager",
        "monthly_base_salary": "1000",
        "currency": "CNY",
        "_loaded_at": LOADED,
        **changes,
    }


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def only_problem(landing: Path) -> Any:
    problems = check_landing(landing)
    assert len(problems) == 1, [str(problem) for problem in problems]
    return problems[0]


def test_a_wrong_type_names_file_row_column_and_rule(company: Company) -> None:
    path = company.land(
        "hr.job_history", [job(), job(employee_id="E2", monthly_base_salary="12,5")]
    )
    problem = only_problem(company.landing)
    assert (problem.path, problem.row, problem.column) == (path.resolve(), 3, "monthly_base_salary")
    assert "'12,5' is not a decimal" in str(problem)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("valid_from", "2026-02-30", "is not a date"),
        ("role", "acount_manager", "is not allowed"),
        ("employee_id", "", "is empty"),
        ("_loaded_at", "", "is empty"),
        ("_loaded_at", "yesterday", "is not a timestamp"),
        ("_deleted", "perhaps", "is not a boolean"),
        ("monthly_base_salary", "10.12345", "more than 4 decimal places"),
        ("monthly_base_salary", "1e999", "is not a decimal"),
    ],
)
def test_each_kind_of_wrong_value(company: Company, column: str, value: str, says: str) -> None:
    company.land("hr.job_history", [job(**{column: value})])
    problem = only_problem(company.landing)
    assert (problem.row, problem.column) == (2, column)
    assert says in str(problem)


def test_a_missing_column_names_what_stands_there_instead(company: Company) -> None:
    path = company.land("hr.job_history", [job()])
    path.write_text(path.read_text().replace("monthly_base_salary", "salary"))
    problem = only_problem(company.landing)
    assert problem.column == "monthly_base_salary"
    assert "unknown columns there: salary" in str(problem)


def test_two_overlapping_job_rows_name_both(company: Company) -> None:
    company.land("hr.job_history", [job(valid_to="2026-06-01"), job(valid_from="2026-05-31")])
    problem = only_problem(company.landing)
    assert (problem.row, problem.column) == (3, "valid_from")
    assert "row 2" in str(problem)
    assert "never overlap" in str(problem)


def test_jobs_that_touch_do_not_overlap(company: Company) -> None:
    company.land("hr.job_history", [job(valid_to="2026-06-01"), job(valid_from="2026-06-01")])
    assert check_landing(company.landing) == []


def test_an_overlap_that_a_later_version_or_a_deletion_healed_is_none(company: Company) -> None:
    company.land("hr.job_history", [job(), job(valid_from="2026-05-31")])
    company.land(
        "hr.job_history",
        [job(valid_to="2026-05-31", _loaded_at="2026-06-02 00:00:00")],
        part="healed",
    )
    assert check_landing(company.landing) == []


def test_parquet_rows_are_counted_from_one_and_types_are_checked(company: Company) -> None:
    folder = company.landing / "hr" / "expenses"
    folder.mkdir(parents=True)
    table = pa.table(
        {
            "expense_id": ["X1", "X2"],
            "employee_id": ["E1", "E1"],
            "incurred_on": ["2026-06-01", "soon"],
            "amount": pa.array([Decimal("1.50"), Decimal("2.50")], pa.decimal128(9, 2)),
            "currency": ["CNY", "CNY"],
            "_loaded_at": pa.array([dt.datetime(2026, 6, 1, tzinfo=dt.UTC)] * 2),
        }
    )
    pq.write_table(table, folder / "a.parquet")
    problem = only_problem(company.landing)
    assert (problem.row, problem.column) == (2, "incurred_on")


@pytest.mark.parametrize(
    ("amount", "is_sound"),
    [
        (pa.array([Decimal("1.5")], pa.decimal128(9, 2)), True),
        (pa.array([Decimal("1.500000")], pa.decimal128(18, 6)), True),
        (pa.array([Decimal("1.500001")], pa.decimal128(18, 6)), False),
        (pa.array([3]), True),
        (pa.array([0.1 + 0.2]), False),
        (pa.array(["1.5"]), True),
    ],
)
def test_an_amount_in_parquet_is_never_rounded_in_silence(
    company: Company, amount: pa.Array, is_sound: bool
) -> None:
    folder = company.landing / "hr" / "expenses"
    folder.mkdir(parents=True)
    table = pa.table(
        {
            "expense_id": ["X1"],
            "employee_id": ["E1"],
            "incurred_on": [dt.date(2026, 6, 1)],
            "amount": amount,
            "currency": ["CNY"],
            "_loaded_at": pa.array([dt.datetime(2026, 6, 1, tzinfo=dt.UTC)]),
        }
    )
    pq.write_table(table, folder / "a.parquet")
    assert (check_landing(company.landing) == []) is is_sound


def test_a_torn_file_is_named(company: Company) -> None:
    folder = company.landing / "hr" / "expenses"
    folder.mkdir(parents=True)
    (folder / "torn.parquet").write_bytes(b"PAR1 and no more")
    assert "torn.parquet" in str(only_problem(company.landing))


def test_of_many_files_alike_the_one_that_cannot_be_read_is_named(company: Company) -> None:
    """DuckDB does not always say which of the files it could not read."""
    folder = company.landing.resolve() / "hr" / "expenses"
    folder.mkdir(parents=True)
    days = [dt.date(2026, 6, 1 + number % 30) for number in range(400)]
    rows = {
        "expense_id": [f"X{number}" for number in range(400)],
        "employee_id": [f"E{number % 7}" for number in range(400)],
        "incurred_on": days,
        "amount": pa.array([Decimal(number) for number in range(400)], pa.decimal128(18, 4)),
        "currency": ["CNY"] * 400,
        "_loaded_at": pa.array([dt.datetime(2026, 7, 1, tzinfo=dt.UTC)] * 400),
    }
    for name in ("a", "b", "c"):
        pq.write_table(pa.table(rows), folder / f"{name}.parquet")
    whole, chance, refused = (folder / "b.parquet").read_bytes(), random.Random(3), 0
    for _ in range(40):
        (folder / "b.parquet").write_bytes(mutations.flip_many_bits(whole, chance))
        problems = [
            problem for problem in check_landing(company.landing) if not problem.is_set_aside
        ]
        refused += bool(problems)
        assert {problem.path.name for problem in problems} <= {"b.parquet"}
    assert refused > 20


def test_a_row_with_too_many_fields_is_named(company: Company) -> None:
    path = company.land("hr.job_history", [job(), job(employee_id="E2")])
    path.write_text(path.read_text() + "E3,2026-01-01,,,,,,,,,,,,,,,surplus\n")
    problem = only_problem(company.landing)
    assert problem.path == path.resolve()
    assert problem.row == 4


def test_text_stays_text_when_a_later_file_has_decimals(company: Company) -> None:
    """A sniffed CSV would read 10.50 as 11 after an integer-looking file."""
    company.land("hr.job_history", [job(monthly_base_salary="10")], part="a")
    company.land("hr.job_history", [job(employee_id="007", monthly_base_salary="10.50")], part="b")
    with duckdb.connect() as connection:
        create_views(connection, company.landing)
        rows = connection.execute(
            "select employee_id, monthly_base_salary from hr.job_history order by 2"
        ).fetchall()
    assert rows == [("E1", "10"), ("007", "10.50")]


def test_csv_and_parquet_may_lie_side_by_side_in_any_column_order(company: Company) -> None:
    expense = {"expense_id": "X1", "incurred_on": "2026-06-01", "amount": "1.5", "currency": "CNY"}
    company.land("hr.expenses", [{**expense, "_loaded_at": LOADED}])
    pq.write_table(
        pa.table(
            {
                "_loaded_at": [dt.datetime(2026, 6, 1)],
                "amount": pa.array([Decimal("2.5")]),
                "expense_id": ["X2"],
                "employee_id": ["E"],
                "currency": ["CNY"],
                "incurred_on": [dt.date(2026, 6, 1)],
            }
        ),
        company.landing / "hr" / "expenses" / "b.parquet",
    )
    assert check_landing(company.landing) == []
    with duckdb.connect() as connection:
        create_views(connection, company.landing)
        rows = connection.execute(
            "select expense_id, cast(amount as decimal(18, 4)) from hr.expenses order by 1"
        ).fetchall()
    assert rows == [("X1", Decimal("1.5000")), ("X2", Decimal("2.5000"))]


def test_a_path_is_never_spliced_into_sql(tmp_path: Path) -> None:
    company = Company(tmp_path / "it's 100% {数据}; drop table x --")
    company.land("hr.job_history", [job()])
    assert check_landing(company.landing) == []
    with duckdb.connect() as connection:
        create_views(connection, company.landing)
        assert connection.execute("select count(*) from hr.job_history").fetchone() == (1,)


def test_a_misspelt_table_is_pointed_out(company: Company) -> None:
    company.land("hr.job_history", [job()])
    odd = company.landing / "hr" / "jobs" / "a.csv"
    odd.parent.mkdir()
    odd.write_text("x\n")
    assert unknown_paths(company.landing) == [odd.resolve()]


def test_a_column_more_is_reported_and_not_read_and_a_missing_optional_one_too(
    company: Company,
) -> None:
    company.land("hr.job_history", [job()])
    path = company.land("hr.job_history", [job(employee_id="E2")], part="other")
    lines = path.read_text().splitlines()
    header, row = (line.split(",") for line in lines)
    place = header.index("_deleted")
    header[place], row[place] = "mood", "=cmd|x"
    path.write_text(f"{','.join(header)}\n{','.join(row)}\n")
    assert check_landing(company.landing) == []
    assert drift(company.landing) == [
        "hr.job_history has a column mood, which is not read: other.csv",
        "hr.job_history lacks _deleted, which is empty then: other.csv",
    ]
    said = company.plumbline("check")
    assert (said.returncode, said.stderr.count("Other than the contract")) == (0, 2)


def test_input_that_passed_is_not_read_again_until_a_file_changes(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.land("hr.job_history", [job()])
    remembered = company.folder / "gate.json"
    assert check_once(company.landing, POLICY, remembered) == []
    read: list[str] = []
    look = gate._check_values
    monkeypatch.setattr(
        gate, "_check_values", lambda c, t: read.extend(p.name for p in t.files) or look(c, t)
    )
    assert check_once(company.landing, POLICY, remembered) == []
    assert read == []
    company.land("hr.job_history", [job(valid_from="2025-01-01")], part="b")
    assert check_once(company.landing, POLICY, remembered) != []
    assert read == ["b.csv"]
    # what was refused is read again, and found again
    assert check_once(company.landing, POLICY, remembered) != []
    assert read == ["b.csv", "b.csv"]


def test_a_new_file_is_held_against_those_that_passed(company: Company) -> None:
    company.land("hr.job_history", [job()])
    remembered = company.folder / "gate.json"
    assert check_once(company.landing, POLICY, remembered) == []
    company.land("hr.job_history", [job(valid_from="2025-01-01")], part="b")
    problems = check_once(company.landing, POLICY, remembered)
    assert len(problems) == 1, problems
    assert "overlaps" in str(problems[0])


def changed_policy(folder: Path, table: str, old: str, new: str) -> Path:
    policy = folder / "policy"
    shutil.copytree(POLICY, policy)
    path = policy / f"{table}.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return policy


@pytest.mark.parametrize(
    ("table", "old", "new", "column", "says"),
    [
        ("policy_score_items", "customers,own,0.20", "customers,own,0.21", "weight", "sum to 1.01"),
        ("policy_score_items", "visits,own,0.25", "visit,own,0.25", "measure", "'visit' does not"),
        ("policy_score_items", "visits,own,0.25", "visits,yours,0.25", "scope", "not supported"),
        ("policy_score_items", ",0.20,accelerator", ",0.20,acelerator", "curve_id", "does not"),
        ("policy_score_items", "visits,own,0.25", "visits,own,a quarter", "weight", "not a decimal"),
        ("policy_score_items", "0.60,accelerator,strategic", "0.50,accelerator,strategic", "weight",
         "for the segment strategic"),
        ("policy_score_items", "calls,own,0.60", "visits,own,0.60", "measure", "in row 10 too"),
        ("policy_upstream_weights", "deals,0.30", "deals,0.40", "weight", "sum to 1.10"),
        ("policy_score_rules", "item,,,working", "item,linear,,working", "total_curve_id", "filled"),
        ("policy_score_rules", "accelerator,1.50", "accelerator,", "attainment_cap", "is empty"),
        ("policy_score_rules", "last_day,2000", "last_day,2020", "plan_id", "none on 2000-01-01"),
        ("policy_pay_mix", "0.50,0.20,0.30", "0.50,0.20,0.20", "base_share", "sums to 0.90"),
        ("policy_payout_curves", "0.90,1.00,0,1", "0.91,1.00,0,1", "attainment_from", "a gap"),
        ("policy_payout_curves", "1.00,,-4", "1.00,3,-4", "attainment_to", "no factor for"),
        ("policy_commission_plans", "marginal", "progressive", "tier_mode", "is not supported"),
        ("policy_commission_rates", "new,new,any,any,0,", "new,new,any,any,0.5,",
         "tier_from", "start at 0.5"),
        ("policy_measures", "竞对信息,count,higher_is_better,false",
         "竞对信息,count,higher_is_better,true", "weight", "has a weight"),
        ("policy_settings", "renewal_grace_days,90", "renewal_grace_days,soon", "value", "is not"),
        ("policy_settings", "company_currency,CNY\n", "", "setting", "company_currency is missing"),
        ("policy_currencies", "JPY,1,1", "JPY,100,1", "unit_amount", "it is not"),
        ("policy_settings", "hours,all", "hours,some", "value", "one of all, business"),
        ("policy_settings", "business_closes_seconds,64800", "business_closes_seconds,32400", "value",
         "closes at 32400"),
        ("policy_settings", "lead_days,90", "lead_days,150", "value", "at most 180 together"),
        ("policy_boards", "visits,account_manager,month,win_rate",
         "visits,account_manager,month,", "quality_measure", "it is empty"),
        ("policy_check_thresholds", "discount_share", "discount_shore", "threshold", "shore"),
        ("policy_grade_ladder", "sales,P5", "sales,P4", "role", "repeats row 2"),
        ("policy_grade_ladder", "S2,2", "S2,1", "grade_rank", "S1 and S2 are both at 1"),
        ("policy_grade_ladder", "P4,1,0,", "P4,1,0.10,", "target_share", "has 0.10"),
        ("policy_grade_ladder", "P6,3,0.90", "P6,3,0.70", "target_share", "has 0.70"),
        ("policy_grade_ladder", "C1,1,,9000", "C1,1,,", "currency", "is empty"),
        ("policy_protection", "plan_id,", "plan,", "plan_id", "the column is missing"),
        ("policy_commission_rates", "new,new,any,any,0,0.030", "new,new,any,any,0,3.0",
         "rate", "it is 3.0"),
        ("policy_bonuses", "measure_reached,satisfaction", "measure_reached,", "measure", "is empty"),
        ("policy_bonuses", "0.010,,CNY", "0.010,,JPY", "currency", "it is JPY"),
        ("policy_bonuses", ",50,,40", ",0,,40", "block_units", "it has 0"),
        ("policy_holdbacks", "0.10,2", "1.10,2", "holdback_share", "it is 1.10"),
        ("policy_holdbacks", "0.10,2", "0.10,0", "release_months", "0 months after"),
        ("policy_draws", "recoverable,2000,CNY,month,2000-01-01,\naccount_manager_guarantee",
         "recoverable,-1,CNY,month,2000-01-01,\naccount_manager_guarantee", "monthly_amount", "it is -1"),
        ("policy_draws", "guarantee,non_recoverable,2000,CNY", "guarantee,non_recoverable,2000,XXX",
         "currency", "'XXX' does not"),
        ("policy_settings", "pay_rate_day,period_end", "pay_rate_day,transaction", "value",
         "one of period_end, payment"),
        ("policy_settings", "payday,10", "payday,29", "value", "1 to 28"),
        ("policy_commission_plans", "USD,period_end", "USD,someday", "sale_rate_day", "not supported"),
        ("policy_commission_plans", "lifetime,2000-01-01,\naccount_manager_renewals",
         "lifetime,2000-01-01,2020-01-01\naccount_manager_dollars,account_manager,JPY,transaction,"
         "collected,direct,earned,quarter,marginal,share_of_quota,lower_inclusive,lifetime,2020-01-01,"
         "\naccount_manager_renewals", "currency", "it is JPY, and USD before"),
        ("policy_commission_rates", "any,any,renewal,mature,0,", "any,any,renewal,mature,1,",
         "tier_from", "start at 1"),
        ("policy_credit_rules", "solution_expert,,,,,1", "solution_expert,renewal,,,,1",
         "contract_type", "is filled"),
        ("policy_credit_rules", "renewal,emerging,,", "renewal,emerging,key,", "segment", "is filled"),
        ("policy_credit_rules", "consultant,,renewal,emerging", "consultant,,,", "credit_kind",
         "beside row 2"),
        ("policy_commission_plans", "collected,direct,earned,quarter,marginal,share",
         "collected,direct,collected,quarter,marginal,share", "paid_when", "basis is collected"),
        ("policy_commission_caps", "quarter,60000", "quarter,-1", "cap_amount", "it is -1"),
        ("policy_commission_gates", "gated,,0.50,", "gated,visits,0.50,", "period_kind", "is empty"),
        ("policy_commission_gates", "gated,,0.50,", "gated,,0.50,month", "period_kind", "is filled"),
        ("policy_commission_gates", "gated,,0.50,", "gated,,0,", "threshold", "it is 0"),
        ("policy_refund_recoveries", "6,0.50", "6,1.50", "recovery_share", "it is 1.50"),
        ("policy_refund_recoveries", "6,0.50", "-6,0.50", "recovery_months", "it is -6"),
        ("policy_contract_costs", ",,capitalise,term,,12", ",,capitalise,,,12", "amortised_over",
         "it is ''"),
        ("policy_contract_costs", "expense,,,,", "expense,term,,,", "amortised_over", "it is 'term'"),
        ("policy_contract_costs", "life,36", "life,", "life_months", "it is ''"),
        ("policy_contract_costs", "life,36", "life,0", "life_months", "it is 0"),
        ("policy_contract_costs", "36,12", "36,-1", "expensed_up_to_months", "it is -1"),
        ("policy_journal_accounts", "accrual,bonus,", "accrual,,", "component", "it is ''"),
        ("policy_journal_accounts", "impairment,,", "impairment,base,", "component", "it is 'base'"),
        ("policy_journal_accounts", "impairment,,6604 Impairment of contract costs",
         "impairment,,1801 Contract cost asset", "credit_account", "the same"),
        ("policy_close_gates", "findings,chk_pay", "findings,pay", "subject", "there is no 'pay_without"),
        ("policy_close_gates", "findings,chk_pay", "freshness,chk_pay", "subject", "there is no 'chk_"),
        ("policy_close_gates", "pay_without_rate,20", "pay_without_rate,-1", "threshold", "it is -1"),
        ("policy_landing_limits", "crm.activities,1", "crm.actions,1", "landing_table", "no 'crm.actions'"),
        ("policy_landing_limits", "activities,1,,", "activities,-1,,", "minimum_rows", "it is -1"),
        ("policy_landing_limits", "activities,1,,", "activities,9,8,", "minimum_rows", "more than the 8"),
        ("policy_landing_limits", "0.5,2,3,7", "0.5,0.4,3,7", "lowest_share", "more than the 0.4"),
        ("policy_landing_limits", "0.5,2,3,7", "0.5,2,0,7", "months_compared", "it is 0"),
        ("policy_landing_limits", "0.5,2,3,7", "0.5,2,,7", "months_compared", "it is ''"),
        ("policy_landing_limits", "rates,1,,,,,31", "rates,1,,,,3,31", "months_compared", "it is '3'"),
        ("policy_mart_access", "pay,finance", "pay,boss", "audience", "'boss' is not supported"),
        ("policy_new_classes", "product,365", "product,-1", "new_days", "it is -1"),
        ("policy_quota_ramps", "ramp,1,0.25", "ramp,1,1.25", "quota_share", "it is 1.25"),
        ("policy_quota_ramps", "ramp,1,0.25", "ramp,0,0.25", "employed_month", "it is 0"),
        ("policy_coverage_rules", "2,key,", "2,huge,", "segment", "'huge' does not"),
        ("policy_coverage_rules", "everything_else,4", "everything_else,1", "valid_from", "overlaps"),
        ("policy_owner_loads", "key,key,3,10", "key,key,10,3", "account_minimum", "more than the 3"),
        ("policy_credit_rules", "seller,,,,,1.00", "seller,,,,,0.90", "credit_share", "credits 0.90"),
        ("policy_credit_rules", "solution_expert,,,,,1.00", "solution_expert,,,,,1.10", "credit_share",
         "it is 1.10"),
        ("policy_credit_rules", "team,seller", "team,", "team_role", "it is empty"),
        ("policy_credit_rules", "account_manager,,,,,,", "account_manager,,,,,sales_head_override,",
         "plan_id", "filled"),
        ("policy_credit_rules", "solution_expert,,,,,", "solution_expert,,,key,,", "segment", "filled"),
        ("policy_credit_rules", "roll_up,team", "direct,team", "credit_kind", "it is direct"),
        ("policy_credit_rules", "overlay,key_account_director", "direct,key_account_director",
         "credit_kind", "beside row 2"),
        ("policy_credit_rules", "team,solution_expert", "team,seller", "valid_from", "overlaps row 3"),
        ("policy_credit_rules", "overlay,dotted_line_manager,,,,key,", "overlay,account_manager,,,,key,",
         "assignment_role", "what row 2 does"),
        ("policy_credit_rules", "override,1.00,transaction", "override,1.00,contract_signed",
         "dated_by", "row 2"),
        ("policy_credit_rules", "manager,,,,key,", "manager,,,,huge,", "segment", "'huge' does not"),
    ],
)  # fmt: skip
def test_each_claim_of_a_policy_folder(
    tmp_path: Path, table: str, old: str, new: str, column: str, says: str
) -> None:
    problems = check_policy(changed_policy(tmp_path, table, old, new))
    assert len(problems) == 1, [str(problem) for problem in problems]
    assert problems[0].column == column
    assert says in str(problems[0])
    assert column == "setting" or "missing" in says or problems[0].row is not None


def test_plan_rows_that_overlap_are_refused(tmp_path: Path) -> None:
    policy = changed_policy(tmp_path, "policy_protection", "valid_to\n", "valid_to\n")
    path = policy / "policy_protection.csv"
    path.write_text(path.read_text() + "account_manager_standard,2,0.50,2026-01-01,\n")
    assert "overlaps row 2" in str(check_policy(policy)[0])


def test_the_projects_own_policy_folders_are_sound() -> None:
    assert check_policy(POLICY) == []


@pytest.mark.parametrize("is_parquet", [False, True])
def test_too_little_memory_is_called_that_and_no_fault_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_parquet: bool
) -> None:
    company = Company(tmp_path)
    if is_parquet:
        land_team_members(company, "members.parquet")
    else:
        company.land("hr.job_history", [job()])
    monkeypatch.setenv("PLUMBLINE_MEMORY", "1KB")
    [problem] = check_landing(company.landing)
    assert "more than the 1KB of memory that PLUMBLINE_MEMORY allows" in problem.message
    monkeypatch.undo()
    assert check_landing(company.landing) == []


def test_refused_input_leaves_the_last_good_state(closed_demo: Company, tmp_path: Path) -> None:
    company = closed_demo.copy_to(tmp_path / "copy")
    before = company.warehouse.read_bytes()
    company.land("hr.job_history", [job(), job(valid_from="2025-01-01")], part="bad")
    for command in (["build"], ["close", "2026-06"]):
        done = company.plumbline(*command)
        assert done.returncode == 1
        assert "bad.csv, row 2, column valid_from" in done.stderr
        assert "Traceback" not in done.stderr
    # a plain dbt build is guarded too
    done = company.run(DBT, "build", "--select", "stg_hr__job_history")
    assert done.returncode != 0
    assert "bad.csv, row 2, column valid_from" in done.stdout
    assert company.warehouse.read_bytes() == before


def test_a_landing_folder_that_is_not_there_is_one_problem_and_not_hundreds(
    closed_demo: Company, tmp_path: Path
) -> None:
    """Where a disk is not mounted, each file that was landed is missing from it."""
    company = closed_demo.copy_to(tmp_path / "copy")
    before = company.warehouse.read_bytes()
    company.landing.rename(tmp_path / "elsewhere")
    for command in (["check"], ["build"], ["close", "2026-06"]):
        done = company.plumbline(*command)
        assert done.returncode == 1
        assert done.stderr.count("[rule:") == 1
        assert f"{company.landing}: there is no such folder" in done.stderr
    assert company.warehouse.read_bytes() == before


def test_a_build_that_fails_half_way_leaves_the_last_good_state(
    closed_demo: Company, tmp_path: Path
) -> None:
    """Each amount is within its DECIMAL; that they add up to more than it holds is seen in pay."""
    company = closed_demo.copy_to(tmp_path / "copy")
    before = company.warehouse.read_bytes()
    company.land(
        "hr.pay_adjustments",
        [{"adjustment_id": name, "employee_id": "Z01", "period_month": "2026-06-01",
          "amount": "99999999999999", "currency": "CNY", "requested_by": "M1", "approved_by": "HR",
          "_loaded_at": LOADED} for name in ("AJ1", "AJ2")],
        part="bad",
    )  # fmt: skip
    done = company.plumbline("build")
    assert done.returncode == 1
    assert "fct_pay_components" in done.stderr
    assert "out of range" in done.stderr
    assert company.warehouse.read_bytes() == before


def land_team_members(company: Company, name: str) -> Path:
    """Who worked on two deals, as a Parquet file."""
    path = company.landing / "crm" / "opportunity_team" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    instant = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    rows = {
        "opportunity_id": [f"{path.stem}1", f"{path.stem}2"],
        "employee_id": ["E1", "E2"],
        "team_role": ["solution_expert", "seller"],
        "credit_share": pa.array([Decimal("0.5"), Decimal("0.25")], pa.decimal128(9, 6)),
        "_loaded_at": pa.array([instant, instant], pa.timestamp("us", "UTC")),
    }
    pq.write_table(pa.table(rows), path)
    return path


def scale_said(path: Path) -> Any:
    """How many places DuckDB takes the decimals of a Parquet file to have."""
    try:
        # A connection of its own: DuckDB keeps what it has read of a file that looks unchanged.
        return (
            duckdb.connect()
            .execute(
                "select scale from parquet_schema($1) where name = 'credit_share'", [str(path)]
            )
            .fetchall()
        )
    except duckdb.Error:
        return []


def test_a_parquet_file_that_says_two_things_of_its_decimals_is_refused(company: Company) -> None:
    """One flipped bit of 20,000 inputs: 6 places were 38, and a cast in a build divided by zero."""
    land_team_members(company, "a.parquet")
    path = land_team_members(company, "b.parquet")
    sound = path.read_bytes()
    for place in [place for place, byte in enumerate(sound) if byte == 2 * 6]:
        path.write_bytes(sound[:place] + bytes([2 * 38]) + sound[place + 1 :])
        if scale_said(path) == [(38,)]:
            break
    else:
        raise AssertionError("no byte of the file says how many places there are")
    problem = only_problem(company.landing)
    assert (problem.path, problem.column) == (path, "credit_share")
    assert "is a decimal128(9, 6), and a DECIMAL(9,38) as well" in problem.message
    path.write_bytes(sound)
    assert check_landing(company.landing) == []


def test_a_file_that_ends_its_reader_is_named_and_ends_nothing_else(
    company: Company, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "reader.py"
    script.write_text(
        "import os, signal\n"
        "from orchestration.lib import gate, gate_worker\n"
        "look = gate.look\n"
        "def deadly(connection, landed, fresh, faulty):\n"
        "    if any('deadly' in path.name for path in landed.files):\n"
        "        os.kill(os.getpid(), signal.SIGFPE)\n"
        "    return look(connection, landed, fresh, faulty)\n"
        "gate.look = deadly\n"
        "gate_worker.main()\n"
    )
    for name in ("a.parquet", "deadly.parquet", "z.parquet"):
        land_team_members(company, name)
    gate_worker.READER.close()
    monkeypatch.setattr(gate_worker, "COMMAND", [sys.executable, str(script)])
    remembered = company.folder / "gate.json"
    try:
        [problem] = check_once(company.landing, POLICY, remembered)
        assert problem.path.name == "deadly.parquet" and "SIGFPE" in problem.message
        assert not remembered.exists()
        problem.path.unlink()
        assert check_once(company.landing, POLICY, remembered) == []
        # One that is gone when it is asked is no file's fault.
        land_team_members(company, "later.parquet")
        process = gate_worker.READER._process
        assert process is not None
        process.kill()
        process.wait()
        assert check_once(company.landing, POLICY, remembered) == []
    finally:
        gate_worker.READER.close()
