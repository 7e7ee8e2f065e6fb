"""Builds the warehouse, and closes months on it.

The build works on a copy beside the warehouse and takes its place only when everything has passed:
readers see the last good state until then, and a build that fails or is cut short changes nothing.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, MutableMapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from orchestration.lib.close_gates import finding_gates, freshness_gates, require_open, total_gate
from orchestration.lib.close_package import (
    MANIFEST,
    PackageError,
    closed_in,
    closed_months,
    disagreements,
    restore,
    settle,
    write_pending,
)
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.dbt_run import CUTS, DbtProcess, Progress
from orchestration.lib.gate import check_once, faulty_files, missing_folder
from orchestration.lib.landing import find_files, newest_loads, stamp
from orchestration.lib.limits import models_at_a_time
from orchestration.lib.period_events import (
    events,
    require_reviewed,
    user,
)
from orchestration.lib.policy import policy_digest, policy_setting
from orchestration.lib.problem import Problem
from orchestration.lib.profile import Profiler
from orchestration.lib.register import sha256
from orchestration.lib.runs import recorded
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import BuildError
from orchestration.lib.working_copy import bytes_landed, checkpoint, no_other_writer, working_copy

# Python writes the cuts between two runs of dbt; what reads them, and the ledger, comes after.
AFTER_CUTS = ["source:orchestration.fct_promotion_cuts+", "fct_pay_ledger+"]
Told = Callable[[str], None]
# What is to be paid, of which a close posts what was not posted yet.
PAYABLE = "int_payable_amounts"
# Of what does not agree, so many are named.
MOST_NAMED = 20


class GateError(BuildError):
    """Input that was refused before anything was built."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(f"{len(problems)} problems in the input")
        self.problems = problems


@dataclass(frozen=True)
class Request:
    """What a build is asked for: months as first days, instants as UTC text; None means all.

    With ``models``, these and what they are made from are built, and not tested: for a warehouse beside
    the real one, of which nothing else is read.
    """

    known_at: str | None = None
    rows_per_batch: int | None = None
    close_month: date | None = None
    models: tuple[str, ...] = ()

    def tell(self, environment: MutableMapping[str, str], policy: Path) -> None:
        """Put it into the environment that dbt reads it from (macro ``run_setting``).

        A run does what it is asked for, whatever a shell's environment holds.
        """
        asked = {
            "PLUMBLINE_KNOWN_AT": self.known_at,
            "PLUMBLINE_ROWS_PER_BATCH": self.rows_per_batch,
            "PLUMBLINE_CLOSE_MONTH": self.close_month,
            "PLUMBLINE_POLICY_DIGEST": policy_digest(policy),
        }
        for name, value in asked.items():
            environment.pop(name, None)
            if value is not None:
                environment[name] = str(value)


def seed_folder(policy: Path) -> str:
    """The policy folder as dbt may be given it: relative, inside the project.

    dbt writes what it ran for a seed to ``target/run/<seed path>``; for a path outside the project
    that is the seed file itself, which it would overwrite. Such a folder is therefore copied, under
    the digest that a close records, so that a past close still finds the policy it used.
    """
    resolved = policy.resolve()
    if resolved.is_relative_to(PROJECT_DIR):
        return str(resolved.relative_to(PROJECT_DIR))
    kept = PROJECT_DIR / "build" / "policies" / policy_digest(policy)
    if not kept.exists():
        draft = kept.with_name(f"{kept.name}.{os.getpid()}")
        draft.mkdir(parents=True)
        for path in policy.glob("*.csv"):
            shutil.copyfile(path, draft / path.name)
        with contextlib.suppress(OSError):  # another process kept it first
            draft.replace(kept)
        shutil.rmtree(draft, ignore_errors=True)
    return str(kept.relative_to(PROJECT_DIR))


