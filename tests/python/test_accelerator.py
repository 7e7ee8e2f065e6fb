"""The accelerator at its thresholds, for random amounts: the compiled model against fractions."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import duckdb
import pytest

from orchestration.lib.contract import PROJECT_DIR
from tests.python.conftest import DBT, Company

PAIRS = 4_000
THRESHOLDS = [Fraction(80, 100), Fraction(90, 100), Fraction(1), Fraction(120, 100)]


@pytest.fixture(scope="module")
def compiled(closed_demo: Company) -> str:
    """int_item_factors as dbt compiles it."""
    done = closed_demo.run(DBT, "compile", "--quiet", "--select", "int_item_factors")
    assert done.returncode == 0, done.stdout
    return done.stdout


def factor(attained: int, aimed: int) -> Fraction:
    """S0-06, on fractions; the polynomial is taken of r rounded half up to 10 places."""
    r = Fraction(attained, aimed)
    scale = 10**10
    shown = Fraction((2 * r.numerator * scale + r.denominator) // (2 * r.denominator), scale)
    if r < Fraction(80, 100):
        return Fraction(0)
    if r < Fraction(90, 100):
        square = shown * shown * scale
        return Fraction(
            (2 * square.numerator + square.denominator) // (2 * square.denominator), scale
        )
    if r < 1:
        return shown
    return min(1 + (shown - 1) * 5, Fraction(2))


def test_pairs_exactly_on_a_threshold_and_a_cent_beside_it_are_exact(compiled: str) -> None:
    chance = random.Random(20261121)
    pairs = []
    for number in range(PAIRS):
        # A target in cents of which the threshold is a whole number of cents, up to ten billion.
        aimed = chance.randrange(1, 10**10) * 100
        threshold = chance.choice(THRESHOLDS)
        exact = aimed * threshold.numerator // threshold.denominator
        assert Fraction(exact, aimed) == threshold
        pairs.append((f"{number:06d}", exact + chance.choice([0, 0, -1, 1]), aimed))
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as plumbline")
        for schema in ("intermediate", "policy"):
            connection.execute(f"create schema plumbline.{schema}")
        connection.execute(
            """
            create table plumbline.intermediate.int_attainments (
                employee_id varchar, plan_id varchar, period_kind varchar, item_group varchar,
                measure varchar, scope varchar, curve_id varchar,
                curve_applies_to varchar, unit varchar, target_id varchar,
                exception_reason varchar, weight decimal(9, 6),
                factor_when_nothing_due decimal(9, 6), attainment_cap decimal(9, 6),
                target_value decimal(18, 4),
                numerator decimal(18, 4), denominator decimal(18, 4),
                attained decimal(30, 8), aimed decimal(30, 8), target_day_count integer,
                period_day_count integer, period_month date)
            """
        )
        connection.execute(
            "create table plumbline.policy.policy_payout_curves as select * from read_csv(?,"
            " types = {'attainment_from': 'decimal(9,6)', 'attainment_to': 'decimal(9,6)',"
            " 'c0': 'decimal(9,6)', 'c1': 'decimal(9,6)', 'c2': 'decimal(9,6)',"
            " 'cap': 'decimal(9,6)'})",
            [str(PROJECT_DIR / "seeds" / "policy" / "policy_payout_curves.csv")],
        )
        connection.executemany(
            "insert into plumbline.intermediate.int_attainments (employee_id, curve_id,"
            " curve_applies_to, weight, attained, aimed, period_month)"
            " values (?, 'accelerator', 'item', 1, ?, ?, '2026-06-01')",
            [(name, Decimal(top) / 100, Decimal(bottom) / 100) for name, top, bottom in pairs],
        )
        found = dict(connection.execute(f"select employee_id, factor from ({compiled})").fetchall())
    assert len(found) == PAIRS
    for name, attained, aimed in pairs:
        assert Fraction(found[name]) == factor(attained, aimed), (attained, aimed)
