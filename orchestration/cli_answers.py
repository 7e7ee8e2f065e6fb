"""Commands that ask a warehouse and its closes: explanations, comparisons, boards, files for others."""

from __future__ import annotations

import difflib
import json
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from orchestration.lib import answers, pay_diff, report
from orchestration.lib.build import last_whole_month
from orchestration.lib.close_gates import finding_gates, freshness_gates
from orchestration.lib.close_pack import write_pack
from orchestration.lib.estimate import estimate
from orchestration.lib.explain import Explainer, ExplainError
from orchestration.lib.explain_tree import resolve
from orchestration.lib.journal import journal_of, write_journal
from orchestration.lib.payroll import payroll_of, write_payroll
from orchestration.lib.settings import Settings
from orchestration.lib.simulate import simulate
from orchestration.lib.warehouse import BuildError, WarehouseError, findings
from orchestration.terminal import (
    AsJson,
    Month,
    console,
    errors,
    failed,
    following,
    open_warehouse,
    parse_instant,
    parse_month,
    print_json,
    records,
    shown,
)

DISPUTE_COLUMNS = (
    "dispute_id", "employee_id", "statement_month", "about", "posted_amount", "claimed_amount", "currency",
    "open_days", "outcome",
)  # fmt: skip
BOARD_COLUMNS = (
    "role", "rank", "employee_id", "full_name", "scope_id", "value", "quality_measure", "quality_value",
    "percentile", "rank_change",
)  # fmt: skip

app = typer.Typer()


