"""dbt's command line as Dagster runs it (``plumbline-dbt``): lean, with what is kept of the project.

It takes dbt's arguments, says what dbt says and ends as dbt ends; ``--version`` asks for no newer one.
Where the project need not be read, no ``manifest.json`` is written.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version

from orchestration.lib.dbt_run import FOLDERS, READ_PROJECT

# What works with a project that has been read. Another target or profile may read it otherwise.
WORK_WITH_KEPT = {"build", "compile", "list", "ls", "run", "seed", "show", "test"}
READ_OTHERWISE = {"--target", "-t", "--profile"}
# Lean, dbt makes no debug messages; the word is an option, a level of the log or a command.
DEBUGGING = {"--debug", "-d", "debug"}
# dbt's own exit codes.
FAILED, BROKE_OFF = 1, 2


def main() -> int:
    """Run dbt with this process's arguments; the exit code."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        print(f"dbt-core {version('dbt-core')}")
        return 0
    # Dagster asks for the version before each step, and dbt takes a second to be read.
    from dbt.cli.exceptions import DbtUsageException
    from dbt.cli.main import dbtRunner

    from orchestration.lib.lean_dbt import make_lean, reading_what_stays
    from orchestration.lib.parsed_project import kept_project

    if DEBUGGING.isdisjoint(arguments):
        make_lean()
    manifest = None
    if works_with_kept(arguments):
        with reading_what_stays():
            manifest = kept_project(os.environ)
            if manifest is None:
                subprocess.run(READ_PROJECT, stdout=subprocess.DEVNULL, check=False)
                manifest = kept_project(os.environ)
    # What could not be read is read once more here, and dbt says why.
    done = dbtRunner(manifest=manifest).invoke([*arguments, *FOLDERS])
    if done.success:
        return 0
    if isinstance(done.exception, DbtUsageException):
        # Of anything else dbt has told.
        print(f"Error: {done.exception}", file=sys.stderr)
    return BROKE_OFF if done.exception else FAILED


def works_with_kept(arguments: list[str]) -> bool:
    """Whether dbt with these arguments works with the project as it is kept."""
    from dbt.cli.main import cli

    command = next((word for word in arguments if word in cli.commands), None)
    options = {word.partition("=")[0] for word in arguments}
    return command in WORK_WITH_KEPT and READ_OTHERWISE.isdisjoint(options)


if __name__ == "__main__":
    sys.exit(main())
