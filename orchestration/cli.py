"""The command line: everything that a schedule does, a person can do here."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext, redirect_stdout
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from orchestration import cli_answers, cli_operation, cli_publishing
from orchestration.generator.generate import MARK, generate
from orchestration.generator.shape import Size
from orchestration.lib import report, run_log
from orchestration.lib.build import (
    Request,
    build,
    close,
    last_whole_month,
    require_agreement,
    restore_ledger,
    write_package,
)
from orchestration.lib.close_package import Package, packages
from orchestration.lib.notify import notify
from orchestration.lib.period_events import (
    Event,
    events,
    record_calculated,
    record_paid,
    record_reviewed,
    state_of,
    user,
)
from orchestration.lib.profile import Profiler
from orchestration.lib.reproduce import reproduce
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import BuildError, WarehouseError, findings
from orchestration.terminal import (
    AsJson,
    By,
    KnownAt,
    Month,
    Profiled,
    bar,
    console,
    errors,
    failed,
    following,
    open_warehouse,
    parse_month,
    print_json,
    records,
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


@app.command("build")
def build_command(
    known_at: KnownAt = None,
    profile: Profiled = False,
    rows_per_batch: Annotated[
        int | None,
        typer.Option(help="Landed rows that are built at a time, in whole months: bounds memory."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Build what has changed in the landing files; readers see the old warehouse until it is done."""
    settings = Settings.from_environment()
    request = Request(known_at=known_at, rows_per_batch=rows_per_batch)
    profiler = Profiler(settings.warehouse.parent) if profile else None
    try:
        with following() as (told, step):
            invocations = build(settings, request, told, step, profiler)
    except WarehouseError as error:
        if profiler and not as_json:
            console.print(run_log.profile_table(profiler))
        raise failed(error) from error
    with open_warehouse(settings) as connection:
        if as_json:
            print_json(
                {
                    "warehouse": settings.warehouse,
                    "models": run_log.as_records(connection, invocations),
                    "findings": {check: count for check, count in findings(connection) if count},
                    "not_landed": report.absent_tables(connection),
                }
            )
            return
        if profiler:
            console.print(run_log.profile_table(profiler, connection))
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
    by: By = None,
    profile: Profiled = False,
    as_json: AsJson = False,
) -> None:
    """Close a month: post to the ledger what is now computed and not yet posted."""
    settings = Settings.from_environment()
    if demo_if_empty and not (settings.landing.exists() and any(settings.landing.iterdir())):
        # What it says is none of the JSON.
        with redirect_stdout(sys.stderr) if as_json else nullcontext():
            demo()
    profiler = Profiler(settings.warehouse.parent) if profile else None
    try:
        chosen = month or last_whole_month(settings)
        if chosen is None:
            raise BuildError(f"nothing has been landed in {settings.landing}")
        with following() as (told, step):
            request = Request(known_at=known_at, close_month=chosen)
            is_new = close(settings, request, told, step, by, profiler)
    except WarehouseError as error:
        if profiler and not as_json:
            console.print(run_log.profile_table(profiler))
        notify("Plumbline: a close failed", is_good=False, error=str(error))
        raise failed(error) from error
    if is_new:
        notify(f"Plumbline: {chosen:%Y-%m} is closed", is_good=True, month=f"{chosen:%Y-%m}")
    elif not as_json:
        console.print(f"{chosen:%Y-%m} was closed before: nothing was posted.")
    if as_json:
        [package] = [found for found in packages(settings) if found.month == chosen]
        print_json(
            {
                "month": f"{chosen:%Y-%m}",
                "is_new": is_new,
                "package": settings.closes / f"{chosen:%Y-%m}",
                **_as_posted(package),
            }
        )
        return
    truth = settings.landing / "_ground_truth.json"
    files = [
        f"warehouse    {shown(settings.warehouse)}",
        f"package      {shown(settings.closes / f'{chosen:%Y-%m}')}",
        f"landing      {shown(settings.landing)}",
    ]
    if (settings.landing / MARK).exists() and truth.exists():
        files.append(f"ground truth {shown(truth)}")
    with open_warehouse(settings) as connection:
        if profiler and is_new:
            console.print(run_log.profile_table(profiler, connection))
        console.print(report.close_summary(connection, chosen, files))


@app.command()
def calculate(month: Month, known_at: KnownAt = None, by: By = None) -> None:
    """Build, and record what closing the month would post: the first step of its life."""
    settings = Settings.from_environment()
    try:
        last = last_whole_month(settings)
        if last is None or month > last:
            raise BuildError(f"{month:%Y-%m} is not over in what has been loaded")
        with following() as (told, step):
            build(settings, Request(known_at=known_at), told, step)
        event = record_calculated(settings, month, by or user(), known_at)
    except WarehouseError as error:
        raise failed(error) from error
    _print_step(event)


@app.command()
def review(month: Month, by: By = None) -> None:
    """Record that somebody other than who calculated has looked at the month, and agrees."""
    settings = Settings.from_environment()
    open_warehouse(settings).close()
    try:
        event = record_reviewed(settings, month, by or user())
    except WarehouseError as error:
        raise failed(error) from error
    _print_step(event)


