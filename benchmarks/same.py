"""Whether the script's file, or the folder that pandas wrote, holds the rows of a full build.

``python -m benchmarks.same <warehouse.duckdb> <file.duckdb or folder>``
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import duckdb

from benchmarks.script import FACTS

MARTS = (*FACTS, "fct_measures")
# Neither script nor pandas knows of split deals, of those above a seller, and of one-off ownership;
# of the companies measured two planted accounts have them, and one seller a new customer by it; nor of
# renewals that are service's, which a third has. Of the measures they have these.
WHERE = {
    "fct_credits": "account_id not in ('Z60-1', 'Z65-1', 'Z79-1')",
    "fct_measures": "measure in ('visits', 'competitor_notes', 'fast_response_rate', 'new_customers',"
    " 'customer_retention', 'supported_wins', 'cost_control', 'key_product_sales')"
    " and employee_id <> 'Z61'",
}
COLUMNS = {"fct_measures": "employee_id, measure, numerator, denominator, value, period_month"}


def differences(built: Path, other: Path) -> dict[str, tuple[int, int]]:
    """Rows that only a full build has and that only the other has, by mart, where there are any."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach '{built}' as built (read_only)")
        if other.is_file():
            connection.execute(f"attach '{other}' as other (read_only)")
        selects = {}
        for name in MARTS:
            columns, where = COLUMNS.get(name, "*"), WHERE.get(name, "true")
            here = f"select {columns} from built.marts.{name} where {where}"
            source = f"other.{name}" if other.is_file() else _frame(connection, name, other)
            selects[name] = here, f"select {columns} from {source} where {where}"
        return rows_apart(connection, selects)


def rows_apart(
    connection: duckdb.DuckDBPyConnection, selects: Mapping[str, tuple[str, str]]
) -> dict[str, tuple[int, int]]:
    """Rows that only the first and that only the second query of a name gives, where there are any."""
    found = {}
    for name, (here, there) in selects.items():
        # Rows held against rows take as long as a build; other rows have next to never the same sum.
        digests = [
            connection.sql(f"select count(*), sum(hash(rows)) from ({one}) as rows").fetchall()
            for one in (here, there)
        ]
        if digests[0] == digests[1]:
            continue
        counts = (
            _count(connection, f"{here} except all {there}"),
            _count(connection, f"{there} except all {here}"),
        )
        if any(counts):
            found[name] = counts
    return found


def _frame(connection: duckdb.DuckDBPyConnection, name: str, folder: Path) -> str:
    """A mart that pandas wrote, in the columns and types of the build's; amounts are ten-thousandths."""
    columns = connection.execute(
        "select column_name, data_type from duckdb_columns() where database_name = 'built'"
        " and schema_name = 'marts' and table_name = ? order by column_index", [name]
    ).fetchall()  # fmt: skip
    written = connection.read_parquet(f"{folder / name}.parquet").columns
    places = {"DECIMAL(18,4)": 10**4, "DECIMAL(9,6)": 10**6, "DECIMAL(18,8)": 10**8}
    typed = [
        f"cast(cast({column} as decimal(30, 0)) / {places[kind]} as {kind}) as {column}"
        if kind in places
        else f"cast({column} as {kind}) as {column}"
        for column, kind in columns
        if column in written or name not in COLUMNS
    ]
    return f"(select {', '.join(typed)} from read_parquet('{folder / name}.parquet'))"


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(connection.sql(f"select count(*) from ({query})").fetchall()[0][0])


if __name__ == "__main__":
    different = differences(Path(sys.argv[1]), Path(sys.argv[2]))
    for mart, (only_built, only_other) in different.items():
        print(f"{mart}: {only_built} rows only in the build, {only_other} only in the other")
    sys.exit(1 if different else 0)
