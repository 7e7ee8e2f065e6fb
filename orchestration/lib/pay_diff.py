"""What differs between two computations of the same month's pay, payee by payee, and what caused it.

A state is what one close, or one build, made of a month: amounts, the lines and scores behind them, the
policy, the code, and up to when rows were known. Two states are compared; a difference names the lines that
differ, the landed rows that came in between, and what changed in plan and code.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.build import PAYABLE, Request, Told, build
from orchestration.lib.close_package import (
    BEHIND,
    TABLES,
    Package,
    PackageError,
    code_version,
    packages,
    sound_package,
)
from orchestration.lib.contract import landing_tables
from orchestration.lib.dbt_run import Progress
from orchestration.lib.landed_rows import (
    LandedRow,
    find_rows,
    landed_transaction,
    loaded_between,
)
from orchestration.lib.report import plain
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import open_read_only

Row = dict[str, str]
PayKey = tuple[str, str, str]
NOTHING = Decimal(0)
# What a month is compared by.
COMPARED = (PAYABLE, *(TABLES[name][0] for name in BEHIND))
# Of the landed rows behind a difference so many are shown.
MOST_SHOWN = 12
# Columns that name a payee.
PEOPLE = ("employee_id", "owner_id", "ratee_id", "scope_id")
# Table, column and value of landed rows; without table and column, a payee.
Reference = tuple[str, str, str]
KEYS = {
    "commission_lines": ("commission_line_id",),
    "score_items": ("period_kind", "measure", "scope"),
    "scores": ("period_kind",),
}
# What stands behind a component, besides the payee's job and plan: everything else comes from commission.
BEHIND_COMPONENT = {"base": (), "adjustment": (), "performance": ("score_items", "scores")}
# What is said of a row that differs; the rest follows from these.
TOLD = {
    "commission_lines": ("plan_id", "tier_from", "rate", "amount", "pay_rate", "pay_amount"),
    "score_items": ("target_value", "numerator", "denominator", "curve_id", "weight", "factor"),
    "scores": ("plan_id", "role", "grade", "team_id", "performance_factor"),
}


@dataclass(frozen=True)
class State:
    """What was made of a month. ``amounts`` are by employee, component and currency."""

    label: str
    month: date
    amounts: dict[PayKey, Decimal]
    behind: dict[str, list[Row]]
    policy: Path
    code: str | None
    known_at: datetime | None = None

    @cached_property
    def by_employee(self) -> dict[str, dict[str, dict[tuple[str, ...], Row]]]:
        """The rows behind the amounts, by table, employee and key."""
        found: dict[str, dict[str, dict[tuple[str, ...], Row]]] = {}
        for name, rows in self.behind.items():
            held: dict[str, dict[tuple[str, ...], Row]] = defaultdict(dict)
            for row in rows:
                held[row["employee_id"]][tuple(row[column] for column in KEYS[name])] = row
            found[name] = held
        return found

    @cached_property
    def plan_rows(self) -> dict[str, set[tuple[str, ...]]]:
        """The rows of each policy file."""
        found = {}
        for path in sorted(self.policy.glob("*.csv")):
            with path.open(encoding="utf-8-sig", newline="") as file:
                found[path.stem] = {tuple(row) for row in csv.reader(file)}
        return found


@dataclass
class Difference:
    """By how much a payee's component differs, and why: the changed rows behind it, then the causes."""

    employee: str
    component: str
    currency: str
    before: Decimal
    after: Decimal
    changes: list[str] = field(default_factory=list)
    causes: list[str] = field(default_factory=list)

    @property
    def amount(self) -> Decimal:
        return self.after - self.before

    def as_dict(self) -> dict[str, Any]:
        """For JSON, amounts as text."""
        amounts = {"before": self.before, "after": self.after, "difference": self.amount}
        return {
            "employee_id": self.employee,
            "component": self.component,
            "currency": self.currency,
            **{name: f"{amount:f}" for name, amount in amounts.items()},
            "changes": self.changes,
            "causes": self.causes,
        }


def as_closed(settings: Settings, month: date) -> State:
    """A month as its own close left it. Raises ``PackageError`` without a sound package."""
    return _of_package(sound_package(settings, month), month)


