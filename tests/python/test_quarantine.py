"""Rows that break a rule are set aside, named, stop a close, and come back when they are mended."""

from __future__ import annotations

import csv
import datetime as dt
import shutil
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.lib import quarantine
from orchestration.lib.changes import record_changes
from orchestration.lib.contract import PROJECT_DIR, landing_tables
from orchestration.lib.gate import check_landing, check_once, faulty_files
from orchestration.lib.landing import create_views
from tests.python.conftest import Company

POLICY = PROJECT_DIR / "seeds" / "policy"
LOADED = "2026-07-02T00:00:00Z"
LATER = "2026-07-02T06:00:00Z"


def payment(**changes: str) -> dict[str, str]:
    return {
        "payment_id": "P1",
        "payment_kind": "invoice",
        "paid_on": "2026-06-30",
        "amount": "100.00",
        "currency": "CNY",
        "_loaded_at": LOADED,
        **changes,
    }


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def look(company: Company) -> duckdb.DuckDBPyConnection:
    """A warehouse that has looked at the landing as dbt's does; it raises for refused files."""
    remembered = company.folder / "gate.json"
    assert check_once(company.landing, POLICY, remembered) == []
    connection = duckdb.connect(str(company.warehouse))
    connection.execute("set TimeZone = 'UTC'")
    faulty = faulty_files(remembered)
    create_views(connection, company.landing, faulty)
    record_changes(connection, company.landing, POLICY, faulty)
    return connection


def aside(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return connection.execute(
        f"select row_in_file, column_name, value, row_key, mended_at is not null from {quarantine.TABLE}"
        " order by all"
    ).fetchall()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("payment_id", ""),
        ("payment_kind", "gift"),
        ("paid_on", "2026-02-30"),
        ("paid_on", "0206-06-30"),
        ("paid_on", "20260-06-30"),
        ("paid_on", ""),
        ("amount", "1,00"),
        ("amount", "1.00005"),
        ("amount", "1e30"),
        ("amount", ""),
        ("currency", ""),
        ("_loaded_at", "soon"),
        ("_loaded_at", ""),
        ("_deleted", "perhaps"),
    ],
)
def test_a_broken_row_is_set_aside_and_the_others_are_read(
    company: Company, column: str, value: str
) -> None:
    company.land("billing.payments", [payment(), payment(payment_id="P2") | {column: value}])
    problems = check_landing(company.landing)
    assert [(p.row, p.column, p.is_set_aside) for p in problems] == [(3, column, True)]
    with look(company) as connection:
        assert connection.execute("select payment_id from billing.payments").fetchall() == [("P1",)]
        [(row, name, kept, _, is_mended)] = aside(connection)
        assert (row, name, kept, is_mended) == (3, column, value or None, False)
        # what a model casts cannot fail, whatever DuckDB looks at first
        connection.execute(
            "select * from billing.payments where cast(paid_on as date) > date '2000-01-01'"
            " and cast(amount as decimal(18, 4)) > 0 and cast(_loaded_at as timestamptz) < now()"
        ).fetchall()


def test_a_deletion_needs_a_key_and_the_time_of_its_load_alone(company: Company) -> None:
    company.land(
        "billing.payments", [{"payment_id": "P1", "_loaded_at": LOADED, "_deleted": "true"}]
    )
    assert check_landing(company.landing) == []


def test_an_interval_may_be_empty_and_not_turned_round(company: Company) -> None:
    job = {
        "employee_id": "E1", "role": "account_manager", "monthly_base_salary": "0", "currency": "CNY",
        "_loaded_at": LOADED,
    }  # fmt: skip
    company.land(
        "hr.job_history",
        [
            {**job, "valid_from": "2026-01-02", "valid_to": "2026-01-02"},
            {**job, "valid_from": "2026-01-03", "valid_to": "2026-01-02"},
        ],
    )
    assert [(p.row, p.column) for p in check_landing(company.landing)] == [(3, "valid_to")]


