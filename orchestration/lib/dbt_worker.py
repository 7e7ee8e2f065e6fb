"""The process in which dbt works: the steps of a build one after another, and what they say.

``python -m orchestration.lib.dbt_worker`` reads dbt and waits for a line of JSON: the ``environment``
and the ``steps``, each a list of dbt arguments or the string ``cuts``. ``READ_PROJECT`` gives no step:
the project is read, and kept for the next that comes. One process for all steps starts dbt and reads the
project once; a process of its own, because dbt keeps the DuckDB file open as long as it lives. Each event
is a line of JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest

from orchestration.lib.dbt_run import CUTS, FOLDERS, READ_PROJECT
from orchestration.lib.lean_dbt import make_lean, reading_what_stays
from orchestration.lib.parsed_project import kept_project, parsed_project
from orchestration.lib.tables import cut_pools
from orchestration.lib.warehouse import DuckTables

FINISHED = ("LogModelResult", "LogTestResult", "LogSeedResult", "LogNodeResult")
STACK_TRACE = "MainStackTrace"
# Two seconds of each run: artefacts that nobody reads here, and every statement in a log.
QUIET = ["--quiet", "--no-write-json", "--log-level", "none", "--log-level-file", "none"]


class DbtFailedError(Exception):
    """dbt could not read the project; what it said is in ``result``."""

    def __init__(self, result: dbtRunnerResult) -> None:
        super().__init__(str(result.exception))
        self.result = result


def say(event: str, **about: Any) -> None:
    """One event as a line; the reader is ``orchestration.lib.dbt_run``."""
    sys.stdout.write(json.dumps({"event": event, **about}) + "\n")
    sys.stdout.flush()


def follow(message: Any) -> None:
    """Pass on what a build is watched by; dbt tells a hundred times as much.

    ``message`` is dbt's ``EventMsg``, taken as it is: dbt's own JSON log takes a quarter of the time
    that a small build does.
    """
    info = message.info
    # Where dbt broke off in its own code is nothing that a person can act on.
    if info.level == "error" and (info.name != STACK_TRACE or os.environ.get("PLUMBLINE_DEBUG")):
        say("error", text=info.msg.strip())
    if info.name == "LogStartLine":
        node = message.data.node_info
        say("started", name=node.node_name, kind=node.resource_type)
    elif info.name in FINISHED:
        data = message.data
        say(
            "finished",
            name=data.node_info.node_name,
            seconds=data.execution_time,
            index=data.index,
            total=data.num_models if info.name == "LogTestResult" else data.total,
            text=info.msg.strip(),
        )
    elif info.name == "MainReportVersion":
        say("invocation", id=info.invocation_id)


def main(steps: list[str | list[str]]) -> int:
    """Run the steps until one fails; the exit code."""
    make_lean()
    with reading_what_stays():
        manifest = kept_project(os.environ)
        if manifest is None and steps and (code := subprocess.run(READ_PROJECT).returncode):
            return code
        try:
            manifest = manifest or parsed_project(_parse, os.environ)
        except DbtFailedError as error:
            return _failed(error.result)
    for number, step in enumerate(steps):
        say("step", number=number)
        if step == CUTS:
            # On a connection of dbt's: opened by another, the warehouse would look at the landing again.
            with contextlib.closing(DuckDBConnectionManager.env().handle()) as connection:
                cut_pools(DuckTables(connection.cursor()))
            continue
        runner = dbtRunner(manifest=manifest, callbacks=[follow])
        done = runner.invoke([*QUIET, *step, *FOLDERS])
        if not done.success:
            return _failed(done)
    return 0


def _parse() -> Manifest:
    parsed = dbtRunner(callbacks=[follow]).invoke([*QUIET, "parse", *FOLDERS])
    if not parsed.success:
        raise DbtFailedError(parsed)
    assert isinstance(parsed.result, Manifest)
    return parsed.result


def _failed(result: Any) -> int:
    """Say what dbt raised, where it raised: a node that failed has been told as an event."""
    if result.exception is not None:
        say("error", text=str(result.exception))
    return 1


def asked() -> list[str | list[str]]:
    """The steps, from the command line or, as soon as somebody knows them, from the standard input."""
    if sys.argv[1:]:
        steps: list[str | list[str]] = json.loads(sys.argv[1])
        return steps
    line = sys.stdin.readline()
    if not line:  # whoever began this has ended
        sys.exit(1)
    told = json.loads(line)
    os.environ.clear()
    os.environ.update(told["environment"])
    return list(told["steps"])


if __name__ == "__main__":
    sys.exit(main(asked()))
