"""AdventureWorks: every figure printed is recomputed from the source, without the models."""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from examples.adventureworks.land import LAST_WINDOW_ENDS, day_after, read
from examples.adventureworks.run import (
    BY_SALESPERSON,
    BY_TERRITORY,
    close_example,
    rows_of,
    source_folder,
)
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.report import money, percent

SOURCE = source_folder()
pytestmark = pytest.mark.skipif(
    not (SOURCE / "Sales.SalesOrderHeader.csv").exists(),
    reason=f"AdventureWorks is not at {SOURCE}; name its folder in PLUMBLINE_ADVENTUREWORKS",
)
FOUR = Decimal("0.0001")


def half_up(value: Decimal, places: Decimal = FOUR) -> Decimal:
    return value.quantize(places, rounding=ROUND_HALF_UP)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    build = tmp_path_factory.mktemp("adventureworks")
    done = close_example(SOURCE, build)
    assert done.returncode == 0, done.stdout + done.stderr
    return build


@pytest.fixture(scope="module")
def orders() -> list[dict[str, str]]:
    return [row for row in read(SOURCE, "Sales.SalesOrderHeader") if row["SalesPersonID"]]


@pytest.fixture(scope="module")
def people() -> dict[str, dict[str, str]]:
    return {row["BusinessEntityID"]: row for row in read(SOURCE, "Sales.SalesPerson")}


@pytest.fixture(scope="module")
def windows() -> dict[str, list[tuple[str, str, Decimal]]]:
    """[quota date, next quota date of the same person) with the quota."""
    dates: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for row in read(SOURCE, "Sales.SalesPersonQuotaHistory"):
        dates[row["BusinessEntityID"]].append((row["QuotaDate"], Decimal(row["SalesQuota"])))
    found = {}
    for person, rows in dates.items():
        rows.sort()
        ends = [start for start, _ in rows[1:]] + [LAST_WINDOW_ENDS]
        found[person] = [
            (start, end, quota) for (start, quota), end in zip(rows, ends, strict=True)
        ]
    return found


def test_every_figure_of_the_table(
    built: Path,
    orders: list[dict[str, str]],
    people: dict[str, dict[str, str]],
    windows: dict[str, list[tuple[str, str, Decimal]]],
) -> None:
    expected: dict[str, tuple[Any, ...]] = {}
    attained: dict[str, Fraction] = {}
    for person, row in people.items():
        own = [order for order in orders if order["SalesPersonID"] == person]
        rate, bonus = Decimal(row["CommissionPct"]), Decimal(row["Bonus"])
        commission = sum((half_up(Decimal(o["SubTotal"]) * rate) for o in own), Decimal(0))
        reached, sales, quota = 0, Decimal(0), Decimal(0)
        for start, end, asked in windows[person]:
            sold = sum(
                (Decimal(o["SubTotal"]) for o in own if start <= o["OrderDate"] < end), Decimal(0)
            )
            reached += sold >= asked
            sales, quota = sales + sold, quota + asked
        # no order of a salesperson lies outside of the quota windows
        assert sales == sum((Decimal(order["SubTotal"]) for order in own), Decimal(0))
        expected[f"SP{person}"] = (
            sales,
            quota,
            reached,
            len(windows[person]),
            commission,
            reached * bonus,
        )
        attained[f"SP{person}"] = Fraction(sales) / Fraction(quota)
    shown = rows_of(built, BY_SALESPERSON)
    assert len(shown) == 17
    for place, employee, _, sales, quota, attainment, reached, count, commission, bonus in shown:
        assert (sales, quota, reached, count, commission, bonus) == expected[employee], employee
        assert abs(Fraction(attainment) - attained[employee]) < Fraction(1, 10**6)
        assert place == 1 + sum(other > attained[employee] for other in attained.values())


def test_the_readme_shows_the_table(built: Path) -> None:
    readme = (PROJECT_DIR / "README.md").read_text(encoding="utf-8")
    for place, _, name, sales, quota, attained, reached, count, commission, bonus in rows_of(
        built, BY_SALESPERSON
    ):
        cells = [place, name, money(sales), money(quota), percent(attained),
                 f"{reached} of {count}", money(commission), money(bonus)]  # fmt: skip
        assert f"| {' | '.join(str(cell) for cell in cells)} |" in readme, name


def test_territory_is_the_salespersons_on_the_day_not_todays(
    built: Path, orders: list[dict[str, str]]
) -> None:
    names = {row["TerritoryID"]: row["Name"] for row in read(SOURCE, "Sales.SalesTerritory")}
    history = read(SOURCE, "Sales.SalesTerritoryHistory")
    expected: dict[str, list[Any]] = defaultdict(lambda: [0, Decimal(0)])
    for order in orders:
        held = [
            names[row["TerritoryID"]]
            for row in history
            if row["BusinessEntityID"] == order["SalesPersonID"]
            and row["StartDate"] <= order["OrderDate"]
            and (not row["EndDate"] or order["OrderDate"] < day_after(row["EndDate"]))
        ]
        assert len(held) <= 1
        figures = expected[held[0] if held else "(none on record)"]
        figures[0] += 1
        figures[1] += Decimal(order["SubTotal"])
    shown = {name: [count, sales] for name, count, sales in rows_of(built, BY_TERRITORY)}
    assert shown == dict(expected)
    # 31 orders of 280 after her territory ended, and those of the three managers
    assert shown["(none on record)"][0] == 134


def test_the_ledger_holds_the_closed_months_commission_to_the_cent(
    built: Path, orders: list[dict[str, str]], people: dict[str, dict[str, str]]
) -> None:
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for order in orders:
        if order["OrderDate"].startswith("2014-05"):
            rate = Decimal(people[order["SalesPersonID"]]["CommissionPct"])
            expected[f"SP{order['SalesPersonID']}"] += half_up(Decimal(order["SubTotal"]) * rate)
    posted = rows_of(
        built,
        "select employee_id, amount from marts.fct_pay_ledger where component = 'commission'",
    )
    assert dict(posted) == {
        name: half_up(amount, Decimal("0.01")) for name, amount in expected.items() if amount
    }


def test_sales_since_2013_05_30_are_what_the_salesperson_master_says(
    built: Path, people: dict[str, dict[str, str]]
) -> None:
    """A control total of the source itself: SalesYTD of all 17, to the fourth place."""
    shown = rows_of(
        built,
        "select employee_id, sum(credit_amount) from marts.fct_credits"
        " where transaction_date >= '2013-05-30' group by 1",
    )
    assert dict(shown) == {
        f"SP{person}": Decimal(row["SalesYTD"]) for person, row in people.items()
    }


def test_ranks_of_a_window_are_by_attainment(built: Path) -> None:
    wrong = rows_of(
        built,
        """
        select better.employee_id from marts.fct_rankings as better
        inner join marts.fct_rankings as worse
            on better.period_month = worse.period_month and better.role = worse.role
            and better.rank < worse.rank and better.value <= worse.value
        where better.board = 'quota_attainment' and worse.board = 'quota_attainment'
            and better.scope_type = 'company' and worse.scope_type = 'company'
        """,
    )
    assert wrong == []