def test_a_job_without_a_salary_or_its_currency_is_set_aside(company: Company) -> None:
    """Else nobody would be told that somebody goes unpaid; who has no salary is landed with 0."""
    job = {"employee_id": "E1", "role": "account_manager", "_loaded_at": LOADED}
    company.land(
        "hr.job_history",
        [
            {**job, "valid_from": "2026-01-02", "currency": "CNY"},
            {**job, "valid_from": "2026-02-02", "monthly_base_salary": "1"},
        ],
    )
    found = check_landing(company.landing)
    assert [(problem.row, problem.column) for problem in found] == [
        (2, "monthly_base_salary"), (3, "currency"),
    ]  # fmt: skip
    assert all(problem.is_set_aside for problem in found)


def test_a_later_version_of_the_key_mends_a_row(company: Company) -> None:
    company.land("billing.payments", [payment(amount="lots")])
    look(company).close()
    company.land("billing.payments", [payment(_loaded_at=LATER)], part="mended")
    with look(company) as connection:
        assert aside(connection) == [(2, "amount", "lots", "P1", True)]
        assert connection.execute("select amount from billing.payments").fetchall() == [("100.00",)]


def test_an_earlier_or_another_row_mends_nothing(company: Company) -> None:
    company.land("billing.payments", [payment(amount="lots")])
    company.land(
        "billing.payments",
        [payment(_loaded_at="2026-07-01T00:00:00Z"), payment(payment_id="P2", _loaded_at=LATER)],
        part="others",
    )
    with look(company) as connection:
        assert aside(connection) == [(2, "amount", "lots", "P1", False)]


def test_a_row_keeps_when_it_was_first_seen(company: Company) -> None:
    company.land("billing.payments", [payment(amount="lots")])
    query = f"select first_seen_at from {quarantine.TABLE}"
    with look(company) as connection:
        [(first,)] = connection.execute(query).fetchall()
        # as if the file had been seen for the first time
        connection.execute("delete from orchestration.landing_files")
    with look(company) as connection:
        assert connection.execute(query).fetchall() == [(first,)]


def test_a_column_of_which_no_value_can_be_read_refuses_its_file(company: Company) -> None:
    rows = [payment(payment_id=f"P{number}", amount="n/a") for number in range(10)]
    company.land("billing.payments", rows)
    [problem] = check_once(company.landing, POLICY, company.folder / "gate.json")
    assert (problem.row, problem.column) == (None, "amount")
    assert "every one of its 10 values" in str(problem)


def test_a_column_that_nobody_asked_for_may_be_called_anything(company: Company) -> None:
    path = company.land("billing.payments", [payment(), payment(payment_id="P2", amount="lots")])
    lines = path.read_text().splitlines()
    odd = '"x""; drop table y; --"'
    path.write_text("\n".join([f"{lines[0]},{odd}", *(f"{line},1" for line in lines[1:])]) + "\n")
    with look(company) as connection:
        assert [row[0] for row in aside(connection)] == [3]
        assert connection.execute("select payment_id from billing.payments").fetchall() == [("P1",)]


def test_a_damaged_file_is_not_believed_what_it_says_of_its_values(company: Company) -> None:
    """DuckDB leaves out a condition that a Parquet file's own statistics seem to fulfil."""
    folder = company.landing.resolve() / "billing" / "payments"
    folder.mkdir(parents=True)
    day = dt.date(2026, 6, 30)
    rows = {
        "payment_id": ["P1", "P2"], "account_id": ["A", "A"], "contract_id": ["C", "C"],
        "payment_kind": ["invoice", "invoice"], "paid_on": [day, day],
        "amount": pa.array([Decimal("1.0000")] * 2, pa.decimal128(18, 4)), "currency": ["CNY", "CNY"],
        "_loaded_at": pa.array([dt.datetime(2026, 7, 1, tzinfo=dt.UTC)] * 2),
    }  # fmt: skip
    pq.write_table(pa.table(rows), folder / "a.parquet", use_dictionary=False, compression="none")
    content = (folder / "a.parquet").read_bytes()
    days = (day - dt.date(1970, 1, 1)).days.to_bytes(4, "little")
    place = content.index(days + days)  # the values themselves, not the statistics
    broken = (400_000).to_bytes(4, "little")
    (folder / "a.parquet").write_bytes(content[:place] + broken + content[place + 4 :])
    with look(company) as connection:
        assert [row[0] for row in aside(connection)] == [1]
        assert connection.execute("select payment_id from billing.payments").fetchall() == [("P2",)]


