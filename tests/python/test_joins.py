"""How DuckDB joins: no left join holds every row of one table against every row of another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.python.conftest import DBT, TARGET, Company

# DuckDB compares every row with every other where a left join is by anything but columns of both sides.
ROW_BY_ROW = "BLOCKWISE_NL_JOIN"
EQUAL = re.compile(r"\(?\w+ = \w+\)?")
# They join plan tables, of a few rows.
WITH_PLAN_TABLES = {
    "int_account_segments",
    "int_credit_rule_classes",
    "int_item_factors",
    "int_own_scores",
}


def joins(plan: dict[str, Any]) -> Iterator[str]:
    """The conditions of left joins that are taken row by row although they have columns that are equal."""
    about = plan.get("extra_info") or {}
    # DuckDB turns a left join round where that is less to hold.
    if plan.get("name", "").strip() == ROW_BY_ROW and about.get("Join Type") in ("LEFT", "RIGHT"):
        condition = str(about["Condition"])
        if EQUAL.search(condition):
            yield condition
    for child in plan.get("children", []):
        yield from joins(child)


@pytest.fixture(scope="module")
def compiled(closed_demo: Company, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every model's SQL by name, for all of history."""
    company = closed_demo.copy_to(tmp_path_factory.mktemp("joins"))
    target = TARGET / "joins"
    done = company.run(DBT, "compile", "--quiet", "--target-path", str(target))
    assert done.returncode == 0, done.stdout
    manifest = json.loads((target / "manifest.json").read_text())
    return {
        node["name"]: node["compiled_code"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node.get("compiled_code")
    }


def test_no_left_join_by_equal_columns_is_taken_row_by_row(
    closed_demo: Company, compiled: dict[str, str]
) -> None:
    """A condition on the left side alone does that: as `case when ... then key end = key` it does not."""
    found = {}
    for name, sql in compiled.items():
        [(_, plan)] = closed_demo.query(f"explain (format json) {sql}")
        conditions = [condition for root in json.loads(plan) for condition in joins(root)]
        if conditions and name not in WITH_PLAN_TABLES:
            found[name] = conditions
    assert found == {}


def test_such_a_join_is_found(closed_demo: Company) -> None:
    [(_, plan)] = closed_demo.query(
        "explain (format json) select * from marts.fct_transactions as sold left join marts.fct_credits"
        " as credits on sold.is_key_product and sold.transaction_id = credits.transaction_id"
    )
    assert [condition for root in json.loads(plan) for condition in joins(root)]
