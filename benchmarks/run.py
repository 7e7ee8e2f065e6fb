"""Measures builds at several sizes: ``python -m benchmarks.run --size 1 --size 10``.

Each task is a process of its own in a fresh folder; wall and CPU seconds and peak memory are the
kernel's account of it and its children. Results are added to ``benchmarks/results.json``, from which
``benchmarks/table.py`` writes the table of ``benchmarks/README.md``.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import dbt.version
import duckdb
import typer

from benchmarks import everything, same
from benchmarks.company import landings, link
from orchestration.lib.contract import PROJECT_DIR

RESULTS = PROJECT_DIR / "benchmarks" / "results.json"


@dataclass(frozen=True)
class Measured:
    """One run of one task: seconds, and peak memory of its largest process in bytes."""

    task: str
    size: int
    wall: float
    cpu: float
    memory: int


# A process takes over the peak of the one that starts it, and this one compares marts in its own memory:
# a small one stands between, and writes down what the kernel says of the command.
LAUNCH = """
import json, os, subprocess, sys, time
begun = time.monotonic()
process = subprocess.Popen(sys.argv[2:], stderr=subprocess.STDOUT)
_, status, used = os.wait4(process.pid, 0)
with open(sys.argv[1], "w") as report:
    json.dump({
        "wall": time.monotonic() - begun,
        "cpu": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss * 1024,
    }, report)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def measure(task: str, size: int, command: list[str], environment: dict[str, str]) -> Measured:
    """Run a command to its end. Raises ``RuntimeError`` with what it said where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        ran = subprocess.run(
            [sys.executable, "-c", LAUNCH, str(report), *command],
            cwd=PROJECT_DIR, env={**os.environ, **environment},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        if ran.returncode != 0:
            raise RuntimeError(f"{task} at size {size} failed:\n{ran.stdout}")
        return Measured(task, size, **json.loads(report.read_text()))


SCAN = """
import duckdb, sys
with duckdb.connect() as connection:
    connection.execute("set TimeZone = 'UTC'")
    for table, columns in {
        "crm/activities": "activity_id, employee_id, activity_type, occurred_at, _loaded_at",
        "crm/opportunities": "opportunity_id, owner_id, amount, created_at, closed_at, _loaded_at",
        "crm/opportunity_stage_history": "opportunity_id, pipeline_stage, entered_at, _loaded_at",
        "billing/contracts": "contract_id, account_id, amount, signed_on, _loaded_at",
        "billing/payments": "payment_id, account_id, amount, paid_on, _loaded_at",
        "billing/consumption": "consumption_id, account_id, amount, consumed_on, _loaded_at",
    }.items():
        rows = connection.read_parquet(f"{sys.argv[1]}/{table}/*.parquet")
        rows.aggregate(", ".join(f"max({column})" for column in columns.split(", "))).fetchall()
