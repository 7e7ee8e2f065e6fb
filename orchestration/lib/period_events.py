"""The life of a period: open, calculated, reviewed, closed, paid; who took each step, when, and on what.

``<closes>/events.jsonl`` has one line per step, never changed, each with the SHA-256 of the line before it.
A close is recorded by its package, whose manifest says who closed; the other steps are recorded here. What
was calculated and reviewed is the SHA-256 of the ledger rows that a close would post: the same that the
package says of its ``pay_ledger.csv``.
"""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import json
import os
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.close_package import (
    PackageError,
    closed_months,
    code_version,
    packages,
    sha256_of_rows,
    sound_package,
    sync,
)
from orchestration.lib.policy import policy_digest, policy_setting
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import open_read_only

EVENTS = "events.jsonl"
COLUMNS = (
    "ledger_entry_id", "employee_id", "component", "currency", "amount", "is_correction", "period_month",
    "posting_month",
)  # fmt: skip
Entry = tuple[str, str, str, str, Decimal, bool, date, date]
PayKey = tuple[str, str, str, date]


class PeriodError(PackageError):
    """A step that the state of the period does not allow; nothing was done."""


@dataclass(frozen=True)
class Event:
    """A step: ``calculated``, ``reviewed`` or ``paid``. ``facts`` say on what."""

    month: date
    what: str
    by: str
    at: str
    facts: dict[str, Any] = field(default_factory=dict)


def user() -> str:
    """Who is at work: ``PLUMBLINE_USER``, else the account's name."""
    return os.environ.get("PLUMBLINE_USER") or getpass.getuser()


def events(settings: Settings) -> list[Event]:
    """Every step, oldest first. Raises ``PeriodError`` where the file is not as it was written."""
    found, previous = [], ""
    for number, line in enumerate(_lines(settings.closes / EVENTS), start=1):
        try:
            said = json.loads(line)
            event = Event(
                date.fromisoformat(f"{said['month']}-01"),
                said["what"],
                said["by"],
                said["at"],
                said["facts"],
            )
            follows = said["previous"] == previous
        except (ValueError, KeyError, TypeError):
            follows = False
        if not follows:
            raise PeriodError(
                f"{settings.closes / EVENTS}, line {number}: it was changed, or one before it was"
            )
        found.append(event)
        previous = _sha256(line)
    return found


def state_of(settings: Settings, month: date) -> str:
    """``open``, ``calculated``, ``reviewed``, ``closed`` or ``paid``."""
    steps = [event.what for event in events(settings) if event.month == month]
    if "paid" in steps:
        return "paid"
    if any(package.month == month for package in packages(settings)):
        return "closed"
    return steps[-1] if steps else "open"


def to_post(warehouse: Path, month: date) -> list[Entry]:
    """The ledger rows that a close of ``month`` would post of what ``warehouse`` has computed, sorted."""
    first = min(closed_months(warehouse), default=month)
    with open_read_only(warehouse) as connection:
        return entries(computed(connection, first, month), posted(connection, before=month), month)


def entries(
    computed: dict[PayKey, Decimal], before: dict[PayKey, Decimal], month: date
) -> list[Entry]:
    """What is computed less what was posted before, as rows of the ledger, sorted."""
    nothing = Decimal(0)
    return sorted(
        (f"{month}|{employee}|{component}|{currency}|{earned}", employee, component, currency,
         amount, earned < month, earned, month)
        for employee, component, currency, earned in computed.keys() | before.keys()
        if (amount := computed.get((employee, component, currency, earned), nothing)
            - before.get((employee, component, currency, earned), nothing))
    )  # fmt: skip


def posted(
    connection: duckdb.DuckDBPyConnection, *, before: date | None = None, until: date | None = None
) -> dict[PayKey, Decimal]:
    """What the closes of the months ``before`` one, or ``until`` and with it, have posted."""
    sign, month = ("<", before) if before else ("<=", until)
    return _amounts(
        connection,
        "select employee_id, component, currency, period_month, sum(amount)"
        f" from marts.fct_pay_ledger where posting_month {sign} ? group by all",
        month,
    )


def computed(
    connection: duckdb.DuckDBPyConnection, first: date, last: date
) -> dict[PayKey, Decimal]:
    """What the warehouse computes for the months from ``first`` to ``last``, to be paid."""
    return _amounts(
        connection,
        "select employee_id, component, currency, period_month, amount"
        " from intermediate.int_payable_amounts where period_month between ? and ?",
        first,
        last,
    )


def _amounts(
    connection: duckdb.DuckDBPyConnection, query: str, *values: date | None
) -> dict[PayKey, Decimal]:
    """Amount by employee, component, currency and earning month."""
    rows = connection.execute(query, list(values)).fetchall()
    return {(employee, component, currency, earned): amount
            for employee, component, currency, earned, amount in rows}  # fmt: skip


