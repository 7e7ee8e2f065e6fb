"""What an open deal would pay is what it does pay, once it is won like that."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.python.conftest import Company

AMOUNTS = (
    "select employee_id, component, currency, amount from intermediate.int_payable_amounts"
    " where period_month = '2026-06-01'"
)


def pay(company: Company) -> dict[tuple[str, str, str], Decimal]:
    return {tuple(key): amount for *key, amount in company.query(AMOUNTS)}  # type: ignore[misc]


def test_an_open_deal_pays_what_was_estimated_once_it_is_won(
    closed_demo: Company, tmp_path: Path
) -> None:
    company = closed_demo.copy_to(tmp_path)
    [(deal, account, product, kind)] = company.query(
        "select opportunity_id, account_id, product_id, opportunity_type"
        " from marts.fct_opportunities where closed_date is null and owner_id like 'A%'"
        " and period_month = '2026-05-01' and opportunity_type = 'new' order by opportunity_id limit 1"
    )
    asked = ("estimate", deal, "--amount", "50000", "--on", "2026-06-29")
    before = pay(company)
    files = sorted(path for path in company.folder.rglob("*") if path.is_file())
    found = json.loads(company.must(*asked, "--json"))
    assert found
    # Nothing is left behind, and nothing was touched.
    assert sorted(path for path in company.folder.rglob("*") if path.is_file()) == files
    assert pay(company) == before
    # Unpaid it earns no commission where the plan pays on cash, and still counts as a new customer.
    unpaid = json.loads(company.must(*asked, "--no-paid", "--json"))
    assert {row["component"] for row in unpaid} < {row["component"] for row in found}

    [landed] = company.query("select * from crm.opportunities where opportunity_id = ?", deal)[:1]
    columns = [row[0] for row in company.query("describe crm.opportunities")]
    late = "2026-07-20T00:00:00Z"
    won: dict[str, Any] = {
        **{name: value for name, value in zip(columns, landed, strict=True) if value is not None},
        "amount": "50000",
        "outcome": "won",
        "closed_at": "2026-06-29T04:00:00Z",
        "_loaded_at": late,
    }
    won = {name: str(value) for name, value in won.items() if name != "filename"}
    company.land("crm.opportunities", [won], part="won")
    company.land(
        "billing.contracts",
        [
            {
                "contract_id": "K-won", "account_id": account, "opportunity_id": deal,
                "product_id": product, "contract_type": kind, "signed_on": "2026-06-29",
                "starts_on": "2026-06-29", "ends_on": "2027-06-29", "amount": "50000",
                "currency": "CNY", "_loaded_at": late,
            }
        ],
        part="won",
    )  # fmt: skip
    company.land(
        "billing.payments",
        [
            {
                "payment_id": "PY-won", "account_id": account, "contract_id": "K-won",
                "payment_kind": "invoice", "paid_on": "2026-06-29", "amount": "50000",
                "currency": "CNY", "_loaded_at": late,
            }
        ],
        part="won",
    )  # fmt: skip
    company.must("build")
    after = pay(company)
    changed = {
        key: after.get(key, Decimal(0)) - before.get(key, Decimal(0))
        for key in before.keys() | after.keys()
        if after.get(key) != before.get(key)
    }
    assert changed == {
        (row["employee_id"], row["component"], row["currency"]): Decimal(row["difference"])
        for row in found
    }


def test_only_an_open_deal_with_an_amount_is_estimated(closed_demo: Company) -> None:
    [(lost,)] = closed_demo.query(
        "select min(opportunity_id) from marts.fct_opportunities where outcome = 'lost'"
    )
    for arguments, says in (
        ((lost,), f"{lost} is lost: only an open deal"),
        (("nobody",), "there is no opportunity nobody"),
        (("nobody", "--amount", "much"), "is not an amount"),
    ):
        done = closed_demo.plumbline("estimate", *arguments)
        assert done.returncode != 0
        assert says in " ".join(done.stderr.split())
