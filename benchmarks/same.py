"""Whether two DuckDB files hold the same rows of the marts that the hand-written script writes."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from benchmarks.script import FACTS


def differences(built: Path, written: Path) -> dict[str, tuple[int, int]]:
    """Rows that only a full build has and that only the script has, by mart."""
    found = {}
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach '{built}' as built (read_only)")
        connection.execute(f"attach '{written}' as written (read_only)")
        for name in (*FACTS, "fct_measures"):
            here, there = f"select * from built.marts.{name}", f"select * from written.{name}"
            found[name] = (
                _count(connection, f"{here} except all {there}"),
                _count(connection, f"{there} except all {here}"),
            )
    return found


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    counted = connection.sql(f"select count(*) from ({query})").fetchone()
    return int(counted[0]) if counted else 0


if __name__ == "__main__":
    different = differences(Path(sys.argv[1]), Path(sys.argv[2]))
    for mart, (only_built, only_written) in different.items():
        print(f"{mart}: {only_built} rows only in the build, {only_written} only in the script")
    sys.exit(1 if any(map(sum, different.values())) else 0)
