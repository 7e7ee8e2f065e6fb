"""What the command line prints, as rich renderables made from the warehouse."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from orchestration.lib.warehouse import findings

Rows = list[tuple[Any, ...]]


def money(amount: Decimal | None) -> str:
    """1,234.50, rounded half away from zero; empty for None."""
    if amount is None:
        return ""
    return f"{amount.quantize(Decimal('0.01'), rounding=ROUND_HALF_UP):,}"


def percent(share: Decimal | float | None) -> str:
    """83.3 %; empty for None."""
    return "" if share is None else f"{share * 100:,.1f} %"


def plain(number: Decimal | None) -> str:
    """A number without trailing zeros; empty for None."""
    if number is None:
        return ""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _rows(connection: duckdb.DuckDBPyConnection, query: str, *values: Any) -> Rows:
    return connection.execute(query, list(values)).fetchall()


def table(
    title: str,
    headings: list[str],
    rows: Iterable[tuple[Any, ...]],
    numeric: set[int] | None = None,
    unfolded: set[int] | None = None,
) -> Table:
    """A table whose columns in ``numeric`` (positions) are set flush right and never folded.

    Those in ``unfolded`` are flush left and never folded either.
    """
    grid = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        header_style="dim",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for position, heading in enumerate(headings):
        is_number = position in (numeric or set())
        grid.add_column(
            heading,
            justify="right" if is_number else "left",
            no_wrap=is_number or position in (unfolded or set()),
            overflow="fold",
        )
    for row in rows:
        cells = [value if isinstance(value, Text) else str(value) for value in map(_shown, row)]
        grid.add_row(*cells)
    return grid


def _shown(value: Any) -> Any:
    return "" if value is None else value


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


def absent_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Tables of the landing contract without a row."""
    rows = _rows(
        connection, "select landing_table from checks.chk_landing_tables_absent order by 1"
    )
    return [row[0] for row in rows]


