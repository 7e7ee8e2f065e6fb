"""The journal of a close: it balances, it is the ledger's commission, and the asset rolls forward."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from orchestration.lib.journal import journal_of
from tests.python.conftest import Company

JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)


def by_account(rows: list[dict[str, str]]) -> dict[tuple[str, str], Decimal]:
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        found[row["account"][:4], row["currency"]] += Decimal(row["debit"] or 0)
        found[row["account"][:4], row["currency"]] -= Decimal(row["credit"] or 0)
    return found


def written(company: Company, month: str) -> list[dict[str, str]]:
    company.must("journal", month)
    path = company.folder / "journals" / f"journal-{month}.csv"
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def test_the_first_journal_balances_and_is_the_ledgers_and_the_marts(
    closed_demo: Company, tmp_path: Path
) -> None:
    company = closed_demo.copy_to(tmp_path)
    rows = written(company, "2026-06")
    booked = by_account(rows)
    for currency in ("CNY", "JPY"):
        assert sum(amount for (_, held), amount in booked.items() if held == currency) == 0
    posted = company.query(
        "select currency, sum(amount) from marts.fct_pay_ledger where component in ('commission', 'bonus',"
        " 'guarantee', 'draw', 'recovery', 'holdback', 'release') group by currency"
    )
    assert {
        held: -amount for (account, held), amount in booked.items() if account == "2211"
    } == dict(posted)
    moved = company.query(
        "select currency, sum(capitalised_amount - amortised_amount - impaired_amount),"
        " sum(opening_amount), sum(closing_amount) from marts.fct_contract_cost_movements"
        " where period_month = '2026-06-01' group by currency order by currency"
    )
    assert moved
    for currency, change, opening, closing in moved:
        assert booked["1801", currency] == change == closing - opening
    found = journal_of(company.settings, JUNE)
    assert [
        (row.currency, row.opening, row.corrected, row.closing) for row in found.roll_forward
    ] == [(currency, opening, 0, closing) for currency, _, opening, closing in moved]
    # Once more, the same bytes.
    before = {path.name: path.read_bytes() for path in (company.folder / "journals").iterdir()}
    written(company, "2026-06")
    assert {
        path.name: path.read_bytes() for path in (company.folder / "journals").iterdir()
    } == before
    with zipfile.ZipFile(company.folder / "journals" / "journal-2026-06.xlsx") as book:
        assert len([name for name in book.namelist() if "worksheets/sheet" in name]) == 3


def test_a_correction_of_an_earlier_month_is_booked_by_the_open_one(
    next_close: Company, tmp_path: Path
) -> None:
    company = next_close.copy_to(tmp_path)
    rows = written(company, "2026-07")
    booked = by_account(rows)
    assert sum(amount for (_, held), amount in booked.items() if held == "CNY") == 0
    # The refund that came late takes back commission of June; its contract cost is June's as well.
    earlier = [row for row in rows if row["earned_in"] == "earlier" and row["entry"] == "accrual"]
    assert by_account(earlier)["2211", "CNY"] == Decimal(80)
    found = journal_of(company.settings, JULY)
    june = {row.currency: row for row in journal_of(company.settings, JUNE).roll_forward}
    for row in found.roll_forward:
        assert row.ties
        assert row.opening == june[row.currency].closing
    now = dict(
        company.query(
            "select currency, sum(closing_amount) from marts.fct_contract_cost_movements"
            " where period_month = '2026-07-01' group by currency"
        )
    )
    assert {row.currency: row.closing for row in found.roll_forward} == now
    # Both closes together have booked what the asset is.
    booked_june = by_account(written(company, "2026-06"))
    for row in found.roll_forward:
        assert (
            june[row.currency].opening
            + booked_june["1801", row.currency]
            + booked["1801", row.currency]
            == row.closing
        )


def test_a_package_that_was_changed_is_not_booked(closed_demo: Company, tmp_path: Path) -> None:
    company = closed_demo.copy_to(tmp_path)
    package = company.folder / "closes" / "2026-06"
    path = package / "contract_costs.csv"
    path.chmod(0o644)
    path.write_text(
        path.read_text(encoding="utf-8-sig").replace("new,CNY", "new,EUR"), encoding="utf-8-sig"
    )
    done = company.plumbline("journal", "2026-06")
    assert done.returncode == 1
    assert "contract_costs.csv was changed" in done.stderr.replace("\n", " ")


def test_the_asset_of_every_month_is_that_of_an_independent_reckoning(closed_demo: Company) -> None:
    """Cost by cost and month by month in plain Python, from the lines of commission."""
    units = {"CNY": Decimal("0.01"), "JPY": Decimal(1)}
    ends: dict[str, dict[str, date]] = defaultdict(dict)
    for contract, kind, month in closed_demo.query(
        "select contract_id, end_kind, period_month from intermediate.int_contract_ends"
    ):
        ends[contract][kind] = month
    expected: dict[tuple[str, str, date], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 5)
    last = date(2026, 7, 1)
    kept = 0
    for contract, kind, currency, cost, over, month, starts_on, ends_on in closed_demo.query(
        "select costs.contract_id, costs.contract_type, costs.currency, costs.cost_amount,"
        " costs.amortised_over, costs.period_month, contracts.starts_on, contracts.ends_on"
        " from marts.fct_contract_costs as costs inner join staging.stg_billing__contracts as contracts"
        " on costs.contract_id = contracts.contract_id where costs.is_capitalised"
    ):
        # The demo's plan: new contracts over 36 months of the customer's life.
        assert (kind, over) == ("new", "life") and ends_on > starts_on
        kept += 1
        first = max(starts_on.replace(day=1), month)
        count = 36 - months_of(starts_on, first)
        each = rounded(cost / count, units[currency])
        if abs(each) * (count - 1) > abs(cost):
            # Of a few cents rounded months would come to more than the whole.
            each -= units[currency] if cost > 0 else -units[currency]
        ended = min(ends[contract].values(), default=None)
        left = Decimal(0)
        for now in (plus(month, number) for number in range(months_of(month, plus(first, count)))):
            if now > last:
                break
            row = expected[kind, currency, now]
            opening, added = left, cost if now == month else Decimal(0)
            is_end = ended is not None and now == max(ended, month)
            amortised = Decimal(0)
            if not is_end and now >= first:
                amortised = each if months_of(first, now) < count - 1 else left + added
            impaired = left + added if is_end else Decimal(0)
            left = opening + added - amortised - impaired
            expected[kind, currency, now] = [
                before + moved
                for before, moved in zip(
                    row, (opening, added, amortised, impaired, left), strict=True
                )
            ]
            if is_end:
                break
    assert kept > 1000
    shown = {
        (kind, currency, month): amounts
        for kind, currency, month, *amounts in closed_demo.query(
            "select contract_type, currency, period_month, opening_amount, capitalised_amount,"
            " amortised_amount, impaired_amount, closing_amount from marts.fct_contract_cost_movements"
        )
    }
    assert shown == dict(expected)


def test_what_contracts_cost_is_the_commission_of_their_lines(closed_demo: Company) -> None:
    lines: dict[tuple[str, str, str, date], Decimal] = defaultdict(Decimal)
    cut = set(
        closed_demo.query(
            "select employee_id, plan_id, period_month from marts.fct_commission_lines"
            " where transaction_id is null"
        )
    )
    left_out = set()
    for contract, employee, plan, currency, month, amount in closed_demo.query(
        "select transactions.contract_id, lines.employee_id, lines.plan_id, lines.pay_currency,"
        " lines.period_month, lines.pay_amount from marts.fct_commission_lines as lines"
        " inner join marts.fct_transactions as transactions using (transaction_id)"
        " where transactions.contract_id is not null and lines.pay_amount is not null"
    ):
        key = (contract, plan, currency, month)
        lines[key] += amount
        if (employee, plan, month) in cut:
            left_out.add(key)
    assert left_out
    shown = {
        tuple(key): cost
        for *key, cost in closed_demo.query(
            "select contract_id, plan_id, currency, period_month, cost_amount"
            " from intermediate.int_contract_commissions"
        )
    }
    assert shown.keys() == lines.keys()
    units = {"CNY": Decimal("0.01"), "JPY": Decimal(1)}
    for key, amount in lines.items():
        if key not in left_out:
            assert shown[key] == rounded(amount, units[key[2]]), key


def months_of(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def plus(month: date, count: int) -> date:
    number = month.year * 12 + month.month - 1 + count
    return date(number // 12, number % 12 + 1, 1)


def rounded(amount: Decimal, unit: Decimal) -> Decimal:
    return (amount / unit).quantize(Decimal(1), rounding=ROUND_HALF_UP) * unit
