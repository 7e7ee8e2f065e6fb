"""Who may see what of the marts: the plan's rules, and files for one audience."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.lib.access import AUDIENCES, grants
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.exports import ExportError, export
from orchestration.lib.marts import SENSITIVITIES, Mart, described_marts
from tests.python.conftest import Company

POLICY = PROJECT_DIR / "seeds" / "policy"
KEY = "a secret of some length"


def rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(query).fetchall()


def unruled(marts: dict[str, Mart]) -> list[str]:
    """Marts that the plan's rules do not reach: nobody could read them."""
    ruled = {grant.mart.name for grant in grants(POLICY, marts)}
    return sorted(marts.keys() - ruled)


def test_every_mart_has_a_kind_that_the_plan_has_rules_for(manifest: dict[str, Any]) -> None:
    marts = described_marts()
    public = {
        node["name"]
        for node in [*manifest["nodes"].values(), *manifest["sources"].values()]
        if node["schema"].endswith("marts") and node["resource_type"] in ("model", "source")
    }
    assert marts.keys() == public
    assert unruled(marts) == []
    forgotten = Mart("fct_new", "", "", (), None)
    assert unruled({**marts, "fct_new": forgotten}) == ["fct_new"]


def test_amounts_of_pay_and_words_about_people_are_marked(manifest: dict[str, Any]) -> None:
    marts = described_marts()
    for mart in marts.values():
        assert {column.sensitivity for column in mart.columns} <= {"", *SENSITIVITIES}
        if mart.payee_column is not None:
            marked = {column.name: column.sensitivity for column in mart.columns}
            assert marked[mart.payee_column] == "identity", mart.name
    unmarked = [
        f"{node['name']}.{column['name']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and marts.get(node["name"], None) is not None
        for column in node["columns"].values()
        if marts[node["name"]].access == "pay"
        and (column["data_type"] or "").startswith("decimal")
        and column["config"].get("meta", {}).get("sensitivity") != "pay"
    ]
    assert unmarked == []


def test_the_audiences_and_kinds_are_those_that_the_plan_may_name() -> None:
    seeds = yaml.safe_load((PROJECT_DIR / "models" / "policy" / "_policy__seeds.yml").read_text())
    [seed] = [seed for seed in seeds["seeds"] if seed["name"] == "policy_mart_access"]
    allowed = {
        column["name"]: column["config"]["meta"]["one_of"]
        for column in seed["columns"]
        if "config" in column
    }
    assert set(allowed["audience"]) == set(AUDIENCES)
    assert set(allowed["access"]) == {mart.access for mart in described_marts().values()}


