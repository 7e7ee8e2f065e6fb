"""Accounts, who owned them when, and how they were served."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa

from orchestration.generator import names
from orchestration.generator.columns import (
    DAY,
    LOCAL_OFFSET,
    choices,
    constant,
    days,
    identifiers,
    instants,
    money,
)
from orchestration.generator.deals import PRODUCTS
from orchestration.generator.shape import ACCOUNTS, HEALTH, REGIONS, SERVICE, Company
from orchestration.generator.write import LandingWriter

ACCOUNTS_PER_FILE = 200_000


def write_accounts(company: Company, writer: LandingWriter) -> None:
    """Accounts, one contact each, products, exchange rates and account assignments."""
    size = company.size
    first_load = int(company.month_days[0]) * DAY
    for part, begin in enumerate(range(0, size.accounts, ACCOUNTS_PER_FILE)):
        random = company.random(ACCOUNTS, part)
        number = np.arange(begin, min(size.accounts, begin + ACCOUNTS_PER_FILE))
        count = len(number)
        luck = random.random(count)
        designation = np.where(luck < 0.002, 0, np.where(luck < 0.03, 1, 2))
        created = first_load - random.integers(1, 900, count) * DAY
        writer.write(
            "crm.accounts",
            {
                "account_id": identifiers("C", number, 7),
                "account_name": pa.array([names.company(int(value)) for value in number]),
                "industry": choices(list(names.INDUSTRIES), number % len(names.INDUSTRIES)),
                "region": choices(list(REGIONS), company.owner[0][number] % len(REGIONS)),
                "country": constant("CN", count),
                "ownership_type": choices(
                    ["commercial", "government"], (random.random(count) < 0.08).astype(np.int64)
                ),
                "designation": choices(["strategic", "key", None], designation),
                "employee_count": pa.array(random.integers(20, 20_000, count)),
                "annual_revenue": money(random.integers(10**8, 10**12, count)),
                "created_at": instants(created),
                "_loaded_at": constant(dt.datetime.fromtimestamp(first_load, dt.UTC), count),
            },
            f"accounts-{part:03d}",
        )
        writer.write(
            "crm.contacts",
            {
                "contact_id": identifiers("CT", number, 7),
                "account_id": identifiers("C", number, 7),
                "contact_name": pa.array([names.person(int(value) * 3) for value in number]),
                "title": choices(["CIO", "CTO", "Purchasing"], number % 3),
                "created_at": instants(created),
                "_loaded_at": constant(dt.datetime.fromtimestamp(first_load, dt.UTC), count),
            },
            f"contacts-{part:03d}",
        )
    _write_assignments(company, writer)
    _write_catalogue(company, writer)


def _write_assignments(company: Company, writer: LandingWriter) -> None:
    """Slices of ownership: a row per account and stretch of months with one account manager."""
    owner = company.owner
    changes = np.ones(owner.shape, dtype=bool)
    changes[1:] = owner[1:] != owner[:-1]
    account, month = np.nonzero(changes.T)
    starts = company.month_days[month]
    is_last = np.append(account[1:] != account[:-1], True)
    ends = np.where(is_last, -1, np.append(starts[1:], -1))
    # Accounts came with their first owner before the first month.
    starts = np.where(month == 0, starts - 400, starts)
    holder = owner[month, account].astype(np.int64)
    count = len(account)
    # A slice is known when it begins; its end is a second version, known when it ends.
    rows = np.concatenate([np.arange(count), np.flatnonzero(~is_last)])
    is_second = np.arange(len(rows)) >= count
    known = np.where(is_second, ends[rows], np.maximum(starts[rows], company.month_days[0]))
    writer.write(
        "crm.account_assignments",
        {
            "assignment_id": identifiers("AS", rows.astype(np.int64)),
            "account_id": identifiers("C", account[rows].astype(np.int64), 7),
            "employee_id": identifiers("A", holder[rows], 6),
            "assignment_role": constant("account_manager", len(rows)),
            "team_id": choices([f"T-{region}" for region in REGIONS], holder[rows] % len(REGIONS)),
            "valid_from": days(starts[rows]),
            "valid_to": days(np.where(is_second, ends[rows], -1)),
            "_loaded_at": instants(known * DAY),
        },
        "account_managers",
    )
    number = np.arange(company.size.accounts)
    served = number % company.size.service_consultants
    writer.write(
        "crm.account_assignments",
        {
            "assignment_id": identifiers("AV", number),
            "account_id": identifiers("C", number, 7),
            "employee_id": identifiers("V", served, 6),
            "assignment_role": constant("service_consultant", len(number)),
            "team_id": constant("T-service", len(number)),
            "valid_from": days(np.full(len(number), company.month_days[0] - 400)),
            "_loaded_at": instants(np.full(len(number), company.month_days[0] * DAY)),
        },
        "service_consultants",
    )


def _write_catalogue(company: Company, writer: LandingWriter) -> None:
    first = company.months[0]
    load = dt.datetime(first.year, first.month, first.day, tzinfo=dt.UTC)
    writer.write_rows(
        "billing.products",
        [
            {
                "product_id": product_id,
                "product_name": name,
                "product_line": line,
                "market": market,
                "launched_on": first + dt.timedelta(days=offset),
                "is_key_product": is_key,
                "maturity": maturity,
                "_loaded_at": load,
            }
            for product_id, name, line, market, offset, is_key, maturity in PRODUCTS
        ],
        "products",
    )
    random = company.random(ACCOUNTS, 1_000_000)
    rates = 7.1 + np.cumsum(random.normal(0, 0.02, len(company.months)))
    writer.write_rows(
        "billing.fx_rates",
        [
            {
                "from_currency": "USD",
                "to_currency": "CNY",
                "rate_date": month,
                "rate": Decimal(f"{rate:.4f}"),
                "_loaded_at": dt.datetime(month.year, month.month, 1, tzinfo=dt.UTC),
            }
            for month, rate in zip(company.months, rates, strict=True)
        ],
        "fx_rates",
    )


def write_service(company: Company, writer: LandingWriter, month: int) -> None:
    """Requests, surveys, health measurements and account costs of the month."""
    random = company.random(SERVICE, month)
    size = company.size
    first, after = int(company.month_days[month]), int(company.month_days[month + 1])
    part = f"{company.months[month]:%Y-%m}"
    count = size.accounts // 4
    account = random.integers(0, size.accounts, count)
    consultant = account % size.service_consultants
    asked = (
        random.integers(first, after, count) * DAY
        + random.integers(9 * 3_600, 19 * 3_600, count)
        - LOCAL_OFFSET
    )
    pace = 1_800 + 200 * (consultant % 8)
    answered = asked + (random.lognormal(0, 1.0, count) * pace).astype(np.int64)
    answered[random.random(count) < 0.04] = -1
    serial = np.arange(count) + month * 1_000_000
    load = np.minimum(np.maximum(asked, answered) + 3_600, company.last_load)
    writer.write(
        "crm.service_requests",
        {
            "request_id": identifiers("RQ", serial),
            "account_id": identifiers("C", account, 7),
            "employee_id": identifiers("V", consultant, 6),
            "request_type": choices(
                ["document", "demo", "question", "complaint"],
                random.choice(4, count, p=[0.3, 0.1, 0.5, 0.1]),
            ),
            "requested_at": instants(asked),
            "first_responded_at": instants(answered),
            "resolved_at": instants(np.where(answered < 0, -1, answered + 7_200)),
            "_loaded_at": instants(load),
        },
        part,
    )
    polled = np.flatnonzero(random.random(count) < 0.2)
    is_nps = random.random(len(polled)) < 0.5
    score = np.where(
        is_nps, random.integers(0, 11, len(polled)), random.integers(1, 6, len(polled))
    )
    writer.write(
        "crm.surveys",
        {
            "survey_id": identifiers("SV", serial[polled]),
            "account_id": identifiers("C", account[polled], 7),
            "employee_id": identifiers("V", consultant[polled], 6),
            "survey_type": choices(["csat", "nps"], is_nps.astype(np.int64)),
            "score": money(score * 100),
            "responded_at": instants(asked[polled] + DAY),
            "_loaded_at": instants(np.minimum(asked[polled] + 2 * DAY, company.last_load)),
        },
        part,
    )
    _write_health(company, writer, month, part)
    spent = random.integers(0, size.accounts, size.accounts // 10)
    day = random.integers(first, after, len(spent))
    writer.write(
        "billing.account_costs",
        {
            "cost_id": identifiers("CO", np.arange(len(spent)) + month * 1_000_000),
            "account_id": identifiers("C", spent, 7),
            "employee_id": identifiers("A", company.owner[month][spent].astype(np.int64), 6),
            "cost_type": choices(
                ["acquisition", "retention", "service"], random.integers(0, 3, len(spent))
            ),
            "incurred_on": days(day),
            "amount": money(random.integers(10_000, 500_000, len(spent))),
            "currency": constant("CNY", len(spent)),
            "_loaded_at": instants(np.minimum((day + 2) * DAY, company.last_load)),
        },
        part,
    )


def _write_health(company: Company, writer: LandingWriter, month: int, part: str) -> None:
    random = company.random(HEALTH, month)
    measured = np.arange(0, company.size.accounts, 5) + month % 5
    measured = measured[measured < company.size.accounts]
    licensed = random.integers(5, 500, len(measured))
    writer.write(
        "crm.account_health",
        {
            "account_id": identifiers("C", measured, 7),
            "measured_on": days(np.full(len(measured), company.month_days[month])),
            "health_score": money(random.integers(2_000, 10_001, len(measured))),
            "active_users": pa.array(licensed * random.integers(20, 101, len(measured)) // 100),
            "licensed_users": pa.array(licensed),
            "_loaded_at": instants(np.full(len(measured), (company.month_days[month] + 1) * DAY)),
        },
        part,
    )