def as_built(settings: Settings, month: date) -> State:
    """A month as the warehouse has it now."""
    with open_read_only(settings.warehouse) as connection:
        return _of_warehouse(connection, settings, month, "now", None)


def as_known(
    settings: Settings, month: date, known_at: str, told: Told, progress: Progress
) -> State:
    """A month with what was known at an instant: built beside the warehouse, with today's policy and code.

    Raises what ``build`` raises.
    """
    name = known_at.replace(":", "").replace(" ", "T")
    folder = settings.warehouse.parent / "compared" / name
    beside = replace(settings, warehouse=folder / "plumbline.duckdb")
    beside.warehouse.unlink(missing_ok=True)
    build(beside, Request(known_at=known_at, models=COMPARED), told, progress)
    with open_read_only(beside.warehouse) as connection:
        found = _of_warehouse(
            connection, settings, month, known_at, datetime.fromisoformat(known_at)
        )
    shutil.rmtree(folder)
    return found


def corrections(settings: Settings, month: date) -> list[tuple[date, list[Difference]]]:
    """What a close posted of earlier months, by month, each with its causes.

    Before it stands what closes had posted until then; the rows behind that are those of the last
    package that has the month. Raises ``PackageError`` where a package is missing or not sound.
    """
    there = [package for package in packages(settings) if package.month <= month]
    if not there or there[-1].month != month:
        raise PackageError(f"{month:%Y-%m} has no package in {settings.closes}: close it first")
    *earlier, closing = [sound_package(settings, package.month) for package in there]
    found = []
    corrected = {
        row["period_month"] for row in closing.rows("pay_ledger") if row["is_correction"] == "True"
    }
    for earned in sorted(date.fromisoformat(text) for text in corrected):
        posted: dict[PayKey, Decimal] = defaultdict(Decimal)
        for package in earlier:
            for key, amount in _posted(package, earned).items():
                posted[key] += amount
        with_rows = [package for package in earlier if _has(package, earned)]
        before = replace(_of_package(with_rows[-1], earned), amounts=dict(posted))
        added = _posted(closing, earned)
        after = replace(
            _of_package(closing, earned),
            amounts={
                key: posted.get(key, NOTHING) + added.get(key, NOTHING)
                for key in posted.keys() | added.keys()
            },
        )
        found.append((earned, differences(settings, before, after)))
    return found


def between_closes(settings: Settings, first: date, second: date) -> list[Difference]:
    """What two closes posted, corrections among it, payee by payee and component by component.

    The changes name scores, their items and sums of commission lines that differ; the causes what changed
    in plan and code. Raises ``PackageError`` where a package is missing or not sound.
    """
    packages_of = [sound_package(settings, month) for month in (first, second)]
    before, after = (
        replace(_of_package(package, package.month), amounts=_posted(package, None))
        for package in packages_of
    )
    before, after = (
        replace(state, behind=state.behind | {"commission_lines": []}) for state in (before, after)
    )
    sums = [_sums_by_kind(package) for package in packages_of]
    found = differences(settings, replace(before, known_at=None), after)
    for difference in found:
        if difference.component == "commission":
            kinds = [of.get(difference.employee, {}) for of in sums]
            difference.changes += [
                f"{kind}: {plain(kinds[0].get(kind, NOTHING))} is {plain(kinds[1].get(kind, NOTHING))}"
                for kind in sorted(kinds[0].keys() | kinds[1].keys())
                if kinds[0].get(kind, NOTHING) != kinds[1].get(kind, NOTHING)
            ]
    return found


def _sums_by_kind(package: Package) -> dict[str, dict[str, Decimal]]:
    """What each payee's commission lines of the package's own month come to, by kind."""
    found: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in package.rows("commission_lines"):
        if row["period_month"] == str(package.month) and row["pay_amount"]:
            found[row["employee_id"]][row["line_kind"]] += Decimal(row["pay_amount"])
    return found


