"""What a Python asset needs of a warehouse, on whichever engine: frames out, one table in."""

from __future__ import annotations

from typing import Protocol

import pandas as pd

from orchestration.lib.promotion_cuts import COLUMNS, promotion_cuts

CUTS_TABLE = "marts.fct_promotion_cuts"


class Tables(Protocol):
    """A warehouse's tables. DuckDB: ``lib.warehouse.DuckTables``; Spark: ``spark.session``."""

    def frame(self, query: str) -> pd.DataFrame:
        """A query's rows, with decimals as ``Decimal`` and days as ``datetime.date``."""

    def replace(self, table: str, rows: pd.DataFrame, columns: dict[str, str]) -> None:
        """Make ``table`` hold exactly ``rows``, with these columns and SQL types."""


def cut_pools(tables: Tables) -> int:
    """Cut the candidates into ``marts.fct_promotion_cuts``; returns the rows written."""
    cuts = promotion_cuts(tables.frame("select * from intermediate.int_promotion_candidates"))
    tables.replace(CUTS_TABLE, cuts, COLUMNS)
    return len(cuts)
