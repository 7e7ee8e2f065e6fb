"""The payroll file of a close: what was posted, the same bytes each time, and no formulas."""

from __future__ import annotations

import csv
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest

from orchestration.lib.payroll import Line, Payroll, neutral, write_payroll
from tests.python.conftest import Company

JUNE = date(2026, 6, 1)
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def cells(path: Path, sheet: int) -> list[list[str]]:
    """The values of a sheet as text. Fails on a formula."""
    with zipfile.ZipFile(path) as book:
        shared = [
            "".join(text.itertext())
            for text in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
        ]
        found = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{sheet}.xml"))
    assert not list(found.iter(f"{SHEET}f"))
    return [
        [
            shared[int(value)] if cell.get("t") == "s" else value
            for cell in row
            if (value := cell.findtext(f"{SHEET}v")) is not None
        ]
        for row in found.iter(f"{SHEET}row")
    ]


def test_the_payroll_of_a_close_is_its_ledger_to_the_cent(
    closed_demo: Company, tmp_path: Path
) -> None:
    said = closed_demo.must("payroll", "2026-06", "--out", str(tmp_path))
    posted = closed_demo.query(
        "select employee_id, component, period_month, currency, amount from marts.fct_pay_ledger"
        " where posting_month = '2026-06-01' order by all"
    )
    with (tmp_path / "payroll-2026-06.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [
        (
            line["employee_id"],
            line["pay_code"],
            line["earned_in"],
            line["currency"],
            Decimal(line["amount"]),
        )
        for line in lines
    ] == [
        (employee, component, f"{earned:%Y-%m}", currency, amount)
        for employee, component, earned, currency, amount in posted
    ]
    # Yen have no cents, and are not shown with any.
    assert {line["amount"] for line in lines if line["currency"] == "JPY"} >= {"300000"}
    assert "1,711,453.21" in said
    book = tmp_path / "payroll-2026-06.xlsx"
    # A workbook's numbers are doubles; each is the one nearest to its amount.
    assert [float(row[-1]) for row in cells(book, 1)[1:]] == [float(row[-1]) for row in posted]
    totals = {tuple(row[:2]): row[-1] for row in cells(book, 3)[1:]}
    assert float(totals["total", "CNY"]) == 1711453.21


def test_the_same_close_gives_the_same_bytes(closed_demo: Company, tmp_path: Path) -> None:
    for folder in ("one", "other"):
        closed_demo.must("payroll", "2026-06", "--out", str(tmp_path / folder))
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes()


def test_a_month_that_is_not_closed_has_no_payroll(closed_demo: Company, tmp_path: Path) -> None:
    done = closed_demo.plumbline("payroll", "2026-05", "--out", str(tmp_path / "none"))
    assert done.returncode == 1
    assert "2026-05 has no package" in done.stderr
    assert not (tmp_path / "none").exists()


def test_a_package_that_was_changed_is_not_paid(closed_demo: Company, tmp_path: Path) -> None:
    other = closed_demo.copy_to(tmp_path / "other")
    ledger = other.folder / "closes" / "2026-06" / "pay_ledger.csv"
    ledger.chmod(0o644)
    ledger.write_text(ledger.read_text(encoding="utf-8").replace("16800.0000", "16900.0000", 1))
    done = other.plumbline("payroll", "2026-06", "--out", str(tmp_path / "none"))
    assert done.returncode == 1
    assert "pay_ledger.csv was changed" in done.stderr


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_text_that_begins_a_formula_is_a_text(text: str, tmp_path: Path) -> None:
    line: Line = (text, "base", JUNE, "CNY", Decimal("-10.50"))
    payroll = Payroll(JUNE, [line])
    [_, row] = list(csv.reader(payroll.as_csv().decode("utf-8-sig").splitlines(keepends=True)))
    assert row[0] == f"'{text}"
    # An amount is a number, also below nothing.
    assert payroll.as_csv().rstrip().endswith(b",CNY,-10.50")
    [_, book] = write_payroll(payroll, tmp_path)
    assert cells(book, 1)[1][1:] == ["base", "2026-06", "CNY", "-10.5"]
    assert payroll.owing == {(text, "CNY"): Decimal("-10.50")}


def test_a_plain_text_stays_as_it_is() -> None:
    assert neutral("A000001") == "A000001"
    assert neutral("张伟") == "张伟"