def differences(settings: Settings, before: State, after: State) -> list[Difference]:
    """Every payee and component that differs, with what changed behind it and what caused that."""
    found = [
        Difference(*key, before.amounts.get(key, NOTHING), after.amounts.get(key, NOTHING))
        for key in sorted(before.amounts.keys() | after.amounts.keys())
        if before.amounts.get(key, NOTHING) != after.amounts.get(key, NOTHING)
    ]
    if not found:
        return []
    plan = _plan_changes(before, after)
    code = [f"code: {before.code} is {after.code}"] if before.code != after.code else []
    rows = []
    for difference in found:
        tables = BEHIND_COMPONENT.get(difference.component, ("commission_lines", "scores"))
        changed = _changed_rows(difference.employee, before, after, tables)
        difference.changes = [text for text, _ in changed]
        rows.append([row for _, row in changed])
    about = [_about(difference.employee, own) for difference, own in zip(found, rows, strict=True)]
    landed = _landed(settings, before, after, set().union(*about))
    for difference, named in zip(found, about, strict=True):
        plans = _plans(difference.employee, before, after)
        difference.causes = [
            *_shown([row for row in landed if _references(row[0]) & named]),
            *(text for text, of_plans in plan if not of_plans or of_plans & plans),
            *code,
        ]
        if not difference.causes:
            difference.causes = _shown(landed, of_others=True)
    return found


def _has(package: Package, earned: date) -> bool:
    """Whether a package has the rows behind a month: its own, or one that it corrected."""
    return package.month == earned or any(
        row["period_month"] == str(earned) for row in package.rows("scores")
    )


def _posted(package: Package, earned: date | None) -> dict[PayKey, Decimal]:
    """What a close posted of one month; of all, where none is named."""
    found: dict[PayKey, Decimal] = defaultdict(Decimal)
    for row in package.rows("pay_ledger"):
        if earned is None or row["period_month"] == str(earned):
            found[row["employee_id"], row["component"], row["currency"]] += Decimal(row["amount"])
    return dict(found)


def _of_package(package: Package, earned: date) -> State:
    return State(
        label=f"the close of {package.month:%Y-%m}",
        month=earned,
        amounts=_posted(package, earned),
        behind={
            name: [row for row in package.rows(name) if row["period_month"] == str(earned)]
            for name in BEHIND
        },
        policy=package.policy,
        code=package.manifest["code_version"],
        known_at=datetime.fromisoformat(package.manifest["known_at"]),
    )


def _of_warehouse(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    month: date,
    label: str,
    known_at: datetime | None,
) -> State:
    rows = connection.execute(
        "select employee_id, component, currency, amount from intermediate.int_payable_amounts"
        " where period_month = ? and amount <> 0", [month]
    ).fetchall()  # fmt: skip
    behind = {}
    for name in BEHIND:
        found = connection.execute(
            f"select * from marts.{TABLES[name][0]} where period_month = ?", [month]
        )
        names = [column[0] for column in found.description or []]
        # As a package has them: as text.
        behind[name] = [
            {
                column: "" if value is None else str(value)
                for column, value in zip(names, row, strict=True)
            }
            for row in found.fetchall()
        ]
    amounts = {tuple(row[:3]): row[3] for row in rows}
    return State(label, month, amounts, behind, settings.policy, code_version(), known_at)


def _changed_rows(
    employee: str, before: State, after: State, tables: Iterable[str]
) -> list[tuple[str, Row]]:
    """Rows behind a component that are new, gone or different, each with what there is to say."""
    found = []
    for name in tables:
        old = before.by_employee[name].get(employee, {})
        new = after.by_employee[name].get(employee, {})
        for key in sorted(old.keys() | new.keys()):
            was, now = old.get(key), new.get(key)
            row = now or was or {}
            title = _title(name, row)
            if was is None:
                found.append((f"new: {title}{_worth(row)}", row))
            elif now is None:
                found.append((f"gone: {title}{_worth(row)}", row))
            else:
                told = [
                    f"{column.replace('_', ' ')} {_number(was[column])} is {_number(now[column])}"
                    for column in TOLD[name]
                    if was[column] != now[column]
                ]
                if told:
                    found.append((f"{title}: {', '.join(told)}", row))
    return found


def _title(name: str, row: Row) -> str:
    if name == "commission_lines":
        kind = row["line_kind"] + (f" ({row['cap_period']})" if row["cap_period"] else "")
        return f"{kind} {row['transaction_id']}".rstrip()
    if name == "score_items":
        return row["measure"] + ("" if row["scope"] == "own" else f" ({row['scope']})")
    return f"score of the {row['period_kind']}"


