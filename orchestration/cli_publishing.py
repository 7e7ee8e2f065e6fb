"""Commands that hand the marts on: to BI tools, to a database, to one audience; and who may read there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from orchestration.lib import postgres
from orchestration.lib.access import AUDIENCES
from orchestration.lib.exports import export
from orchestration.lib.postgres_database import PostgresError
from orchestration.lib.publish import publish, roll_back, versions
from orchestration.lib.runs import recorded
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import WarehouseError
from orchestration.terminal import AsJson, console, failed, print_json, shown

PSEUDONYM_KEY = "PLUMBLINE_PSEUDONYM_KEY"

app = typer.Typer()


def _audience(name: str) -> str:
    if name not in AUDIENCES:
        raise typer.BadParameter(f"there is no audience {name}; there are {', '.join(AUDIENCES)}")
    return name


Audience = Annotated[str, typer.Argument(callback=_audience, help=", ".join(AUDIENCES))]
Employee = Annotated[
    str | None,
    typer.Option(help="Whose rows a payee or a manager reads: the employee's identifier."),
]


@app.command("publish")
def publish_command(
    roll_back_to: Annotated[
        str | None,
        typer.Option("--to", help="Point readers to this version instead, one of those kept."),
    ] = None,
    back: Annotated[bool, typer.Option(help="Point readers to the version before.")] = False,
    as_json: AsJson = False,
) -> None:
    """Publish the marts for BI tools, all or nothing, while readers read.

    As a DuckDB file and as Parquet; and to the database that PLUMBLINE_POSTGRES names, if it does.
    """
    settings = Settings.from_environment()
    try:
        with recorded(settings, "publish", to=roll_back_to, back=back):
            is_back = back or roll_back_to
            version = roll_back(settings, roll_back_to) if is_back else publish(settings)
    except WarehouseError as error:
        raise failed(error) from error
    if as_json:
        print_json(
            [
                {"version": kept.name, "is_current": kept.name == version.name, "rows": kept.rows}
                for kept in versions(settings)
            ]
        )
        return
    for kept in versions(settings):
        mark = "->" if kept.name == version.name else "  "
        console.print(
            f"{mark} {kept.name}  {len(kept.rows)} marts, {sum(kept.rows.values()):,} rows",
            markup=False, highlight=False,
        )  # fmt: skip
    console.print(
        f"Read {shown(settings.published / 'current' / 'plumbline.duckdb')}", soft_wrap=True
    )


@app.command("export")
def export_command(
    audience: Audience,
    folder: Annotated[Path, typer.Argument(help="A folder that is not there yet.")],
    employee: Employee = None,
    pseudonyms: Annotated[
        bool,
        typer.Option(help=f"For development: no one's name or number; {PSEUDONYM_KEY} is the key."),
    ] = False,
) -> None:
    """Write the rows and columns that an audience may see as DuckDB and Parquet files."""
    settings = Settings.from_environment()
    key = os.environ.get(PSEUDONYM_KEY)
    if pseudonyms and not key:
        raise typer.BadParameter(
            f"{PSEUDONYM_KEY} names the key of the pseudonyms: any long secret"
        )
    try:
        with recorded(settings, "export", audience=audience, employee=employee):
            file = export(settings, audience, folder, employee, key if pseudonyms else None)
    except WarehouseError as error:
        raise failed(error) from error
    console.print(f"Read {shown(file)}", soft_wrap=True)


@app.command("access")
def access_command(
    login: Annotated[str | None, typer.Argument(help="A login of the database.")] = None,
    audience: Annotated[
        str | None,
        typer.Argument(callback=lambda name: name and _audience(name), help=", ".join(AUDIENCES)),
    ] = None,
    employee: Employee = None,
    remove: Annotated[bool, typer.Option(help="Let it read nothing any more.")] = False,
) -> None:
    """Say who may read the marts in PostgreSQL; without a login, list who may."""
    settings = Settings.from_environment()
    if settings.postgres is None:
        raise typer.BadParameter("PLUMBLINE_POSTGRES names no database")
    if login is not None and (audience is None) != remove:
        raise typer.BadParameter("name an audience, or --remove")
    try:
        with (
            recorded(settings, "access", login=login, audience=audience, employee=employee),
            postgres.connect(settings.postgres, settings.policy) as database,
        ):
            if login is not None and audience is not None:
                database.let_in(login, audience, employee)
            elif login is not None:
                database.let_out(login)
            found = database.logins()
    except PostgresError as error:
        raise failed(error) from error
    for entry in found:
        whose = f" as {entry.employee_id}" if entry.employee_id else ""
        console.print(f"{entry.login}: {entry.audience}{whose}", markup=False, highlight=False)
    if not found:
        console.print("Nobody may read yet.")
