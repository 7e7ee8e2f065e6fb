"""Months as the unit of work: what a late row changes is built anew, nothing else, and all is right."""

from __future__ import annotations

import random
import re
import shutil
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.generator.generate import generate
from orchestration.generator.shape import Size
from orchestration.lib import changes, months_touched
from orchestration.lib.contract import Table, landing_tables
from orchestration.lib.dbt_run import FOLDERS
from orchestration.lib.landed_again import look_for_keys_landed_again
from orchestration.lib.landed_months import day_column, whole_key_of
from orchestration.lib.landing import find_files, scratch
from tests.python.conftest import DBT, Company

LATE = datetime(2026, 8, 3)
# What may be wrong with a landed row, or new about it. A bare tombstone has its key alone.
KINDS = ("same", "deleted", "tombstone", "moved", "changed", "added")
MONTHLY = [table for table in landing_tables().values() if table.months]
DATED = (
    "crm.account_assignments",
    "billing.fx_rates",
    "hr.absences",
    "hr.quotas",
    "hr.targets",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A small company with a year of history, built once. Do not change."""
    company = Company(tmp_path_factory.mktemp("months"))
    generate(Size(payees=24, months=12, activities=3_000), company.landing)
    company.must("build")
    return company


def landed_rows(company: Company, table: Table) -> list[dict[str, Any]]:
    """The rows landed for a table, newest versions last, as text."""
    columns = ", ".join(f"cast({name} as varchar) as {name}" for name in table.column_names)
    with duckdb.connect(str(company.warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        rows = connection.execute(f"select {columns} from {table.full_name} order by all")
        return [dict(zip(table.column_names, row, strict=True)) for row in rows.fetchall()]


def shifted(text: str, days: int) -> str:
    """A landed day or instant some days away."""
    moved = datetime.fromisoformat(text) + timedelta(days=days)
    return moved.isoformat(sep=" ") if " " in text else moved.date().isoformat()


def mutated(
    chance: random.Random, table: Table, rows: list[dict[str, Any]], kind: str, number: int
) -> dict[str, Any]:
    row = dict(chance.choice(rows))
    if kind == "deleted":
        row["_deleted"] = "true"
    if kind == "tombstone":
        row = {name: row[name] if name in table.key else None for name in row} | {
            "_deleted": "true"
        }
    if kind == "moved":
        days = chance.choice([-200, -31, -1, 1, 40, 90])
        for rule in table.months:
            if rule.table is None and row[rule.column]:
                row[rule.column] = shifted(row[rule.column], days)
    if kind == "changed":
        other = chance.choice(rows)
        names = [
            c.name for c in table.columns if c.name not in (*table.key, "_loaded_at", "_deleted")
        ]
        for name in chance.sample(names, min(2, len(names))):
            row[name] = other[name]
    if kind == "added":
        row[table.key[0]] = f"NEW{number}"
    row["_loaded_at"] = (LATE + timedelta(minutes=number)).isoformat()
    return row


def land_changes(company: Company, seed: int) -> None:
    """Late, repeated, deleted, moved and changed rows in any month of most tables; others rest."""
    chance = random.Random(seed)
    for table in MONTHLY:
        if chance.random() < 0.2:
            continue
        rows = landed_rows(company, table)
        late = []
        for number in range(8):
            kind = chance.choice(KINDS)
            # the key of a stage is all of it: moved, it is another entry
            late.append(mutated(chance, table, rows, kind, number))
        company.land(table.full_name, late, part=f"late-{seed}")
    for name in DATED:
        if chance.random() < 0.4:
            continue
        table = landing_tables()[name]
        rows = landed_rows(company, table)
        late = [mutated(chance, table, rows, kind, 50) for kind in ("same", "deleted", "deleted")]
        company.land(name, late, part=f"late-{seed}")


def assert_same_marts(company: Company, other: Company) -> None:
    found, expected = company.marts(), other.marts()
    assert list(found) == list(expected)
    for name in expected:
        assert found[name] == expected[name], name


def assert_as_built_from_nothing(company: Company, folder: Path) -> Company:
    """A company's marts are those of a build without a warehouse; the company that was built so."""
    full = company.copy_to(folder / "full")
    full.warehouse.unlink()
    full.must("build")
    assert_same_marts(company, full)
    return full


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_built_month_by_month_is_what_a_full_build_gives(
    built: Company, tmp_path: Path, seed: int
) -> None:
    """Random late, repeated, deleted, moved and changed rows in any month, one load after another."""
    company = built.copy_to(tmp_path / "months")
    for load in range(2):
        land_changes(company, seed * 10 + load)
        if seed == 2 and load == 1:
            # A warehouse of before keys landed again were written down looks at everything once more.
            with duckdb.connect(str(company.warehouse)) as connection:
                connection.execute("drop table orchestration.landed_again")
        company.must("build")
    full = assert_as_built_from_nothing(company, tmp_path)
    moved = gone = told = told_of_many = ranked = 0
    for table in landing_tables().values():
        if (column := day_column(table)) is not None:
            key, at = whole_key_of(table), f"cast({column} as timestamptz)"
            day = f"cast(timezone('UTC', {at}) as date)"
            deletion = "cast(_deleted as boolean)"
            loaded = "timezone('UTC', cast(_loaded_at as timestamptz))"
            versions = (
                f"select {key}, case when count({at}) = count(*) then min({day}) end, max({day}),"
                f" count(*), count(*) filter ({deletion}),"
                f" arg_max(coalesce({deletion}, false), (_loaded_at, coalesce({deletion}, false))),"
                f" case when list_sort(list({loaded}))[-2] < max({loaded}) then max({loaded}) end"
                f" from {table.full_name} group by 1 having count(*) > 1"
            )
            written_down = (
                "select key, first_day, last_day, version_count, deletion_count, is_deleted,"
                " newest_loaded_at from orchestration.landed_again"
                f" where landing_table = '{table.full_name}'"
            )
            expected = set(full.query(versions))
            moved += sum(first != last for _, first, last, *_ in expected)
            gone += sum(is_deleted for *_, is_deleted, _ in expected)
            told += sum(newest is not None for *_, newest in expected)
            told_of_many += sum(
                newest is not None and count > 2 for *_, count, _, _, newest in expected
            )
            ranked += sum(newest is None for *_, newest in expected)
            assert set(full.query(written_down)) == set(company.query(written_down)) == expected
    assert moved and gone and told and told_of_many and ranked


@pytest.mark.parametrize("name", ["crm.activities", "crm.opportunity_stage_history"])
def test_keys_looked_up_some_at_a_time_are_those_looked_up_at_once(
    built: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A year that is restated has more keys than fit into the memory of a build."""
    company = Company(tmp_path)
    shutil.copytree(built.landing, company.landing)
    chance, table = random.Random(5), landing_tables()[name]
    rows = landed_rows(built, table)
    for load in range(2):
        late = [row | {"_loaded_at": f"{LATE + timedelta(days=load)}+00:00"} for row in rows]
        company.land(name, chance.sample(late, len(late) // 2), part=f"late-{load}")
    [landed] = [found for found in find_files(company.landing) if found.table == table]
    added = [path for path in landed.files if "late" in path.name]
    found = []
    for rows_at_a_time in (len(rows), len(rows) // 5):
        monkeypatch.setattr(months_touched, "ROWS_AT_A_TIME", rows_at_a_time)
        monkeypatch.setattr(months_touched, "KEYS_TO_A_SAMPLE", 5)
        with scratch() as connection:
            connection.execute(changes.STATE)
            look_for_keys_landed_again(connection, landed.only(set(landed.files) - set(added)))
            months = months_touched.months_touched(
                connection, landed, added, company.landing, frozenset(), "Asia/Shanghai"
            )
            keys = connection.execute(
                "select * exclude (look_id) from orchestration.landed_again order by all"
            ).fetchall()
            [(looks,)] = connection.execute(
                "select count(distinct look_id) from orchestration.landed_again"
            ).fetchall()
        found.append((looks, keys, months))
    (once, *at_once), (several, *in_parts) = found
    assert once <= 2 < several
    assert in_parts == at_once


def test_a_month_ranks_what_was_landed_again_of_its_own_and_nothing_else(
    built: Company, tmp_path: Path
) -> None:
    """Were it all that was ever landed again, each month would cost more than the one before."""
    company = built.copy_to(tmp_path)
    deals = company.query(
        "select opportunity_id, created_at::varchar, created_at::date between '2025-07-31' and '2025-09-01'"
        " from crm.opportunities group by all order by all"
    )
    inside = [deal for deal, _, is_inside in deals if is_inside]
    chosen = [inside[0], next(deal for deal, _, is_inside in deals if not is_inside)]
    moved = next(deal for deal, _, is_inside in reversed(deals) if not is_inside)
    again = [
        {"opportunity_id": deal, "created_at": at, "_loaded_at": f"{LATE}+00:00"}
        for deal, at, _ in deals
        if deal in chosen
    ] + [
        {
            "opportunity_id": moved,
            "created_at": "2025-08-05 12:00:00+00",
            "_loaded_at": f"{LATE}+00:00",
        }
    ]
    company.land("crm.opportunities", again, part="again")
    asked = (
        "{{ keys_landed_again(ref('base_crm__opportunities'), 'opportunity_id',"
        " in_months_utc('landed_created_at')) }}"
    )
    done = company.run(DBT, "--quiet", "compile", "--inline", asked, *FOLDERS)
    assert done.returncode == 0, done.stdout
    keys = done.stdout.replace("0999-12-31", "2025-07-31").replace("9999-01-02", "2025-09-02")
    found = {key: is_moved for key, is_moved, _ in company.query(keys)}
    assert set(found) <= {*inside, moved}
    assert found[chosen[0]] is False
    assert found[moved] is True
    assert chosen[1] not in found


def test_batches_of_one_month_give_what_one_batch_gives(built: Company, tmp_path: Path) -> None:
    other = Company(tmp_path)
    other.landing.symlink_to(built.landing)
    other.must("build", "--rows-per-batch", "1")
    assert_same_marts(other, built)


def test_the_commission_of_an_earlier_months_sale_finds_its_contract_in_any_batch(
    built: Company, tmp_path: Path
) -> None:
    """What is trued up at the end of a quarter has the day of the sale it is for."""
    company = built.copy_to(tmp_path)
    with duckdb.connect(str(company.warehouse)) as connection:
        [(moved,)] = connection.execute(
            "update marts.fct_commission_lines set period_month = '2026-06-01'"
            " where period_month in ('2026-04-01', '2026-05-01')"
        ).fetchall()
    assert moved

    def costs(rows_per_batch: str) -> list[tuple[Any, ...]]:
        select = ["--full-refresh", "--select", "int_contract_commissions"]
        build = [DBT, "--quiet", "run", *select, *FOLDERS]
        done = company.run(*build, PLUMBLINE_ROWS_PER_BATCH=rows_per_batch)
        assert done.returncode == 0, done.stdout
        return company.query("from intermediate.int_contract_commissions order by all")

    assert costs("1") == costs("1000000000") != []


def test_a_late_row_builds_its_month_and_what_hangs_on_it_and_the_log_names_them(
    built: Company, tmp_path: Path
) -> None:
    company = built.copy_to(tmp_path)
    row = company.query(
        "select activity_id, employee_id, account_id, occurred_at from marts.fct_activities"
        " where activity_type = 'visit' and period_month = '2025-08-01' order by all limit 1"
    )[0]
    before = company.query("select max(_loaded_at) from crm.activities")[0][0]
    names = ("activity_id", "employee_id", "account_id", "occurred_at")
    late = dict(zip(names, row, strict=True)) | {"activity_type": "call", "_loaded_at": before}
    company.land("crm.activities", [late], part="late")
    said = company.must("build")
    assert re.search(r"crm\.activities +2025-08 +late\.csv", said), said
    assert re.search(r"fct_activities +2025-08 +2025-08", said), said
    assert "fct_transactions" not in said
    assert "fct_commission_lines" not in said
    built_months = company.query(
        "select model, list(period_month::varchar order by period_month) from"
        " orchestration.rebuilt_months where invocation_id in"
        " (select invocation_id from orchestration.runs where change_id >="
        "  (select max(change_id) from orchestration.changes where reason = 'late.csv'))"
        " and model in ('fct_activities', 'int_measures__activities', 'fct_measures', 'fct_scores',"
        " 'fct_opportunities') group by 1 order by 1"
    )
    assert built_months == [
        ("fct_activities", ["2025-08-01"]),
        ("fct_measures", ["2025-08-01"]),
        ("fct_scores", ["2025-08-01"]),
        ("int_measures__activities", ["2025-08-01"]),
    ]


def test_a_late_row_of_a_small_table_builds_its_months_and_no_others(
    built: Company, tmp_path: Path
) -> None:
    """Answers, deliveries, measurements, expenses, ratings: who reads a month of them is told which."""
    company = built.copy_to(tmp_path / "months")
    # No later than all else: another day of which something is known is a change of its own.
    [(at,)] = company.query("select max(_loaded_at)::varchar from crm.activities")
    read_by = {
        "crm.surveys": "int_measures__surveys",
        "crm.deliveries": "int_measures__deliveries",
        "crm.account_health": "int_measures__usage",
        "billing.account_costs": "int_employee_costs",
        "hr.expenses": "int_employee_costs",
        "hr.ratings": "int_measures__ratings",
    }
    expected: dict[str, set[str]] = {}
    for number, (name, model) in enumerate(read_by.items()):
        table = landing_tables()[name]
        days = [rule.column for rule in table.months]
        # Well before its end, so that every clock says the same month.
        rows = [
            row
            for row in landed_rows(company, table)
            if all(row[day] for day in days) and row[days[0]][8:10] < "28"
        ]
        row = rows[len(rows) * (number + 1) // 8]
        expected.setdefault(model, set()).update(f"{row[day][:7]}-01" for day in days)
        company.land(name, [row | {"_deleted": "true", "_loaded_at": at}], part="late")
    company.must("build")
    found = dict(
        company.query(
            "select model, list(distinct period_month::varchar) from orchestration.rebuilt_months"
            " where invocation_id in (select invocation_id from orchestration.runs where change_id >="
            "  (select max(change_id) from orchestration.changes where reason = 'late.csv'))"
            " group by model"
        )
    )
    assert {model: set(found[model]) for model in expected} == expected
    assert_as_built_from_nothing(company, tmp_path)


@pytest.mark.parametrize(
    "versions",
    [
        # The currency of pay holds before the first job, too: since ever.
        [{"_deleted": "true"}, {}],
        # A source that writes the end of what goes on, and then no longer.
        [{"valid_to": "9999-12-31"}, {"valid_to": None}],
    ],
    ids=["since ever", "for ever"],
)
def test_a_job_that_changes_alone_builds_what_holds_since_ever_or_for_ever(
    built: Company, tmp_path: Path, versions: list[dict[str, str | None]]
) -> None:
    """Nothing else has changed: no month is open but by what holds, and none lies beyond the last."""
    company = built.copy_to(tmp_path / "months")
    table = landing_tables()["hr.job_history"]
    rows = landed_rows(company, table)
    jobs = Counter(row["employee_id"] for row in rows)
    row = next(row for row in rows if jobs[row["employee_id"]] == 1 and row["valid_to"] is None)
    for number, version in enumerate(versions):
        at = (LATE + timedelta(minutes=number)).isoformat()
        company.land(table.full_name, [row | version | {"_loaded_at": at}], part=f"late{number}")
        company.must("build")
    assert_as_built_from_nothing(company, tmp_path)


def test_a_row_that_lies_in_no_month_is_staged_and_builds_none(
    built: Company, tmp_path: Path
) -> None:
    company = built.copy_to(tmp_path)
    undated = {
        "crm.surveys": {"survey_id": "UNDATED", "survey_type": "csat"},
        "crm.deliveries": {"delivery_id": "UNDATED", "started_on": "2025-09-01"},
    }
    for name, row in undated.items():
        company.land(name, [row | {"_loaded_at": "2026-07-01 00:00:00"}], part="undated")
    said = company.must("build")
    assert re.search(r"crm\.surveys +no month +undated\.csv", said), said
    assert "int_measures__surveys" not in said
    for name, row in undated.items():
        key = next(iter(row))
        staged = (
            f"select count(*) from staging.stg_{name.replace('.', '__')} where {key} = 'UNDATED'"
        )
        assert company.query(staged) == [(1,)], name


def test_a_row_set_aside_is_looked_for_beside_a_contract_that_changes(
    built: Company, tmp_path: Path
) -> None:
    """Both ask for the versions of rows, and each for its own."""
    company = built.copy_to(tmp_path)
    *rows, contract = landed_rows(company, landing_tables()["billing.contracts"])
    product = next(row["product_id"] for row in rows if row["product_id"] != contract["product_id"])
    other = {"product_id": product, "_loaded_at": f"{LATE}+00:00"}
    company.land("billing.contracts", [contract | other], part="late")
    payment = landed_rows(company, landing_tables()["billing.payments"])[-1]
    wrong = {"amount": "12,5", "_loaded_at": f"{LATE}+00:00"}
    company.land("billing.payments", [payment | wrong], part="late")
    company.must("build")
    assert company.query("select landing_table, mended_at from orchestration.quarantined_rows") == [
        ("billing.payments", None)
    ]


def test_who_supports_an_open_deal_is_counted_though_it_lies_in_no_month_of_a_closing(
    built: Company, tmp_path: Path
) -> None:
    """In the month the deal was created in, and landed rows in the month that they were landed in."""
    company = built.copy_to(tmp_path)
    [(deal, at)] = company.query(
        "select opportunity_id, created_at::varchar from crm.opportunities"
        " where closed_at is null and amount is not null and day(created_at) = 10"
        " order by all limit 1"
    )
    volume = (
        "select row_count from marts.fct_landing_volumes where landing_table = 'crm.opportunity_team'"
        f" and period_month = date_trunc('month', '{at}'::timestamptz)"
    )
    [(before,)] = company.query(volume)
    late = {"opportunity_id": deal, "employee_id": "LATE", "_loaded_at": at}
    company.land("crm.opportunity_team", [late], part="late")
    company.must("build")
    assert company.query(volume) == [(before + 1,)]
    supported = "select deal_count from intermediate.int_supported_deals where employee_id = 'LATE'"
    assert company.query(supported) == [(1,)]


def test_an_instant_without_an_offset_is_utc_wherever_the_machine_is(
    built: Company, tmp_path: Path
) -> None:
    """Five in the afternoon of 31 August is September in the company's time zone.

    For a machine in that zone that took it for its own time it would be August, and September would rest.
    """
    company = built.copy_to(tmp_path)
    [(employee, account)] = company.query(
        "select employee_id, account_id from marts.fct_activities where account_id is not null"
        " order by all limit 1"
    )
    late = {"activity_id": "late", "employee_id": employee, "account_id": account}
    at = {"occurred_at": "2025-08-31 17:00:00", "_loaded_at": LATE.isoformat()}
    company.land("crm.activities", [late | at | {"activity_type": "call"}], part="late")
    done = company.run(sys.executable, "-m", "orchestration.cli", "build", TZ="Asia/Shanghai")
    assert done.returncode == 0, done.stderr
    assert re.search(r"crm\.activities +2025-09 +late\.csv", done.stdout), done.stdout
    assert company.query(
        "select period_month::varchar, occurred_at::varchar from marts.fct_activities"
        " where activity_id = 'late'"
    ) == [("2025-09-01", "2025-08-31 17:00:00")]


def test_a_month_that_is_built_anew_has_changed_where_a_number_or_a_text_of_it_has(
    built: Company, tmp_path: Path
) -> None:
    """One month is landed again as it was, two with another row, and one for the first time."""
    company = built.copy_to(tmp_path)
    rows = landed_rows(company, landing_tables()["crm.activities"])
    same, number, text = (
        next(row for row in rows if row["occurred_at"].startswith(f"{month}-10"))
        for month in ("2025-08", "2025-10", "2025-11")
    )
    late = [
        same,
        number | {"duration_seconds": "7"},
        text | {"outcome": "a text alone"},
        number | {"activity_id": "FIRST", "occurred_at": "2023-02-10 03:00:00+00"},
    ]
    company.land("crm.activities", [row | {"_loaded_at": f"{LATE}+00:00"} for row in late], "late")
    company.must("build")
    found = company.query(
        "select period_month::varchar, is_changed from orchestration.rebuilt_months"
        " where model = 'fct_activities' and invocation_id ="
        " (select invocation_id from orchestration.built where model = 'fct_activities') order by 1"
    )
    assert found == [
        ("2023-02-01", True),
        ("2025-08-01", False),
        ("2025-10-01", True),
        ("2025-11-01", True),
    ]


def test_what_a_full_refresh_that_broke_off_has_built_in_part_is_built_whole_by_the_next_run(
    built: Company, tmp_path: Path
) -> None:
    """Its last month cannot be worked out; the months before are there by then."""
    company = built.copy_to(tmp_path)
    costs = "from intermediate.int_contract_commissions order by all"
    whole = company.query(costs)
    last = f"'{max(row[-1] for row in whole)}'"

    def dbt_run(*arguments: str) -> int:
        run = [DBT, "--quiet", "run", "--select", "int_contract_commissions", *arguments, *FOLDERS]
        return company.run(*run, PLUMBLINE_ROWS_PER_BATCH="1").returncode

    with duckdb.connect(str(company.warehouse)) as connection:
        connection.execute("create table kept as from marts.fct_commission_lines")
        connection.execute(
            "update marts.fct_commission_lines set pay_amount = 99999999999999.9999"
            f" where period_month = {last}"
        )
    assert dbt_run("--full-refresh") != 0
    part = company.query(costs)
    assert 0 < len(part) < len(whole)
    with duckdb.connect(str(company.warehouse)) as connection:
        connection.execute(
            "delete from marts.fct_commission_lines;"
            " insert into marts.fct_commission_lines from kept; drop table kept"
        )
    assert dbt_run() == 0
    assert company.query(costs) == whole


def test_the_newest_versions_of_a_table_rest_until_a_row_of_it_is_landed(
    built: Company, tmp_path: Path
) -> None:
    """So does what is compared: a delivery changes who leads it, an activity does not."""
    company = built.copy_to(tmp_path)
    resting = ("stg_crm__deliveries", "int_delivery_leads", "stg_crm__account_health")
    count = "select count(*), max(delivered_on)::varchar from staging.stg_crm__deliveries"
    [(deliveries, _)] = company.query(count)

    def land_again(table: str) -> None:
        row = landed_rows(company, landing_tables()[table])[-1]
        if table == "crm.deliveries":
            row |= {"delivery_id": "LATE", "delivered_on": "2026-07-30"}
        company.land(table, [row | {"_loaded_at": f"{LATE}+00:00"}], part="again")

    def built_anew() -> list[str]:
        before = dict(company.query("select model, invocation_id from orchestration.built"))
        company.must("build")
        after = dict(company.query("select model, invocation_id from orchestration.built"))
        return [model for model in resting if after[model] != before[model]]

    land_again("crm.activities")
    assert built_anew() == []
    land_again("crm.deliveries")
    assert built_anew() == ["stg_crm__deliveries", "int_delivery_leads"]
    assert company.query(count) == [(deliveries + 1, "2026-07-30")]


def test_a_later_day_builds_what_can_still_end_by_it_and_no_month_before(
    built: Company, tmp_path: Path
) -> None:
    """Renewals are lost when their grace is over, customers with them, and quotas end."""
    company = built.copy_to(tmp_path / "months")
    row = landed_rows(company, landing_tables()["crm.activities"])[-1]

    def build_on(day: str) -> None:
        company.land("crm.activities", [row | {"_loaded_at": f"{day} 12:00:00+00:00"}], part=day)
        company.must("build")

    status = "select contract_id, renewal_status from marts.fct_renewals"
    build_on("2026-10-01")
    pending = {contract for contract, is_ in company.query(status) if is_ == "pending"}
    assert pending
    build_on("2027-03-01")
    assert {dict(company.query(status))[contract] for contract in pending} == {"lost"}
    built_from = dict(
        company.query(
            "select model, min(period_month)::varchar from orchestration.rebuilt_months"
            " where invocation_id in (select invocation_id from orchestration.runs where change_id >="
            "  (select max(change_id) from orchestration.changes where reason like '2027-03-01%'))"
            " and model in ('fct_renewals', 'int_contract_ends', 'fct_quota_attainment') group by 1"
        )
    )
    # 90 days of grace before the first of October, which was the last day known.
    assert built_from["fct_renewals"] >= "2026-07-01"
    assert built_from["int_contract_ends"] >= "2026-10-01"
    assert built_from.get("fct_quota_attainment", "2026-10-01") >= "2026-10-01"
    assert_as_built_from_nothing(company, tmp_path)


def test_what_is_built_in_one_batch_writes_no_month_between_those_that_need_it(
    built: Company, tmp_path: Path
) -> None:
    company = built.copy_to(tmp_path)
    newest = company.query("select max(_loaded_at) from crm.activities")[0][0]
    rows = company.query(
        "select min(activity_id), min(employee_id), min(account_id), min(occurred_at) from"
        " marts.fct_activities where period_month in ('2025-09-01', '2026-03-01') group by period_month"
    )
    names = (
        "activity_id",
        "employee_id",
        "account_id",
        "occurred_at",
        "activity_type",
        "_loaded_at",
    )
    late = [
        dict(zip(names, (f"{row[0]}-late", *row[1:], "visit", newest), strict=True)) for row in rows
    ]
    company.land("crm.activities", late, part="late")
    count = (
        "select period_month::varchar, sum(rows_staged) from intermediate.int_staged_months"
        " where landing_table = 'crm.activities' group by 1 order by 1"
    )
    before = dict(company.query(count))
    company.must("build")
    more = {month: staged - before[month] for month, staged in company.query(count)}
    assert {month: rows for month, rows in more.items() if rows} == {
        "2025-09-01": 1,
        "2026-03-01": 1,
    }
    [(months,)] = company.query(
        "select list(period_month::varchar order by 1) from orchestration.rebuilt_months"
        " where model = 'int_staged_months' and invocation_id in"
        " (select invocation_id from orchestration.runs where change_id >="
        "  (select max(change_id) from orchestration.changes where reason = 'late.csv'))"
    )
    assert months == ["2025-09-01", "2026-03-01"]


def test_a_deal_that_is_closed_in_another_month_changes_what_goes_by_closings_in_both(
    built: Company, tmp_path: Path
) -> None:
    """And in no other, whenever it was created."""
    company = built.copy_to(tmp_path / "months")
    [(deal, created)] = company.query(
        "select min(opportunity_id), min(period_month)::varchar from marts.fct_opportunities"
        " where outcome = 'won' and closed_date between '2025-11-05' and '2025-11-25'"
        " and period_month < '2025-11-01' and opportunity_id in"
        " (select opportunity_id from staging.stg_crm__opportunity_team) group by opportunity_id limit 1"
    )
    rows = landed_rows(company, landing_tables()["crm.opportunities"])
    newest = {row["opportunity_id"]: row for row in rows}[deal]
    # As late as the last load, so that the calendar stays.
    last_load = max(row["_loaded_at"] for row in rows)
    late = newest | {"_loaded_at": last_load, "closed_at": "2026-02-10 04:00:00+00"}
    company.land("crm.opportunities", [late], part="late")
    said = company.must("build")
    assert re.search(rf"crm\.opportunities +{created[:7]} ", said), said
    assert re.search(r"crm\.opportunities\.closings +2025-11, 2026-02 ", said), said
    models = (
        "int_deal_keepers",
        "int_measures__closed_deals",
        "int_measures__wins",
        "int_support_links",
    )
    months = company.query(
        "select model, list(period_month::varchar order by period_month) from orchestration.rebuilt_months"
        " where invocation_id in (select invocation_id from orchestration.runs where change_id >="
        "  (select max(change_id) from orchestration.changes where reason = 'late.csv'))"
        f" and model in {models} group by 1 order by 1"
    )
    assert months == [(model, ["2025-11-01", "2026-02-01"]) for model in models]
    assert_as_built_from_nothing(company, tmp_path)


def land_contract_again(company: Company, contract: str, **changes: str) -> None:
    """The newest version of a contract once more, a little different."""
    rows = landed_rows(company, landing_tables()["billing.contracts"])
    newest = {row["contract_id"]: row for row in rows}[contract]
    late = newest | {"_loaded_at": LATE.isoformat()} | changes
    company.land("billing.contracts", [late], part="late")


def test_what_was_sold_and_paid_rests_when_its_contract_is_cancelled(
    built: Company, tmp_path: Path
) -> None:
    company = built.copy_to(tmp_path / "months")
    [(contract,)] = company.query(
        "select min(contract_id) from marts.fct_transactions where transaction_kind = 'collected'"
        " and contract_id in (select contract_id from staging.stg_billing__contracts"
        " where period_month = '2025-09-01' and cancelled_on is null)"
    )
    land_contract_again(company, contract, cancelled_on="2026-03-10")
    company.must("build")
    assert company.query(
        "select list(period_month::varchar) from orchestration.rebuilt_months"
        " where model = 'fct_transactions' and invocation_id ="
        " (select invocation_id from orchestration.built where model = 'fct_transactions')"
    ) == [(["2026-03-01"],)]
    assert company.query(
        "select transaction_date::varchar from marts.fct_transactions"
        f" where transaction_id = 'cancelled:{contract}'"
    ) == [("2026-03-10",)]


def test_a_contract_that_ends_earlier_is_held_against_what_was_consumed_in_any_month(
    built: Company, tmp_path: Path
) -> None:
    """So are its costs, which it says the term of; its money is as it was."""
    company = built.copy_to(tmp_path / "months")
    [(contract, first, later), *_] = company.query(
        "select contract_id, min(transaction_date)::varchar, count(distinct transaction_date) - 1"
        " from marts.fct_transactions where transaction_kind = 'consumed'"
        " group by 1 having count(distinct period_month) > 2 order by 1"
    )
    land_contract_again(company, contract, starts_on=first, ends_on=first)
    company.must("build")
    faults = company.query(
        "select count(distinct transaction_date) from checks.chk_consumption_outside_contract"
        f" where contract_id = '{contract}'"
    )
    assert faults == [(later,)] and later > 1
    assert_as_built_from_nothing(company, tmp_path)


def test_a_contract_of_another_type_changes_the_months_of_its_money(
    built: Company, tmp_path: Path
) -> None:
    """What is consumed has the type of its contract, whichever month it is of."""
    company = built.copy_to(tmp_path / "months")
    types = (
        "select transactions.contract_id, count(distinct period_month), min(contract_type),"
        " max(contract_type) from marts.fct_transactions as transactions"
        " where transaction_kind = 'consumed' group by 1 having count(distinct period_month) > 2"
        " order by 1"
    )
    contract, months, kind, _ = company.query(types)[0]
    other = "upsell" if kind != "upsell" else "cross_sell"
    land_contract_again(company, contract, contract_type=other)
    company.must("build")
    assert company.query(types)[0] == (contract, months, other, other)


def test_a_table_that_another_tool_lands_in_the_warehouse_is_looked_at_in_each_build(
    tmp_path: Path,
) -> None:
    """It has no files that tell whether it was changed: its rows do."""
    tables = ("billing.payments", "hr.quotas")
    company = Company(tmp_path / "months")
    generate(Size(payees=24, months=12, activities=1_000), company.landing)
    with duckdb.connect(str(company.warehouse)) as connection:
        for name in tables:
            folder = company.landing / name.replace(".", "/")
            connection.execute(f"create schema {name.partition('.')[0]}")
            kind = next(folder.iterdir()).suffix
            connection.execute(
                f"create table {name} as select *, false as _deleted from '{folder}/*{kind}'"
            )
            shutil.rmtree(folder)
    company.must("build")
    assert "Nothing had changed" in company.must("build")

    with duckdb.connect(str(company.warehouse)) as connection:
        connection.execute("update billing.payments set amount = amount::decimal(18, 4) * 2")
        connection.execute(
            "delete from hr.quotas where employee_id = (select min(employee_id) from hr.quotas)"
        )
    said = company.must("build")
    assert all(re.search(rf"{name} +all months +its rows changed", said) for name in tables), said
    full = company.copy_to(tmp_path / "full")
    with duckdb.connect(str(full.warehouse)) as connection:
        connection.execute(f"attach '{tmp_path}/fresh.duckdb' as fresh")
        for name in tables:
            connection.execute(f"create schema fresh.{name.partition('.')[0]}")
            connection.execute(f"create table fresh.{name} as from {name}")
    (tmp_path / "fresh.duckdb").replace(full.warehouse)
    full.must("build")
    assert_same_marts(company, full)


def test_nothing_changed_builds_nothing(built: Company, tmp_path: Path) -> None:
    company = built.copy_to(tmp_path)
    said = company.must("build")
    assert "Nothing had changed" in said
    assert "fct_activities" not in said
    assert_same_marts(company, built)


def test_another_plan_builds_everything_anew(built: Company, tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    policy.mkdir()
    for path in built.policy.glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        if path.name == "policy_settings.csv":
            text = text.replace("company_time_zone,Asia/Shanghai", "company_time_zone,UTC")
        (policy / path.name).write_text(text, encoding="utf-8")
    company = Company(built.copy_to(tmp_path / "other").folder, policy)
    assert "the plan changed" in company.must("build")
    full = Company(company.copy_to(tmp_path / "full").folder, policy)
    full.warehouse.unlink()
    full.must("build")
    assert_same_marts(company, full)


def test_what_was_built_and_not_tested_or_found_wrong_is_tested_by_the_next_build(
    built: Company, tmp_path: Path
) -> None:
    """By dbt alone, which builds in the warehouse itself: its models rest the second time."""
    company = built.copy_to(tmp_path)
    row = landed_rows(company, landing_tables()["crm.activities"])[-1]
    other = landed_rows(company, landing_tables()["crm.deliveries"])[-1]

    def land(number: int) -> None:
        loaded = {"_loaded_at": f"{LATE + timedelta(days=number)}+00:00"}
        company.land("crm.activities", [row | loaded], part=f"again{number}")
        company.land("crm.deliveries", [other | loaded], part=f"again{number}")

    def dbt(command: str) -> str:
        chosen = ["+fct_activities", "stg_crm__deliveries"]
        unit = ["--exclude-resource-type", "unit_test"] if command == "build" else []
        return company.run(DBT, command, *unit, "--select", *chosen).stdout

    def write(sql: str) -> None:
        with duckdb.connect(str(company.warehouse)) as connection:
            connection.execute(sql)

    activities = "marts.fct_activities"
    tests_that_fail = {
        f"insert into {activities} from {activities} where activity_id = '{row['activity_id']}'":
            "primary_key_fct_activities",
        "insert into staging.stg_crm__deliveries from staging.stg_crm__deliveries"
        f" where delivery_id = '{other['delivery_id']}'":
            "primary_key_stg_crm__deliveries",
    }  # fmt: skip
    land(1)
    assert "Completed successfully" in dbt("run")
    for fault in tests_that_fail:
        write(fault)
    for _ in range(2):
        said = dbt("build")
        for name in tests_that_fail.values():
            assert re.search(rf"FAIL 1 {name}", said), said
    land(2)  # built anew, and right again
    assert "Completed successfully" in dbt("build")
    # what has passed is not looked at again by a build, only by `dbt test`
    for fault in tests_that_fail:
        write(fault)
    assert "Completed successfully" in dbt("build")
    said = dbt("test")
    for name in tests_that_fail.values():
        assert re.search(rf"FAIL 1 {name}", said), said
