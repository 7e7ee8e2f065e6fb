"""The packages of closes: nothing is lost, nothing changes unseen, a close cut short is taken up."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import stat
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.lib.close_package import as_written, csv_line
from tests.python import interrupted_closes as interrupted
from tests.python.conftest import Company


def closes(company: Company) -> Path:
    return company.folder / "closes"


@pytest.mark.parametrize("scale", range(11))
def test_an_amount_is_written_as_python_would_write_it(scale: int) -> None:
    """Past packages, and what is held against them, have their values as Python writes them."""
    kind = f"DECIMAL(18,{scale})"
    numbers = [0, 1, -1, 9, 10, -99, 100, -1234, 12_345_678, -(10**17), 10**18 - 1]
    shifted = [Decimal(number).scaleb(-scale) for number in numbers]
    amounts = ", ".join(f"('{amount:f}'::{kind})" for amount in shifted)
    query = f"select {{}} from (values {amounts}, (null)) as amounts (amount) order by amount"
    as_they_are, written = (
        [value for (value,) in duckdb.sql(query.format(column)).fetchall()]
        for column in ("amount", as_written("amount", kind))
    )
    assert [None if value is None else str(value) for value in as_they_are] == written


@settings(max_examples=200)
@given(
    rows=st.lists(
        st.tuples(
            st.one_of(
                st.none(),
                st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
            ),
            st.one_of(st.none(), st.decimals(-(10**9), 10**9, places=8)),
            st.one_of(st.none(), st.booleans()),
            st.one_of(st.none(), st.integers(-(2**31), 2**31 - 1)),
            st.one_of(st.none(), st.dates(date(1000, 1, 1))),
            st.one_of(st.none(), st.datetimes(datetime(1000, 1, 1))),
        )
    )
)
def test_a_line_is_the_one_that_python_would_write(rows: list[tuple[object, ...]]) -> None:
    kinds = ["VARCHAR", "DECIMAL(18,8)", "BOOLEAN", "INTEGER", "DATE", "TIMESTAMP"]
    columns = {f"c{number}": kind for number, kind in enumerate(kinds)}
    with duckdb.connect() as connection:
        typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        connection.execute(f"create table marts (number integer, {typed})")
        for number, row in enumerate(rows):
            connection.execute("insert into marts values (?, ?, ?, ?, ?, ?, ?)", [number, *row])
        query = "select {} from marts order by number"
        written = connection.execute(query.format(csv_line(columns))).fetchall()
        held = connection.execute(query.format(", ".join(columns))).fetchall()
    expected = io.StringIO(newline="")
    csv.writer(expected).writerows(held)
    assert "".join(line for (line,) in written) == expected.getvalue()


def test_a_package_says_what_it_is_and_cannot_be_written(next_close: Company) -> None:
    june, july = (closes(next_close) / name for name in ("2026-06", "2026-07"))
    said = json.loads((july / "manifest.json").read_text())
    posted = next_close.query(
        "select currency, sum(amount) from marts.fct_pay_ledger"
        " where posting_month = '2026-07-01' group by 1 order by 1"
    )
    assert said["totals"] == {currency: str(amount) for currency, amount in posted}
    assert said["previous"]["month"] == "2026-06"
    inputs = json.loads((june / "inputs.json").read_text())["landing"]
    assert {row["table"] for row in inputs} > {"billing.payments", "crm.activities", "hr.quotas"}
    assert (june / "policy" / "policy_commission_rates.csv").exists()
    files = [path for path in june.rglob("*") if path.is_file()]
    assert all(not stat.S_IMODE(path.stat().st_mode) & 0o222 for path in files)
    assert "the ledger is theirs" in next_close.must("verify")


LEDGER = "marts.fct_pay_ledger"
FIRST = f"ledger_entry_id = (select min(ledger_entry_id) from {LEDGER})"
TAMPERED = {
    "changed": f"update {LEDGER} set amount = amount + 0.01 where {FIRST}",
    "removed": f"delete from {LEDGER} where {FIRST}",
    "added": f"insert into {LEDGER} select * replace ('2026-06-01|X' as ledger_entry_id) from {LEDGER}"
    f" where {FIRST}",
    "added_twice": f"insert into {LEDGER} select * from {LEDGER} where {FIRST}",
    "exchanged": f"update {LEDGER} set employee_id = case employee_id when 'Z01' then 'Z02' else 'Z01' end"
    " where component = 'base' and employee_id in ('Z01', 'Z02')",
    "backdated": f"update {LEDGER} set period_month = '2026-05-01' where {FIRST}",
    "moved_to_no_close": f"update {LEDGER} set posting_month = '2026-05-01' where {FIRST}",
    "known_later": "update marts.fct_closes set known_at = known_at + interval 1 day",
    "emptied": f"delete from {LEDGER}",
}


@pytest.mark.parametrize("how", TAMPERED)
def test_a_ledger_that_was_changed_closes_nothing_and_says_which_row(
    closed_demo: Company, tmp_path: Path, how: str
) -> None:
    company = closed_demo.copy_to(tmp_path)
    with duckdb.connect(str(company.warehouse)) as connection:
        connection.execute(TAMPERED[how])
    before = company.warehouse.read_bytes()
    for command in (["verify"], ["close", "2026-06"]):
        done = company.plumbline(*command)
        assert done.returncode == 1
        assert "do not agree" in done.stderr and "2026-06" in done.stderr
    assert company.warehouse.read_bytes() == before
    company.must("restore")
    assert company.query(f"from {LEDGER} order by all") == closed_demo.query(
        f"from {LEDGER} order by all"
    )
    assert "the ledger is theirs" in company.must("verify")


def _one_digit(folder: Path) -> None:
    path = folder / "pay_ledger.csv"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b".0000", b".0001", 1))


def _other_manifest(folder: Path) -> None:
    path = folder / "manifest.json"
    path.chmod(0o644)
    path.write_text(path.read_text().replace('"totals"', '"total"'))


CHANGED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "a_digit": (_one_digit, "2026-06/pay_ledger.csv was changed"),
    "a_file_less": (lambda folder: (folder / "findings.csv").unlink(), "findings.csv is missing"),
    "a_file_more": (lambda folder: (folder / "note.txt").write_text("x"), "note.txt was added"),
    "the_manifest": (_other_manifest, "2026-07/manifest.json does not follow the package before"),
    "the_whole": (shutil.rmtree, "2026-06 is closed and has no package"),
}


@pytest.mark.parametrize("how", CHANGED)
def test_a_package_that_was_changed_is_named(next_close: Company, tmp_path: Path, how: str) -> None:
    company = next_close.copy_to(tmp_path)
    change, says = CHANGED[how]
    change(closes(company) / "2026-06")
    done = company.plumbline("verify")
    assert done.returncode == 1
    assert says in done.stderr
    if how != "the_manifest":
        assert company.plumbline("restore").returncode == 1


def test_the_ledger_is_restored_from_the_packages_alone_and_the_rest_from_landing(
    next_close: Company, tmp_path: Path
) -> None:
    company = next_close.copy_to(tmp_path)
    company.warehouse.unlink()
    assert "2 closes, 2026-06 to 2026-07" in company.must("restore")
    company.must("build")
    assert company.marts() == next_close.marts()
    assert "the ledger is theirs" in company.must("verify")


def test_a_month_that_dbt_alone_has_closed_gets_its_package_by_name(
    closed_demo: Company, tmp_path: Path
) -> None:
    company = closed_demo.copy_to(tmp_path)
    shutil.rmtree(closes(company))
    assert "`plumbline package`" in company.plumbline("close", "2026-06").stderr
    company.must("package", "2026-06")
    assert "the ledger is theirs" in company.must("verify")
    assert company.plumbline("package", "2026-05").returncode == 1
    other = tmp_path / "policy"
    shutil.copytree(company.policy, other)
    (other / "policy_boards.csv").open("a").write("\n")
    shutil.rmtree(closes(company))
    done = Company(company.folder, other).plumbline("package", "2026-06")
    assert done.returncode == 1 and "name the folder it used" in done.stderr


@pytest.mark.parametrize("moment", ["early", "packing", "packed", "published"])
def test_a_close_that_is_killed_is_taken_up_as_if_nothing_had_been(
    closed_demo: Company, next_close: Company, tmp_path: Path, moment: str
) -> None:
    company = Company(tmp_path / "killed")
    shutil.copytree(closed_demo.folder, company.folder)
    shutil.copytree(next_close.landing, company.landing, dirs_exist_ok=True)
    moments = {
        "early": interrupted.after(6),
        "packing": interrupted.when_there("2026-07.pending"),
        "packed": interrupted.when_there("2026-07.pending/manifest.json"),
        "published": interrupted.when_published(company),
    }
    before, whole = interrupted.state(company), interrupted.state(next_close)
    said = interrupted.check(before, whole, company, moments[moment])
    assert said.startswith("killed")


def test_two_closes_at_once_are_one(
    closed_demo: Company, next_close: Company, tmp_path: Path
) -> None:
    company = Company(tmp_path / "two")
    shutil.copytree(closed_demo.folder, company.folder)
    shutil.copytree(next_close.landing, company.landing, dirs_exist_ok=True)
    first = interrupted.begin(company, interrupted.CLOSE)
    while not (company.folder / "build.lock").exists() or not any(
        company.folder.glob("*.building*")
    ):
        assert first.poll() is None
        os.sched_yield()
    done = company.plumbline("close", "2026-07")
    assert done.returncode == 1
    assert f"process {first.pid}" in done.stderr
    assert first.wait() == 0
    assert interrupted.state(company) == interrupted.state(next_close)