def test_rows_with_quotes_and_code_stay_text(company: Company) -> None:
    odd = "'; drop table x; -- <script>$(touch x)</script>=cmd|' \u202e"
    company.land("billing.payments", [payment(payment_id=odd, amount=odd)])
    with look(company) as connection:
        assert aside(connection) == [(2, "amount", odd, odd, False)]


@pytest.fixture(scope="module")
def with_broken_rows(
    closed_demo: Company, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Company, str]:
    """The closed demo, built after July's files came with rows that break a rule; what the close said."""
    company = closed_demo.copy_to(tmp_path_factory.mktemp("broken"))
    name = landing_tables()["billing.payments"]
    [(account, contract)] = company.query(
        "select account_id, contract_id from marts.fct_transactions where transaction_kind = 'collected'"
        " and currency = 'CNY' order by transaction_id limit 1"
    )
    sale = {"account_id": account, "contract_id": contract, "paid_on": "2026-07-10"}
    company.land(
        name.full_name,
        [
            payment(payment_id="Q1", **sale),
            payment(payment_id="Q2", **sale) | {"payment_kind": "gift", "amount": "250.50"},
            payment(payment_id="Q3", **sale) | {"amount": "1,00"},
        ],
        part="july",
    )
    company.land("hr.teams", [{"team_id": "T-new", "_loaded_at": "2026-08-02T00:00:00Z"}])
    done = company.plumbline("close", "2026-07")
    assert done.returncode == 1, done.stdout
    return company, done.stderr


def test_a_close_is_stopped_and_says_what_is_at_stake(
    with_broken_rows: tuple[Company, str],
) -> None:
    company, said = with_broken_rows
    assert "chk_quarantined_rows found 2 (CNY 250.50 at stake), and 0 are allowed" in said
    assert "plumbline findings chk_quarantined_rows" in said
    assert company.query("select max(period_month) from marts.fct_closes")[0][0].month == 6


def test_a_build_goes_on_counts_every_row_and_takes_up_a_mended_one(
    with_broken_rows: tuple[Company, str],
) -> None:
    company, _ = with_broken_rows
    company.must("build")
    counted = company.query(
        "select rows_set_aside, rows_landed - rows_staged - rows_older - rows_deleted - rows_set_aside"
        " from marts.fct_landing_reconciliation where landing_table = 'billing.payments'"
    )
    assert counted == [(2, 0)]
    assert "Q2" in company.must("findings", "chk_quarantined_rows")
    with (company.landing / "billing" / "payments" / "july.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    company.land(
        "billing.payments",
        [{**rows[1], "payment_kind": "invoice", "_loaded_at": "2026-08-02T00:00:00Z"},
         {**rows[2], "amount": "1.00", "_loaded_at": "2026-08-02T00:00:00Z"}],
        part="mended",
    )  # fmt: skip
    company.must("close", "2026-07")
    assert company.query("select count(*) from checks.chk_quarantined_rows") == [(0,)]
    assert company.query(
        "select sum(amount) from marts.fct_transactions where transaction_id in"
        " ('collected:Q1', 'collected:Q2', 'collected:Q3')"
    ) == [(Decimal("351.5000"),)]


def test_a_lost_or_doubled_row_is_found_by_the_reconciliation(
    closed_demo: Company, tmp_path: Path
) -> None:
    company = closed_demo.copy_to(tmp_path / "copy")
    with duckdb.connect(str(company.warehouse)) as connection:
        [(first,)] = connection.execute(
            "select min(path) from orchestration.landing_files where landing_table = 'crm.contacts'"
        ).fetchall()
        connection.execute(
            "update orchestration.landing_files set rows_landed = rows_landed + 1 where path = ?",
            [first],
        )
    done = company.plumbline("build")
    assert done.returncode == 1
    assert "fct_landing_reconciliation" in done.stderr
    shutil.rmtree(company.folder)
