"""The close pack: what its pages say is what was posted, and they need nothing but themselves."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.lib.close_pack import Payee
from tests.python.conftest import Company

# Elements that HTML lets stand open.
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """The tables of a page as text; fails where an element is closed that was not opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.links: list[str] = []
        self.elements: set[str] = set()
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.links += [
            value or "" for name, value in attrs if name in ("href", "src") and tag != "use"
        ]
        if tag not in VOID:
            self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_startendtag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self.tables and {"td", "th"} & set(self._open):
            self.tables[-1][-1][-1] += data.strip()


def pages(company: Company, month: str, folder: Path) -> dict[str, Page]:
    company.must("pack", month, "--out", str(folder))
    return {
        str(path.relative_to(folder)): Page(path.read_text(encoding="utf-8"))
        for path in folder.rglob("*.html")
    }


def amount(text: str) -> Decimal:
    return Decimal(text.replace(",", "") or "0")


@pytest.fixture(scope="module")
def june(closed_demo: Company, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    return pages(closed_demo, "2026-06", tmp_path_factory.mktemp("pack") / "june")


@pytest.fixture(scope="module")
def july(next_close: Company, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    return pages(next_close, "2026-07", tmp_path_factory.mktemp("pack") / "july")


def test_the_statements_are_the_ledger_payee_by_payee(
    closed_demo: Company, june: dict[str, Page]
) -> None:
    posted: dict[str, dict[tuple[str, str], Decimal]] = defaultdict(dict)
    for employee, component, currency, paid in closed_demo.query(
        "select employee_id, component, currency, amount from marts.fct_pay_ledger"
        " where posting_month = '2026-06-01'"
    ):
        posted[employee][component, currency] = paid
    assert june.keys() == {"index.html", *(f"statements/{employee}.html" for employee in posted)}
    for employee, components in posted.items():
        rows = june[f"statements/{employee}.html"].tables[0][1:]
        shown = {(row[0], row[1]): amount(row[2]) for row in rows if row[0] != "total"}
        assert shown == components
        for row in rows:
            if row[0] == "total":
                of_currency = [paid for (_, held), paid in components.items() if held == row[1]]
                assert amount(row[2]) == sum(of_currency)


def test_commission_lines_on_a_statement_come_to_its_commission(june: dict[str, Page]) -> None:
    compared = 0
    for page in june.values():
        commission = [row for row in page.tables[0] if row[0] == "commission"]
        lines = page.tables[-1]
        if commission and lines[0][-1] == "paid":
            [(_, _, paid, _)] = commission
            assert abs(amount(paid) - amount(lines[-1][-1])) <= Decimal("0.5")
            if commission[0][1] == "CNY":
                assert amount(paid) == amount(lines[-1][-1]).quantize(
                    Decimal("0.01"), "ROUND_HALF_UP"
                )
                compared += 1
    assert compared > 40


def test_the_page_on_the_close_has_its_totals_findings_and_a_link_for_everybody(
    closed_demo: Company, june: dict[str, Page], tmp_path: Path
) -> None:
    totals, targets, found, disputes, payees = june["index.html"].tables
    [(own, target)] = closed_demo.query(
        "select sum(ledger.amount), sum(round(targets.target_commission_amount, 2))"
        " from marts.fct_target_pay as targets left join marts.fct_pay_ledger as ledger"
        "  on targets.employee_id = ledger.employee_id"
        "  and targets.currency = ledger.currency and ledger.component = 'commission'"
        " where targets.period_month = '2026-06-01' and targets.currency = 'CNY'"
    )
    row = next(row for row in targets if row[:2] == ["commission", "CNY"])
    assert [amount(cell) for cell in row[2:]] == [own, target, own - target]
    assert disputes[1][0] == "DS-Z06"
    # Payee by payee the variance report comes to the same.
    closed_demo.must("pack", "2026-06", "--out", str(tmp_path / "june"))
    with (tmp_path / "june" / "variance.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["currency"] == "CNY"]
    posted = sum(Decimal(row["posted"]) for row in rows)
    assert f"{posted:,}" == "1,711,453.21"
    kept = [row for row in rows if row["component"] == "commission" and row["target"]]
    for name, value in (("posted", own), ("against_target", own - target)):
        assert sum(Decimal(row[name]) for row in kept) == value.quantize(
            Decimal("0.01"), "ROUND_HALF_UP"
        )
    assert ["total", "CNY", "97", "1,711,453.21", "0.00", "1,711,453.21"] in totals
    # Yen without cents
    assert ["commission", "JPY", "1", "168,594", "0", "168,594"] in totals
    assert ["chk_accounts_outside_policy", "12"] in found
    assert len(payees) - 1 == len(
        {link for link in june["index.html"].links if "statements" in link}
    )
    assert june.keys() >= set(june["index.html"].links) - {"variance.csv"}


def test_a_later_close_names_its_corrections_and_compares_itself_with_the_one_before(
    next_close: Company, july: dict[str, Page]
) -> None:
    corrected = next_close.query(
        "select employee_id, component, period_month, currency, amount from marts.fct_pay_ledger"
        " where posting_month = '2026-07-01' and is_correction"
    )
    assert corrected
    for employee, component, earned, currency, paid in corrected:
        rows = july[f"statements/{employee}.html"].tables[0]
        assert [
            f"correction of {component}, {earned:%Y-%m}", currency, f"{paid:,.2f}", ""
        ] in rows  # fmt: skip
    year = next_close.query(
        "select employee_id, currency, sum(amount) from marts.fct_pay_ledger group by all"
    )
    for employee, currency, paid in year:
        page = july.get(f"statements/{employee}.html")
        if page:
            [total] = [row for row in page.tables[0] if row[:2] == ["total", currency]]
            assert amount(total[3]) == paid
    both: dict[Any, Decimal] = defaultdict(Decimal)
    for month, currency, paid in next_close.query(
        "select posting_month, currency, sum(amount) from marts.fct_pay_ledger group by all"
    ):
        both[f"{month:%m}", currency] += paid
    [total] = [row for row in july["index.html"].tables[0] if row[:2] == ["total", "CNY"]]
    assert amount(total[6]) == both["06", "CNY"]
    assert amount(total[7]) == both["07", "CNY"] - both["06", "CNY"]


def test_the_pages_need_nothing_from_elsewhere_and_run_nothing(
    closed_demo: Company, june: dict[str, Page], tmp_path: Path
) -> None:
    assert not {"script", "link", "img", "iframe"} & set().union(
        *(page.elements for page in june.values())
    )
    closed_demo.must("pack", "2026-06", "--out", str(tmp_path / "once"))
    text = (tmp_path / "once" / "index.html").read_text(encoding="utf-8")
    # Names of formats and vocabularies, which nothing fetches.
    known = r"http://(www\.w3\.org|purl\.org|creativecommons\.org)/|https://matplotlib\.org/"
    assert not re.findall(r"https?://", re.sub(known, "", text))
    assert "@import" not in text
    assert "url(http" not in text


def test_the_same_close_gives_the_same_pages(closed_demo: Company, tmp_path: Path) -> None:
    for name in ("one", "other"):
        closed_demo.must("pack", "2026-06", "--out", str(tmp_path / name))
    for path in (tmp_path / "one").rglob("*.html"):
        other = tmp_path / "other" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == other.read_bytes()


def test_a_name_is_text_whatever_it_says(closed_demo: Company, tmp_path: Path) -> None:
    company = closed_demo.copy_to(tmp_path / "company")
    with duckdb.connect(str(company.warehouse)) as connection:
        connection.execute(
            "update marts.dim_employees set full_name = '<script>alert(1)</script>'"
            " where employee_id = 'Z06'"
        )
    company.must("pack", "2026-06", "--out", str(tmp_path / "pack"))
    for name in ("index.html", "statements/Z06.html"):
        text = (tmp_path / "pack" / name).read_text(encoding="utf-8")
        assert "<script" not in text
        assert "&lt;script&gt;alert(1)" in text


def test_an_identifier_that_is_no_file_name_has_a_page() -> None:
    assert Payee("a/../b", "B", "", "", "").page == "a%2F..%2Fb.html"


def test_a_folder_that_is_no_pack_is_left_alone(closed_demo: Company, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    done = closed_demo.plumbline("pack", "2026-06", "--out", str(tmp_path / "mine"))
    assert done.returncode == 1
    assert (tmp_path / "mine" / "notes.txt").read_text() == "mine"


def test_a_month_that_is_not_closed_has_no_pack(closed_demo: Company, tmp_path: Path) -> None:
    done = closed_demo.plumbline("pack", "2026-05", "--out", str(tmp_path / "none"))
    assert done.returncode == 1
    assert "close it first" in done.stderr
    assert not (tmp_path / "none").exists()
