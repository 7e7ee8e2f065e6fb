"""Looks at a deployment and says what is wrong with it, and what to do about it."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb

from orchestration.lib import postgres
from orchestration.lib.close_package import closed_in, disagreements
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.gate import check_once, drift
from orchestration.lib.landing import find_files, unknown_paths
from orchestration.lib.limits import memory_limit
from orchestration.lib.policy import policy_setting
from orchestration.lib.policy_gate import check_policy
from orchestration.lib.runs import last_runs
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import WarehouseError, open_read_only
from orchestration.lib.working_copy import LOCK, MEGABYTE, space_needed

# What decides results, and must be of the version that the tests were run with.
PINNED = ("dbt-core", "dbt-duckdb", "duckdb", "pandas", "numpy", "dagster")
# Of what is wrong with a thing, so much is said.
MOST_SAID = 3


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: ``good``, ``odd`` (it works) or ``bad``, and what to do about it."""

    about: str
    state: str
    says: str
    advice: str = ""


def look(settings: Settings) -> list[Finding]:
    """Everything that a build or a close depends on; it changes nothing."""
    looks: list[Callable[[Settings], Iterator[Finding]]] = [
        _versions, _folders, _disk, _memory, _postgres, _clock, _landing, _policy, _warehouse, _ledger,
        _lock, _runs,
    ]  # fmt: skip
    return [finding for one in looks for finding in one(settings)]


def _versions(_settings: Settings) -> Iterator[Finding]:
    if sys.version_info[:2] != (3, 11):
        here = f"Python {sys.version_info[0]}.{sys.version_info[1]}"
        yield Finding("python", "odd", here, "the tests are run with Python 3.11")
    lock = PROJECT_DIR / "requirements.lock"
    wanted = dict(
        line.split(" ")[0].split("==")
        for line in lock.read_text(encoding="utf-8").splitlines()
        if "==" in line and not line.startswith((" ", "#"))
    )
    wrong = []
    for name in PINNED:
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "not there"
        if found != wanted.get(name):
            wrong.append(f"{name} is {found} and not {wanted.get(name)}")
    if wrong:
        yield Finding(
            "versions", "bad", "; ".join(wrong), "`make setup` makes the locked environment"
        )
    else:
        yield Finding("versions", "good", ", ".join(f"{name} {wanted[name]}" for name in PINNED))


def _folders(settings: Settings) -> Iterator[Finding]:
    folder = settings.warehouse.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        yield Finding("folder", "good", f"{folder} can be written to")
    except OSError as error:
        yield Finding(
            "folder", "bad", f"{folder}: {error}", "PLUMBLINE_WAREHOUSE names another place"
        )
    loose = [
        path
        for path in (settings.register, settings.remembered, *settings.closes.glob("events.jsonl"))
        if path.exists() and path.stat().st_mode & 0o022
    ]
    if loose:
        names = ", ".join(path.name for path in loose)
        yield Finding("folder", "odd", f"others may write to {names}", "`chmod go-w` them")


def _disk(settings: Settings) -> Iterator[Finding]:
    try:
        free, needed = shutil.disk_usage(settings.warehouse.parent).free, space_needed(settings)
    except OSError as error:
        yield Finding("disk", "bad", str(error))
        return
    says = f"{free / MEGABYTE:,.0f} MB free; a build may need {needed / MEGABYTE:,.0f}"
    yield (
        Finding("disk", "good", says)
        if free >= needed
        else Finding("disk", "bad", says, "make room, or name another place in PLUMBLINE_WAREHOUSE")
    )


def _postgres(settings: Settings) -> Iterator[Finding]:
    if settings.postgres is None:
        return
    try:
        with postgres.connect(settings.postgres, settings.policy) as database:
            found = f"{len(database.versions())} versions, {len(database.logins())} logins"
        yield Finding("postgres", "good", found)
    except WarehouseError as error:
        yield Finding("postgres", "bad", str(error), "PLUMBLINE_POSTGRES names the database")


def _memory(_settings: Settings) -> Iterator[Finding]:
    limit = memory_limit()
    try:
        duckdb.connect(config={"memory_limit": limit}).close()
    except duckdb.Error as error:
        yield Finding("memory", "bad", f"PLUMBLINE_MEMORY: {error}", "say it as 400MB or 4GB")
        return
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    yield Finding("memory", "good", f"{limit} of {physical / MEGABYTE:,.0f} MB for DuckDB")