def test_what_the_plan_does_not_list_is_not_seen(tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    shutil.copytree(POLICY, policy)
    file = policy / "policy_mart_access.csv"
    listed = list(csv.DictReader(file.open()))
    file.write_text(
        "access,audience,row_scope,sees_pay,sees_personal\nperformance,manager,tree,false,false\n"
    )
    found = grants(policy, described_marts())
    assert {grant.audience for grant in found} == {"manager"}
    assert {grant.mart.access for grant in found} == {"performance"}
    [scores] = [grant for grant in found if grant.mart.name == "fct_scores"]
    assert "score" in scores.columns and "performance_factor" not in scores.columns
    assert len(listed) > 30


def test_a_payees_files_hold_the_payees_rows_and_nothing_else(
    closed_demo: Company, tmp_path: Path
) -> None:
    [(payee,)] = closed_demo.query(
        "select min(employee_id) from marts.fct_pay_ledger where component = 'commission'"
    )
    closed_demo.must("export", "payee", str(tmp_path / "own"), "--employee", payee)
    file = tmp_path / "own" / "plumbline.duckdb"
    marts = described_marts()
    there = [
        mart for (mart,) in rows(file, "select table_name from duckdb_tables() order by 1")
        if mart in marts
    ]  # fmt: skip
    assert "fct_pay_statements" in there and "fct_transactions" not in there
    for name in there:
        column = marts[name].payee_column
        if column is not None:
            assert rows(file, f"select count(*) from marts.{name} where {column} <> '{payee}'") == [
                (0,)
            ]
            assert rows(file, f"select count(*) from marts.{name}") == closed_demo.query(
                f"select count(*) from marts.{name} where {column} = ?", payee
            )
    files = str(tmp_path / "own" / "parquet" / "fct_pay_ledger" / "**" / "*.parquet")
    assert duckdb.sql(f"select distinct employee_id from '{files}'").fetchall() == [(payee,)]


def test_a_managers_files_hold_the_tree_of_each_month_and_only_their_own_pay(
    closed_demo: Company, tmp_path: Path
) -> None:
    [(manager,)] = closed_demo.query("select min(manager_id) from marts.fct_reporting_lines")
    file = export(closed_demo.settings, "manager", tmp_path / "tree", manager)
    assert rows(file, "select employee_id, period_month from marts.fct_scores order by all") == (
        closed_demo.query(
            "select employee_id, period_month from marts.fct_scores as scores"
            " where employee_id = $1 or exists (select 1 from marts.fct_reporting_lines as lines"
            " where lines.manager_id = $1 and lines.employee_id = scores.employee_id"
            " and lines.period_month = scores.period_month) order by all",
            manager,
        )
    )
    assert rows(file, "select distinct employee_id from marts.fct_pay_ledger") == [(manager,)]
    assert ("performance_factor",) not in rows(
        file, "select column_name from duckdb_columns() where table_name = 'fct_scores'"
    )


def test_a_copy_with_pseudonyms_names_nobody_and_its_marts_still_join(
    closed_demo: Company, tmp_path: Path
) -> None:
    first, again = (
        export(closed_demo.settings, "auditor", tmp_path / name, pseudonym_key=KEY)
        for name in ("first", "again")
    )
    other = export(closed_demo.settings, "auditor", tmp_path / "other", pseudonym_key="another key")
    people = closed_demo.query("select employee_id, full_name from marts.dim_employees")
    # The demo's worked cases name their contracts after payees: of the others a number is nowhere.
    told = [
        word for number, name in people if not number.startswith("Z") for word in (number, name)
    ]
    texts = rows(
        first,
        "select table_name, column_name from duckdb_columns() where schema_name = 'marts'"
        " and data_type = 'VARCHAR'",
    )
    with duckdb.connect(str(first), read_only=True) as connection:
        for table, column in texts:
            values = connection.execute(f'select distinct "{column}" from marts.{table}').fetchall()
            found = [
                value
                for (value,) in values
                if value and any(word in value for word in told if word)
            ]
            assert found == [], f"{table}.{column}"
    ledger = "select * exclude (ledger_entry_id) from marts.fct_pay_ledger order by all"
    assert rows(first, ledger) == rows(again, ledger) != rows(other, ledger)
    joined = (
        "select sum(ledger.amount), count(*) from marts.fct_pay_ledger as ledger"
        " inner join marts.dim_employees using (employee_id)"
    )
    assert rows(first, joined) == closed_demo.query(joined)
    assert rows(first, "select count(full_name), count(hire_date) from marts.dim_employees") == [
        (0, 0)
    ]


def test_an_export_says_what_it_lacks_and_leaves_nothing_behind(
    closed_demo: Company, tmp_path: Path
) -> None:
    settings = closed_demo.settings
    with pytest.raises(ExportError, match="name the employee"):
        export(settings, "payee", tmp_path / "a")
    with pytest.raises(ExportError, match="reads as nobody"):
        export(settings, "finance", tmp_path / "a", "E1")
    (tmp_path / "there").mkdir()
    with pytest.raises(ExportError, match="there already"):
        export(settings, "finance", tmp_path / "there")
    assert "no audience boss" in closed_demo.plumbline("export", "boss", str(tmp_path / "a")).stderr
    assert "the key" in closed_demo.plumbline(
        "export", "auditor", str(tmp_path / "a"), "--pseudonyms"
    ).stderr  # fmt: skip
    # somebody whose name ends a string of SQL sees what is theirs: nothing
    file = export(settings, "payee", tmp_path / "a", "x' or 'a' = 'a")
    assert rows(file, "select count(*) from marts.fct_pay_ledger") == [(0,)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "there"]