@app.command()
def payroll(
    month: Month,
    out: Annotated[
        Path | None, typer.Option(help="Folder; by default `payroll` beside the warehouse.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write what payroll pays for a closed month, as CSV and XLSX, and show its control totals."""
    settings = Settings.from_environment()
    try:
        found = payroll_of(settings, month)
        written = write_payroll(found, out or settings.warehouse.parent / "payroll")
    except WarehouseError as error:
        raise failed(error) from error
    if as_json:
        print_json(
            {
                "control_totals": records(("total_of", "currency", "value"), found.control_rows()),
                "owing": records(("employee_id", "currency"), found.owing),
                "files": written,
            }
        )
        return
    console.print(answers.payroll_totals(found))
    for employee, currency in found.owing:
        owed = report.money(found.by_payee[employee, currency])
        console.print(f"{employee} owes: {owed} {currency} cannot be paid.", highlight=False)
    for path in written:
        console.print(f"Written: {shown(path)}", soft_wrap=True, highlight=False)


@app.command()
def journal(
    month: Month,
    out: Annotated[
        Path | None, typer.Option(help="Folder; by default `journals` beside the warehouse.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the journal of a closed month, as CSV and XLSX: commission accrued, contract costs moved."""
    settings = Settings.from_environment()
    try:
        found = journal_of(settings, month)
        written = write_journal(found, out or settings.warehouse.parent / "journals")
    except WarehouseError as error:
        raise failed(error) from error
    if as_json:
        print_json(
            {
                "lines": [asdict(line) for line in found.lines],
                "roll_forward": [asdict(row) for row in found.roll_forward],
                "files": written,
            }
        )
        return
    console.print(answers.journal_tables(found))
    for path in written:
        console.print(f"Written: {shown(path)}", soft_wrap=True, highlight=False)


@app.command()
def pack(
    month: Month,
    out: Annotated[
        Path | None, typer.Option(help="Folder; by default `packs/YYYY-MM` beside the warehouse.")
    ] = None,
) -> None:
    """Write the close pack of a closed month: a page on the close, and a statement for each payee."""
    settings = Settings.from_environment()
    open_warehouse(settings).close()
    folder = out or settings.warehouse.parent / "packs" / f"{month:%Y-%m}"
    if folder.exists() and not (folder / "index.html").exists():
        errors.print(f"{folder} is there and is no close pack: nothing was written.")
        raise typer.Exit(1)
    try:
        index = write_pack(settings, month, folder)
    except WarehouseError as error:
        raise failed(error) from error
    count = len(list((folder / "statements").iterdir()))
    console.print(f"Written: {shown(index)}, with {count} statements beside it.", soft_wrap=True)


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
    as_json: AsJson = False,
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
    open_warehouse(settings).close()
    try:
        with following() as (told, step):
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
        raise failed(error) from error
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
        console.print(answers.differences(title, named, found))


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
        with following() as (told, step):
            found = simulate(settings, scenario, sorted(set(month or [last])), told, step)
    except WarehouseError as error:
        raise failed(error) from error
    console.print(answers.simulation(found, limit))
    if out:
        found.write(out)
        console.print(f"Written: {shown(out.resolve())}", soft_wrap=True)
    console.print(f"The scenario's warehouse: {shown(found.warehouse)}", soft_wrap=True)


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
    as_json: AsJson = False,
) -> None:
    """Explain what a close posted for a payee: from the payout down to the landed rows, file and row."""
    settings = Settings.from_environment()
    with open_warehouse(settings) as connection:
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
            console.print(answers.explained(node))


@app.command()
def pay(
    month: Month,
    employee: Annotated[str, typer.Option(help="Identifier of the employee.")],
) -> None:
    """Explain what a payee is paid for a month, down to the transactions."""
    settings = Settings.from_environment()
    with open_warehouse(settings) as connection:
        _require_employee(connection, employee)
        console.print(report.pay_explanation(connection, month, employee))


@app.command("estimate")
def estimate_command(
    deal: Annotated[str, typer.Argument(help="An open opportunity.")],
    amount: Annotated[
        str | None, typer.Option(help="What it is won for; by default its own amount.")
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="The day it is won; by default the last day known."
        ),
    ] = None,
    paid: Annotated[
        bool, typer.Option(help="Whether the customer pays all of it that day.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Estimate what an open deal would pay, and to whom: won beside the warehouse, by the same models."""
    settings = Settings.from_environment()
    open_warehouse(settings).close()
    try:
        value = None if amount is None else Decimal(amount)
    except InvalidOperation as error:
        raise typer.BadParameter(f"'{amount}' is not an amount") from error
    try:
        with following() as (told, step):
            found = estimate(settings, deal, value, on.date() if on else None, paid, told, step)
    except WarehouseError as error:
        raise failed(error) from error
    if as_json:
        typer.echo(pay_diff.to_json(found.differences))
        return
    value_text = f"{report.money(found.amount)} {found.currency}"
    title = f"{found.opportunity_id}, won on {found.won_on} for {value_text}"
    if found.differences:
        console.print(answers.differences(title, ("as it stands", "as won"), found.differences))
    else:
        console.print(f"{title}: nobody's pay of {found.won_on:%Y-%m} changes.")
    for currency, cost in found.by_currency.items():
        console.print(f"In all {report.money(cost)} {currency}.", highlight=False)


@app.command("findings")
def findings_command(
    check: Annotated[str | None, typer.Argument(help="A check, as chk_orphan_accounts.")] = None,
    limit: Annotated[int, typer.Option(help="Rows to show.", min=1)] = 100,
    as_json: AsJson = False,
) -> None:
    """List what the checks found; of one check its rows, with the evidence."""
    settings = Settings.from_environment()
    with open_warehouse(settings) as connection:
        found = dict(findings(connection))
        if check is None:
            rows = [(name, count) for name, count in found.items() if count]
            if as_json:
                print_json(records(("check", "rows"), rows))
                return
            console.print(report.table("Findings", ["check", "rows"], rows, {1}))
            return
        if check not in found:
            near = difflib.get_close_matches(check, found, 3)
            errors.print(
                f"There is no check {check}. {'Did you mean ' + ', '.join(near) + '?' if near else ''}"
            )
            raise typer.Exit(1)
        shown_rows = connection.execute(
            f'select * from checks."{check}" order by all limit ?', [limit]
        )
        headings = [column[0] for column in shown_rows.description or []]
        if as_json:
            print_json(records(headings, shown_rows.fetchall()))
            return
        console.print(
            report.table(f"{check}: {found[check]} rows", headings, shown_rows.fetchall())
        )


@app.command()
def gates(month: Month, as_json: AsJson = False) -> None:
    """Show what would stop a close of the month: the plan's gates, against what is landed and built."""
    settings = Settings.from_environment()
    open_warehouse(settings).close()
    try:
        found = [
            *freshness_gates(settings, month, None),
            *finding_gates(settings, settings.warehouse),
        ]
    except WarehouseError as error:
        raise failed(error) from error
    if as_json:
        print_json([asdict(gate) for gate in found])
        raise typer.Exit(0 if all(gate.is_open for gate in found) else 1)
    if not found:
        console.print("The plan has no gates (policy_close_gates).")
        return
    rows = [
        (gate.kind, gate.subject, "open" if gate.is_open else "shut", gate.says) for gate in found
    ]
    console.print(report.table(f"Gates of {month:%Y-%m}", ["gate", "of", "is", "because"], rows))
    if not all(gate.is_open for gate in found):
        raise typer.Exit(1)


@app.command()
def disputes(
    every: Annotated[bool, typer.Option("--all", help="Decided ones too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what payees dispute of their statements: the statement's line, what was posted, the outcome."""
    settings = Settings.from_environment()
    with open_warehouse(settings) as connection:
        rows = report.disputes(connection, is_open=not every)
    if as_json:
        print_json(records(DISPUTE_COLUMNS, rows))
        return
    if rows:
        console.print(report.dispute_table("Disputes" if every else "Open disputes", rows))
    else:
        console.print("There are none." if every else "None is open.")


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
    as_json: AsJson = False,
) -> None:
    """Show a leaderboard."""
    settings = Settings.from_environment()
    with open_warehouse(settings) as connection:
        rows = report.board_rows(connection, month, board, role, scope, limit)
        if not rows:
            boards = connection.execute(
                "select distinct board from marts.fct_rankings where period_month = ? order by 1",
                [month],
            ).fetchall()
            there = ", ".join(row[0] for row in boards) or "none"
            errors.print(f"There is no such board for {month:%Y-%m}. Boards there: {there}.")
            raise typer.Exit(1)
        if as_json:
            print_json(records(BOARD_COLUMNS, rows))
            return
        console.print(report.board_table(rows, board, month))
