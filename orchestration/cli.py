"""The command line: everything that a schedule does, a person can do here."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from orchestration.generator.generate import MARK, generate
from orchestration.generator.shape import Size
from orchestration.lib import pay_diff, report, run_log
from orchestration.lib.build import (
    BuildError,
    GateError,
    Request,
    Told,
    build,
    close,
    last_whole_month,
    reproduce,
    require_agreement,
    restore_ledger,
    write_package,
)
from orchestration.lib.close_pack import write_pack
from orchestration.lib.close_package import packages
from orchestration.lib.dbt_run import Progress as Step
from orchestration.lib.explain import Explainer, ExplainError, resolve
from orchestration.lib.gate import check as check_input
from orchestration.lib.landing import unknown_paths
from orchestration.lib.payroll import payroll_of, write_payroll
from orchestration.lib.profile import Profiler
from orchestration.lib.settings import Settings
from orchestration.lib.simulate import simulate
from orchestration.lib.warehouse import WarehouseError, findings, open_read_only

app = typer.Typer(
    help="Plumbline: sales facts, scores, commissions, rankings, and the monthly close.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
)
# Where the output is no terminal (a log, a file), lines are not folded at 80 columns.
WIDTH_OF_A_FILE = 110


def make_console(stderr: bool) -> Console:
    shown = Console(stderr=stderr)
    return shown if shown.is_terminal else Console(stderr=stderr, width=WIDTH_OF_A_FILE)


console = make_console(stderr=False)
errors = make_console(stderr=True)


def parse_month(text: str | date) -> date:
    """``2026-06`` as its first day; a default is a date already."""
    if isinstance(text, date):
        return text
    try:
        return datetime.strptime(text, "%Y-%m").date()
    except ValueError as error:
        raise typer.BadParameter(f"'{text}' is not a month such as 2026-06") from error


def parse_instant(text: str) -> str:
    """An ISO instant, as UTC text that the models take."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"'{text}' is not an instant such as 2026-07-03T12:00:00"
        ) from error
    if instant.tzinfo is not None:
        instant = instant.astimezone(UTC).replace(tzinfo=None)
    return instant.isoformat(sep=" ")


Month = Annotated[date, typer.Argument(parser=parse_month, metavar="YYYY-MM")]
KnownAt = Annotated[
    str | None,
    typer.Option(
        parser=parse_instant, metavar="INSTANT", help="Use only rows loaded by this UTC instant."
    ),
]


@contextmanager
def _progress() -> Iterator[Progress]:
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
        transient=True,
    ) as progress:
        yield progress


@contextmanager
def _following() -> Iterator[tuple[Told, Step]]:
    """A progress bar and the two calls that drive it: what begins, and how far it is."""
    with _progress() as progress:
        task = progress.add_task("starting", total=None)

        def told(what: str) -> None:
            progress.update(task, description=what, completed=0, total=None)

        def step(done: int, total: int, _line: str) -> None:
            progress.update(task, completed=done, total=total)

        yield told, step


def _fail(error: WarehouseError) -> typer.Exit:
    """Say why, on stderr, and give the exit to raise."""
    if isinstance(error, GateError):
        errors.print("[bold red]The input was refused; nothing was changed.[/]")
        for problem in error.problems:
            errors.print(f"  {problem}", highlight=False, markup=False, soft_wrap=True)
    else:
        errors.print("[bold red]It failed; the warehouse is as it was.[/]")
        errors.print(str(error), highlight=False, markup=False, soft_wrap=True)
    return typer.Exit(1)


def _open(settings: Settings) -> duckdb.DuckDBPyConnection:
    if not settings.warehouse.exists():
        errors.print(f"There is no warehouse at {settings.warehouse} yet: run `plumbline build`.")
        raise typer.Exit(1)
    try:
        return open_read_only(settings.warehouse)
    except WarehouseError as error:
        raise _fail(error) from error


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
        with _progress() as progress:
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
        raise _fail(GateError(problems))
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
        with _following() as (told, step):
            profiler = Profiler(settings.warehouse.parent) if profile else None
            invocations = build(settings, request, told, step, profiler)
    except WarehouseError as error:
        raise _fail(error) from error
    with _open(settings) as connection:
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
        with _following() as (told, step):
            request = Request(known_at=known_at, close_month=chosen)
            is_new = close(settings, request, told, step)
    except WarehouseError as error:
        raise _fail(error) from error
    if not is_new:
        console.print(f"{chosen:%Y-%m} was closed before: nothing was posted.")
    truth = settings.landing / "_ground_truth.json"
    files = [
        f"warehouse    {_shown(settings.warehouse)}",
        f"package      {_shown(settings.closes / f'{chosen:%Y-%m}')}",
        f"landing      {_shown(settings.landing)}",
    ]
    if (settings.landing / MARK).exists() and truth.exists():
        files.append(f"ground truth {_shown(truth)}")
    with _open(settings) as connection:
        console.print(report.close_summary(connection, chosen, files))


