"""What a Python asset needs of a warehouse, on whichever engine: frames out, one table in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pandas as pd

CUTS_TABLE = "marts.fct_promotion_cuts"
# Its columns in order, with their SQL types: its contract.
CUTS_COLUMNS = {
    "employee_id": "string",
    "period_kind": "string",
    "role": "string",
    "track": "string",
    "grade": "string",
    "pool": "string",
    "outcome": "string",
    "reason": "string",
    "score": "decimal(14, 10)",
    "top_score": "decimal(14, 10)",
    "rank": "integer",
    "ranked_count": "integer",
    "top_ranked_count": "integer",
    "top_slots": "integer",
    "bottom_slots": "integer",
    "grade_rank": "integer",
    "proposed_grade_rank": "integer",
    "period_month": "date",
}


class Tables(Protocol):
    """A warehouse's tables. DuckDB: ``lib.warehouse.DuckTables``; Spark: ``spark.session``."""

    def frame(self, query: str) -> pd.DataFrame:
        """A query's rows, with decimals as ``Decimal`` and days as ``datetime.date``."""

    def replace(self, table: str, rows: pd.DataFrame, columns: dict[str, str]) -> None:
        """Make ``table`` hold exactly ``rows``, with these columns and SQL types."""


def cut_pools(tables: Tables) -> int:
    """Cut the candidates into ``marts.fct_promotion_cuts``; returns the rows written."""
    # Pandas takes 40 MB, and dbt works in this process before the cuts are made.
    from orchestration.lib.promotion_cuts import promotion_cuts

    cuts = promotion_cuts(tables.frame("select * from intermediate.int_promotion_candidates"))
    tables.replace(CUTS_TABLE, cuts, CUTS_COLUMNS)
    return len(cuts)
