"""What an open deal would pay: it is won, signed and paid for beside the warehouse, and pay is compared.

Nothing is estimated by another way than pay is made: the deal's rows are landed in a copy of the landing
folder's list of files, the warehouse is copied, and the same models build both sides, the deal as it stands
and the deal as won.
"""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from orchestration.lib.build import Request, Told, build
from orchestration.lib.contract import landing_tables
from orchestration.lib.dbt_run import Progress
from orchestration.lib.gate import faulty_files
from orchestration.lib.landing import find_files, newest_loads, relation_of, scratch
from orchestration.lib.pay_diff import COMPARED, Difference, as_built, differences
from orchestration.lib.policy import policy_setting
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import BuildError
from orchestration.lib.working_copy import copy_to_build_on

TERM = timedelta(days=365)


@dataclass(frozen=True)
class Estimate:
    """What changes in the pay of the month in which a deal would be won, payee by payee."""

    opportunity_id: str
    amount: Decimal
    currency: str
    won_on: date
    differences: list[Difference]

    @property
    def by_currency(self) -> dict[str, Decimal]:
        """What it would cost in all."""
        found: dict[str, Decimal] = {}
        for row in self.differences:
            found[row.currency] = found.get(row.currency, Decimal(0)) + row.amount
        return dict(sorted(found.items()))


def estimate(
    settings: Settings,
    opportunity_id: str,
    amount: Decimal | None,
    won_on: date | None,
    is_paid: bool,
    told: Told,
    progress: Progress,
) -> Estimate:
    """What the deal would pay, won for ``amount`` on a day: by default its own, on the last day known.

    With ``is_paid`` the customer pays all of it that day. Raises ``BuildError`` for a deal that is not
    there, is closed or has no amount, and for a day after the last month known.
    """
    deal = _deal(settings, opportunity_id)
    if amount is None and deal["amount"] is None:
        raise BuildError(f"{opportunity_id} has no amount: name one")
    value = Decimal(deal["amount"]) if amount is None else amount
    newest = max(newest_loads(settings.landing, faulty_files(settings.remembered)).values())
    zone = ZoneInfo(policy_setting(settings.policy, "company_time_zone", "UTC"))
    known_on = newest.replace(tzinfo=UTC).astimezone(zone).date()
    day = won_on or known_on
    if day.replace(day=1) > known_on:
        raise BuildError(
            f"{day} lies after {known_on:%Y-%m}, the last month known: name a day in it"
        )
    folder = settings.warehouse.parent / "estimates"
    shutil.rmtree(folder, ignore_errors=True)
    # Both sides know as much as the other: the deal as it stands is landed once more, and then as won.
    loaded = f"{(newest + timedelta(seconds=1)).isoformat()}Z"
    stands = {**deal, "_loaded_at": f"{newest.isoformat()}Z"}
    won_at = datetime.combine(day, time(12), zone).astimezone(UTC).isoformat()
    won = {**stands, "amount": value, "outcome": "won", "closed_at": won_at, "_loaded_at": loaded}
    key = f"estimate-{opportunity_id}"
    contract = {
        "contract_id": key,
        "account_id": deal["account_id"],
        "opportunity_id": opportunity_id,
        "product_id": deal["product_id"],
        "contract_type": deal["opportunity_type"],
        "signed_on": day,
        "starts_on": day,
        "ends_on": day + TERM,
        "amount": value,
        "currency": deal["currency"],
        "_loaded_at": loaded,
    }
    payment = {
        "payment_id": key,
        "account_id": deal["account_id"],
        "contract_id": key,
        "payment_kind": "invoice",
        "paid_on": day,
        "amount": value,
        "currency": deal["currency"],
        "_loaded_at": loaded,
    }
    rows: dict[str, list[dict[str, Any]]] = {
        "crm.opportunities": [won],
        "billing.contracts": [contract],
    }
    if is_paid:
        rows["billing.payments"] = [payment]
    before = _beside(settings, folder / "stands", {"crm.opportunities": [stands]})
    after = _beside(before, folder / "won", rows)
    copy_to_build_on(settings.warehouse, before.warehouse)
    build(
        before,
        Request(models=COMPARED),
        lambda what: told(f"the deal as it stands: {what}"),
        progress,
    )
    copy_to_build_on(before.warehouse, after.warehouse)
    build(after, Request(models=COMPARED), lambda what: told(f"the deal as won: {what}"), progress)
    month = day.replace(day=1)
    found = differences(
        settings,
        replace(as_built(before, month), label="as it stands"),
        replace(as_built(after, month), label="as won"),
    )
    for row in found:
        # The causes are the rows that this has landed.
        row.causes.clear()
    shutil.rmtree(folder, ignore_errors=True)
    return Estimate(opportunity_id, value, deal["currency"], day, found)


def _deal(settings: Settings, opportunity_id: str) -> dict[str, Any]:
    """The newest version of the deal as it was landed, by the columns of the contract."""
    landed = next(
        found
        for found in find_files(settings.landing, faulty_files(settings.remembered))
        if found.table.full_name == "crm.opportunities"
    )
    found: tuple[Any, ...] | None = None
    if not landed.is_absent:
        with scratch() as connection:
            found = (
                relation_of(connection, landed)
                .filter(
                    duckdb.ColumnExpression("opportunity_id")
                    == duckdb.ConstantExpression(opportunity_id)
                )
                .order("cast(_loaded_at as timestamptz) desc")
                .project(
                    ", ".join(f"cast({name} as varchar)" for name in landed.table.column_names)
                )
                .limit(1)
                .fetchone()
            )
    deal = dict(zip(landed.table.column_names, found or (), strict=False))
    if found is None or deal["_deleted"] == "true":
        raise BuildError(f"there is no opportunity {opportunity_id}")
    if deal["outcome"] is not None:
        raise BuildError(f"{opportunity_id} is {deal['outcome']}: only an open deal is estimated")
    return deal


def _beside(settings: Settings, folder: Path, rows: dict[str, list[dict[str, Any]]]) -> Settings:
    """A landing folder that shows the files of the real one, with rows of its own; and a warehouse."""
    root = settings.landing.resolve()
    for landed in find_files(settings.landing):
        for path in landed.files:
            shown = folder / "landing" / path.relative_to(root)
            shown.parent.mkdir(parents=True, exist_ok=True)
            shown.symlink_to(path.resolve())
    for name, landed_rows in rows.items():
        table = landing_tables()[name]
        place = folder / "landing" / table.system / table.name / f"estimate-{folder.name}.csv"
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, table.column_names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(landed_rows)
    return replace(settings, landing=folder / "landing", warehouse=folder / "plumbline.duckdb")
