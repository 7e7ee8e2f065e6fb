"""What a build did, in words: what had changed, which months it built anew, and where time went."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
from rich.console import Group, RenderableType
from rich.text import Text

from orchestration.lib.profile import NodeProfile, Profiler
from orchestration.lib.report import table

MOST_MONTHS_NAMED = 6
MEGABYTE = 1_000_000
# Of nodes that are no models only those get a line of their own that took as long.
SECONDS_WORTH_A_LINE = 1


def _months(months: list[date]) -> str:
    """2024-06, 2025-01; more than a few as their number and ends."""
    if len(months) <= MOST_MONTHS_NAMED:
        return ", ".join(f"{month:%Y-%m}" for month in months)
    return f"{len(months)} months, {months[0]:%Y-%m} to {months[-1]:%Y-%m}"


def rebuilt_months(
    connection: duckdb.DuckDBPyConnection, invocations: list[str]
) -> dict[str, tuple[list[date], list[date]]]:
    """Per model: the months that these runs of dbt built, and those that were not the same before."""
    rows = connection.execute(
        "select model, period_month, is_changed from orchestration.rebuilt_months"
        " where list_contains(?::varchar[], invocation_id) order by rowid",
        [invocations],
    ).fetchall()
    found: dict[str, tuple[list[date], list[date]]] = {}
    for model, month, is_changed in rows:
        built, changed = found.setdefault(model, ([], []))
        built.append(month)
        if is_changed:
            changed.append(month)
    return {model: (sorted(built), sorted(changed)) for model, (built, changed) in found.items()}


def as_records(
    connection: duckdb.DuckDBPyConnection, invocations: list[str]
) -> list[dict[str, Any]]:
    """For JSON: each model that built months, with which, and which of them were not the same before."""
    return [
        {"model": model, "built": list(map(str, built)), "changed": list(map(str, changed))}
        for model, (built, changed) in rebuilt_months(connection, invocations).items()
    ]


def changes_seen(
    connection: duckdb.DuckDBPyConnection, invocations: list[str]
) -> list[tuple[str, date | None, date | None, str]]:
    """What had changed in landing, plan or project, as these runs of dbt found it."""
    rows: list[Any] = connection.execute(
        "select input, first_month, last_month, reason from orchestration.changes"
        " where reason not in ('built', 'compared') and change_id > coalesce("
        " (select max(change_id) from orchestration.runs"
        "  where not list_contains(?::varchar[], invocation_id)), 0)"
        " order by change_id",
        [invocations],
    ).fetchall()
    return rows


def is_first_run(connection: duckdb.DuckDBPyConnection, invocations: list[str]) -> bool:
    """Whether no other run has built this warehouse before."""
    row = connection.execute(
        "select count(*) from orchestration.runs where not list_contains(?::varchar[], invocation_id)",
        [invocations],
    ).fetchone()
    return row == (0,)


def what_was_built(connection: duckdb.DuckDBPyConnection, invocations: list[str]) -> RenderableType:
    """The run log: changes, then the months built anew by model, in the order of the build."""
    found = rebuilt_months(connection, invocations)
    if is_first_run(connection, invocations):
        months = sorted({month for built, _ in found.values() for month in built})
        return Text(f"Everything was built for the first time: {_months(months)}.")
    seen = changes_seen(connection, invocations)
    parts: list[RenderableType] = []
    by_input: dict[tuple[str, str], list[date]] = {}
    of_no_month = set()
    for name, first, last, reason in seen:
        months = by_input.setdefault((name, reason), [])
        if first is not None and first == last:
            months.append(first)
        elif first is not None and last is not None and first > last:
            of_no_month.add((name, reason))
    shown = []
    for (name, reason), months in by_input.items():
        others = "no month" if (name, reason) in of_no_month else "all months"
        shown.append(
            ("everything" if name == "*" else name, _months(months) if months else others, reason)
        )
    if shown:
        parts.append(table("What had changed", ["input", "months", "why"], shown))
    else:
        parts.append(Text("Nothing had changed in the landing files."))
    rows = [
        (model, _months(built), _months(changed) if changed else "as before")
        for model, (built, changed) in found.items()
    ]
    if rows:
        parts.append(table("What was built anew", ["model", "months", "changed in"], rows))
    return Group(*parts)


def profile_table(
    profiler: Profiler, connection: duckdb.DuckDBPyConnection | None = None
) -> RenderableType:
    """Models, and whatever else took long, by the time they took: rows, seconds, peak memory of the
    process, bytes spilled.

    Rows are those of the warehouse that was built; without a ``connection`` to one none are told.
    """
    rows_of: dict[str, int] = {}
    if connection:
        rows_of = dict(
            connection.execute(
                "select table_name, estimated_size from duckdb_tables()"
                " where database_name = current_database()"
            ).fetchall()
        )
    nodes = sorted(profiler.nodes.values(), key=lambda node: -node.seconds)
    named = [node for node in nodes if node.kind == "model" or node.seconds >= SECONDS_WORTH_A_LINE]
    shown: list[tuple[Any, ...]] = []
    for node in named:
        rows = f"{rows_of[node.name]:,}" if node.name in rows_of else "view" if connection else None
        shown.append((node.name, rows if node.kind == "model" else node.kind, *_profiled([node])))
    for kind in sorted({node.kind for node in nodes} - {"model"}):
        of_kind = [node for node in nodes if node.kind == kind]
        shown.append((f"{len(of_kind)} of kind {kind}", None, *_profiled(of_kind)))
    title = f"Where the time went (peak memory of dbt: {profiler.peak_memory / MEGABYTE:,.0f} MB)"
    columns = ["model", "rows", "seconds", "CPU seconds", "memory MB", "spill MB"]
    return table(title, columns, shown, {1, 2, 3, 4, 5})


def _profiled(nodes: list[NodeProfile]) -> tuple[str, str, str, str]:
    """Their seconds and CPU seconds in all, and the most that one of them held and wrote aside."""
    return (
        f"{sum(node.seconds for node in nodes):.2f}",
        f"{sum(node.cpu_seconds for node in nodes):.2f}",
        f"{max(node.peak_memory for node in nodes) / MEGABYTE:,.0f}",
        f"{max(node.peak_spill for node in nodes) / MEGABYTE:,.0f}",
    )
