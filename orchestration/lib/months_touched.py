"""Which months new landing files touch: those of their rows, and those of the rows that they replace.

A row that replaces another one changes the other's month too, however long ago it was; so the versions
that the files seen before hold of the same keys are looked up. By the hashes of the keys: a year restated
has tens of millions of them. A key whose hash is another's touches its month for nothing, and no harm.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.lib.contract import MonthRule, Table
from orchestration.lib.landed_again import is_looked_up, look_at_new_versions
from orchestration.lib.landed_months import bucket_of, key_of, month_of, own_columns
from orchestration.lib.landing import LandedTable, find_files, relation_of
from orchestration.lib.quoting import literal


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
    months = set[str]()
    key = key_of(table)
    new_rows = relation_of(connection, landed.only(added))
    connection.execute(
        "create or replace temp table new_keys as"
        f" select hash({key}) as hashed, count(*) as version_count from new_rows group by 1"
    )
    [(first, last)] = new_rows.aggregate(
        f"coalesce(min({key}), ''), coalesce(max({key}), '')"
    ).fetchall()
    # Keys mostly grow with time: what lies outside of the new ones' is not opened.
    versions = relation_of(connection, landed).filter(
        f"{key} between {literal(first)} and {literal(last)}"
        f" and hash({key}) in (select hashed from new_keys)"
    )
    if is_looked_up(table):
        look_at_new_versions(connection, table, versions)
    for column in own_columns(table):
        months |= _months_of(versions, table, column, time_zone)
    for rule in table.months:
        if rule.counts_only or rule.table is None or others[rule.table].is_absent:
            continue
        months |= _months_of_others(
            connection, versions, table, others[rule.table], rule, time_zone
        )
    connection.execute("drop table new_keys")
    return months


def _months_of_others(
    connection: duckdb.DuckDBPyConnection,
    versions: duckdb.DuckDBPyRelation,
    table: Table,
    other: LandedTable,
    rule: MonthRule,
    time_zone: str,
) -> set[str]:
    """Months of rows of another table that name a changed row, by ``rule.key``."""
    key = key_of(table)
    reference = rule.reference or key
    if rule.when:
        # A key counts where what is watched differs between its versions, or was never seen before.
        watched = f"hash({', '.join(f'cast({name} as varchar)' for name in rule.when)})"
        references_found = versions.query(
            "versions",
            f"select {reference} as reference from versions"
            f" inner join new_keys on hash({key}) = new_keys.hashed"
            f" group by {key}, {reference}"
            f" having min({watched}) <> max({watched})"
            " or bool_or(coalesce(cast(_deleted as boolean), false))"
            " or count(*) = max(version_count)",
        )
    else:
        references_found = versions.project(f"{reference} as reference")
    new_references_found = references_found.distinct()  # noqa: F841 - DuckDB finds it by its name
    connection.execute(
        "create or replace temp table new_references as select reference from new_references_found"
    )
    found = relation_of(connection, other).filter(
        f"cast({rule.key} as varchar) in (select reference from new_references)"
        + (f" and ({rule.where})" if rule.where else "")
    )
    months = _months_of(found, other.table, rule.column, time_zone)
    connection.execute("drop table new_references")
    return months


def _months_of(
    rows: duckdb.DuckDBPyRelation, table: Table, column: str, time_zone: str
) -> set[str]:
    """The first days of the local months of rows by one of their columns, as text."""
    months = (
        rows.project(f"{bucket_of(table, column)} as bucket")
        .distinct()
        .project(f"cast({month_of(table, column, 'bucket', time_zone)} as varchar) as period_month")
        .distinct()
    )
    return {month for (month,) in months.fetchall() if month is not None}
