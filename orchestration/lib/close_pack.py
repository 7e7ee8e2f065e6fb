"""The close pack: one page on a closed month, and one statement per payee, as HTML that needs nothing else.

What was posted, the lines behind it and the findings come from the packages of the closes; names, ranks,
quotas, target pay and grade reviews from the warehouse, as known when the pack is written.
"""

from __future__ import annotations

import csv
import shutil
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from orchestration.lib import plots
from orchestration.lib.close_package import BEHIND, Package, PackageError, packages
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.payroll import neutral
from orchestration.lib.policy import csv_rows, minor_units, policy_setting
from orchestration.lib.report import percent, plain
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import open_read_only

Row = dict[str, str]
PAGES = PROJECT_DIR / "orchestration" / "pages"
# The order in which a statement names what pay is made of (RULES 8).
COMPONENTS = (
    "base", "performance", "commission", "bonus", "guarantee", "draw", "recovery", "holdback", "release",
    "adjustment",
)  # fmt: skip
# The components that a pay mix sets a target for (S3-07).
MIXED = ("base", "performance", "commission")
VARIANCE = (
    "employee_id", "name", "role", "team", "component", "currency", "posted", "close_before", "change",
    "target", "against_target",
)  # fmt: skip
LINE_KINDS = ("earned", "reversed", "forgiven", "trued_up", "capped", "deferred", "gated")


@dataclass(frozen=True)
class Payee:
    """An employee by name, as the warehouse knows them; the name is the identifier where it does not."""

    employee_id: str
    name: str
    role: str
    grade: str
    team: str

    @property
    def page(self) -> str:
        """The file of the statement: an identifier may hold what a file name may not."""
        return f"{quote(self.employee_id, safe='')}.html"


class Posted:
    """What a package posted, read once."""

    def __init__(self, package: Package) -> None:
        self.package, self.month, self.manifest = package, package.month, package.manifest

    def rows(self, name: str) -> list[Row]:
        """The rows of one of its tables, as text; empty is null. What it corrects is left out."""
        rows = self.package.rows(name)
        return [row for row in rows if name not in BEHIND or row["period_month"] == str(self.month)]

    @cached_property
    def ledger(self) -> list[Row]:
        return self.rows("pay_ledger")

    @cached_property
    def close(self) -> Row:
        return self.rows("closes")[0]

    def paid(self, *by: str) -> dict[tuple[str, ...], Decimal]:
        """Amounts by columns of the ledger."""
        found: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
        for row in self.ledger:
            found[tuple(row[name] for name in by)] += Decimal(row["amount"])
        return found