@app.command()
def paid(
    month: Month,
    by: By = None,
    reference: Annotated[
        str | None, typer.Option(help="What payroll or the bank calls the payment.")
    ] = None,
) -> None:
    """Record that a closed month has been paid."""
    settings = Settings.from_environment()
    open_warehouse(settings).close()
    try:
        event = record_paid(settings, month, by or user(), reference)
    except WarehouseError as error:
        raise failed(error) from error
    _print_step(event)


@app.command()
def periods(as_json: AsJson = False) -> None:
    """List the months with their state, and who took each step, when, and on what."""
    settings = Settings.from_environment()
    try:
        steps = [
            (f"{event.month:%Y-%m}", event.what, event.by, event.at,
             event.facts["totals"], event.facts.get("payable_sha256", "")[:12])
            for event in events(settings)
        ]  # fmt: skip
        steps += [
            (f"{package.month:%Y-%m}", "closed", said.get("closed_by", ""), said.get("closed_at", ""),
             said["totals"], said["files"]["pay_ledger.csv"][:12])
            for package in packages(settings)
            for said in [package.manifest]
        ]  # fmt: skip
    except WarehouseError as error:
        raise failed(error) from error
    after = {"closed": 1, "paid": 2}
    steps.sort(key=lambda step: (step[0], after.get(step[1], 0), step[3]))
    if as_json:
        print_json(records(("month", "step", "by", "at", "totals", "rows_sha256"), steps))
        return
    rows = [(*step[:4], _totals(step[4]), step[5]) for step in steps]
    headings = ["month", "step", "by", "at (UTC)", "posts", "rows' SHA-256"]
    console.print(report.table("Steps", headings, rows, unfolded={0, 1, 2, 3, 5}))
    for month in sorted({step[0] for step in steps}):
        console.print(f"{month} is {state_of(settings, parse_month(month))}.", highlight=False)
    if not steps:
        console.print("Every month is open: nothing has been calculated or closed.")


def _print_step(event: Event) -> None:
    console.print(
        f"{event.month:%Y-%m} is {event.what} by {event.by}: {_totals(event.facts['totals'])}.",
        highlight=False,
    )


def _totals(totals: dict[str, str]) -> str:
    """Totals by currency as text: 1,711,453.21 CNY, 10,000.00 HKD."""
    return ", ".join(
        f"{report.money(Decimal(amount))} {currency}" for currency, amount in totals.items()
    )


@app.command("reproduce")
def reproduce_command(month: Month, as_json: AsJson = False) -> None:
    """Compute a past close anew from what it knew and its own policy, and compare every ledger row."""
    settings = Settings.from_environment()
    open_warehouse(settings).close()
    try:
        with following() as (told, step):
            found = reproduce(settings, month, told, step)
    except WarehouseError as error:
        raise failed(error) from error
    is_reproduced = not (found.causes or found.differences)
    if as_json:
        headings = ["employee_id", "component", "currency", "earned_in", "posted", "reproduced"]
        print_json(
            {
                "is_reproduced": is_reproduced,
                "ledger_rows": found.entries,
                "sha256": found.sha256,
                "differences": records(headings, found.differences),
                "causes": found.causes,
            }
        )
        raise typer.Exit(0 if is_reproduced else 1)
    if not is_reproduced:
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
def verify(as_json: AsJson = False) -> None:
    """Prove that the packages of the closes are as they were written, and what the ledger says."""
    settings = Settings.from_environment()
    open_warehouse(settings).close()
    try:
        require_agreement(settings)
    except WarehouseError as error:
        raise failed(error) from error
    there = packages(settings)
    if as_json:
        print_json(
            [{"month": f"{package.month:%Y-%m}", **_as_posted(package)} for package in there]
        )
        return
    rows = [
        (
            f"{package.month:%Y-%m}",
            said["tables"]["pay_ledger"]["rows"],
            _totals(said["totals"]),
            package.digest,
        )
        for package in there
        for said in [package.manifest]
    ]
    headings = ["closed", "ledger rows", "posted", "SHA-256 of the manifest"]
    console.print(report.table("Packages", headings, rows, {1, 2}))
    console.print("Every package is as it was written, and the ledger is theirs.")


def _as_posted(package: Package) -> dict[str, object]:
    """What a close posted, for JSON."""
    return {
        "ledger_rows": package.manifest["tables"]["pay_ledger"]["rows"],
        "totals": package.manifest["totals"],
        "manifest_sha256": package.digest,
    }


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
app.add_typer(cli_operation.app)
app.add_typer(cli_publishing.app)


def main() -> None:
    """The command ``plumbline``: whatever goes wrong with a machine or a file is said in a line.

    What it writes says what people are paid: it is its owner's alone, unless ``PLUMBLINE_UMASK`` (octal)
    says otherwise.
    """
    os.umask(int(os.environ.get("PLUMBLINE_UMASK", "077"), 8))
    try:
        app()
    except (OSError, duckdb.Error, MemoryError) as error:
        errors.print(
            f"It failed; the warehouse is as it was.\n{error}", markup=False, soft_wrap=True
        )
        if os.environ.get("PLUMBLINE_DEBUG"):
            raise
        sys.exit(1)


if __name__ == "__main__":
    main()