def digest_of(rows: list[Entry]) -> str:
    """The SHA-256 that the package of the close would say of its ``pay_ledger.csv``."""
    return sha256_of_rows(list(COLUMNS), rows)


def record_calculated(settings: Settings, month: date, by: str, known_at: str | None) -> Event:
    """Record what the warehouse would post now. Raises ``PeriodError`` for a month that is closed."""
    if (state := state_of(settings, month)) in ("closed", "paid"):
        raise PeriodError(f"{month:%Y-%m} is {state}: what changes is posted by the next close")
    return _append(
        settings, month, "calculated", by, _facts(settings, month) | {"known_at": known_at}
    )


def record_reviewed(settings: Settings, month: date, by: str) -> Event:
    """Record that somebody else has looked at what was calculated, and agrees.

    Raises ``PeriodError`` for a month that was not calculated, for whoever calculated it, and where the
    warehouse would post something else by now.
    """
    last = _last(settings, month, "calculated", "reviewed")
    if last is None or state_of(settings, month) not in ("calculated", "reviewed"):
        state = state_of(settings, month)
        raise PeriodError(f"{month:%Y-%m} is {state}: only what was calculated can be reviewed")
    calculated = _last(settings, month, "calculated")
    if calculated is not None and calculated.by == by:
        raise PeriodError(f"{by} calculated {month:%Y-%m}: somebody else reviews it")
    facts = _facts(settings, month)
    if facts["payable_sha256"] != last.facts["payable_sha256"]:
        raise PeriodError(f"{month:%Y-%m} would be posted otherwise by now: calculate it once more")
    return _append(settings, month, "reviewed", by, facts)


def record_paid(settings: Settings, month: date, by: str, reference: str | None) -> Event:
    """Record that a closed month has been paid. Raises ``PeriodError`` for one that is not closed."""
    if (state := state_of(settings, month)) != "closed":
        raise PeriodError(f"{month:%Y-%m} is {state}: only what is closed is paid, and once")
    package = sound_package(settings, month)
    facts = {"package_sha256": package.digest, "totals": package.manifest["totals"]}
    return _append(settings, month, "paid", by, facts | {"reference": reference})


def needs_review(settings: Settings) -> bool:
    """Whether the policy asks that somebody else looks before a close (``close_needs_review``)."""
    return policy_setting(settings.policy, "close_needs_review", "false") == "true"


def require_reviewed(settings: Settings, month: date, rows_digest: str | None, by: str) -> None:
    """Where the policy asks for a review, raise ``PeriodError`` without one.

    ``rows_digest`` is of the rows that are about to be posted: they must be the reviewed ones. None asks
    for the review alone.
    """
    if not needs_review(settings):
        return
    if (state := state_of(settings, month)) != "reviewed":
        raise PeriodError(
            f"{month:%Y-%m} is {state}: the policy asks for a review before {by} closes it"
        )
    reviewed = _last(settings, month, "reviewed")
    if reviewed and rows_digest not in (None, reviewed.facts["payable_sha256"]):
        raise PeriodError(
            f"what would be posted for {month:%Y-%m} is not what {reviewed.by} reviewed: calculate and"
            " review it once more"
        )


def _facts(settings: Settings, month: date) -> dict[str, Any]:
    rows = to_post(settings.warehouse, month)
    totals: dict[str, Decimal] = {}
    for row in rows:
        totals[row[3]] = totals.get(row[3], Decimal(0)) + row[4]
    return {
        "payable_sha256": digest_of(rows),
        "rows": len(rows),
        "totals": {currency: str(amount) for currency, amount in sorted(totals.items())},
        "policy_digest": policy_digest(settings.policy),
        "code_version": code_version(),
    }


def _last(settings: Settings, month: date, *kinds: str) -> Event | None:
    steps = [event for event in events(settings) if event.month == month and event.what in kinds]
    return steps[-1] if steps else None


def _append(settings: Settings, month: date, what: str, by: str, facts: dict[str, Any]) -> Event:
    """Add a step; it is on disk when this returns. Two at once wait for each other."""
    settings.closes.mkdir(parents=True, exist_ok=True)
    path = settings.closes / EVENTS
    event = Event(month, what, by, f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}", facts)
    with path.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        lines = _lines(path)
        said = {
            "month": f"{month:%Y-%m}",
            "what": what,
            "by": by,
            "at": event.at,
            "facts": facts,
            "previous": _sha256(lines[-1]) if lines else "",
        }
        file.write(json.dumps(said, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    sync(settings.closes)
    return event


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _sha256(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()