class ClosePack:
    """Everything that the pages of a closed month show.

    Raises ``PackageError`` where the month has no package, or where one of the packages that it reads is
    not as it was written.
    """

    def __init__(self, settings: Settings, month: date) -> None:
        self.month = month
        there = [Posted(package) for package in packages(settings) if package.month <= month]
        if not there or there[-1].month != month:
            raise PackageError(f"{month:%Y-%m} has no package in {settings.closes}: close it first")
        if faults := [fault for posted in there for fault in posted.package.faults()]:
            raise PackageError("\n".join(faults))
        self.posted, self.before = there[-1], there[-2] if there[1:] else None
        first = int(policy_setting(self.posted.package.policy, "fiscal_year_start_month", "1"))
        start = date(month.year - (month.month < first), first, 1)
        self.of_year = [posted for posted in there if posted.month >= start]
        self.units = minor_units(self.posted.package.policy)
        with open_read_only(settings.warehouse) as connection:
            self._ask(connection)

    def _ask(self, connection: duckdb.DuckDBPyConnection) -> None:
        def rows(query: str) -> list[tuple[Any, ...]]:
            return connection.execute(query, [self.month]).fetchall()

        found = connection.execute(
            "select employee_id, full_name, role, grade, team_name from marts.dim_employees"
        ).fetchall()
        self._payees = {
            row[0]: Payee(row[0], row[1] or row[0], *(value or "" for value in row[2:]))
            for row in found
        }
        self.attainments = [
            float(row[0])
            for row in rows(
                "select attainment from marts.fct_quota_attainment"
                " where period_month = ? and attainment is not null"
            )
        ]
        self.moves = rows(
            "select employee_id, rank_change from marts.fct_rankings where period_month = ?"
            " and board = 'score' and scope_type = 'company' and period_kind = 'month'"
            " and rank_change is not null order by rank_change, employee_id"
        )
        self.against_plan = rows(
            "select role, currency, sum(target_amount), sum(computed_amount) from marts.fct_target_pay"
            " where period_month = ? group by role, currency order by currency, role"
        )
        self.targets = rows(
            "select employee_id, currency, target_base_amount, target_performance_amount,"
            " target_commission_amount from marts.fct_target_pay where period_month = ?"
        )
        self.reviews = rows(
            "select role, direction, count(*) from marts.fct_grade_decisions where period_month = ?"
            " group by role, direction order by role, direction"
        )

    def manifest_value(self, name: str) -> str:
        """What the package says of itself; empty where it does not say."""
        return str(self.posted.manifest.get(name) or "")

    def payee(self, employee_id: str) -> Payee:
        return self._payees.get(employee_id, Payee(employee_id, employee_id, "", "", ""))

    def money(self, amount: Decimal, currency: str) -> str:
        """1,234.50, with the decimals of the currency; more where there are more."""
        whole = amount.quantize(self.units.get(currency, Decimal("0.01")))
        return f"{whole if whole == amount else amount.normalize():,f}"

    def plain_money(self, amount: Decimal, currency: str) -> str:
        """1234.50: as a table for machines has it."""
        return f"{self._rounded(amount, currency):f}"

    def _rounded(self, amount: Decimal, currency: str) -> Decimal:
        return amount.quantize(self.units.get(currency, Decimal("0.01")), rounding=ROUND_HALF_UP)

    @property
    def currencies(self) -> list[str]:
        """The one that most payees are paid in first."""
        payees = [currency for _, currency in self.posted.paid("employee_id", "currency")]
        return sorted(set(payees), key=lambda currency: (-payees.count(currency), currency))

    def totals(self) -> list[dict[str, Any]]:
        """By currency and component: payees, own month, corrections, all, and the close before."""
        before = self.before.paid("currency", "component") if self.before else {}
        found = []
        for currency in self.currencies:
            rows = [row for row in self.posted.ledger if row["currency"] == currency]
            there = {row["component"] for row in rows}
            there |= {component for held, component in before if held == currency}
            for component in [*sorted(there, key=_place), None]:
                own = [row for row in rows if component in (None, row["component"])]
                corrections = [row for row in own if row["is_correction"] == "True"]
                last = sum(
                    (
                        amount
                        for (held, name), amount in before.items()
                        if held == currency and component in (None, name)
                    ),
                    Decimal(0),
                )
                total = _sum(own)
                found.append(
                    {
                        "component": component,
                        "currency": currency,
                        "payees": len({row["employee_id"] for row in own}),
                        "own": total - _sum(corrections),
                        "corrections": _sum(corrections),
                        "total": total,
                        "before": last if self.before else None,
                        "change": total - last if self.before else None,
                    }
                )
        return found

    @cached_property
    def variances(self) -> list[dict[str, Any]]:
        """By payee, component and currency: the month's own pay, that of the close before, and the target.

        A target is what the pay mix of the plan sets for base, performance and commission; for another
        component, or without a mix, it is None, as the close before is where there is none.
        """
        now, before = (
            _own(posted.ledger) if posted else {} for posted in (self.posted, self.before)
        )
        targets = {
            (employee, component, currency): self._rounded(amount, currency)
            for employee, currency, *amounts in self.targets
            for component, amount in zip(MIXED, amounts, strict=True)
        }
        nothing = Decimal(0)
        return [
            {
                "payee": self.payee(key[0]),
                "component": key[1],
                "currency": key[2],
                "own": now.get(key, nothing),
                "before": before.get(key, nothing) if self.before else None,
                "target": targets.get(key),
            }
            for key in sorted(
                now.keys() | before.keys() | {key for key, amount in targets.items() if amount},
                key=lambda key: (key[0], key[2], _place(key[1])),
            )
        ]

    def against_targets(self) -> list[dict[str, Any]]:
        """Pay and target by currency and component, of the payees who have a target."""
        found: dict[tuple[str, str], list[Decimal]] = {}
        for row in self.variances:
            if row["target"] is not None:
                sums = found.setdefault((row["currency"], row["component"]), [Decimal(0)] * 2)
                sums[0] += row["own"]
                sums[1] += row["target"]
        return [
            {"currency": currency, "component": component, "own": own, "target": target,
             "variance": own - target}
            for (currency, component), (own, target) in sorted(
                found.items(), key=lambda item: (item[0][0], _place(item[0][1]))
            )
        ]  # fmt: skip

    def payouts(self) -> list[dict[str, Any]]:
        """Payee, currency, total, and by how much it differs from the close before."""
        before = self.before.paid("employee_id", "currency") if self.before else {}
        now = self.posted.paid("employee_id", "currency")
        return [
            {
                "payee": self.payee(employee),
                "currency": currency,
                "total": now.get((employee, currency), Decimal(0)),
                "change": now.get((employee, currency), Decimal(0))
                - before.get((employee, currency), Decimal(0))
                if self.before
                else None,
            }
            for employee, currency in sorted(now.keys() | before.keys())
        ]

    def findings(self) -> list[Row]:
        """Checks that found something, and how many rows."""
        rows = self.posted.rows("findings")
        return sorted(
            (row for row in rows if int(row["rows"])),
            key=lambda row: (-int(row["rows"]), row["check"]),
        )

    def disputes(self) -> list[dict[str, Any]]:
        """Disputes that the close found open or decided since its month began, the oldest first."""
        found = [
            {
                **row,
                "about": row["commission_line_id"]
                or row["measure"]
                or row["component"]
                or "all of it",
                "posted": Decimal(row["posted_amount"]),
                "claimed": Decimal(row["claimed_amount"]) if row["claimed_amount"] else None,
            }
            for row in self.posted.rows("pay_disputes")
        ]
        return sorted(found, key=lambda row: (row["raised_on"], row["dispute_id"]))

    def _shapes(self, curves: set[str]) -> dict[str, list[tuple[float, float]]]:
        """Payout curves of the policy that the close used, as points a hundredth apart."""
        table = csv_rows(self.posted.package.policy / "policy_payout_curves.csv")
        rows = [row for row in table if row["curve_id"] in curves]
        found: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: (row["curve_id"], Decimal(row["attainment_from"]))):
            first = int(Decimal(row["attainment_from"]) * 100)
            last = int(Decimal(row["attainment_to"] or plots.MOST_ATTAINED) * 100)
            c0, c1, c2, cap = (float(row[name]) for name in ("c0", "c1", "c2", "cap"))
            found[row["curve_id"]] += [
                (step / 100, min(c0 + c1 * step / 100 + c2 * (step / 100) ** 2, cap))
                for step in range(first, last + 1)
            ]
        return found

    def plots(self) -> list[tuple[str, Markup]]:
        """Caption and SVG of each picture for which there is something to show."""
        currency = self.currencies[0] if self.currencies else ""
        paid = [
            float(amount)
            for (_, held), amount in self.posted.paid("employee_id", "currency").items()
            if held == currency
        ]
        curves: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for row in self.posted.rows("score_items"):
            if row["attainment"] and row["curve_applies_to"] == "item":
                curves[row["curve_id"]].append((float(row["attainment"]), float(row["factor"])))
        plan = [
            (role, float(target or 0), float(computed or 0))
            for role, held, target, computed in self.against_plan
            if held == currency
        ]
        return [
            (caption, Markup(svg))
            for caption, svg in (
                (
                    f"Payees by what they are paid, {currency}",
                    plots.histogram(paid, "payees", currency),
                ),
                (
                    "Quotas by the share of them that was sold",
                    plots.histogram(self.attainments, "quotas", "attainment", mark=1.0),
                ),
                (
                    "Payout curves, and where score items lie on them",
                    plots.curves(curves, self._shapes(set(curves))),
                ),
                ("Places won and lost on the board of scores", plots.moves(self.moves)),
                (f"Pay against target pay by role, {currency}", plots.against_plan(plan)),
                ("Grade reviews by what they came to", plots.reviews(self.reviews)),
            )
            if svg
        ]

    @cached_property
    def _by_employee(self) -> dict[str, dict[str, list[Row]]]:
        found: dict[str, dict[str, list[Row]]] = {}
        for name in ("pay_ledger", "commission_lines", "score_items"):
            by: dict[str, list[Row]] = defaultdict(list)
            for row in self.posted.rows(name):
                by[row["employee_id"]].append(row)
            found[name] = by
        return found

    @cached_property
    def _year(self) -> dict[str, dict[tuple[str, str], Decimal]]:
        found: dict[str, dict[tuple[str, str], Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for posted in self.of_year:
            for (employee, currency, component), amount in posted.paid(
                "employee_id", "currency", "component"
            ).items():
                found[employee][currency, component] += amount
        return found

    @property
    def employees(self) -> list[str]:
        """Everybody who has something on a statement of this close."""
        return sorted({row["employee_id"] for row in self.posted.ledger})

    def statement(self, employee: str) -> dict[str, Any]:
        """What the page of a payee shows."""
        ledger = self._by_employee["pay_ledger"][employee]
        own = [row for row in ledger if row["is_correction"] != "True"]
        year = self._year[employee]
        lines = self._by_employee["commission_lines"][employee]
        components = sorted(
            {(row["currency"], row["component"]) for row in own} | year.keys(),
            key=lambda key: (key[0], _place(key[1])),
        )
        return {
            "payee": self.payee(employee),
            "components": [
                {
                    "currency": currency,
                    "component": component,
                    "amount": _sum(
                        row
                        for row in own
                        if (row["currency"], row["component"]) == (currency, component)
                    ),
                    "year": year[currency, component],
                }
                for currency, component in components
            ],
            "corrections": sorted(
                (row for row in ledger if row["is_correction"] == "True"),
                key=lambda row: (row["period_month"], _place(row["component"])),
            ),
            "totals": {
                currency: (
                    _sum(row for row in ledger if row["currency"] == currency),
                    sum((amount for (held, _), amount in year.items() if held == currency), Decimal(0)),
                )
                for currency in sorted({currency for currency, _ in components})
            },
            "items": self._by_employee["score_items"][employee],
            "lines": sorted(
                lines,
                key=lambda row: (
                    row["transaction_date"] or "9", row["transaction_id"],
                    LINE_KINDS.index(row["line_kind"]), row["commission_line_id"],
                ),
            ),
            "commission": {
                currency: sum(
                    (
                        Decimal(row["pay_amount"])
                        for row in lines
                        if row["pay_currency"] == currency and row["pay_amount"]
                    ),
                    Decimal(0),
                )
                for currency in sorted({row["pay_currency"] for row in lines})
            },
        }  # fmt: skip


def write_pack(settings: Settings, month: date, folder: Path) -> Path:
    """Write ``index.html``, ``variance.csv`` and ``statements/<employee>.html`` in place of the folder.

    Returns the index.

    Raises ``PackageError`` as ``ClosePack`` does; then nothing is written.
    """
    pack = ClosePack(settings, month)
    environment = Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "money": pack.money, "number": Decimal, "figure": _figure, "share": _share, "words": _words
    }  # fmt: skip
    shared = {"pack": pack, "style": Markup((PAGES / "style.css").read_text("utf-8"))}
    draft = folder.with_name(f"{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "statements").mkdir(parents=True)
    index = environment.get_template("pack.html.j2").render(shared)
    (draft / "index.html").write_text(index, encoding="utf-8")
    _write_variances(pack, draft / "variance.csv")
    page = environment.get_template("statement.html.j2")
    for employee in pack.employees:
        text = page.render(shared, **pack.statement(employee))
        (draft / "statements" / pack.payee(employee).page).write_text(text, encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
    return folder / "index.html"


def _write_variances(pack: ClosePack, path: Path) -> None:
    """The variance report: pay of the month against the close before and against target pay."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(VARIANCE)
        for row in pack.variances:
            own, before, target = row["own"], row["before"], row["target"]
            amounts = [own, before, None if before is None else own - before, target,
                       None if target is None else own - target]  # fmt: skip
            payee = row["payee"]
            texts = (payee.employee_id, payee.name, payee.role, payee.team)
            writer.writerow(
                [*(neutral(text) for text in texts), row["component"], row["currency"]]
                + [
                    "" if amount is None else pack.plain_money(amount, row["currency"])
                    for amount in amounts
                ]
            )


def _own(ledger: list[Row]) -> dict[tuple[str, str, str], Decimal]:
    """What was posted of the month itself, by employee, component and currency."""
    found: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for row in ledger:
        if row["is_correction"] != "True":
            found[row["employee_id"], row["component"], row["currency"]] += Decimal(row["amount"])
    return dict(found)


def _place(component: str) -> tuple[int, str]:
    """The place of a component on a statement; what it does not know comes last, by name."""
    known = component in COMPONENTS
    return (COMPONENTS.index(component) if known else len(COMPONENTS), component)


def _sum(rows: Iterable[Row]) -> Decimal:
    return sum((Decimal(row["amount"]) for row in rows), Decimal(0))


def _figure(text: str, places: int | None = None) -> str:
    """A number as landed text, with thousands set apart; empty stays empty."""
    if not text:
        return ""
    number = Decimal(text)
    return f"{Decimal(plain(number)):,f}" if places is None else f"{number:,.{places}f}"


def _share(text: str) -> str:
    return percent(Decimal(text)) if text else ""


def _words(name: str) -> str:
    """A name of the data as words."""
    return name.replace("_", " ")
