"""What of a build is dbt's own time: ``python -m benchmarks.own_time <landing>``.

Builds everything from nothing, the project read and its templates compiled by a build before, and takes
the time of what dbt has done for it: statements in DuckDB, the gate and the look at what was landed, and
the cuts between its two runs. What is left of the process's time, from its start to its end, is dbt's.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from orchestration.lib.build import Request, steps_of
from orchestration.lib.contract import PROJECT_DIR

# Wall seconds within the named functions, each without what is within another of them.
PROGRAM = """
import json, sys, time
from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper
from orchestration.landing_plugin import Plugin
from orchestration.lib import dbt_worker

spent = dict.fromkeys(("statements", "landing", "cuts"), 0.0)

def timed(holder, name, what):
    function = getattr(holder, name)
    def call(*given, **more):
        begun, before = time.monotonic(), sum(spent.values())
        try:
            return function(*given, **more)
        finally:
            within = sum(spent.values()) - before
            spent[what] += time.monotonic() - begun - within
    setattr(holder, name, call)

timed(DuckDBCursorWrapper, "execute", "statements")
timed(Plugin, "configure_connection", "landing")
timed(dbt_worker, "cut_pools", "cuts")
code = dbt_worker.main(json.loads(sys.argv[1]))
print(json.dumps({"event": "spent", **spent}))
sys.exit(code)
"""


def spent_in_build(landing: Path, folder: Path) -> dict[str, float]:
    """Wall seconds of a build from nothing by what they went to; ``dbt`` is what is left."""
    shutil.rmtree(folder, ignore_errors=True)
    environment = {
        **os.environ,
        "PLUMBLINE_LANDING": str(landing.resolve()),
        "PLUMBLINE_WAREHOUSE": str(folder / "plumbline.duckdb"),
    }
    told = json.dumps(list(steps_of(Request()).values()))
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, told],
        cwd=PROJECT_DIR, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    whole = time.monotonic() - begun
    spent: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    del spent["event"]
    return {**spent, "dbt": whole - sum(spent.values()), "whole": whole}


def main(
    landing: Annotated[Path, typer.Argument(help="A landing folder.")],
    runs: Annotated[int, typer.Option(help="Builds that are measured.")] = 5,
) -> None:
    """Print the medians, and dbt's own time of each build."""
    folder = PROJECT_DIR / "build" / "own_time"
    spent_in_build(landing, folder)
    found = [spent_in_build(landing, folder) for _ in range(runs)]
    for name in found[0]:
        print(f"{name}: {median(each[name] for each in found):.1f} s")
    print(f"dbt, each: {', '.join(format(each['dbt'], '.1f') for each in found)} s")


if __name__ == "__main__":
    typer.run(main)
