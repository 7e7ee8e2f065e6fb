"""Maps RavenStack (plain CSV, as in ``../shared/data/ravenstack``) onto the landing contract.

A subscription becomes a contract per term: a month or a year, as it is billed. A term is renewed by
the next one where the subscription ran past the day the term was over. Nothing is left out: rows
that cannot be right are landed, and the checks find them; what the contract has no place for is
counted by ``source_faults``.
"""

from __future__ import annotations

import calendar
import datetime as dt
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from examples.adventureworks.land import Row, read, write
from orchestration.lib.register import REGISTER

# Everything was known the day after the last day of the data.
LOADED_AT = "2025-01-01T00:00:00Z"
KNOWN_ON = dt.date(2025, 1, 1)
CURRENCY = "USD"
MONTHS = {"monthly": 1, "annual": 12}


def term_end(start: dt.date, months: int) -> dt.date:
    """The same day so many months on, or the last day of a shorter month."""
    index = start.year * 12 + start.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return dt.date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


def product_id(row: Row) -> str:
    """A plan as it is billed; trials, which cost nothing, stand apart."""
    trial = " trial" if row["is_trial"] == "TRUE" else ""
    return f"{row['plan_tier']} {row['billing_frequency']}{trial}"


def products(source: Path) -> list[Row]:
    found = {product_id(row): row for row in read(source, "ravenstack_subscriptions")}
    return [
        {
            "product_id": name,
            "product_name": row["plan_tier"],
            "product_line": name.removeprefix(f"{row['plan_tier']} "),
            "market": "enterprise",
            "launched_on": "",
            "is_key_product": "false",
            "maturity": "",
        }
        for name, row in sorted(found.items())
    ]


def terms(row: Row) -> Iterator[tuple[dt.date, dt.date]]:
    """First and last day of each term of a subscription that had begun when the data ends."""
    start = dt.date.fromisoformat(row["start_date"])
    ended = dt.date.fromisoformat(row["end_date"]) if row["end_date"] else None
    months, begins, number = MONTHS[row["billing_frequency"]], start, 1
    while begins < KNOWN_ON:
        ends = term_end(start, number * months)
        yield begins, ends
        if ended is not None and ended <= ends:
            return
        begins, number = ends, number + 1


def contracts(source: Path) -> list[Row]:
    rows = []
    for row in read(source, "ravenstack_subscriptions"):
        amount = row["mrr_amount"] if row["billing_frequency"] == "monthly" else row["arr_amount"]
        for number, (begins, ends) in enumerate(terms(row), 1):
            rows.append(
                {
                    "contract_id": f"{row['subscription_id']}/{number}",
                    "account_id": row["account_id"],
                    "opportunity_id": "",
                    "product_id": product_id(row),
                    "contract_type": "new" if number == 1 else "renewal",
                    "signed_on": begins.isoformat(),
                    "starts_on": begins.isoformat(),
                    "ends_on": ends.isoformat(),
                    "amount": amount,
                    "currency": CURRENCY,
                    "renews_contract_id": f"{row['subscription_id']}/{number - 1}"
                    if number > 1
                    else "",
                    "cancelled_on": "",
                }
            )
    return rows


def accounts(source: Path) -> list[Row]:
    return [
        {
            "account_id": row["account_id"],
            "account_name": row["account_name"],
            "industry": row["industry"],
            "region": "",
            "country": row["country"],
            "ownership_type": "commercial",
            "designation": "",
            "parent_account_id": "",
            "employee_count": "",
            "annual_revenue": "",
            "created_at": f"{row['signup_date']}T00:00:00Z",
        }
        for row in read(source, "ravenstack_accounts")
    ]


def service_requests(source: Path) -> list[Row]:
    """Tickets as questions, with the times that the source gives in minutes and hours."""
    rows = []
    for row in read(source, "ravenstack_support_tickets"):
        asked = dt.datetime.fromisoformat(row["submitted_at"]).replace(tzinfo=dt.UTC)
        answered = asked + dt.timedelta(minutes=float(row["first_response_time_minutes"]))
        resolved = asked + dt.timedelta(hours=float(row["resolution_time_hours"]))
        rows.append(
            {
                "request_id": row["ticket_id"],
                "account_id": row["account_id"],
                "employee_id": "",
                "request_type": "question",
                "requested_at": asked.isoformat(),
                "first_responded_at": answered.isoformat(),
                "resolved_at": resolved.isoformat(),
            }
        )
    return rows


def surveys(source: Path) -> list[Row]:
    """The satisfaction that 1,175 tickets have; the others were not answered."""
    return [
        {
            "survey_id": row["ticket_id"],
            "account_id": row["account_id"],
            "employee_id": "",
            "survey_type": "csat",
            "score": row["satisfaction_score"],
            "responded_at": f"{row['closed_at'][:10]}T00:00:00Z",
        }
        for row in read(source, "ravenstack_support_tickets")
        if row["satisfaction_score"]
    ]


def consumption(source: Path) -> list[Row]:
    """Usage by subscription. Of rows that share an id all are kept, the later ones with a number."""
    whose = {
        row["subscription_id"]: row["account_id"]
        for row in read(source, "ravenstack_subscriptions")
    }
    seen: Counter[str] = Counter()
    rows = []
    for row in read(source, "ravenstack_feature_usage"):
        seen[row["usage_id"]] += 1
        number = seen[row["usage_id"]]
        rows.append(
            {
                "consumption_id": row["usage_id"] + (f"#{number}" if number > 1 else ""),
                "account_id": whose[row["subscription_id"]],
                "contract_id": f"{row['subscription_id']}/1",
                "product_id": "",
                "consumed_on": row["usage_date"],
                "quantity": row["usage_count"],
                "amount": "0",
                "currency": CURRENCY,
            }
        )
    return rows


def source_faults(source: Path) -> list[tuple[str, int]]:
    """What is wrong in the source that the landing contract has no column for: (fault, rows)."""
    usage = Counter(row["usage_id"] for row in read(source, "ravenstack_feature_usage"))
    churned = {row["account_id"] for row in read(source, "ravenstack_churn_events")}
    flagged = {
        row["account_id"]
        for row in read(source, "ravenstack_accounts")
        if row["churn_flag"] == "TRUE"
    }
    return [
        (
            "usage rows that share an id with another (kept, numbered)",
            sum(usage.values()) - len(usage),
        ),
        ("accounts flagged as churned without a churn event", len(flagged - churned)),
        ("accounts with a churn event that are not flagged", len(churned - flagged)),
    ]


def land(source: Path, landing: Path) -> None:
    """Write the landing folder anew."""
    shutil.rmtree(landing, ignore_errors=True)
    # It is landed anew, as if for the first time.
    (landing.parent / REGISTER).unlink(missing_ok=True)
    for name, rows in {
        "crm/accounts": accounts(source),
        "crm/service_requests": service_requests(source),
        "crm/surveys": surveys(source),
        "billing/products": products(source),
        "billing/contracts": contracts(source),
        "billing/consumption": consumption(source),
    }.items():
        write(
            landing / name / "ravenstack.csv",
            [{**row, "_loaded_at": LOADED_AT} for row in rows],
        )
