"""What pay would be under another plan: the same facts, beside the warehouse, which is not touched.

A scenario is a folder with the policy tables that would be different, as CSV files of the same names; all
others are today's. Both sides are built from what is landed now: today's plan first, then the scenario's on
a copy of it.
"""

from __future__ import annotations

import csv
import shutil
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from orchestration.lib.build import GateError, Request, Told, build, require_sound_input
from orchestration.lib.contract import policy_tables
from orchestration.lib.dbt_run import Progress
from orchestration.lib.pay_diff import Difference, State, as_built, differences
from orchestration.lib.payroll import neutral
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import BuildError
from orchestration.lib.working_copy import copy_to_build_on

NOTHING = Decimal(0)
POLICY, WAREHOUSE = "policy", "plumbline.duckdb"


@dataclass(frozen=True)
class Simulation:
    """Pay of some months under today's plan and under a scenario's.

    ``months`` are (today's state, the scenario's, what differs payee by payee).
    """

    name: str
    warehouse: Path
    months: list[tuple[State, State, list[Difference]]]

    def cost(self) -> list[tuple[str, str, Decimal, Decimal]]:
        """(currency, component, today's, the scenario's) over all months; of all components: ``total``."""
        found: dict[tuple[str, str], tuple[Decimal, Decimal]] = defaultdict(
            lambda: (NOTHING, NOTHING)
        )
        for before, after, _ in self.months:
            for state, is_today in ((before, True), (after, False)):
                for (_, component, currency), amount in state.amounts.items():
                    for key in ((currency, component), (currency, "total")):
                        today, then = found[key]
                        found[key] = (today + amount, then) if is_today else (today, then + amount)
        keys = sorted(found, key=lambda key: (key[0], key[1] == "total", key[1]))
        return [(currency, component, *found[currency, component]) for currency, component in keys]

    def by_payee(self) -> dict[tuple[str, str], Decimal]:
        """By how much each employee wins or loses in each currency; who does neither is left out."""
        found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for _, _, of_month in self.months:
            for row in of_month:
                found[row.employee, row.currency] += row.amount
        return {key: amount for key, amount in sorted(found.items()) if amount}

    def write(self, path: Path) -> None:
        """Every payee, month and component that differs, as CSV with what changed and why."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(
                [
                    "period_month",
                    "employee_id",
                    "component",
                    "currency",
                    "today",
                    "scenario",
                    "difference",
                ]
            )
            for before, _, of_month in self.months:
                month = f"{before.month:%Y-%m}"
                for row in of_month:
                    amounts = [f"{amount:f}" for amount in (row.before, row.after, row.amount)]
                    writer.writerow(
                        [month, neutral(row.employee), row.component, row.currency, *amounts]
                    )


def simulate(
    settings: Settings, scenario: Path, months: Iterable[date], told: Told, progress: Progress
) -> Simulation:
    """Build today's plan and the scenario's beside the warehouse, and compare the pay of months.

    Raises ``BuildError`` for a folder that is no scenario, ``GateError`` for plan tables that the gate
    refuses, and what ``build`` raises.
    """
    folder = settings.warehouse.parent / "scenarios" / scenario.resolve().name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    policy = compose(settings.policy, scenario, folder / POLICY)
    other = replace(settings, policy=policy, warehouse=folder / WAREHOUSE)
    try:
        require_sound_input(other)
    except GateError as error:
        # Named where a person would mend it.
        own = {path.name: path for path in scenario.glob("*.csv")}
        raise GateError(
            [replace(found, path=own.get(found.path.name, found.path)) for found in error.problems]
        ) from error
    today = replace(
        settings, warehouse=settings.warehouse.parent / "scenarios" / "today" / WAREHOUSE
    )
    copy_to_build_on(settings.warehouse, today.warehouse)
    build(today, Request(), lambda what: told(f"today's plan: {what}"), progress)
    copy_to_build_on(today.warehouse, other.warehouse)
    build(other, Request(), lambda what: told(f"{scenario.name}: {what}"), progress)
    found = []
    for month in months:
        before = replace(as_built(today, month), label="today's plan")
        after = replace(as_built(other, month), label=scenario.name)
        found.append((before, after, differences(settings, before, after)))
    return Simulation(scenario.resolve().name, other.warehouse, found)


def compose(policy: Path, scenario: Path, into: Path) -> Path:
    """Today's policy tables with a scenario's in their place. Raises ``BuildError`` where it has none."""
    if not scenario.is_dir():
        raise BuildError(f"{scenario} is no folder")
    files = sorted(scenario.glob("*.csv"))
    known = policy_tables()
    unknown = [path.name for path in files if path.stem not in known]
    if unknown:
        raise BuildError(f"{scenario} has {', '.join(unknown)}: no policy table is called so")
    if not files:
        raise BuildError(
            f"{scenario} has no policy table: lay the CSV files that would change into it"
        )
    into.mkdir(parents=True)
    for path in (*sorted(policy.glob("*.csv")), *files):
        shutil.copyfile(path, into / path.name)
    return into
