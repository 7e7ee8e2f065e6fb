"""Measures, credits, scores and pay of random companies are the reckoning's, to the last digit."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from orchestration.generator.reference_measures import value_of
from tests.python.conftest import Company
from tests.python.in_memory import InMemoryReference, Models, Rows
from tests.python.random_companies import MONTHS, companies

COMPANIES = 50
WANTED = [
    "fct_measures",
    "fct_scores",
    "fct_pay_components",
    "fct_credit_reconciliation",
    "int_measure_rows",
]
# Every part in a sale that the demo's rules credit, every kind of commission line, and what settles it.
PARTS = {
    "account_manager",
    "opportunity_team",
    "dotted_line_manager",
    "team_manager",
    "earned",
    "reversed",
    "trued_up",
    "forgiven",
    "deferred",
    "gated",
    "capped",
    "guarantee",
    "draw",
    "recovery",
    "holdback",
    "release",
    "bonus",
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return Models(Company(tmp_path_factory.mktemp("compiled")), WANTED)


def compare(models: Models, rows: Rows) -> tuple[int, set[str]]:
    """Hold every measure, credit, score and component of a company against the reckoning.

    Returns its months, the parts in sales that were credited, the kinds of lines and the components.
    """
    reference = InMemoryReference(rows)
    with models.run(rows) as connection:
        measures = connection.execute(
            "select employee_id, measure, period_month, numerator, denominator, value"
            " from marts.fct_measures"
        ).fetchall()
        scores = connection.execute(
            "select employee_id, period_month, period_kind, score from marts.fct_scores"
        ).fetchall()
        components = connection.execute(
            "select employee_id, component, period_month, amount from marts.fct_pay_components"
        ).fetchall()
        credits_given = connection.execute(
            "select transaction_id, employee_id, assignment_role, credit_kind, credit_amount"
            " from marts.fct_credits"
        ).fetchall()
        kinds = connection.execute(
            "select distinct line_kind from marts.fct_commission_lines where commission_amount <> 0"
        ).fetchall()
        unreconciled = connection.execute(
            "select * from marts.fct_credit_reconciliation where difference_amount <> 0"
        ).fetchall()
        landed = connection.execute(
            "select employee_id, measure, period_month, sum(numerator), sum(denominator)"
            " from intermediate.int_measure_rows group by all"
        ).fetchall()
    assert unreconciled == []
    assert sorted(credits_given) == sorted(
        (credit["key"], credit["employee"], credit["role"], credit["credit_kind"], credit["credit"])
        for credit in reference.credits
    )
    shown = {tuple(row[:3]): list(row[3:]) for row in measures}
    reckoned = {
        key: [top, bottom, value_of(top, bottom)]
        for key, (top, bottom) in reference.measured.items()
        if key[2] in reference.months
    }
    assert shown == reckoned
    # What each landed row counts adds up to every measure.
    assert {tuple(row[:3]): list(row[3:]) for row in landed} == {
        key: figures[:2] for key, figures in reckoned.items()
    }
    found = {
        (employee, month, kind): score
        for employee in reference.jobs
        for month in reference.months
        for kind in ("month", "quarter")
        if (score := reference.score(employee, month, kind)) is not None
    }
    assert {tuple(row[:3]): row[3] for row in scores} == found
    paid = {tuple(row[:3]): row[3] for row in components if row[3]}
    due = {
        (employee, component, month): amount
        for month in reference.months
        for (employee, component), amount in reference.pay(month).items()
        if amount
    }
    assert paid == due
    seen = {row[2] for row in credits_given} | {row[0] for row in kinds} | {key[1] for key in paid}
    return len(reference.months), seen


def test_every_measure_score_and_component_is_the_reckonings_over_five_hundred_company_months(
    models: Models,
) -> None:
    months: list[int] = []
    parts: set[str] = set()

    @settings(max_examples=COMPANIES, suppress_health_check=list(HealthCheck))
    @given(companies())
    def compare_one(rows: Rows) -> None:
        count, credited = compare(models, rows)
        months.append(count)
        parts.update(credited)

    compare_one()
    assert sum(months) >= 500
    assert max(months) > MONTHS
    assert parts >= PARTS


def renamed(rows: Rows, shuffle: random.Random) -> Rows:
    """The same company with a prefix on every landed id, which keeps their order, and its rows shuffled."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table, table_rows in rows.items():
        found[table] = list(table_rows)
        if table.startswith("policy."):
            continue
        found[table] = [
            {
                name: f"R{value}" if _is_landed_id(name, row) and value is not None else value
                for name, value in row.items()
            }
            for row in table_rows
        ]
        shuffle.shuffle(found[table])
    return found


def _is_landed_id(name: str, row: dict[str, Any]) -> bool:
    if name == "scope_id":
        return row["scope_type"] in ("team", "employee")
    return name.endswith("_id") and name != "plan_id"


def test_neither_the_order_of_rows_nor_the_names_of_ids_change_what_anybody_is_paid(
    models: Models,
) -> None:
    query = "select employee_id, component, period_month, amount from marts.fct_pay_components"
    seen: list[int] = []

    @settings(max_examples=8, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(companies(), st.randoms(use_true_random=False))
    def compare_one(rows: Rows, shuffle: random.Random) -> None:
        with models.run(rows) as connection:
            paid = {tuple(row[:3]): row[3] for row in connection.execute(query).fetchall()}
        with models.run(renamed(rows, shuffle)) as connection:
            again = {
                (row[0][1:], *row[1:3]): row[3] for row in connection.execute(query).fetchall()
            }
        assert paid == again
        seen.append(len(paid))

    compare_one()
    assert max(seen) > 100


@pytest.mark.parametrize(
    ("model", "right", "wrong"),
    [
        # a target that holds on the first day of a stretch only
        ("int_target_stretches", "between_turns.turns_on < held.held_to", "true"),
        # a month's mean instead of sum over sum
        ("int_due_score_items", "sum(measures.numerator)", "avg(measures.numerator)"),
        # a split by shares that do not make a whole
        ("int_deal_keepers", "<= seller_count", "<= 10000000"),
        # managers of the team alone, and not of those above it
        (
            "int_credited_heads",
            "ancestors.ancestor_team_id = managers",
            "payees.team_id = managers",
        ),
        # a sale of the month itself is trued up once more
        ("int_trued_up_parts", "earned_month < turns", "earned_month <= turns"),
        # what a gate withheld is never paid
        ("int_gate_lines", "states.is_open = 0", "states.period_month is not null"),
        # commission that waits for no cash
        ("int_deferred_lines", "booked_amount <= 0 or", "booked_amount <> 0 or"),
        # a customer with two activities counts twice among the rows
        ("int_measure_rows__activities", ") = 1 as is_first", ") > 0 as is_first"),
        # a threshold that is not reached exactly at it
        ("int_item_factors", "attained >= curves", "attained > curves"),
    ],
)
def test_a_fault_in_a_model_is_found(models: Models, model: str, right: str, wrong: str) -> None:
    node = next(node for node in models.nodes if node["name"] == model)
    code = node["compiled_code"]
    assert right in code

    def differs(rows: Rows) -> bool:
        try:
            compare(models, rows)
        except (AssertionError, TypeError):
            return True
        return False

    node["compiled_code"] = code.replace(right, wrong)
    try:
        find(
            companies(),
            differs,
            settings=settings(max_examples=100, phases=[Phase.generate], database=None),
        )
    finally:
        node["compiled_code"] = code