def _worth(row: Row) -> str:
    for column in ("pay_amount", "weighted_factor", "performance_factor"):
        if row.get(column):
            return f", {_number(row[column])}"
    return ""


def _number(text: str) -> str:
    """A number without trailing zeros; other text as it is; nothing as 'none'."""
    try:
        return plain(Decimal(text))
    except ArithmeticError:
        return text or "none"


def _about(employee: str, rows: list[Row]) -> set[Reference]:
    """What a difference is about: the payee, and the sales and targets of the rows that changed."""
    found: set[Reference] = {("", "", employee)}
    for row in rows:
        found |= {
            landed_transaction(row[column])
            for column in ("transaction_id", "reverses_transaction_id")
            if row.get(column)
        }
        if row.get("target_id"):
            found.add(("hr.targets", "target_id", row["target_id"]))
    return found


def _references(row: LandedRow) -> set[Reference]:
    """What a landed row may be named by: its people, and each of its columns."""
    people = {("", "", row.values[name]) for name in PEOPLE if name in row.values}
    return people | {(row.table, column, value) for column, value in row.values.items()}


def _landed(
    settings: Settings, before: State, after: State, about: set[Reference]
) -> list[tuple[LandedRow, bool]]:
    """What was loaded between two states and names any of it, with whether its key was there before."""
    if before.known_at is None or before.known_at == after.known_at:
        return []
    first, last = before.known_at, after.known_at
    if last is not None and last < first:
        first, last = last, first
    people = {value for table, _, value in about if not table}
    found = []
    for name, table in landing_tables().items():
        naming: dict[str, set[str]] = dict.fromkeys(PEOPLE, people)
        for _, column, value in (reference for reference in about if reference[0] == name):
            naming[column] = naming.get(column, set()) | {value}
        rows = loaded_between(settings.landing, name, first, last, before.month, naming)
        if rows:
            versions = find_rows(settings.landing, name, table.key[0], {row.key[0] for row in rows})
            keys = {row.key for row in versions if row.loaded_at <= first}
            found += [(row, row.key in keys) for row in rows]
    return found


def _shown(landed: list[tuple[LandedRow, bool]], *, of_others: bool = False) -> list[str]:
    """Landed rows as text, the first of many; ``of_others`` where none of them names the payee."""
    shown = []
    for row, was_there in landed[:MOST_SHOWN]:
        kind = "row of others" if of_others else "changed row" if was_there else "new row"
        shown.append(f"{kind}: {row.table} {' '.join(row.key)} ({row.place})")
    more = len(landed) - MOST_SHOWN
    return [*shown, *([f"and {more} rows more"] if more > 0 else [])]


def _plan_changes(before: State, after: State) -> list[tuple[str, set[str]]]:
    """Policy files whose rows differ, each with the plans that its changed rows are about."""
    found = []
    for name in sorted(before.plan_rows.keys() | after.plan_rows.keys()):
        old, new = before.plan_rows.get(name, set()), after.plan_rows.get(name, set())
        if changed := old ^ new:
            plans = _named_plans(before, after, changed)
            rows = "; ".join(
                f"{sign} {','.join(row)}"
                for sign, side in (("-", old - new), ("+", new - old))
                for row in sorted(side)
            )
            found.append((f"changed plan: {name} {rows}", plans))
    return found


def _named_plans(before: State, after: State, rows: set[tuple[str, ...]]) -> set[str]:
    known = {
        row[0] for state in (before, after) for row in state.plan_rows.get("policy_plans", set())
    } - {"plan_id"}
    return {value for row in rows for value in row if value in known}


def _plans(employee: str, before: State, after: State) -> set[str]:
    """The plans that a payee's lines and scores were computed by."""
    return {
        row["plan_id"]
        for state in (before, after)
        for name in ("scores", "commission_lines")
        for row in state.by_employee[name].get(employee, {}).values()
    }


def to_json(found: list[Difference]) -> str:
    """Differences as JSON text."""
    return json.dumps([difference.as_dict() for difference in found], ensure_ascii=False, indent=1)