def _shown(path: Path) -> str:
    """A path as a person would type it here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


@app.command("reproduce")
def reproduce_command(month: Month) -> None:
    """Compute a past close anew from what it knew and its own policy, and compare every ledger row."""
    settings = Settings.from_environment()
    _open(settings).close()
    try:
        with _following() as (told, step):
            found = reproduce(settings, month, told, step)
    except WarehouseError as error:
        raise _fail(error) from error
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
    _open(settings).close()
    try:
        require_agreement(settings)
    except WarehouseError as error:
        raise _fail(error) from error
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
        raise _fail(error) from error
    console.print(
        f"The ledger of {len(months)} closes, {min(months):%Y-%m} to {max(months):%Y-%m}, is restored from"
        f" {_shown(settings.closes)}. `plumbline build` makes everything else.",
        soft_wrap=True,
    )


@app.command()
def package(month: Month) -> None:
    """Write the package of a month that Dagster or dbt alone has closed."""
    settings = Settings.from_environment()
    _open(settings).close()
    try:
        folder = write_package(settings, month)
    except WarehouseError as error:
        raise _fail(error) from error
    console.print(f"The package of {month:%Y-%m} is {_shown(folder)}.", soft_wrap=True)


@app.command()
def payroll(
    month: Month,
    out: Annotated[
        Path | None, typer.Option(help="Folder; by default `payroll` beside the warehouse.")
    ] = None,
) -> None:
    """Write what payroll pays for a closed month, as CSV and XLSX, and show its control totals."""
    settings = Settings.from_environment()
    try:
        found = payroll_of(settings, month)
        written = write_payroll(found, out or settings.warehouse.parent / "payroll")
    except WarehouseError as error:
        raise _fail(error) from error
    console.print(report.payroll_totals(found))
    for employee, currency in found.owing:
        owed = report.money(found.by_payee[employee, currency])
        console.print(f"{employee} owes: {owed} {currency} cannot be paid.", highlight=False)
    for path in written:
        console.print(f"Written: {_shown(path)}", soft_wrap=True, highlight=False)


@app.command()
def pack(
    month: Month,
    out: Annotated[
        Path | None, typer.Option(help="Folder; by default `packs/YYYY-MM` beside the warehouse.")
    ] = None,
) -> None:
    """Write the close pack of a closed month: a page on the close, and a statement for each payee."""
    settings = Settings.from_environment()
    _open(settings).close()
    folder = out or settings.warehouse.parent / "packs" / f"{month:%Y-%m}"
    if folder.exists() and not (folder / "index.html").exists():
        errors.print(f"{folder} is there and is no close pack: nothing was written.")
        raise typer.Exit(1)
    try:
        index = write_pack(settings, month, folder)
    except WarehouseError as error:
        raise _fail(error) from error
    count = len(list((folder / "statements").iterdir()))
    console.print(f"Written: {_shown(index)}, with {count} statements beside it.", soft_wrap=True)


@app.command()
def diff(
    months: Annotated[
        list[date],
        typer.Argument(
            parser=parse_month, metavar="YYYY-MM [YYYY-MM]", help="One month, or two closes."
        ),
    ],
    known_at: Annotated[
        list[str] | None,
        typer.Option(
            parser=parse_instant, metavar="INSTANT", help="Twice: what was known then against then."
        ),
    ] = None,
    employee: Annotated[str | None, typer.Option(help="One employee only.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, amounts as text.")] = False,
) -> None:
    """Compare pay, payee by payee, with what caused each difference.

    One month: as it was closed against as it is computed now; with two --known-at what was known then
    against what was known then. Two months: the two closes, and what the second corrected.
    """
    settings = Settings.from_environment()
    instants = known_at or []
    if len(months) > 2 or len(instants) not in (0, 2) or (instants and len(months) == 2):
        raise typer.BadParameter(
            "name one month, with --known-at twice or not at all, or two months"
        )
    _open(settings).close()
    try:
        with _following() as (told, step):
            if len(months) == 2:
                named = f"the close of {months[0]:%Y-%m}", f"the close of {months[1]:%Y-%m}"
                parts = {"Posted": pay_diff.between_closes(settings, *months)}
                for earned, found in pay_diff.corrections(settings, months[1]):
                    parts[f"Corrections of {earned:%Y-%m}, posted by {named[1]}"] = found
            else:
                if instants:
                    before, after = (
                        pay_diff.as_known(settings, months[0], instant, told, step)
                        for instant in instants
                    )
                else:
                    before = pay_diff.as_closed(settings, months[0])
                    after = pay_diff.as_built(settings, months[0])
                named = before.label, after.label
                parts = {f"Pay of {months[0]:%Y-%m}": pay_diff.differences(settings, before, after)}
    except WarehouseError as error:
        raise _fail(error) from error
    if employee:
        parts = {
            title: [difference for difference in found if difference.employee == employee]
            for title, found in parts.items()
        }
    if as_json:
        typer.echo(
            pay_diff.to_json([difference for found in parts.values() for difference in found])
        )
        return
    for title, found in parts.items():
        console.print(report.differences(title, named, found))


@app.command("simulate")
def simulate_command(
    scenario: Annotated[
        Path, typer.Argument(help="Folder with the policy tables that would be different.")
    ],
    month: Annotated[
        list[date] | None,
        typer.Option(
            parser=parse_month,
            metavar="YYYY-MM",
            help="Once or more; by default the last whole month.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="CSV of every payee and component that differs.")
    ] = None,
    limit: Annotated[int, typer.Option(help="Winners and losers to show.", min=1)] = 10,
) -> None:
    """Show what pay would be under another plan: cost, winners and losers; the warehouse is not touched."""
    settings = Settings.from_environment()
    try:
        last = last_whole_month(settings)
        if last is None:
            raise BuildError(f"nothing has been landed in {settings.landing}")
        with _following() as (told, step):
            found = simulate(settings, scenario, sorted(set(month or [last])), told, step)
    except WarehouseError as error:
        raise _fail(error) from error
    console.print(report.simulation(found, limit))
    if out:
        found.write(out)
        console.print(f"Written: {_shown(out.resolve())}", soft_wrap=True)
    console.print(f"The scenario's warehouse: {_shown(found.warehouse)}", soft_wrap=True)


def _require_employee(connection: duckdb.DuckDBPyConnection, employee: str) -> None:
    """Say which employees have a name like it, and leave, where there is no such employee."""
    rows = connection.execute("select employee_id from marts.dim_employees").fetchall()
    known = [row[0] for row in rows]
    if employee not in known:
        near = difflib.get_close_matches(employee, known, 3)
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        errors.print(f"There is no employee {employee}.{hint}")
        raise typer.Exit(1)


@app.command()
def explain(
    month: Month,
    employee: Annotated[str, typer.Option(help="Identifier of the employee.")],
    component: Annotated[
        str | None, typer.Option(help="One component of pay only, as commission.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, amounts as text.")] = False,
) -> None:
    """Explain what a close posted for a payee: from the payout down to the landed rows, file and row."""
    settings = Settings.from_environment()
    with _open(settings) as connection:
        _require_employee(connection, employee)
        explainer = Explainer(connection)
        try:
            known_at = explainer.known_at(month)
            payouts = explainer.payouts(month, employee, component)
        except ExplainError as error:
            errors.print(str(error))
            raise typer.Exit(1) from error
    resolve(payouts, settings.landing, known_at)
    if as_json:
        typer.echo(json.dumps([node.as_dict() for node in payouts], ensure_ascii=False, indent=1))
    else:
        for node in payouts:
            console.print(report.explained(node))


@app.command()
def pay(
    month: Month,
    employee: Annotated[str, typer.Option(help="Identifier of the employee.")],
) -> None:
    """Explain what a payee is paid for a month, down to the transactions."""
    settings = Settings.from_environment()
    with _open(settings) as connection:
        _require_employee(connection, employee)
        console.print(report.pay_explanation(connection, month, employee))


@app.command()
def top(
    month: Month,
    board: Annotated[
        str,
        typer.Option(help="score, commission, quota_attainment, or a measure of policy_boards."),
    ] = "score",
    role: Annotated[str | None, typer.Option(help="One role only.")] = None,
    scope: Annotated[str, typer.Option(help="company, region or team.")] = "company",
    limit: Annotated[int, typer.Option(help="Places to show per role.", min=1)] = 10,
) -> None:
    """Show a leaderboard."""
    settings = Settings.from_environment()
    with _open(settings) as connection:
        rows = report.board_rows(connection, month, board, role, scope, limit)
        if not rows:
            boards = connection.execute(
                "select distinct board from marts.fct_rankings where period_month = ? order by 1",
                [month],
            ).fetchall()
            there = ", ".join(row[0] for row in boards) or "none"
            errors.print(f"There is no such board for {month:%Y-%m}. Boards there: {there}.")
            raise typer.Exit(1)
        console.print(report.board_table(rows, board, month))


if __name__ == "__main__":
    app()
