"""Commands for whoever runs the warehouse: the door, the health of a deployment, backup and recovery.

Exit codes, of every command: 0 it is done; 1 it is not, and nothing was changed; 2 it was asked for what
there is not; 3 (``check``) a build would go on without some rows.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestration.lib import doctor as health
from orchestration.lib.backup import Backup, backup, recover
from orchestration.lib.build import GateError
from orchestration.lib.gate import check as check_input
from orchestration.lib.gate import drift
from orchestration.lib.landing import unknown_paths
from orchestration.lib.period_events import user
from orchestration.lib.problem import Problem
from orchestration.lib.register import Register, short
from orchestration.lib.runs import recorded
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import WarehouseError
from orchestration.lib.working_copy import MEGABYTE
from orchestration.terminal import AsJson, By, console, errors, failed, print_json, shown

ROWS_SET_ASIDE = 3

app = typer.Typer()


@app.command()
def check(as_json: AsJson = False) -> None:
    """Check the landing and policy folders without building anything."""
    settings = Settings.from_environment()
    problems = check_input(settings.landing, settings.policy)
    refused = [problem for problem in problems if not problem.is_set_aside]
    unread = unknown_paths(settings.landing) if settings.landing.exists() else []
    drifted = drift(settings.landing)
    if as_json:
        print_json(
            {
                "problems": [_as_json(problem) for problem in problems],
                "unread": list(map(str, unread)),
                "drift": drifted,
            }
        )
        raise typer.Exit(1 if refused else ROWS_SET_ASIDE if problems else 0)
    if refused:
        raise failed(GateError(refused))
    for path in unread:
        errors.print(
            f"Not in the landing contract, and not read: {path}", soft_wrap=True, markup=False
        )
    for says in drifted:
        errors.print(f"Other than the contract: {says}", soft_wrap=True, markup=False)
    if problems:
        errors.print("[bold yellow]These rows would be set aside:[/]")
        for problem in problems:
            errors.print(f"  {problem}", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(ROWS_SET_ASIDE)
    console.print("The input is sound.")


@app.command()
def accept(
    files: Annotated[
        list[Path], typer.Argument(help="Landed files, as they are now; also one that is gone.")
    ],
    by: By = None,
) -> None:
    """Accept that landed files are not what they were, or are gone: it is written down who did."""
    settings = Settings.from_environment()
    register = Register(settings.landing, settings.register)
    here = [path.absolute() for path in files]
    # As typed here, or within the landing folder.
    accepted = register.accept(
        [
            path if path.is_relative_to(register.root) else register.root / name
            for path, name in zip(here, files, strict=True)
        ],
        by or user(),
    )
    for one in accepted:
        became = f"is {short(one.now)} now" if one.now else "is gone"
        console.print(
            f"{one.file} was {short(one.was)} and {became}: accepted by {one.by}", markup=False
        )
    if len(accepted) < len(files):
        errors.print("The other files are what they were, or were never landed.")
        raise typer.Exit(1)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Look at the deployment: versions, access, disk, time, landing, plan, ledger, last runs."""
    found = health.look(Settings.from_environment())
    if as_json:
        print_json([asdict(finding) for finding in found])
    else:
        colours = {"good": "green", "odd": "yellow", "bad": "bold red"}
        for finding in found:
            console.print(f"[{colours[finding.state]}]{finding.state:<5}[/]", end="")
            advice = f" ({finding.advice})" if finding.advice else ""
            console.print(
                f"{finding.about:<10} {finding.says}{advice}",
                markup=False, highlight=False, soft_wrap=True,
            )  # fmt: skip
    if not health.is_well(found):
        raise typer.Exit(1)


@app.command("backup")
def backup_command(
    file: Annotated[
        Path | None, typer.Argument(help="By default in `backups` beside the warehouse.")
    ] = None,
    with_landing: Annotated[bool, typer.Option(help="The landing files too.")] = False,
) -> None:
    """Write warehouse, packages, plan and register into one file, which proves itself by hashes."""
    settings = Settings.from_environment()
    named = f"plumbline-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar"
    to = file or settings.warehouse.parent / "backups" / named
    try:
        with recorded(settings, "backup", file=str(to)):
            made = backup(settings, to, with_landing=with_landing)
    except WarehouseError as error:
        raise failed(error) from error
    _print_backup(made, f"Written and read again: {shown(to)}")


@app.command("recover")
def recover_command(
    file: Annotated[Path, typer.Argument(help="A file that `plumbline backup` wrote.")],
) -> None:
    """Put warehouse and packages back from a backup, after every hash and the ledger have been proved."""
    settings = Settings.from_environment()
    try:
        with recorded(settings, "recover", file=str(file)):
            found = recover(settings, file)
    except WarehouseError as error:
        raise failed(error) from error
    _print_backup(found, f"Recovered: {shown(settings.warehouse)}")


def _print_backup(found: Backup, says: str) -> None:
    closes = f"closes {found.months[0]} to {found.months[-1]}" if found.months else "no closes"
    console.print(
        f"{says}\n{found.files} files, {found.bytes / MEGABYTE:,.1f} MB, {closes}, of {found.made_at}",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip


def _as_json(problem: Problem) -> dict[str, Any]:
    return {**asdict(problem), "path": str(problem.path)}
