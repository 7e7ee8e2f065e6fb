"""Which months new landing files touch: those of their rows, and those of the rows that they replace.

A row that replaces another one changes the other's month too, however long ago it was; so the versions
that the files seen before hold of the same keys are looked up. By the hashes of the keys: a year restated
has tens of millions of them. A key whose hash is another's touches its month for nothing, and no harm.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import duckdb

from orchestration.lib.contract import MonthRule, Table
from orchestration.lib.landed_again import Versions, is_looked_up, look_at_new_versions, new_look
from orchestration.lib.landed_months import bucket_of, key_of, month_of, own_columns
from orchestration.lib.landing import LandedTable, find_files, relation_of
from orchestration.lib.quoting import literal

# New rows whose keys are looked up at a time: some hundred megabytes.
ROWS_AT_A_TIME = 1_000_000
# Of so many keys one is taken to say where such a part ends.
KEYS_TO_A_SAMPLE = 1_000


def months_touched(
    connection: duckdb.DuckDBPyConnection,
    landed: LandedTable,
    added: list[Path],
    landing: Path,
    faulty: frozenset[Path],
    time_zone: str,
) -> dict[str, set[str]]:
    """Months that the rows of new files change: theirs, and those of what they replace.

    By the name that they are told as: mostly the table's own. Keys that are landed again are written down
    on the way.
    """
    others = {other.table.full_name: other for other in find_files(landing, faulty)}
    rows = Versions(
        new=relation_of(connection, landed.only(added)),
        before=relation_of(connection, landed.only(set(landed.files).difference(added))),
        whole=relation_of(connection, landed),
    )
    first_look = new_look(connection)
    months = defaultdict[str, set[str]](set)
    if columns := own_columns(landed.table):
        months[landed.table.full_name] |= _months_of(rows.new, landed.table, columns[0], time_zone)
    for keys in _ranges_of_keys(rows.new, key_of(landed.table)):
        some = replace(rows, new=rows.new.filter(keys))
        found = _months_of_keys(connection, landed.table, some, first_look, others, time_zone)
        for told_as, touched in found.items():
            months[told_as] |= touched
    return months


def _ranges_of_keys(new_rows: duckdb.DuckDBPyRelation, key: str) -> list[str]:
    """Conditions on the keys of new rows that take some of them each, and together all.

    Looked up all at once, the keys of a year restated would not fit into the memory of a build, and would
    be written aside twice. Where ranges end, some of the keys say, taken by their hashes.
    """
    [(row_count,)] = new_rows.aggregate("count(*)").fetchall()
    if row_count <= ROWS_AT_A_TIME:
        return ["true"]
    sampled = new_rows.filter(f"hash({key}) % {KEYS_TO_A_SAMPLE} = 0").project(f"{key} as key")
    keys = sorted(found for (found,) in sampled.fetchall())
    ends = keys[:: max(1, len(keys) * ROWS_AT_A_TIME // row_count)][1:]
    lows = ["true", *(f"{key} >= {literal(end)}" for end in ends)]
    highs = [*(f"{key} < {literal(end)}" for end in ends), "true"]
    return [f"{low} and {high}" for low, high in zip(lows, highs, strict=True)]


def _months_of_keys(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    rows: Versions,
    first_look: int,
    others: dict[str, LandedTable],
    time_zone: str,
) -> dict[str, set[str]]:
    """``months_touched`` of some of the new rows: all that have the same keys."""
    months = defaultdict[str, set[str]](set)
    mine = months[table.full_name]
    key = key_of(table)
    new_rows = rows.new
    connection.execute(
        f"create or replace temp table new_keys as select hash({key}) as hashed from new_rows"
    )
    [(first, last)] = new_rows.aggregate(
        f"coalesce(min({key}), ''), coalesce(max({key}), '')"
    ).fetchall()
    # Keys mostly grow with time: what lies outside of the new ones' is not opened.
    between = f"between {literal(first)} and {literal(last)}"
    is_again = f"hash({key}) in (select hashed from new_keys)"
    near = replace(
        rows,
        before=rows.before.filter(f"{key} {between}"),
        whole=rows.whole.filter(f"{key} {between}"),
    )
    versions = near.whole.filter(is_again)
    columns = own_columns(table)
    if is_looked_up(table):
        if len(table.key) > 1 or _is_asked_more(table):
            # Looked up several times: the few that were there before are held.
            asked = ", ".join(_columns_asked(table))
            found_before = near.before.filter(is_again).project(asked)  # noqa: F841 - by its name
            connection.execute("create or replace temp table held_versions as from found_before")
            before = connection.table("held_versions")
            versions = new_rows.filter(f"{key} {between}").project(asked).union(before)
            near = Versions(new_rows, before, versions)
        buckets = look_at_new_versions(connection, table, near, between, first_look)
        if columns and columns[0] not in table.key:
            mine |= _months_of_buckets(buckets, table, columns[0], time_zone)
        columns = columns[1:]
    # What is of the key is the same in all versions of a row: that of the new ones.
    for column in columns:
        mine |= _months_of(versions, table, column, time_zone)
    for rule in table.months:
        if rule.told_as and rule.table is None:
            months[rule.told_as] |= _months_of(versions, table, rule.column, time_zone)
        if rule.counts_only or rule.table is None or others[rule.table].is_absent:
            continue
        months[rule.told_as or table.full_name] |= _months_of_others(
            connection, versions, table, others[rule.table], rule, time_zone
        )
    for name in ("new_keys", "keys_of_many", "grouped_versions", "held_versions"):
        connection.execute(f"drop table if exists temp.{name}")
    return months


def _is_asked_more(table: Table) -> bool:
    """Whether more is asked of a row's versions than on which day they lie."""
    return any(rule.told_as or (rule.table and not rule.counts_only) for rule in table.months)


def _columns_asked(table: Table) -> list[str]:
    """The columns by which versions of a table's rows are told apart, ordered, and have months."""
    asked = {*table.key, "_loaded_at", "_deleted"}
    for rule in table.months:
        asked |= {rule.column} if rule.table is None else {rule.reference or "", *rule.when}
    return [name for name in table.column_names if name in asked]


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
        references_found = connection.sql(
            f"select {reference} as reference from versions"
            " inner join (select hashed, count(*) as version_count from new_keys group by hashed)"
            f" as new_keys on hash({key}) = new_keys.hashed"
            f" group by {key}, {reference}"
            f" having min({watched}) <> max({watched})"
            " or bool_or(coalesce(cast(_deleted as boolean), false))"
            " or count(*) = max(version_count)",
        )
    else:
        if rule.where:
            # Of the other table few rows ask, so next to none of these.
            asking = relation_of(connection, other).filter(rule.where)  # noqa: F841 - by its name
            versions = versions.filter(
                f"cast({reference} as varchar) in (select cast({rule.key} as varchar) from asking)"
            )
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
    buckets = rows.project(f"{bucket_of(table, column)} as bucket")
    return _months_of_buckets(buckets, table, column, time_zone)


def _months_of_buckets(
    buckets: duckdb.DuckDBPyRelation, table: Table, column: str, time_zone: str
) -> set[str]:
    months = (
        buckets.distinct()
        .project(f"cast({month_of(table, column, 'bucket', time_zone)} as varchar) as period_month")
        .distinct()
    )
    return {month for (month,) in months.fetchall() if month is not None}
