"""Past closes computed anew, from what they knew, and compared with what they posted."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from orchestration.lib.build import PAYABLE, Request, Told, build
from orchestration.lib.close_package import Package, changed_inputs, closed_months, code_version
from orchestration.lib.contract import policy_tables
from orchestration.lib.dbt_run import Progress
from orchestration.lib.period_events import computed, digest_of, entries, posted
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import BuildError, open_read_only


@dataclass(frozen=True)
class Reproduction:
    """A past close computed anew: what it posted, and what differs from that.

    ``differences`` are (employee, component, currency, earned in, posted, reproduced).
    """

    entries: int
    sha256: str
    differences: list[tuple[str, str, str, date, Decimal, Decimal]]
    causes: list[str]


def reproduce(settings: Settings, month: date, told: Told, progress: Progress) -> Reproduction:
    """Compute a past close anew from what it knew, beside the warehouse, and compare every row.

    The policy is that of the close's package. Raises ``BuildError`` where the month was never closed,
    or where its package is missing or was changed.
    """
    with open_read_only(settings.warehouse) as connection:
        found = connection.execute(
            "select known_at from marts.fct_closes where period_month = ?", [month]
        ).fetchone()
    if found is None:
        raise BuildError(f"{month:%Y-%m} has not been closed")
    package = Package(settings.closes / f"{month:%Y-%m}")
    if faults := package.faults():
        raise BuildError("\n".join(faults))
    folder = settings.warehouse.parent / "reproduced" / f"{month:%Y-%m}"
    beside = replace(
        settings,
        warehouse=folder / "plumbline.duckdb",
        policy=completed(package.policy, folder / "policy"),
    )
    # Nothing is taken from an earlier time: what has become of the landing since is said at the end.
    for left in (beside.warehouse, beside.register, beside.remembered):
        left.unlink(missing_ok=True)
    request = Request(known_at=found[0].isoformat(sep=" "), models=(PAYABLE,))
    build(beside, request, told, progress)
    with open_read_only(settings.warehouse) as connection:
        all_posted, before = posted(connection, until=month), posted(connection, before=month)
    with open_read_only(beside.warehouse) as connection:
        found_now = computed(connection, min(closed_months(settings.warehouse)), month)
    nothing = Decimal(0)
    rows = entries(found_now, before, month)
    digest = digest_of(rows)
    differences = [
        (*key, all_posted.get(key, nothing), found_now.get(key, nothing))
        for key in sorted(all_posted.keys() | found_now.keys())
        if all_posted.get(key, nothing) != found_now.get(key, nothing)
    ]
    is_same = digest == package.manifest["files"]["pay_ledger.csv"]
    return Reproduction(
        entries=len(rows),
        sha256=digest,
        differences=differences,
        causes=[] if is_same and not differences else _causes(settings, package),
    )


def completed(policy: Path, into: Path) -> Path:
    """A copy of a policy folder of any age: plan tables that it did not have yet have no rows."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    for path in policy.glob("*.csv"):
        shutil.copyfile(path, into / path.name)
    for table in policy_tables().values():
        path = into / f"{table.name}.csv"
        if not path.exists():
            path.write_text(",".join(table.column_names) + "\n", encoding="utf-8")
    return into


def _causes(settings: Settings, package: Package) -> list[str]:
    """Why a close may come out otherwise now: other code, other landing files."""
    then, now = package.manifest["code_version"], code_version()
    found = [f"the code was {then} and is {now}"] if then != now else []
    return found + changed_inputs(settings, package)
