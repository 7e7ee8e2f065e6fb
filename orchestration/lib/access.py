"""Who may see which rows and columns of which mart: ``policy_mart_access``, mart by mart.

The one place that turns the plan's rows into conditions of SQL. PostgreSQL enforces them by row security
and grants on columns; files for one audience hold nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestration.lib.marts import LINES, Mart
from orchestration.lib.policy import csv_rows

AUDIENCES = (
    "payee", "manager", "sales_operations", "finance", "human_resources", "auditor", "bi_service",
)  # fmt: skip
# Who reads as somebody: these see what is theirs.
PERSONAL_AUDIENCES = frozenset({"payee", "manager"})


@dataclass(frozen=True)
class Grant:
    """What an audience may see of a mart: which rows (``all``, ``tree``, ``own``), and these columns."""

    mart: Mart
    audience: str
    row_scope: str
    columns: tuple[str, ...]


def grants(policy: Path, marts: dict[str, Mart]) -> list[Grant]:
    """Every audience's view of every mart that it may see anything of, by mart and audience.

    A mart whose kind the plan does not list, or whose rows are nobody's for who sees only their own, is
    not among them: what nobody has allowed is not seen.
    """
    rules = csv_rows(policy / "policy_mart_access.csv")
    found = []
    for name in sorted(marts):
        mart = marts[name]
        for rule in rules:
            if rule["access"] != mart.access:
                continue
            if rule["row_scope"] != "all" and mart.payee_column is None:
                continue
            hidden = {
                sensitivity
                for sensitivity in ("pay", "personal")
                if rule[f"sees_{sensitivity}"] != "true"
            }
            columns = tuple(c.name for c in mart.columns if c.sensitivity not in hidden)
            if columns:
                found.append(Grant(mart, rule["audience"], rule["row_scope"], columns))
    return found


def condition(grant: Grant, reader: str, lines: str) -> str:
    """Which rows of a mart a reader sees, as SQL that DuckDB and PostgreSQL know.

    ``reader`` is an expression for the reader's employee identifier, ``lines`` the relation of
    ``fct_reporting_lines``. The tree is the one of the row's month; where rows have no month, the newest.
    """
    mart = grant.mart
    if grant.row_scope == "all":
        return "true"
    own = f"{mart.payee_column} = {reader}"
    # The lines of a manager already reach down to everyone below.
    if grant.row_scope == "own" or mart.name == LINES:
        return own
    below = f"from {lines} as below where below.manager_id = {reader}"
    if mart.month_column is not None:
        who = f"({mart.payee_column}, {mart.month_column})"
        return f"{own} or {who} in (select below.employee_id, below.period_month {below})"
    newest = f"below.period_month = (select max(newest.period_month) from {lines} as newest)"
    return f"{own} or {mart.payee_column} in (select below.employee_id {below} and {newest})"