def require_sound_input(settings: Settings, *, is_thorough: bool = True) -> None:
    """Raise ``GateError`` where the gate refuses the landing or policy folder."""
    problems = missing_folder(settings.landing) or check_once(
        settings.landing, settings.policy, settings.remembered, is_thorough=is_thorough
    )
    if problems:
        raise GateError(problems)


def last_whole_month(settings: Settings) -> date | None:
    """The last month that is over in what has been loaded; None for an empty landing."""
    newest = max(
        newest_loads(settings.landing, faulty_files(settings.remembered)).values(), default=None
    )
    if newest is None:
        return None
    zone = ZoneInfo(policy_setting(settings.policy, "company_time_zone", "UTC"))
    local = newest.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone).date()
    return (local.replace(day=1) - timedelta(days=1)).replace(day=1)


def build(
    settings: Settings,
    request: Request,
    told: Told,
    progress: Progress,
    profiler: Profiler | None = None,
    before_building: Callable[[], object] = lambda: None,
    before_publishing: Callable[[Path], object] = lambda _copy: None,
) -> list[str]:
    """Build what has changed, with the cuts, and publish it in place of the warehouse.

    ``before_building`` is called once the input has been found sound, and ``before_publishing`` with the
    file that is about to take the warehouse's place: what they raise ends the build.
    Returns dbt's invocation ids, by which the warehouse tells what was built anew. Raises
    ``GateError`` for refused input and ``BuildError`` for anything else that fails.
    """
    what = "close" if request.close_month else "build"
    read_from: dict[Path, tuple[int, int]] = {}

    def check() -> None:
        told("checking the input")
        require_sound_input(settings)
        # As the gate has seen it: the copy may take longer.
        read_from.update(_input_stamps(settings))
        before_building()

    with (
        recorded(settings, what, **asdict(request)),
        DbtProcess() as dbt,
        working_copy(settings, meanwhile=check) as copy,
    ):
        environment = settings.environment(copy, seed_folder(settings.policy))
        request.tell(environment, settings.policy)
        environment.setdefault("PLUMBLINE_THREADS", str(models_at_a_time(bytes_landed(settings))))
        if profiler:
            profiler.spill_folder = copy.with_name(copy.name + ".tmp")
            environment["PLUMBLINE_THREADS"] = "1"
        steps = steps_of(request)
        names = list(steps)
        result = dbt.run(
            list(steps.values()),
            environment,
            progress,
            lambda number: told(names[number]),
            profiler,
        )
        if not result.is_success:
            raise BuildError("\n".join(result.errors))
        _require_unchanged(read_from)
        checkpoint(copy)
        before_publishing(copy)
    return result.invocation_ids


def steps_of(request: Request) -> dict[str, str | list[str]]:
    """What dbt is told, one after another, by what a person is told meanwhile."""
    # Unit tests prove the rules, not this month's data: `make test` runs them.
    build_only = ["build", "--exclude-resource-type", "unit_test"]
    if request.models:
        made_from = [f"+{model}" for model in request.models]
        return {
            "building what is compared": [
                *build_only, "--exclude-resource-type", "test", "--select", *made_from
            ]
        }  # fmt: skip
    after_cuts = "posting" if request.close_month else "building what reads the cuts"
    return {
        "building facts, scores and pay": [*build_only, "--exclude", *AFTER_CUTS],
        "cutting the pools": CUTS,
        after_cuts: [*build_only, "--select", *AFTER_CUTS],
    }


def _input_stamps(settings: Settings) -> dict[Path, tuple[int, int]]:
    """Size and time of change of every file that a build reads."""
    landed = [path for table in find_files(settings.landing) for path in table.files]
    return {path: stamp(path) for path in (*landed, *settings.policy.glob("*.csv"))}


def _require_unchanged(read_from: dict[Path, tuple[int, int]]) -> None:
    """Raise ``BuildError`` where a file was changed or removed while it was read."""
    changed = sorted(
        str(path) for path, seen in read_from.items() if not path.exists() or stamp(path) != seen
    )
    if changed:
        raise BuildError(
            "\n".join(["files were changed while they were read; nothing was published:", *changed])
        )


