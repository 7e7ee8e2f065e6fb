"""The journal of a close: commission as it is accrued, and the contract cost asset as it moves.

It is made from the packages of the closes alone. What a close posted of the components that the plan has
accounts for is accrued; the contract cost asset (ASC 340-40, IFRS 15, CAS 14) moves by what is computed now
less what the close before booked, so that a correction of an earlier month is booked in the open one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from orchestration.lib.close_package import (
    Package,
    PackageError,
    as_csv,
    packages,
    sound_package,
)
from orchestration.lib.payroll import Sheets, neutral, write_workbook
from orchestration.lib.policy import csv_rows, minor_units
from orchestration.lib.settings import Settings

COLUMNS = ("entry", "component", "earned_in", "account", "currency", "debit", "credit", "memo")
# Which movement of the asset each entry books.
MOVEMENTS = {
    "capitalisation": "capitalised_amount",
    "amortisation": "amortised_amount",
    "impairment": "impaired_amount",
}
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Line:
    """One side of an entry; exactly one of ``debit`` and ``credit`` is above 0.

    ``earned_in`` is ``own`` for what is of the closed month and ``earlier`` for a correction.
    """

    entry: str
    component: str
    earned_in: str
    account: str
    currency: str
    debit: Decimal
    credit: Decimal
    memo: str


@dataclass(frozen=True)
class RollForward:
    """The contract cost asset of one currency: opening + corrections + moves of the month = closing.

    ``opening`` is what the close before ended with, or, for the first close, what the months before the
    closed one come to; ``corrected`` is what those months come to now, less that.
    """

    currency: str
    opening: Decimal
    corrected: Decimal
    capitalised: Decimal
    amortised: Decimal
    impaired: Decimal
    closing: Decimal

    @property
    def ties(self) -> bool:
        moved = self.corrected + self.capitalised - self.amortised - self.impaired
        return self.opening + moved == self.closing


@dataclass(frozen=True)
class Journal:
    """The lines of a closed month's journal, and the roll-forward of the asset by currency."""

    month: date
    lines: list[Line]
    roll_forward: list[RollForward]

    @property
    def totals(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Debits and credits by currency."""
        found: dict[str, tuple[Decimal, Decimal]] = {}
        for line in self.lines:
            debit, credit = found.get(line.currency, (NOTHING, NOTHING))
            found[line.currency] = debit + line.debit, credit + line.credit
        return dict(sorted(found.items()))

    def rows(self) -> list[tuple[str | Decimal, ...]]:
        """The lines as rows of ``COLUMNS``; the side that is nothing is empty."""
        return [
            (line.entry, line.component, line.earned_in, line.account, line.currency,
             line.debit or "", line.credit or "", line.memo)
            for line in self.lines
        ]  # fmt: skip

    def as_csv(self) -> bytes:
        """As spreadsheets read it; a text is never a formula."""
        return as_csv(
            COLUMNS,
            (
                [neutral(cell) if isinstance(cell, str) else cell for cell in row]
                for row in self.rows()
            ),
        )


def journal_of(settings: Settings, month: date) -> Journal:
    """The journal of a closed month, from its package and the one before it.

    Raises ``PackageError`` where the month has no package, where one of the two is not as it was written,
    where the package is older than contract costs are, or where the roll-forward does not tie.
    """
    package = sound_package(settings, month)
    earlier = [found for found in packages(settings) if found.month < month]
    before = sound_package(settings, earlier[-1].month) if earlier else None
    if not (package.policy / "policy_journal_accounts.csv").exists():
        raise PackageError(f"{package.folder} was written before closes kept contract costs")
    accounts = {
        (row["entry"], row["component"]): row
        for row in csv_rows(package.policy / "policy_journal_accounts.csv")
    }
    units = minor_units(package.policy)
    amounts = _accrued(package, accounts)
    moved, roll_forward = _moved(package, before)
    amounts |= moved
    lines = []
    for (entry, component, earned_in, currency), amount in sorted(amounts.items()):
        booked = accounts.get((entry, component))
        if amount == 0:
            continue
        if booked is None:
            raise PackageError(
                f"policy_journal_accounts has no row for {entry}, and {amount} {currency} to book"
            )
        sides = (booked["debit_account"], booked["credit_account"])
        debited, credited = sides if amount > 0 else reversed(sides)
        value = abs(amount).quantize(units[currency])
        memo = booked["memo"]
        lines += [
            Line(entry, component, earned_in, debited, currency, value, NOTHING, memo),
            Line(entry, component, earned_in, credited, currency, NOTHING, value, memo),
        ]
    found = Journal(month, lines, roll_forward)
    if loose := [row.currency for row in roll_forward if not row.ties]:
        raise PackageError(f"the contract cost asset does not roll forward in {', '.join(loose)}")
    return found


def _accrued(
    package: Package, accounts: dict[tuple[str, str], dict[str, str]]
) -> dict[tuple[str, str, str, str], Decimal]:
    """What the close posted, by entry, component, whether it is a correction, and currency."""
    found: dict[tuple[str, str, str, str], Decimal] = defaultdict(Decimal)
    for row in package.rows("pay_ledger"):
        if ("accrual", row["component"]) in accounts:
            earned_in = "earlier" if row["is_correction"] == "True" else "own"
            key = ("accrual", row["component"], earned_in, row["currency"])
            found[key] += Decimal(row["amount"])
    return dict(found)


def _moved(
    package: Package, before: Package | None
) -> tuple[dict[tuple[str, str, str, str], Decimal], list[RollForward]]:
    """The movements to book, keyed as ``_accrued``, and the roll-forward they make."""
    now = package.rows("contract_costs")
    then = before.rows("contract_costs") if before else []
    # Months after the close before are the close's own; the first close has only its month.
    first = f"{before.month}" if before else ""
    own = {row["period_month"] for row in now if row["period_month"] > first} if before else set()
    own.add(str(package.month))
    amounts: dict[tuple[str, str, str, str], Decimal] = defaultdict(Decimal)
    for rows, sign in ((now, 1), (then, -1)):
        for row in rows:
            is_own = row["period_month"] in own
            if not is_own and before is None:
                continue
            for entry, column in MOVEMENTS.items():
                key = (entry, "", "own" if is_own else "earlier", row["currency"])
                amounts[key] += sign * Decimal(row[column])
    roll_forward = []
    for currency in sorted({row["currency"] for row in (*now, *then)}):
        opening = _balance(then, currency, str(before.month), "closing_amount") if before else None
        computed = _balance(now, currency, min(own), "opening_amount")
        capitalised, amortised, impaired = (
            amounts[entry, "", "own", currency] for entry in MOVEMENTS
        )
        roll_forward.append(
            RollForward(
                currency,
                computed if opening is None else opening,
                NOTHING if opening is None else computed - opening,
                capitalised,
                amortised,
                impaired,
                _balance(now, currency, str(package.month), "closing_amount"),
            )
        )
    return dict(amounts), roll_forward


def _balance(rows: list[dict[str, str]], currency: str, month: str, column: str) -> Decimal:
    return sum(
        (
            Decimal(row[column])
            for row in rows
            if row["currency"] == currency and row["period_month"] == month
        ),
        NOTHING,
    )


def write_journal(journal: Journal, folder: Path) -> list[Path]:
    """Write ``journal-YYYY-MM.csv`` and ``.xlsx`` into a folder; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"journal-{journal.month:%Y-%m}"
    table = folder / f"{name}.csv"
    table.write_bytes(journal.as_csv())
    workbook = folder / f"{name}.xlsx"
    sheets: Sheets = {
        "Journal": (COLUMNS, journal.rows()),
        "Roll-forward": (
            ("currency", "opening", "corrected", "capitalised", "amortised", "impaired", "closing"),
            [
                (row.currency, row.opening, row.corrected, row.capitalised, row.amortised,
                 row.impaired, row.closing)
                for row in journal.roll_forward
            ],
        ),
        "Control totals": (
            ("currency", "debits", "credits"),
            [(currency, *sides) for currency, sides in journal.totals.items()],
        ),
    }  # fmt: skip
    write_workbook(f"Journal {journal.month:%Y-%m}", sheets, workbook)
    return [table, workbook]