def _clock(settings: Settings) -> Iterator[Finding]:
    zone = policy_setting(settings.policy, "company_time_zone", "UTC")
    try:
        local = datetime.now(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        yield Finding(
            "time", "bad", f"there is no time zone {zone}", "company_time_zone of the plan"
        )
        return
    now = datetime.now(UTC)
    ahead = [
        path.name
        for landed in find_files(settings.landing)
        for path in landed.files
        if path.stat().st_mtime > now.timestamp() + 1
    ]
    runs = [run["at"] for run in last_runs(settings)]
    if runs and max(runs) > f"{now:%Y-%m-%dT%H:%M:%SZ}":
        yield Finding(
            "time", "bad", f"the last run was at {max(runs)}, and it is {now:%Y-%m-%dT%H:%M:%SZ} now",
            "the clock was set back: closes would be written with the wrong time",
        )  # fmt: skip
    elif ahead:
        yield Finding(
            "time", "odd", f"{len(ahead)} landed files are of the future", "set the clock"
        )
    else:
        yield Finding("time", "good", f"{local:%Y-%m-%d %H:%M} in {zone}")


def _landing(settings: Settings) -> Iterator[Finding]:
    if not settings.landing.exists():
        yield Finding("landing", "bad", f"there is no {settings.landing}", "PLUMBLINE_LANDING")
        return
    problems = check_once(settings.landing, settings.policy, settings.remembered, is_thorough=True)
    refused = [problem for problem in problems if not problem.path.is_relative_to(settings.policy)]
    for problem in refused[:MOST_SAID]:
        yield Finding("landing", "bad", str(problem), "`plumbline check` says all of it")
    absent = [f.table.full_name for f in find_files(settings.landing) if f.is_absent]
    files = sum(len(f.files) for f in find_files(settings.landing))
    if not refused:
        yield Finding("landing", "good", f"{files} files in {settings.landing}")
    if absent:
        yield Finding(
            "landing", "odd", f"not landed: {', '.join(absent)}", "what needs them is empty"
        )
    for says in drift(settings.landing)[:MOST_SAID]:
        yield Finding("landing", "odd", says, "is it meant?")
    for path in unknown_paths(settings.landing)[:MOST_SAID]:
        yield Finding("landing", "odd", f"{path} is read by nothing", "is its folder misspelt?")


def _policy(settings: Settings) -> Iterator[Finding]:
    problems = check_policy(settings.policy)
    for problem in problems[:MOST_SAID]:
        yield Finding("plan", "bad", str(problem), "`plumbline check` says all of it")
    if not problems:
        yield Finding("plan", "good", f"{settings.policy} is sound")


def _warehouse(settings: Settings) -> Iterator[Finding]:
    if not settings.warehouse.exists():
        yield Finding("warehouse", "odd", f"there is no {settings.warehouse}", "`plumbline build`")
        return
    try:
        with open_read_only(settings.warehouse) as connection:
            [(count,)] = connection.execute(
                "select count(*) from duckdb_tables() where schema_name = 'marts'"
            ).fetchall()
    except (WarehouseError, duckdb.Error) as error:
        yield Finding(
            "warehouse", "bad", str(error).splitlines()[0],
            "`plumbline recover` puts a backup back; `plumbline build` and `restore` make it anew",
        )  # fmt: skip
        return
    yield Finding("warehouse", "good", f"{count} marts in {settings.warehouse}")


def _ledger(settings: Settings) -> Iterator[Finding]:
    if not settings.warehouse.exists():
        return
    try:
        found = disagreements(settings, settings.warehouse)
        closed = sorted(closed_in(settings.warehouse))
    except (WarehouseError, duckdb.Error) as error:
        yield Finding("ledger", "bad", str(error).splitlines()[0], "`plumbline verify`")
        return
    for says in found[:MOST_SAID]:
        yield Finding(
            "ledger", "bad", says, "`plumbline restore` makes the ledger from the packages"
        )
    if not found:
        last = f"the last is {closed[-1]:%Y-%m}" if closed else "nothing is closed yet"
        yield Finding("ledger", "good", f"{len(closed)} closes, each as its package says; {last}")


def _lock(settings: Settings) -> Iterator[Finding]:
    path = settings.warehouse.parent / LOCK
    if path.exists():
        with path.open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                yield Finding("lock", "odd", f"a build is at work: {lock.read()}", "wait for it")
                return
    left = list(settings.warehouse.parent.glob("*.building*"))
    if left:
        names = ", ".join(path.name for path in left)
        yield Finding(
            "lock", "odd", f"left by a run that was killed: {names}", "the next build clears it"
        )
    else:
        yield Finding("lock", "good", "nobody is building")


def _runs(settings: Settings) -> Iterator[Finding]:
    runs = last_runs(settings)
    if not runs:
        yield Finding("runs", "odd", "nothing has been run here yet")
        return
    begun = [run for run in runs if run["state"] == "begun"]
    ended = {run["run"]: run for run in runs if run["state"] != "begun"}
    last = begun[-1] if begun else runs[-1]
    end = ended.get(last["run"])
    if end is None:
        yield Finding(
            "runs", "odd", f"the {last['what']} of {last['at']} did not end", "run it again"
        )
    elif end["state"] == "failed":
        says = f"the {end['what']} of {end['at']} failed: {str(end.get('error'))[:300]}"
        yield Finding("runs", "odd", says.replace("\n", " "), "run it again when that is mended")
    else:
        yield Finding("runs", "good", f"the last {end['what']} ended {end['at']}")


def is_well(findings: list[Finding]) -> bool:
    """Whether a build or a close can be expected to work."""
    return all(finding.state != "bad" for finding in findings)
