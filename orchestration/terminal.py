"""What the commands share: the terminal, how months and instants are written, how a failure is said."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

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

from orchestration.lib.build import GateError, Told
from orchestration.lib.dbt_run import Progress as Step
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import WarehouseError, open_read_only

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
By = Annotated[
    str | None,
    typer.Option(help="Who does it; by default PLUMBLINE_USER, else the account's name."),
]
KnownAt = Annotated[
    str | None,
    typer.Option(
        parser=parse_instant, metavar="INSTANT", help="Use only rows loaded by this UTC instant."
    ),
]


Profiled = Annotated[
    bool, typer.Option("--profile", help="Show rows, seconds, memory and spill of each model.")
]
AsJson = Annotated[
    bool,
    typer.Option(
        "--json", help="For a machine, on stdout; amounts as text, so that none is a float."
    ),
]


def print_json(content: Any) -> None:
    """JSON on stdout as it is: no colours, no folded lines."""
    typer.echo(json.dumps(content, ensure_ascii=False, indent=1, default=_as_text))


def records(headings: Iterable[str], rows: Iterable[Iterable[Any]]) -> list[dict[str, Any]]:
    """Rows of a table as JSON has them: by name."""
    names = list(headings)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _as_text(value: Any) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


@contextmanager
def bar() -> Iterator[Progress]:
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
def following() -> Iterator[tuple[Told, Step]]:
    """A progress bar and the two calls that drive it: what begins, and how far it is."""
    with bar() as progress:
        task = progress.add_task("starting", total=None)

        def told(what: str) -> None:
            progress.update(task, description=what, completed=0, total=None)

        def step(done: int, total: int, _line: str) -> None:
            progress.update(task, completed=done, total=total)

        yield told, step


def failed(error: WarehouseError) -> typer.Exit:
    """Say why, on stderr, and give the exit to raise."""
    if isinstance(error, GateError):
        errors.print("[bold red]The input was refused; nothing was changed.[/]")
        for problem in error.problems:
            errors.print(f"  {problem}", highlight=False, markup=False, soft_wrap=True)
    else:
        errors.print("[bold red]It failed; the warehouse is as it was.[/]")
        errors.print(str(error), highlight=False, markup=False, soft_wrap=True)
    return typer.Exit(1)


def open_warehouse(settings: Settings) -> duckdb.DuckDBPyConnection:
    if not settings.warehouse.exists():
        errors.print(
            f"There is no warehouse at {settings.warehouse} yet: run `plumbline build`.",
            markup=False, soft_wrap=True,
        )  # fmt: skip
        raise typer.Exit(1)
    try:
        return open_read_only(settings.warehouse)
    except WarehouseError as error:
        raise failed(error) from error


def shown(path: Path) -> str:
    """A path as a person would type it here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
