"""Which months new landing files touch: those of their rows, and those of the rows that they replace.

A row that replaces another one changes the other's month too, however long ago it was; so the versions
that the files seen before hold of the same keys are looked up.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.lib.contract import MonthRule, Table
from orchestration.lib.landed_again import VERSION, is_looked_up, look_at_new_versions
from orchestration.lib.landed_months import bucket_of, key_of, month_of, own_columns
from orchestration.lib.landing import LandedTable, find_files, relation_of


def months_touched(
    connection: duckdb.DuckDBPyConnection,
    landed: LandedTable,
    added: list[Path],
    landing: Path,
    faulty: frozenset[Path],
    time_zone: str,
) -> set[str]:
    """Months that the rows of new files change: theirs, and those of what they replace.

    Keys that they land again are written down on the way.
    """
    table = landed.table
    others = {other.table.full_name: other for other in find_files(landing, faulty)}
    fresh = landed.only(added)
    months = set[str]()
    key = key_of(table)
    everywhere = relation_of(connection, landed)
    in_files = relation_of(connection, fresh)
    new_keys_found = in_files.aggregate(f"{key} as key, count(*) as version_count")  # noqa: F841 - DuckDB finds it by its name
    connection.execute("create or replace temp table new_keys as select * from new_keys_found")
    own = own_columns(table)
    columns = "".join(
        f", {bucket_of(table, column)} as bucket_{number}" for number, column in enumerate(own)
    )
    versions_found = everywhere.filter(f"{key} in (select key from new_keys)").project(  # noqa: F841 - DuckDB finds it by its name
        f"{key} as key, {VERSION}{columns}"
    )
    connection.execute("create or replace temp table new_versions as select * from versions_found")
    try:
        if is_looked_up(table):
            look_at_new_versions(connection, table)
        for number, column in enumerate(own):
            buckets = connection.table("new_versions").project(f"bucket_{number} as bucket")
            months |= _months_of(buckets, table, column, time_zone)
        for rule in table.months:
            if rule.counts_only or rule.table is None or others[rule.table].is_absent:
                continue
            months |= _months_of_others(
                connection, everywhere, table, others[rule.table], rule, time_zone
            )
    finally:
        connection.execute("drop table new_keys")
        connection.execute("drop table new_versions")
    return months


def _months_of_others(
    connection: duckdb.DuckDBPyConnection,
    everywhere: duckdb.DuckDBPyRelation,
    table: Table,
    other: LandedTable,
    rule: MonthRule,
    time_zone: str,
) -> set[str]:
    """Months of rows of another table that name a changed row, by ``rule.key``."""
    key = key_of(table)
    watched = ", ".join(f"cast({name} as varchar)" for name in rule.when)
    # A key counts where what is watched differs between its versions, or was never seen before.
    condition = (
        f"count(distinct ({watched})) > 1 or bool_or(coalesce(cast(_deleted as boolean), false))"
        " or count(*) = max(version_count)"
        if rule.when
        else "true"
    )
    new_references_found = everywhere.filter(  # noqa: F841 - DuckDB finds it by its name
        f"{key} in (select key from new_keys)"
    ).query(
        "versions",
        f"select {rule.reference or key} as reference from versions"
        f" inner join new_keys on {key} = new_keys.key"
        f" group by {key}, {rule.reference or key} having {condition}",
    )
    connection.execute(
        "create or replace temp table new_references as"
        " select distinct reference from new_references_found"
    )
    try:
        found = relation_of(connection, other).filter(
            f"cast({rule.key} as varchar) in (select reference from new_references)"
            + (f" and ({rule.where})" if rule.where else "")
        )
        buckets = found.project(f"{bucket_of(other.table, rule.column)} as bucket")
        return _months_of(buckets, other.table, rule.column, time_zone)
    finally:
        connection.execute("drop table new_references")


def _months_of(
    buckets: duckdb.DuckDBPyRelation, table: Table, column: str, time_zone: str
) -> set[str]:
    """The first days of the local months of buckets, as text."""
    months = (
        buckets.distinct()
        .project(f"cast({month_of(table, column, 'bucket', time_zone)} as varchar) as period_month")
        .distinct()
    )
    return {month for (month,) in months.fetchall() if month is not None}
