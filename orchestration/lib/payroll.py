"""The payroll file of a close: what payroll pays, as CSV and as a workbook, with control totals.

It is made from the package of the close alone, so the same close gives the same bytes however often it
is asked for, and whatever has been landed or built since.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from orchestration.lib.close_package import PackageError, as_csv, sound_package
from orchestration.lib.policy import minor_units
from orchestration.lib.settings import Settings

COLUMNS = ("employee_id", "pay_code", "earned_in", "currency", "amount")
# What a spreadsheet takes for a formula where a text begins with it (OWASP, CSV injection).
BEGIN_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
# A workbook says when it was made; one that is made twice is the same, so all are of this day.
MADE_ON = datetime(2000, 1, 1, tzinfo=UTC)
Line = tuple[str, str, date, str, Decimal]
# By sheet: headings and rows.
Sheets = dict[str, tuple[Sequence[str], Sequence[tuple[Any, ...]]]]


@dataclass(frozen=True)
class Payroll:
    """The lines of a payroll file, and what they come to.

    ``lines`` are (employee, pay code, month earned in, currency, amount), sorted; a pay code is a
    component of pay.
    """

    month: date
    lines: list[Line]

    @property
    def totals(self) -> dict[tuple[str, str], Decimal]:
        """By currency and pay code."""
        found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for _, pay_code, _, currency, amount in self.lines:
            found[currency, pay_code] += amount
        return dict(sorted(found.items()))

    @property
    def by_payee(self) -> dict[tuple[str, str], Decimal]:
        """What each employee is paid in each currency."""
        found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for employee, _, _, currency, amount in self.lines:
            found[employee, currency] += amount
        return dict(sorted(found.items()))

    @property
    def owing(self) -> dict[tuple[str, str], Decimal]:
        """Employees who are paid less than nothing: payroll collects, or carries over."""
        return {key: amount for key, amount in self.by_payee.items() if amount < 0}

    def as_csv(self) -> bytes:
        """As spreadsheets read it; a text is never a formula."""
        return as_csv(
            COLUMNS,
            (
                (neutral(employee), neutral(pay_code), f"{earned_in:%Y-%m}", currency, amount)
                for employee, pay_code, earned_in, currency, amount in self.lines
            ),
        )

    @property
    def sha256(self) -> str:
        """Of the CSV: the same close has the same, which payroll may hold a second import against."""
        return hashlib.sha256(self.as_csv()).hexdigest()

    def control_rows(self) -> list[tuple[str, str, str | Decimal | int]]:
        """(what, currency, value) by which payroll sees that it has read everything."""
        rows: list[tuple[str, str, str | Decimal | int]] = [
            ("period", "", f"{self.month:%Y-%m}"),
            ("lines", "", len(self.lines)),
            ("payees", "", len({line[0] for line in self.lines})),
        ]
        for currency in sorted({currency for currency, _ in self.totals}):
            rows += [
                (pay_code, currency, amount)
                for (held, pay_code), amount in self.totals.items()
                if held == currency
            ]
            whole = sum(
                (amount for (held, _), amount in self.totals.items() if held == currency),
                Decimal(0),
            )
            rows.append(("total", currency, whole))
        return [*rows, ("sha256 of the CSV", "", self.sha256)]


def neutral(text: str) -> str:
    """A text that a spreadsheet shows and does not compute: a formula gets an apostrophe before it."""
    return f"'{text}" if text.startswith(BEGIN_FORMULAS) else text


def payroll_of(settings: Settings, month: date) -> Payroll:
    """The payroll of a closed month, from its package.

    Raises ``PackageError`` where the month has no package, or where the package is not as it was
    written.
    """
    package = sound_package(settings, month)
    units = minor_units(package.policy)
    lines = sorted(
        (
            row["employee_id"],
            row["component"],
            date.fromisoformat(row["period_month"]),
            row["currency"],
            # The ledger is rounded to the smallest unit already: only the zeros behind it go.
            Decimal(row["amount"]).quantize(units[row["currency"]]),
        )
        for row in package.rows("pay_ledger")
    )
    found = Payroll(month, lines)
    posted = {currency: Decimal(total) for currency, total in package.manifest["totals"].items()}
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for (currency, _), amount in found.totals.items():
        paid[currency] += amount
    if paid != posted:
        raise PackageError(f"{package.folder} says that {posted} was posted; its rows are {paid}")
    return found


def write_payroll(payroll: Payroll, folder: Path) -> list[Path]:
    """Write ``payroll-YYYY-MM.csv`` and ``.xlsx`` into a folder; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"payroll-{payroll.month:%Y-%m}"
    table = folder / f"{name}.csv"
    table.write_bytes(payroll.as_csv())
    workbook = folder / f"{name}.xlsx"
    _write_workbook(payroll, workbook)
    return [table, workbook]


def _write_workbook(payroll: Payroll, path: Path) -> None:
    """Three sheets: the lines, what each payee gets, and the control totals."""
    sheets: Sheets = {
        "Lines": (
            COLUMNS,
            [
                (employee, pay_code, f"{earned_in:%Y-%m}", currency, amount)
                for employee, pay_code, earned_in, currency, amount in payroll.lines
            ],
        ),
        "Payees": (
            ("employee_id", "currency", "amount"),
            [(*key, amount) for key, amount in payroll.by_payee.items()],
        ),
        "Control totals": (("total of", "currency", "amount"), payroll.control_rows()),
    }
    write_workbook(f"Payroll {payroll.month:%Y-%m}", sheets, path)


def write_workbook(title: str, sheets: Sheets, path: Path) -> None:
    """Write sheets of headings and rows; texts are never formulas, the same rows are the same bytes."""
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
        book.set_properties({"title": title, "created": MADE_ON})
        head = book.add_format({"bold": True, "bottom": 1})
        number = book.add_format({"num_format": "#,##0.00;[Red]-#,##0.00"})
        for name, (headings, rows) in sheets.items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            sheet.set_landscape()
            sheet.repeat_rows(0)
            for column, heading in enumerate(headings):
                sheet.write_string(0, column, heading, head)
                sheet.set_column(column, column, 20)
            for line, row in enumerate(rows, start=1):
                for column, value in enumerate(row):
                    if isinstance(value, Decimal):
                        sheet.write_number(line, column, float(value), number)
                    elif isinstance(value, int):
                        sheet.write_number(line, column, value)
                    else:
                        sheet.write_string(line, column, str(value))
            sheet.autofilter(0, 0, len(rows), len(headings) - 1)
