"""The gates of a close: what must hold before a month is posted, and what the plan adds to it.

The command line and Dagster pass through the same ones. ``policy_close_gates`` says how many findings of a
check stop a close, and which tables must have been loaded when; everything else always holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from orchestration.lib.close_package import closed_months
from orchestration.lib.gate import faulty_files
from orchestration.lib.landing import newest_loads
from orchestration.lib.period_events import computed, posted
from orchestration.lib.policy import csv_rows, policy_setting
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import WarehouseError, findings, open_read_only

GATES = "policy_close_gates.csv"
# Findings that stop every close, whatever the plan says: what was posted would be taken back.
NEVER_ALLOWED = {"chk_pay_in_unknown_currency": 0}
# Of sums that are off, so many are named.
MOST_NAMED = 5


class ShutGateError(WarehouseError):
    """A close that a gate stopped; nothing was posted."""


@dataclass(frozen=True)
class Gate:
    """One gate: its kind (``freshness``, ``findings``, ``totals``), whether it is open, what it says."""

    kind: str
    subject: str
    is_open: bool
    says: str


def require_open(month: date, gates: list[Gate]) -> None:
    """Raise ``ShutGateError`` that names every gate that is shut."""
    shut = [gate for gate in gates if not gate.is_open]
    if shut:
        raise ShutGateError(
            "\n".join(
                [f"{month:%Y-%m} is not closed: a gate is shut", *(gate.says for gate in shut)]
            )
        )


def freshness_gates(settings: Settings, month: date, known_at: str | None) -> list[Gate]:
    """Whether the tables that the plan names were loaded late enough for the month to be whole.

    A table must have a load on or after the day that the plan's number of days puts after the month's
    last one: 1 is the first day of the next month.
    """
    asked = {row["subject"]: int(row["threshold"]) for row in _rows(settings, "freshness")}
    if not asked:
        return []
    zone = ZoneInfo(policy_setting(settings.policy, "company_time_zone", "UTC"))
    until = datetime.fromisoformat(known_at) if known_at else None
    loads = newest_loads(settings.landing, faulty_files(settings.remembered), asked, until)
    last_day = (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    gates = []
    for table, days in sorted(asked.items()):
        due = last_day + timedelta(days=days)
        newest = loads.get(table)
        day = newest.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone).date() if newest else None
        is_open = day is not None and day >= due
        was = f"was last loaded on {day}" if day else "has not been loaded"
        gates.append(
            Gate(
                "freshness", table, is_open, f"{table} {was}; it is to be loaded on {due} or after"
            )
        )
    return gates


def finding_gates(settings: Settings, warehouse: Path) -> list[Gate]:
    """Whether the checks that the plan names found no more than it allows, and some nothing at all."""
    named = {row["subject"]: int(row["threshold"]) for row in _rows(settings, "findings")}
    allowed = named | NEVER_ALLOWED
    with open_read_only(warehouse) as connection:
        found = dict(findings(connection))
        stakes = {check: at_stake(connection, check) for check in allowed if found.get(check)}
    return [
        Gate(
            "findings",
            check,
            found.get(check, 0) <= most,
            f"{check} found {found.get(check, 0)}{stakes.get(check, '')}, and {most} are allowed:"
            f" `plumbline findings {check}`",
        )
        for check, most in sorted(allowed.items())
    ]


def at_stake(connection: duckdb.DuckDBPyConnection, check: str) -> str:
    """`` (CNY 100.00 at stake)`` where a check's findings have amounts; else nothing."""
    columns = {
        name
        for (name,) in connection.execute(
            "select column_name from duckdb_columns() where schema_name = 'checks' and table_name = ?",
            [check],
        ).fetchall()
    }
    if not {"currency", "amount"} <= columns:
        return ""
    sums = connection.execute(
        f'select currency, sum(amount) from checks."{check}" where amount is not null'
        " group by currency order by currency nulls last"
    ).fetchall()
    texts = [f"{currency or 'no currency'} {amount:,.2f}" for currency, amount in sums]
    return f" ({', '.join(texts)} at stake)" if texts else ""


def total_gate(warehouse: Path, month: date) -> Gate:
    """Whether what all closes up to ``month`` posted is what is computed, payee by payee, to the cent."""
    closed = closed_months(warehouse)
    with open_read_only(warehouse) as connection:
        paid = posted(connection, until=month)
        due = computed(connection, min(closed, default=month), month)
    nothing = Decimal(0)
    loose = [
        f"{' '.join(str(part) for part in key)}: posted {paid.get(key, nothing)},"
        f" computed {due.get(key, nothing)}"
        for key in sorted(paid.keys() | due.keys())
        if paid.get(key, nothing) != due.get(key, nothing)
    ]
    more = [f"... and {len(loose) - MOST_NAMED} more"] if loose[MOST_NAMED:] else []
    says = "; ".join(["what is posted is not what is computed", *loose[:MOST_NAMED], *more])
    return Gate(
        "totals", "fct_pay_ledger", not loose, says if loose else "what is posted is computed"
    )


def _rows(settings: Settings, kind: str) -> list[dict[str, str]]:
    path = settings.policy / GATES
    rows = csv_rows(path) if path.exists() else []
    return [row for row in rows if row["gate_kind"] == kind]