def close(
    settings: Settings,
    request: Request,
    told: Told,
    progress: Progress,
    by: str | None = None,
    profiler: Profiler | None = None,
) -> bool:
    """Close ``request.close_month``; False where it was closed before and nothing is to do.

    ``by`` is who closes, by default whoever is at work. Raises ``BuildError`` for a month that cannot be
    closed: one that is not over in what has been loaded, or one before the last closed month;
    ``ShutGateError`` where a gate of the plan stops it, and ``PeriodError`` where the policy asks for a
    review that it has not had.
    """
    month = request.close_month
    if month is None:
        raise ValueError("a close needs a month")
    if month in closed_months(settings.warehouse):
        require_sound_input(settings, is_thorough=False)
        require_agreement(settings)
        return False
    who = by or user()

    def require_due() -> None:
        require_closable(settings, month)
        require_reviewed(settings, month, None, who)
        require_open(month, freshness_gates(settings, month, request.known_at))

    def keep(copy: Path) -> None:
        if month not in closed_months(copy):
            raise BuildError(
                f"nothing was closed: {month:%Y-%m} lies before the first month with data, or was not"
                " over in what was known"
            )
        require_open(month, [*finding_gates(settings, copy), total_gate(copy, month)])
        told("writing the package of the close")
        folder = write_pending(settings, copy, month, who)
        require_reviewed(settings, month, sha256(folder / "pay_ledger.csv"), who)

    build(settings, request, told, progress, profiler, require_due, keep)
    settle(settings, [month])
    return True


def require_closable(settings: Settings, month: date) -> None:
    """Raise ``BuildError`` for a month that cannot be closed, ``PackageError`` for an unsound ledger."""
    require_agreement(settings)
    closed = closed_months(settings.warehouse)
    if closed and month < max(closed):
        raise BuildError(
            f"{month:%Y-%m} lies before {max(closed):%Y-%m}, which is closed: what it changes in"
            " months since the first close is posted by the next close"
        )
    whole = last_whole_month(settings)
    if whole is None:
        raise BuildError(
            f"nothing has been landed in {settings.landing}: there is nothing to close"
        )
    if month > whole:
        raise BuildError(f"{month:%Y-%m} is not over in what has been loaded; {whole:%Y-%m} is")


def require_agreement(settings: Settings) -> None:
    """Raise ``PackageError`` where ledger and packages do not agree, after taking up a close cut short."""
    if settings.warehouse.exists():
        with no_other_writer(settings.warehouse):
            settle(settings, closed_in(settings.warehouse))
    # Who calculated, reviewed and paid is part of what was posted.
    events(settings)
    if found := disagreements(settings, settings.warehouse):
        raise PackageError(
            "\n".join(
                [
                    "The ledger and the packages of the closes do not agree:",
                    *found[:MOST_NAMED],
                    *([f"... and {len(found) - MOST_NAMED} more"] if found[MOST_NAMED:] else []),
                    "`plumbline restore` makes the ledger from the packages; `plumbline package` writes"
                    " the package of a month that was closed without one.",
                ]
            )
        )


def write_package(settings: Settings, month: date) -> Path:
    """The package of a month that was closed without one, as Dagster and dbt alone close it.

    Raises ``PackageError`` where the month is not closed.
    """
    with no_other_writer(settings.warehouse):
        if month not in closed_in(settings.warehouse):
            raise PackageError(f"{month:%Y-%m} has not been closed")
        if not (settings.closes / f"{month:%Y-%m}" / MANIFEST).exists():
            write_pending(settings, settings.warehouse, month, user())
            settle(settings, [month])
    return settings.closes / f"{month:%Y-%m}"


def restore_ledger(settings: Settings) -> list[date]:
    """Make the ledger and the closes of the warehouse from the packages; returns their months."""
    with working_copy(settings) as copy:
        return restore(settings, copy)
