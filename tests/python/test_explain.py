"""A payout is explained from its leaves, and its leaves name the landed rows."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from orchestration.lib.explain import Explainer
from orchestration.lib.explain_tree import Node, Source, resolve
from orchestration.lib.landed_rows import find_rows, landed_transaction
from tests.python.conftest import Company

JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)
# What a transaction's amount is called where it was landed.
DATED = {
    "booked": "signed_on",
    "cancelled": "cancelled_on",
    "collected": "paid_on",
    "refunded": "refunded_on",
    "consumed": "consumed_on",
}


def explained(company: Company, month: date) -> dict[tuple[str, str], Node]:
    """What the close of a month posted for everybody, by employee and currency, landed rows found."""
    with duckdb.connect(str(company.warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        explainer = Explainer(connection)
        payees = connection.execute(
            "select distinct employee_id from marts.fct_pay_ledger where posting_month = ?", [month]
        ).fetchall()
        found = {
            (employee, node.currency): node
            for (employee,) in payees
            for node in explainer.payouts(month, employee)
        }
        known_at = explainer.known_at(month)
    resolve(found.values(), company.landing, known_at)
    return found


@pytest.fixture(scope="module")
def june(closed_demo: Company) -> dict[tuple[str, str], Node]:
    return explained(closed_demo, JUNE)


@pytest.fixture(scope="module")
def july(next_close: Company) -> dict[tuple[str, str], Node]:
    return explained(next_close, JULY)


@pytest.mark.parametrize("month", ["june", "july"])
def test_the_leaves_of_everybody_come_to_what_was_posted(
    month: str, request: pytest.FixtureRequest, closed_demo: Company, next_close: Company
) -> None:
    company = {"june": closed_demo, "july": next_close}[month]
    posted = company.query(
        "select employee_id, currency, sum(amount) from marts.fct_pay_ledger"
        f" where posting_month = '2026-{'06' if month == 'june' else '07'}-01' group by all"
    )
    found: dict[tuple[str, str], Node] = request.getfixturevalue(month)
    assert {key: node.recomputed() for key, node in found.items()} == {
        (employee, currency): amount for employee, currency, amount in posted
    }
    nodes = [node for root in found.values() for node in root.walk()]
    assert len(nodes) > 900
    for node in nodes:
        if node.parts:
            assert node.recomputed() == node.amount, node.what
        assert "computed otherwise" not in node.what


def test_every_leaf_of_commission_is_its_sales_times_its_rate(
    june: dict[tuple[str, str], Node], closed_demo: Company
) -> None:
    lines = [
        node
        for root in june.values()
        for node in root.walk()
        if node.what in ("earned", "reversed") and " x " in node.how and " at " not in node.how
    ]
    assert len(lines) > 100
    for line in lines:
        sales, _, rate = line.how.split(";")[0].partition(" x ")
        reckoned = Decimal(sales.split()[0].replace(",", "")) * Decimal(rate.split()[0]) / 100
        assert line.amount is not None
        assert abs(reckoned - line.amount) <= Decimal("0.00005"), line.how
    shown = closed_demo.query(
        "select count(*) from marts.fct_commission_lines as lines"
        " where period_month = '2026-06-01' and line_kind in ('earned', 'reversed')"
        " and sale_rate is null and currency = pay_currency"
        # What comes to nothing is not posted.
        " and exists (select 1 from marts.fct_pay_ledger as ledger where component = 'commission'"
        "  and ledger.employee_id = lines.employee_id and ledger.currency = lines.pay_currency)"
    )
    assert len(lines) == shown[0][0]


def test_two_hundred_random_lines_name_the_row_they_were_landed_in(
    june: dict[tuple[str, str], Node], july: dict[tuple[str, str], Node], next_close: Company
) -> None:
    sold = [
        (node, row)
        for found in (june, july)
        for root in found.values()
        for node in root.walk()
        for row in node.landed
        if ":" in node.what
    ]
    chosen = random.Random(6).sample(sold, 200)
    transactions = {
        row[0]: row[1:]
        for row in next_close.query(
            "select transaction_id, transaction_kind, amount, transaction_date, currency"
            " from marts.fct_transactions"
        )
    }
    for node, row in chosen:
        kind, amount, day, currency = transactions[node.what]
        path = next_close.landing / row.file
        if path.suffix == ".parquet":
            values = pq.read_table(path).to_pylist()[row.row - 1]
        else:
            with path.open(encoding="utf-8-sig", newline="") as file:
                # Row 1 is the header, as a spreadsheet shows it.
                values = list(csv.DictReader(file))[row.row - 2]
        assert Decimal(str(values["amount"])) == amount
        assert str(values[DATED[kind]]) == str(day)
        assert values["currency"] == currency


def added_up(nodes: Iterable[Node]) -> tuple[Decimal, Decimal | None]:
    """Numerators and denominators together."""
    figures = [node.counted for node in nodes if node.counted]
    tops = [top or Decimal(0) for top, _ in figures]
    bottoms = [bottom for _, bottom in figures if bottom is not None]
    return sum(tops, Decimal(0)), sum(bottoms, Decimal(0)) if bottoms else None


@pytest.mark.parametrize("month", ["june", "july"])
def test_every_item_of_every_score_is_what_its_landed_rows_count(
    month: str, request: pytest.FixtureRequest, closed_demo: Company, next_close: Company
) -> None:
    """The rows add up to each month, and the months to what the item was scored on."""
    company = {"june": closed_demo, "july": next_close}[month]
    found: dict[tuple[str, str], Node] = request.getfixturevalue(month)
    factors = {
        (root.what.split()[0], node.what.split()[3].rstrip(",")): node
        for root in found.values()
        for node in root.walk()
        if node.what.startswith("factor of the ")
    }
    scored = company.query(
        "select employee_id, period_kind, item_group, measure, scope, numerator, denominator"
        " from marts.fct_score_items where period_month = ? order by all",
        {"june": JUNE, "july": JULY}[month],
    )
    seen: set[str] = set()
    for employee, kind, group, measure, scope, numerator, denominator in scored:
        if (employee, kind) not in factors:
            continue  # without salary at risk there is nothing to explain
        name = measure if scope == "own" else f"{measure} ({scope.replace('_', ' ')})"
        [item] = [node for node in factors[employee, kind].reasons if node.what == name]
        top, bottom = added_up(item.reasons)
        assert abs(top - numerator) <= Decimal("0.0001"), (employee, name)
        if item.reasons and bottom is not None:
            assert abs(bottom - denominator) <= Decimal("0.0001"), (employee, name)
        else:
            assert denominator in (0, 1), (employee, name)
        seen.add("upstream" if group == "upstream" else scope)
        if group == "upstream":
            continue
        for measured in item.reasons:
            assert added_up(measured.reasons) == measured.counted, (employee, measured.what)
            for row in measured.reasons:
                assert len(row.landed) >= 1, (employee, measured.what, row.what)
    assert seen >= ({"own", "team", "upstream"} if month == "june" else {"own"})


def test_rows_behind_items_are_those_of_the_payee_and_the_month(
    june: dict[tuple[str, str], Node],
) -> None:
    """Of whom and when they are is read in the landing files themselves."""
    visits = [
        (root.what.split()[0], row)
        for root in june.values()
        for node in root.walk()
        if node.what == "visits 2026-06"
        for reason in node.reasons
        for row in reason.landed
    ]
    assert len(visits) > 100
    for employee, row in visits:
        assert row.table == "crm.activities"
        assert row.values["employee_id"] == employee
        assert row.values["activity_type"] == "visit"
        # midnight in Shanghai is the afternoon before in UTC
        assert "2026-05-31" <= row.values["occurred_at"][:10] <= "2026-06-30"
    renewals = [
        row
        for root in june.values()
        for node in root.walk()
        if node.what.endswith("customer_retention 2026-06")
        for reason in node.reasons
        for row in reason.landed
    ]
    assert renewals
    assert {row.table for row in renewals} == {"billing.contracts"}
    assert all(row.values["ends_on"].startswith(("2026-05", "2026-06")) for row in renewals)


def test_health_is_the_row_of_the_day_it_was_measured(closed_demo: Company) -> None:
    rows = closed_demo.query(
        "select row_key, row_day, numerator from intermediate.int_measure_rows"
        " where measure = 'health_score' order by all limit 20"
    )
    assert rows
    nodes = [
        Node(key, score, sources=[Source("crm.account_health", "account_id", key, day)])
        for key, day, score in rows
    ]
    resolve(nodes, closed_demo.landing, datetime(2026, 7, 4))
    for node, (_, day, score) in zip(nodes, rows, strict=True):
        [row] = node.landed
        assert row.values["measured_on"] == day.isoformat()
        assert Decimal(row.values["health_score"]) == score


def test_every_landed_row_that_is_asked_for_is_found(
    june: dict[tuple[str, str], Node], july: dict[tuple[str, str], Node]
) -> None:
    nodes = [node for found in (june, july) for root in found.values() for node in root.walk()]
    asking = [node for node in nodes if node.sources]
    assert len(asking) > 1000
    assert [node.what for node in asking if not node.landed] == []
    tables = {row.table for node in asking for row in node.landed}
    assert tables >= {
        "billing.contracts", "billing.payments", "billing.refunds", "crm.activities", "crm.deliveries",
        "crm.opportunities", "crm.service_requests", "crm.surveys", "hr.expenses", "hr.job_history",
        "hr.pay_adjustments", "hr.ratings", "hr.targets",
    }  # fmt: skip


def test_a_correction_is_what_is_computed_less_what_was_posted(
    next_close: Company, july: dict[tuple[str, str], Node]
) -> None:
    [(employee, component, currency, before)] = next_close.query(
        "select any_value(employee_id), any_value(component), any_value(currency),"
        " any_value((select sum(amount) from marts.fct_pay_ledger as posted"
        "  where posted.posting_month = '2026-06-01' and posted.employee_id = corrected.employee_id"
        "  and posted.component = corrected.component and posted.currency = corrected.currency))"
        " from marts.fct_pay_ledger as corrected where is_correction"
    )
    [entry] = [
        part
        for part in july[employee, currency].parts
        if part.what == f"{component}, correction of 2026-06"
    ]
    computed, posted = entry.parts
    assert computed.what == f"{component} of 2026-06"
    assert posted.what == "posted by the close of 2026-06"
    assert posted.amount == -before
    assert entry.recomputed() == (computed.amount or 0) - before


def test_what_a_later_close_corrected_is_named_in_the_earlier_one(next_close: Company) -> None:
    [(employee, currency, corrected)] = next_close.query(
        "select employee_id, currency, amount from marts.fct_pay_ledger where is_correction"
    )
    with duckdb.connect(str(next_close.warehouse), read_only=True) as connection:
        [payout] = Explainer(connection).payouts(JUNE, employee, "commission")
    [entry] = payout.parts
    assert [part.what for part in entry.parts] == [
        "commission of 2026-06",
        "posted by the later close of 2026-07",
    ]
    assert entry.parts[1].amount == -corrected
    assert payout.currency == currency
    assert payout.recomputed() == payout.amount


def test_what_was_built_since_the_close_stands_apart(closed_demo: Company, tmp_path: Path) -> None:
    company = closed_demo.copy_to(tmp_path)
    with duckdb.connect(str(company.warehouse)) as connection:
        connection.execute(
            "update intermediate.int_job_months set base_salary = base_salary + 100"
            " where employee_id = 'Z06' and period_month = '2026-06-01'"
        )
    with duckdb.connect(str(company.warehouse), read_only=True) as connection:
        [payout] = Explainer(connection).payouts(JUNE, "Z06", "base")
    [entry] = payout.parts
    assert [part.what for part in entry.parts] == ["base of 2026-06", "computed otherwise since"]
    assert entry.parts[1].amount == -100
    assert payout.recomputed() == payout.amount == 7000


def test_the_newest_version_that_was_known_is_named(closed_demo: Company, tmp_path: Path) -> None:
    company = closed_demo.copy_to(tmp_path)
    [row] = find_rows(company.landing, "billing.payments", "payment_id", ["PY-Z06-1-03"])
    for loaded_at in ("2026-06-20T00:00:00Z", "2026-08-01T00:00:00Z"):
        company.land(
            "billing.payments",
            [{**row.values, "amount": "1", "_loaded_at": loaded_at}],
            part=f"again-{loaded_at[:10]}",
        )
    with duckdb.connect(str(company.warehouse), read_only=True) as connection:
        explainer = Explainer(connection)
        payouts = explainer.payouts(JUNE, "Z06", "commission")
        resolve(payouts, company.landing, explainer.known_at(JUNE))
    [sale] = [
        node for root in payouts for node in root.walk() if node.what == "collected:PY-Z06-1-03"
    ]
    assert [row.file for row in sale.landed] == ["billing/payments/again-2026-06-20.csv"]


def test_the_command_line_prints_the_tree_and_the_same_as_json(closed_demo: Company) -> None:
    told = closed_demo.must("explain", "2026-06", "--employee", "Z06")
    long = closed_demo.must("explain", "2026-06", "--employee", "A000000")
    assert "rows more; --json has all" in long
    for text in (
        "10550 CNY",
        "collected:PY-Z06-1-03",
        "billing/payments/cases.parquet, row 4",
        "S0-07",
    ):
        assert text in told
    said = closed_demo.must(
        "explain", "2026-06", "--employee", "Z06", "--component", "commission", "--json"
    )
    [payout] = json.loads(said)
    assert payout["amount"] == "2800.0000"
    [commission] = payout["parts"]
    assert [part["what"] for part in commission["parts"]] == [
        "collected:PY-Z06-1-03",
        "refunded:RF-Z06",
    ]
    assert commission["parts"][0]["landed"][0]["values"]["amount"] == "150000.0000"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("2026-06", "--employee", "Z0"), "There is no employee Z0. Did you mean Z80"),
        (("2026-05", "--employee", "Z06"), "2026-05 has not been closed"),
        (("2026-06", "--employee", "Z06", "--component", "draw"), "did not post draw for Z06"),
    ],
)
def test_what_cannot_be_explained_is_said(
    closed_demo: Company, arguments: tuple[str, ...], said: str
) -> None:
    done = closed_demo.plumbline("explain", *arguments)
    assert done.returncode == 1
    assert said in done.stderr


def test_a_name_that_is_no_transaction_has_no_landed_row() -> None:
    assert landed_transaction("collected:PY:1") == ("billing.payments", "payment_id", "PY:1")
    for name in ("collected:", "collected", "paid:1", ""):
        with pytest.raises(ValueError, match="is no transaction"):
            landed_transaction(name)


def test_the_explanations_of_every_component_add_up_to_it(closed_demo: Company) -> None:
    """What a BI tool drills into, for every payee and month."""
    found = closed_demo.query(
        "select employee_id, component, currency, period_month, sum(amount)"
        " from marts.fct_pay_explanations group by all order by all"
    )
    computed = closed_demo.query(
        "select employee_id, component, currency, period_month, amount from marts.fct_pay_components"
        " where amount <> 0 order by all"
    )
    assert [row for row in found if row[4]] == computed
    kinds = closed_demo.query(
        "select source_kind, count(*) from marts.fct_pay_explanations group by 1"
    )
    assert {kind for kind, _ in kinds} == {
        "salary",
        "score_item",
        "score",
        "commission_line",
        "bonus",
        "settlement",
        "adjustment",
    }
    # Each names a row that is there.
    assert closed_demo.query(
        "select count(*) from marts.fct_pay_explanations as parts"
        " left join marts.fct_commission_lines as lines on parts.source_id = lines.commission_line_id"
        " left join marts.fct_score_items as items on parts.employee_id = items.employee_id"
        "  and parts.period_month = items.period_month"
        "  and parts.source_id = items.period_kind || '|' || items.measure || '|' || items.scope"
        " where source_kind = 'commission_line' and lines.commission_line_id is null"
        "  or source_kind = 'score_item' and items.measure is null"
    ) == [(0,)]
