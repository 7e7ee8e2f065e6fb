"""What the command line prints, as rich renderables made from the warehouse."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

Rows = list[tuple[Any, ...]]


def money(amount: Decimal | None) -> str:
    """1,234.50; empty for None."""
    return "" if amount is None else f"{amount:,.2f}"


def percent(share: Decimal | None) -> str:
    """83.3 %; empty for None."""
    return "" if share is None else f"{share * 100:,.1f} %"


def _rows(connection: duckdb.DuckDBPyConnection, query: str, *values: Any) -> Rows:
    return connection.execute(query, list(values)).fetchall()


def table(title: str, headings: list[str], rows: Rows, numeric: set[int] | None = None) -> Table:
    """A table whose columns in ``numeric`` (positions) are set flush right."""
    grid = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
    for position, heading in enumerate(headings):
        right = position in (numeric or set())
        grid.add_column(heading, justify="right" if right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*["" if value is None else str(value) for value in row])
    return grid


def close_totals(connection: duckdb.DuckDBPyConnection, month: date) -> Rows:
    """(component, currency, payees, this month, corrections, total) as the close posted them."""
    return _rows(
        connection,
        """
        select
            component,
            currency,
            count(distinct employee_id),
            sum(case when not is_correction then amount else 0 end),
            sum(case when is_correction then amount else 0 end),
            sum(amount)
        from marts.fct_pay_ledger
        where posting_month = ?
        group by component, currency
        order by currency, component
        """,
        month,
    )


def findings(connection: duckdb.DuckDBPyConnection) -> Rows:
    """(check, rows found) of every check, worst first."""
    checks = _rows(
        connection,
        "select table_name from duckdb_tables() where schema_name = 'checks' order by table_name",
    )
    found = []
    for (name,) in checks:
        count = connection.execute(f'select count(*) from checks."{name}"').fetchone()
        found.append((name, count[0] if count else 0))
    return sorted(found, key=lambda row: (-row[1], row[0]))


def absent_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = _rows(
        connection, "select landing_table from checks.chk_landing_tables_absent order by 1"
    )
    return [row[0] for row in rows]


def board_rows(connection: duckdb.DuckDBPyConnection, month: date, board: str, role: str | None,
               scope: str, limit: int) -> Rows:
    """(role, rank, employee, name, scope, value, percentile, change), best first."""
    return _rows(
        connection,
        """
        select
            rankings.role, rankings.rank, rankings.employee_id, employees.full_name,
            rankings.scope_id, rankings.value, rankings.percentile, rankings.rank_change
        from marts.fct_rankings as rankings
        left join marts.dim_employees as employees using (employee_id)
        where rankings.period_month = ? and rankings.board = ? and rankings.scope_type = ?
            and rankings.role = coalesce(?, rankings.role)
        qualify row_number() over (
            partition by rankings.role, rankings.scope_id
            order by rankings.rank, rankings.employee_id
        ) <= ?
        order by rankings.role, rankings.scope_id, rankings.rank, rankings.employee_id
        """,
        month,
        board,
        scope,
        role,
        limit,
    )


def board_table(rows: Rows, board: str, month: date) -> Table:
    """A leaderboard; movement as an arrow with the places gained or lost."""

    def moved(change: int | None) -> str:
        if change is None:
            return "new"
        return "=" if change == 0 else f"{'▲' if change > 0 else '▼'} {abs(change)}"

    show = money if board == "commission" else (lambda value: f"{value:.4f}")
    shown = [
        (role, rank, employee, name, scope, show(value), percent(share), moved(change))
        for role, rank, employee, name, scope, value, share, change in rows
    ]
    headings = ["role", "rank", "employee", "name", "scope", board, "percentile", "moved"]
    return table(f"Top of the board: {board}, {month:%Y-%m}", headings, shown, {1, 5, 6, 7})


def close_summary(connection: duckdb.DuckDBPyConnection, month: date, files: list[str]) -> Group:
    """What a person wants to see after a close: totals, top of the board, findings, files."""
    close = _rows(
        connection,
        "select known_at, entry_count, correction_count from marts.fct_closes"
        " where period_month = ?",
        month,
    )
    known_at, entries, corrections = close[0]
    totals = close_totals(connection, month)
    shown = [
        (component, currency, payees, money(own), money(corrected), money(total))
        for component, currency, payees, own, corrected, total in totals
    ]
    for currency in sorted({row[1] for row in totals}):
        total = sum((row[5] for row in totals if row[1] == currency), Decimal(0))
        shown.append((Text("total", style="bold"), currency, "", "", "", money(total)))
    paid = table(
        "Posted to the ledger",
        ["component", "currency", "payees", f"{month:%Y-%m}", "corrections", "total"],
        shown,
        {2, 3, 4, 5},
    )
    parts: list[RenderableType] = [
        Panel(
            f"[bold]{month:%Y-%m} is closed[/]  ·  {entries} ledger rows, {corrections} of them "
            f"corrections  ·  with what was loaded by {known_at} UTC",
            border_style="green",
        ),
        paid,
        board_table(board_rows(connection, month, "score", None, "company", 3), "score", month),
    ]
    found = [(name, count) for name, count in findings(connection) if count]
    parts.append(
        table("Findings (nothing is changed by them)", ["check", "rows"], found, {1})
        if found
        else Text("No findings.")
    )
    moves = _rows(
        connection,
        "select count(*) filter (direction = 'up'), count(*) filter (direction = 'down')"
        " from marts.fct_grade_moves where period_month = ?",
        month,
    )[0]
    if any(moves):
        parts.append(Text(f"Grade moves proposed to HR: {moves[0]} up, {moves[1]} down."))
    absent = absent_tables(connection)
    if absent:
        parts.append(Text(f"Not landed: {', '.join(absent)}. What needs them is empty."))
    parts.append(Text("Files:\n" + "\n".join(f"  {name}" for name in files)))
    return Group(*parts)


def pay_explanation(connection: duckdb.DuckDBPyConnection, month: date, employee_id: str) -> Group:
    """A payee's pay for a month, down to score items and the transactions behind commission."""
    person = _rows(
        connection,
        """
        select employees.full_name, payees.role, payees.grade, payees.plan_id
        from marts.dim_employees as employees
        left join intermediate.int_payee_months as payees
            on employees.employee_id = payees.employee_id and payees.period_month = ?
        where employees.employee_id = ?
        """,
        month,
        employee_id,
    )[0]
    parts: list[RenderableType] = [
        Panel(f"[bold]{employee_id} {person[0] or ''}[/]  ·  {month:%Y-%m}  ·  "
              f"{person[1] or 'not employed this month'} {person[2] or ''}  ·  plan {person[3]}")
    ]
    items = _rows(
        connection,
        """
        select period_kind, item_group, measure, numerator, denominator, target_value, attainment,
            factor, weight, weighted_factor, exception_reason
        from marts.fct_score_items where employee_id = ? and period_month = ?
        order by period_kind, item_group, measure
        """,
        employee_id,
        month,
    )
    if items:
        shown = [
            (kind, group, measure,
             f"{numerator:f}".rstrip("0").rstrip(".")
             + ("" if denominator == 1 else f" / {denominator:f}".rstrip("0").rstrip(".")),
             "" if target is None else f"{target:f}".rstrip("0").rstrip("."), percent(attainment),
             f"{factor:.4f}", f"{weight:.2f}", f"{weighted:.4f}", reason)
            for kind, group, measure, numerator, denominator, target, attainment, factor, weight,
            weighted, reason in items
        ]
        parts.append(table("Score items", ["period", "", "measure", "actual", "target",
                                           "attained", "factor", "weight", "score", "exception"],
                           shown, {3, 4, 5, 6, 7, 8}))
    lines = _rows(
        connection,
        """
        select transaction_date, line_kind, transaction_id, product_class, customer_class,
            tier_from, amount, rate, commission_amount, exception_reason
        from marts.fct_commission_lines where employee_id = ? and period_month = ?
        order by transaction_date nulls last, transaction_id, line_kind, tier_from
        """,
        employee_id,
        month,
    )
    if lines:
        shown = [
            (day, kind, transaction, f"{product} / {customer}" if product else "",
             "" if tier is None else f"{tier:f}".rstrip("0").rstrip(".") or "0", money(amount),
             "" if rate is None else f"{rate * 100:f}".rstrip("0").rstrip(".") + " %",
             f"{commission:,.4f}", reason)
            for day, kind, transaction, product, customer, tier, amount, rate, commission, reason
            in lines
        ]
        parts.append(table("Commission lines", ["day", "kind", "transaction", "product / customer",
                                                "tier from", "sales", "rate", "commission",
                                                "exception"], shown, {4, 5, 6, 7}))
    posted = _rows(
        connection,
        """
        select period_month, component, currency, amount
        from marts.fct_pay_ledger where employee_id = ? and posting_month = ?
        order by period_month, component
        """,
        employee_id,
        month,
    )
    if posted:
        shown = [(f"{earned:%Y-%m}", component, currency, money(amount))
                 for earned, component, currency, amount in posted]
        total = sum((row[3] for row in posted), Decimal(0))
        shown.append((Text("total", style="bold"), "", posted[0][2], money(total)))
        parts.append(table("Posted by this month's close", ["earned in", "component", "currency",
                                                            "amount"], shown, {3}))
    else:
        computed = _rows(
            connection,
            "select component, currency, amount from marts.fct_pay_components"
            " where employee_id = ? and period_month = ? order by component",
            employee_id,
            month,
        )
        shown = [(component, currency, f"{amount:,.4f}") for component, currency, amount in computed]
        parts.append(table("Computed, not posted", ["component", "currency", "amount"], shown, {2}))
    return Group(*parts)