def board_rows(
    connection: duckdb.DuckDBPyConnection,
    month: date,
    board: str,
    role: str | None,
    scope: str,
    limit: int,
) -> Rows:
    """Best first: role, rank, employee, name, scope, value, quality measure and value, percentile,
    places gained."""
    return _rows(
        connection,
        """
        select
            rankings.role, rankings.rank, rankings.employee_id, employees.full_name,
            rankings.scope_id, rankings.value, rankings.quality_measure, rankings.quality_value,
            rankings.percentile, rankings.rank_change
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
    """A leaderboard; movement as an arrow with the places gained or lost; a volume never without
    its measure of quality (S2-07)."""

    def moved(change: int | None) -> str:
        if change is None:
            return "new"
        return "=" if change == 0 else f"{'▲' if change > 0 else '▼'} {abs(change)}"

    def value(figure: Decimal) -> str:
        if board == "commission":
            return money(figure)
        return f"{figure:.4f}" if board in ("score", "quota_attainment") else plain(figure)

    has_scopes = any(row[4] != "company" for row in rows)
    quality = next((row[6] for row in rows if row[6]), None)
    shown = [
        (role, *((scope,) if has_scopes else ()), rank, employee, name, value(figure),
         *((plain(beside),) if quality else ()), percent(share), moved(change))
        for role, rank, employee, name, scope, figure, _, beside, share, change in rows
    ]  # fmt: skip
    headings = ["role", *(["scope"] if has_scopes else [])]
    first = len(headings)
    headings += ["rank", "employee", "name", board, *([quality] if quality else [])]
    headings += ["percentile", "moved"]
    numeric = {first, *range(first + 3, len(headings))}
    return table(f"Top of the board: {board}, {month:%Y-%m}", headings, shown, numeric)


def disputes(connection: duckdb.DuckDBPyConnection, is_open: bool) -> Rows:
    """Disputes, the oldest first: id, employee, statement, what it is about, posted, claimed, currency,
    days, outcome and fault."""
    return _rows(
        connection,
        """
        select
            dispute_id, employee_id, strftime(statement_month, '%Y-%m'),
            coalesce(commission_line_id, measure, component, 'the statement'),
            posted_amount, claimed_amount, currency, open_days,
            concat_ws(', ', coalesce(outcome, 'open'), replace(fault, '_', ' '))
        from marts.fct_pay_disputes
        where is_open or not ?
        order by raised_on, dispute_id
        """,
        is_open,
    )


def dispute_table(title: str, rows: Rows) -> Table:
    """What payees hold to be wrong, and what became of it."""
    shown = [
        (*row[:4], money(row[4]), money(row[5]), *row[6:]) for row in rows
    ]  # fmt: skip
    headings = [
        "dispute",
        "employee",
        "statement",
        "about",
        "posted",
        "claimed",
        "currency",
        "days",
        "state",
    ]
    return table(title, headings, shown, {4, 5, 7}, {0, 1, 2})


def close_summary(connection: duckdb.DuckDBPyConnection, month: date, files: list[str]) -> Group:
    """What a person wants to see after a close: totals, top of the board, findings, files."""
    known_at, entries, corrections = _rows(
        connection,
        "select known_at, entry_count, correction_count from marts.fct_closes"
        " where period_month = ?",
        month,
    )[0]
    parts: list[RenderableType] = [
        Panel(
            f"[bold]{month:%Y-%m} is closed[/]  ·  {entries} ledger rows, {corrections} of them "
            f"corrections\nwith what was loaded by {known_at} UTC",
            border_style="green",
            expand=False,
        ),
        _totals_table(connection, month),
    ]
    for board in ("score", "commission"):
        best = board_rows(connection, month, board, None, "company", 3)
        if best:
            parts.append(board_table(best, board, month))
            break
    found = [row for row in findings(connection) if row[1]]
    if found:
        parts.append(table("Findings (they change no pay)", ["check", "rows"], found, {1}))
    else:
        parts.append(Text("No findings."))
    if waiting := disputes(connection, is_open=True):
        parts.append(dispute_table("Open disputes", waiting))
    up, down = _rows(
        connection,
        "select count(*) filter (direction = 'up'), count(*) filter (direction = 'down')"
        " from marts.fct_grade_moves where period_month = ?",
        month,
    )[0]
    if up or down:
        parts.append(Text(f"Grade moves proposed to HR: {up} up, {down} down."))
    absent = absent_tables(connection)
    if absent:
        parts.append(Text(f"Not landed: {', '.join(absent)}. What needs them is empty."))
    parts.append(Text("Files:\n" + "\n".join(f"  {name}" for name in files)))
    return Group(*parts)


def _totals_table(connection: duckdb.DuckDBPyConnection, month: date) -> RenderableType:
    totals = close_totals(connection, month)
    if not totals:
        return Text("Nothing is to be paid: no component comes to anything but 0.")
    shown: Rows = [
        (component, currency, payees, money(own), money(corrected), money(total))
        for component, currency, payees, own, corrected, total in totals
    ]
    for currency in sorted({row[1] for row in totals}):
        total = sum((row[5] for row in totals if row[1] == currency), Decimal(0))
        shown.append((Text("total", style="bold"), currency, None, None, None, money(total)))
    headings = ["component", "currency", "payees", f"{month:%Y-%m}", "corrections", "total"]
    return table("Posted to the ledger", headings, shown, {2, 3, 4, 5})


def pay_explanation(connection: duckdb.DuckDBPyConnection, month: date, employee: str) -> Group:
    """A payee's pay for a month, down to score items and the transactions behind commission."""
    name, role, grade, plan = _rows(
        connection,
        """
        select employees.full_name, payees.role, payees.grade, payees.plan_id
        from marts.dim_employees as employees
        left join intermediate.int_payee_months as payees
            on employees.employee_id = payees.employee_id and payees.period_month = ?
        where employees.employee_id = ?
        """,
        month,
        employee,
    )[0]
    job = f"{role} {grade or ''}  ·  plan {plan}" if role else "not employed in this month"
    parts: list[RenderableType] = [
        Panel(f"[bold]{employee} {name or ''}[/]  ·  {month:%Y-%m}  ·  {job}", expand=False)
    ]
    for part in (
        _score_table(connection, month, employee),
        _commission_table(connection, month, employee),
        _component_table(connection, month, employee),
        _posted_table(connection, month, employee),
    ):
        if part is not None:
            parts.append(part)
    return Group(*parts)


def _score_table(
    connection: duckdb.DuckDBPyConnection, month: date, employee: str
) -> RenderableType | None:
    items = _rows(
        connection,
        """
        select
            item_group,
            measure || case scope when 'own' then '' else ' (' || replace(scope, '_', ' ') || ')' end,
            case when coalesce(measures.has_denominator, true) then denominator end,
            numerator, target_value, attainment, factor, weight, weighted_factor,
            coalesce(
                exception_reason,
                -- several targets, or one for a part of the period
                (
                    select
                        case
                            when count(*) > 1
                                then string_agg(
                                    printf('%g', held.target_value) || ' from '
                                    || strftime(held.held_from, '%m-%d'), ', ' order by held.held_from
                                )
                        end
                    from (
                        select target_value, min(due_from) as held_from
                        from intermediate.int_target_stretches as stretches
                        where
                            stretches.employee_id = items.employee_id
                            and stretches.period_month = items.period_month
                            and stretches.period_kind = items.period_kind
                            and stretches.measure = items.measure
                            and stretches.scope = items.scope
                        group by target_id, target_value
                    ) as held
                ),
                case
                    when target_day_count < period_day_count
                        then 'target of ' || target_day_count || ' of ' || period_day_count || ' days'
                end
            )
        from marts.fct_score_items as items
        left join policy.policy_measures as measures using (measure)
        where employee_id = ? and period_month = ?
        order by period_kind, item_group, measure, scope
        """,
        employee,
        month,
    )
    if not items:
        return None
    shown: Rows = []
    for group, measure, bottom, top, target, attained, factor, weight, part, reason in items:
        actual = plain(top) + (f" of {plain(bottom)}" if bottom is not None else "")
        shown.append(
            (group, measure, actual, plain(target), percent(attained), f"{factor:.4f}",
             plain(weight), f"{part:.4f}", reason)
        )  # fmt: skip
    scores = _rows(
        connection,
        "select score, performance_factor, is_protected, total_attainment from marts.fct_scores"
        " where employee_id = ? and period_month = ? order by period_kind",
        employee,
        month,
    )
    for score, factor, is_protected, attained in scores:
        note = f"pays {factor:.4f}" + (" (protected)" if is_protected else "")
        if attained is not None:
            note += ": the curve applies to the total"
        total = Text("score", style="bold")
        shown.append((None, total, None, None, percent(attained), None, None, f"{score:.4f}", note))
    headings = ["", "measure", "actual", "target", "attained", "factor", "weight", "score", ""]
    return table("Score", headings, shown, {2, 3, 4, 5, 6, 7})


def _commission_table(
    connection: duckdb.DuckDBPyConnection, month: date, employee: str
) -> RenderableType | None:
    lines = _rows(
        connection,
        """
        select transaction_date, line_kind, transaction_id, product_class, customer_class,
            tier_from, amount, rate, commission_amount,
            coalesce(exception_reason, 'from ' || sale_currency || ' at ' || sale_rate :: double),
            cap_period, credited_month
        from marts.fct_commission_lines where employee_id = ? and period_month = ?
        order by transaction_date nulls last, credited_month nulls last, transaction_id,
            list_position(['earned', 'reversed', 'forgiven', 'trued_up', 'capped', 'deferred'], line_kind),
            cap_period, tier_from
        """,
        employee,
        month,
    )
    if not lines:
        return None
    shown: Rows = []
    for (
        day, kind, transaction, product, customer, tier, amount, rate, commission, reason, cap, sold_in
    ) in lines:  # fmt: skip
        classes = f"{product}, {customer}" if product else None
        # What a cap bounds, and whose sales a gate holds back.
        of = {"capped": cap, "gated": sold_in and f"{sold_in:%Y-%m}"}.get(kind)
        share = None if rate is None else f"{plain(rate * 100)} %"
        shown.append(
            (day, f"{kind} ({of})" if of else kind, transaction, classes, plain(tier), money(amount), share,
             f"{commission:,.4f}", reason)
        )  # fmt: skip
    converted = _rows(
        connection,
        "select currency, pay_currency, pay_rate, sum(pay_amount) from marts.fct_commission_lines"
        " where employee_id = ? and period_month = ? and currency <> pay_currency"
        " group by currency, pay_currency, pay_rate order by currency",
        employee,
        month,
    )
    for currency, other, rate, amount in converted:
        note = f"from {currency} at {plain(rate)}" if rate else f"no rate from {currency}"
        paid = "" if amount is None else f"{amount:,.4f}"
        shown.append((None, f"paid in {other}", None, None, None, None, None, paid, note))
    headings = ["day", "kind", "transaction", "product, customer", "tier from", "sales", "rate",
                "commission", ""]  # fmt: skip
    return table("Commission lines", headings, shown, {4, 5, 6, 7}, unfolded={0, 1})


def _component_table(
    connection: duckdb.DuckDBPyConnection, month: date, employee: str
) -> RenderableType | None:
    computed = _rows(
        connection,
        "select component, currency, amount from marts.fct_pay_components"
        " where employee_id = ? and period_month = ? order by component",
        employee,
        month,
    )
    if not computed:
        return None
    shown = [(component, currency, f"{amount:,.4f}") for component, currency, amount in computed]
    return table(f"Earned in {month:%Y-%m}, as known now", ["", "currency", "amount"], shown, {2})


def _posted_table(
    connection: duckdb.DuckDBPyConnection, month: date, employee: str
) -> RenderableType:
    posted = _rows(
        connection,
        """
        select period_month, component, currency, amount
        from marts.fct_pay_ledger where employee_id = ? and posting_month = ?
        order by period_month, component
        """,
        employee,
        month,
    )
    if not posted:
        return Text(f"No close of {month:%Y-%m} has posted anything for {employee}.")
    shown: Rows = [
        (f"{earned:%Y-%m}", component, currency, money(amount))
        for earned, component, currency, amount in posted
    ]
    for currency in sorted({row[2] for row in posted}):
        total = sum((row[3] for row in posted if row[2] == currency), Decimal(0))
        shown.append((Text("total", style="bold"), None, currency, money(total)))
    headings = ["earned in", "component", "currency", "amount"]
    return table(f"Posted by the close of {month:%Y-%m}", headings, shown, {3})