"""


class Bench:
    """The tasks at one size, each in a work folder that is made anew.

    What goes on from a build goes on from a copy: of the last full build, or of one before the last month.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self.size = size
        self.work = folder / str(size) / "work"
        self.folder = folder
        self.company = landings(folder, size, split=False)
        self.months_at_a_time = str(max(1, 36 // size))
        # Other models build everything anew: what an earlier run has left is no start for a close.
        shutil.rmtree(self.work.with_name("built-before"), ignore_errors=True)

    def _environment(self) -> dict[str, str]:
        return {
            "PLUMBLINE_LANDING": str(self.work / "landing"),
            "PLUMBLINE_WAREHOUSE": str(self.work / "plumbline.duckdb"),
        }

    def _fresh(self, *sources: Path) -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        for source in sources:
            link(source, self.work / "landing")

    def _keep(self, name: str) -> None:
        """Keep what was built, to go on from."""
        shutil.rmtree(self.work.with_name(name), ignore_errors=True)
        shutil.copytree(self.work, self.work.with_name(name), copy_function=_kept)

    def _go_on_from(self, name: str) -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.work.with_name(name), self.work, copy_function=_kept)

    def _plumbline(self, task: str, *arguments: str) -> Measured:
        command = [sys.executable, "-m", "orchestration.cli", *arguments]
        return measure(task, self.size, command, self._environment())

    def scan(self) -> Measured:
        """The columns that the facts need, read and nothing else."""
        command = [sys.executable, "-c", SCAN, str(self.company.whole)]
        return measure("scan", self.size, command, {})

    def build(self) -> Measured:
        """Everything, from nothing."""
        self._fresh(self.company.whole)
        found = self._plumbline("full build", "build")
        self._keep("built")
        return found

    def _built(self) -> None:
        """The last full build to go on from, else a new one."""
        if not self.work.with_name("built").exists():
            self.build()
        self._go_on_from("built")

    def marts(self) -> Measured:
        """The marts that the script and pandas write, with all that they are made from and its tests."""
        self._fresh(self.company.whole)
        arguments = "--no-write-json --log-level-file none build --exclude-resource-type unit_test"
        # A test that asks a model of elsewhere, too, is none of theirs.
        chosen = ["--indirect-selection", "buildable", "--select"]
        chosen += [f"+{name}" for name in same.MARTS]
        module = [sys.executable, "-m", "orchestration.lib.dbt_command"]
        command = [*module, *arguments.split(), *chosen]
        return measure("the script's marts, built", self.size, command, self._environment())

    def script(self) -> Measured:
        """The heavy marts by the hand-written script; its rows must be those of a full build."""
        file = self.work.with_name("script.duckdb")
        file.unlink(missing_ok=True)
        command = [
            sys.executable,
            "-m",
            "benchmarks.script",
            str(self.company.whole),
            str(file),
            self.months_at_a_time,
        ]
        found = measure("hand-written script", self.size, command, {})
        self._require_same(file)
        return found

    def everything(self) -> Measured:
        """Every mart in plain SQL; its rows must be those of a full build."""
        self._built()
        folder, file = self.work.with_name("every"), self.work.with_name("every.duckdb")
        shutil.rmtree(folder, ignore_errors=True)
        file.unlink(missing_ok=True)
        everything.prepare(self.work / "plumbline.duckdb", self.work / "landing", folder)
        places = [str(self.company.whole), str(folder), str(file)]
        command = [sys.executable, "-m", "benchmarks.everything", *places, self.months_at_a_time]
        found = measure("every mart in plain SQL", self.size, command, {})
        self._refuse(everything.differences(self.work / "plumbline.duckdb", file))
        return found

    def pandas(self) -> Measured:
        """The same by pandas, in memory."""
        folder = self.work.with_name("pandas")
        shutil.rmtree(folder, ignore_errors=True)
        command = [sys.executable, "-m", "benchmarks.frames", str(self.company.whole), str(folder)]
        found = measure("pandas", self.size, command, {})
        self._require_same(folder)
        return found

    def _require_same(self, other: Path) -> None:
        """Compare with the full build that ran before, where one did. Raises ``RuntimeError``."""
        built = self.work.with_name("built") / "plumbline.duckdb"
        if built.exists():
            self._refuse(same.differences(built, other))

    def _refuse(self, different: dict[str, tuple[int, int]]) -> None:
        if different:
            raise RuntimeError(f"rows differ from the build's at size {self.size}: {different}")

    def close(self) -> Measured:
        """The last month's load has arrived on what was built before: close that month."""
        company = landings(self.folder, self.size)
        if not self.work.with_name("built-before").exists():
            self._fresh(company.before)
            self._plumbline("before", "build")
            self._keep("built-before")
        self._go_on_from("built-before")
        link(company.month, self.work / "landing")
        return self._plumbline("close of a month", "close")

    def late(self) -> Measured:
        """On what a full build left: a month's activities and payments have come again; close it."""
        self._built()
        link(self.company.late, self.work / "landing")
        return self._plumbline("close of a restated month", "close")

    def restate(self) -> Measured:
        """A year of activities and payments has arrived once more, a little different."""
        self._built()
        link(self.company.restated, self.work / "landing")
        return self._plumbline("restating 12 months", "build")


def _kept(source: str, target: str) -> str:
    """Copy a file, or link it where nobody writes to it: a build replaces its warehouse as a whole."""
    if Path(source).suffix in (".duckdb", ".parquet", ".csv"):
        Path(target).hardlink_to(source)
        return target
    return str(shutil.copy2(source, target))


def tasks_of(size: int) -> list[str]:
    """All tasks. At size 100 pandas would need some 80 GB, and a close another landing of that size."""
    tasks = ["scan", "build", "script", "everything", "pandas", "marts", "late", "restate", "close"]
    return [task for task in tasks if size <= 10 or task not in ("pandas", "close")]


def machine() -> dict[str, str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "machine": f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}",
        "python": platform.python_version(),
        "duckdb": duckdb.__version__,
        "dbt": dbt.version.__version__,
    }


def main(
    size: Annotated[list[int], typer.Option(help="1, 10, 100: millions of activities.")],
    runs: Annotated[int, typer.Option(help="Runs of each task; the table shows medians.")] = 5,
    task: Annotated[
        list[str] | None,
        typer.Option(
            help="scan, build, script, everything, pandas, marts, late, restate, close; by default all."
        ),
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where companies and warehouses lie.")] = Path(
        "build/benchmarks"
    ),
) -> None:
    """Measure, and add what was measured to benchmarks/results.json."""
    for number in size:
        bench = Bench(folder.resolve(), number)
        for name in task or tasks_of(number):
            one: Callable[[], Measured] = getattr(bench, name)
            for _ in range(runs):
                found = one()
                print(f"{found.task}, size {number}: {found.wall:.1f} s, {found.cpu:.1f} s CPU,"
                      f" {found.memory / 1e6:,.0f} MB", flush=True)  # fmt: skip
                _keep(found)


def _keep(found: Measured) -> None:
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"runs": []}
    kept["about"] = machine()
    kept["runs"].append(asdict(found))
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)
