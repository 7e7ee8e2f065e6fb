"""The command line: everything that a schedule does, a person can do here."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from orchestration import cli_answers
from orchestration.generator.generate import MARK, generate
from orchestration.generator.shape import Size
from orchestration.lib import report, run_log
from orchestration.lib.build import (
    BuildError,
    GateError,
    Request,
    build,
    close,
    last_whole_month,
    reproduce,
    require_agreement,
    restore_ledger,
    write_package,
)
from orchestration.lib.close_package import packages
from orchestration.lib.gate import check as check_input
from orchestration.lib.landing import unknown_paths
from orchestration.lib.profile import Profiler
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import WarehouseError, findings
from orchestration.terminal import (
    KnownAt,
    Month,
    bar,
    console,
    errors,
    failed,
    following,
    open_warehouse,
    parse_month,
    shown,
)

app = typer.Typer(
    help="Plumbline: sales facts, scores, commissions, rankings, and the monthly close.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
)


@app.command()
def demo(
    payees: Annotated[int, typer.Option(help="Payees, 20 or more.")] = 60,
    months: Annotated[int, typer.Option(help="Months of history.")] = 24,
    activities: Annotated[
        int | None,
        typer.Option(help="Activities in all; by default 45 per account manager and month."),
    ] = None,
    last_month: Annotated[
        date, typer.Option(parser=parse_month, metavar="YYYY-MM", help="The last whole month.")
    ] = date(2026, 6, 1),
    seed: Annotated[int, typer.Option(help="The same seed gives the same company.")] = 1,
    landing: Annotated[Path | None, typer.Option(help="Where to land it.")] = None,
) -> None:
    """Land a generated company, Chinese by name, with its ground truth."""
    target = landing.resolve() if landing else Settings.from_environment().landing
    try:
        size = Size(payees, months, activities, last_month, seed)
        with bar() as progress:
            task = progress.add_task("generating months", total=months)
            rows = generate(
                size, target, lambda done, _total: progress.update(task, completed=done)
            )
    except (ValueError, FileExistsError) as error:
        errors.print(f"[bold red]Nothing was generated:[/] {error}")
        raise typer.Exit(1) from error
    console.print(f"{sum(rows.values()):,} rows in {len(rows)} tables are in {target}")


@app.command()
def check() -> None:
    """Check the landing and policy folders without building anything."""
    settings = Settings.from_environment()
    problems = check_input(settings.landing, settings.policy)
    if problems:
        raise failed(GateError(problems))
    for path in unknown_paths(settings.landing) if settings.landing.exists() else []:
        errors.print(f"Not in the landing contract, and not read: {path}", soft_wrap=True)
    console.print("The input is sound.")


@app.command("build")
def build_command(
    known_at: KnownAt = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="Show rows, seconds, memory and spill of each model.")
    ] = False,
    rows_per_batch: Annotated[
        int | None,
        typer.Option(help="Landed rows that are built at a time, in whole months: bounds memory."),
    ] = None,
) -> None:
    """Build what has changed in the landing files; readers see the old warehouse until it is done."""
    settings = Settings.from_environment()
    request = Request(known_at=known_at, rows_per_batch=rows_per_batch)
    try:
        with following() as (told, step):
            profiler = Profiler(settings.warehouse.parent) if profile else None
            invocations = build(settings, request, told, step, profiler)
    except WarehouseError as error:
        raise failed(error) from error
    with open_warehouse(settings) as connection:
        if profiler:
            console.print(run_log.profile_table(connection, profiler))
        console.print(run_log.what_was_built(connection, invocations))
        found = [row for row in findings(connection) if row[1]]
        if found:
            console.print(report.table("Findings", ["check", "rows"], found, {1}))
        absent = report.absent_tables(connection)
        if absent:
            console.print(f"Not landed: {', '.join(absent)}. What needs them is empty.")
    console.print(f"Built: {settings.warehouse}", soft_wrap=True)


@app.command("close")
def close_command(
    month: Annotated[
        date | None,
        typer.Argument(
            parser=parse_month, metavar="[YYYY-MM]", help="By default the last whole month."
        ),
    ] = None,
    known_at: KnownAt = None,
    demo_if_empty: Annotated[
        bool, typer.Option(help="Land the demo company first where nothing is landed.")
    ] = False,
) -> None:
    """Close a month: post to the ledger what is now computed and not yet posted."""
    settings = Settings.from_environment()
    if demo_if_empty and not (settings.landing.exists() and any(settings.landing.iterdir())):
        demo()
    try:
        chosen = month or last_whole_month(settings)
        if chosen is None:
            raise BuildError(f"nothing has been landed in {settings.landing}")
        with following() as (told, step):
            request = Request(known_at=known_at, close_month=chosen)
            is_new = close(settings, request, told, step)
    except WarehouseError as error:
        raise failed(error) from error
    if not is_new:
        console.print(f"{chosen:%Y-%m} was closed before: nothing was posted.")
    truth = settings.landing / "_ground_truth.json"
    files = [
        f"warehouse    {shown(settings.warehouse)}",
        f"package      {shown(settings.closes / f'{chosen:%Y-%m}')}",
        f"landing      {shown(settings.landing)}",
    ]
    if (settings.landing / MARK).exists() and truth.exists():
        files.append(f"ground truth {shown(truth)}")
    with open_warehouse(settings) as connection:
        console.print(report.close_summary(connection, chosen, files))


@app.command("reproduce")
def reproduce_command(month: Month) -> None:
    """Compute a past close anew from what it knew and its own policy, and compare every ledger row."""
    settings = Settings.from_environment()
    open_warehouse(settings).close()
    try:
        with following() as (told, step):
            found = reproduce(settings, month, told, step)
    except WarehouseError as error:
        raise failed(error) from error
    if found.causes or found.differences:
        headings = ["employee", "component", "currency", "earned in", "posted", "reproduced"]
        console.print(report.table("Differences", headings, found.differences, {4, 5}))
        for cause in found.causes or ["landing files and code are those of the close"]:
            console.print(f"Since the close: {cause}", highlight=False, soft_wrap=True)
        raise typer.Exit(1)
    console.print(
        f"The close of {month:%Y-%m} is reproduced from what it knew: {found.entries} ledger rows,"
        f" SHA-256 {found.sha256}, as posted.",
        soft_wrap=True,
    )


@app.command()
def verify() -> None:
    """Prove that the packages of the closes are as they were written, and what the ledger says."""
    settings = Settings.from_environment()
    open_warehouse(settings).close()
    try:
        require_agreement(settings)
    except WarehouseError as error:
        raise failed(error) from error
    there = packages(settings)
    rows = [
        (
            f"{package.month:%Y-%m}",
            said["tables"]["pay_ledger"]["rows"],
            ", ".join(
                f"{report.money(Decimal(amount))} {currency}"
                for currency, amount in said["totals"].items()
            ),
            package.digest,
        )
        for package in there
        for said in [package.manifest]
    ]
    headings = ["closed", "ledger rows", "posted", "SHA-256 of the manifest"]
    console.print(report.table("Packages", headings, rows, {1, 2}))
    console.print("Every package is as it was written, and the ledger is theirs.")


@app.command()
def restore() -> None:
    """Make the ledger and the closes from the packages alone; everything else is built from landing."""
    settings = Settings.from_environment()
    try:
        months = restore_ledger(settings)
    except WarehouseError as error:
        raise failed(error) from error
    console.print(
        f"The ledger of {len(months)} closes, {min(months):%Y-%m} to {max(months):%Y-%m}, is restored from"
        f" {shown(settings.closes)}. `plumbline build` makes everything else.",
        soft_wrap=True,
    )


@app.command()
def package(month: Month) -> None:
    """Write the package of a month that Dagster or dbt alone has closed."""
    settings = Settings.from_environment()
    open_warehouse(settings).close()
    try:
        folder = write_package(settings, month)
    except WarehouseError as error:
        raise failed(error) from error
    console.print(f"The package of {month:%Y-%m} is {shown(folder)}.", soft_wrap=True)


app.add_typer(cli_answers.app)

if __name__ == "__main__":
    app()
