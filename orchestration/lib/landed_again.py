"""The keys that have been landed more than once: from which day to which their versions lie, and how many.

Staging takes all other rows as they are, and of these the newest version, by the instant it was loaded;
where several were loaded then, versions are ranked. A month looks only at those of which it may have a
version (macro ``ranked_versions``). What became of landed rows is told from the numbers of
versions (macro ``landed_fates``): counted anew, it would take as long with every close.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import duckdb

from orchestration.lib.contract import Table
from orchestration.lib.landed_months import (
    bucket_of,
    day_column,
    key_columns_of,
    key_of,
    utc_day_of,
    whole_key_of,
)
from orchestration.lib.landing import LandedTable, relation_of
from orchestration.lib.quoting import literal

# SQL: when a row was loaded, and whether it says that its key is deleted.
VERSION = (
    "epoch_us(cast(_loaded_at as timestamptz)) as loaded,"
    " coalesce(cast(_deleted as boolean), false) as deleted"
)


def look_for_keys_landed_again(connection: duckdb.DuckDBPyConnection, landed: LandedTable) -> None:
    """Write down the keys with more than one version in all files of a table of months.

    By their hashes first: these are small, and next to none comes twice. A key whose hash is another's is
    not written down for that.
    """
    if not is_looked_up(landed.table) or landed.is_absent:
        return
    table = landed.table
    rows = relation_of(connection, landed)
    hash_of_key = f"hash({', '.join(key_columns_of(table))})"
    hashes = rows.project(f"{hash_of_key} as hashed")  # noqa: F841 - DuckDB finds it by its name
    connection.execute(
        "create or replace temp table hashes_landed_again as"
        " select hashed from hashes group by hashed having count(*) > 1"
    )
    landed_again = f"{hash_of_key} in (select hashed from hashes_landed_again)"
    _write_down(connection, table, rows.filter(landed_again), new_look(connection))
    connection.execute("drop table hashes_landed_again; drop table grouped_versions")


def new_look(connection: duckdb.DuckDBPyConnection) -> int:
    """A ``look_id`` after all there are."""
    [(look_id,)] = connection.execute("select nextval('orchestration.look_ids')").fetchall()
    return int(look_id)


@dataclass(frozen=True)
class Versions:
    """Rows of new files, those of the files before, and both; of all keys or of some."""

    new: duckdb.DuckDBPyRelation
    before: duckdb.DuckDBPyRelation
    whole: duckdb.DuckDBPyRelation


def look_at_new_versions(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    versions: Versions,
    between: str,
    first_look: int,
) -> duckdb.DuckDBPyRelation:
    """Write down which keys of new rows have several versions now, and from when to when.

    The keys lie ``between`` two of them (SQL), as those of ``versions`` do, and their hashes are in the
    temporary table ``new_keys`` (``orchestration.lib.months_touched``). Keys of several columns go by the
    first in both, and ``versions.whole`` has theirs alone. What was written down of them goes, but for
    looks from ``first_look`` on: these were at other keys.

    Returns the buckets of the versions, in a column ``bucket``, until the next look.
    """
    look_id = new_look(connection)
    written_down = (
        f"orchestration.landed_again where landing_table = {literal(table.full_name)}"
        f" and look_id < {first_look}"
    )
    if len(table.key) > 1:
        keys_found = versions.whole.project(f"{whole_key_of(table)} as key")  # noqa: F841 - by its name
        connection.execute(f"delete from {written_down} and key in (select key from keys_found)")
        _write_down(connection, table, versions.whole, look_id)
        return connection.sql("select bucket from grouped_versions")
    written_down += f" and key {between}"
    connection.execute(
        "create or replace temp table keys_of_many as"
        " select hashed from new_keys group by hashed having count(*) > 1"
        f" union select hash(key) from {written_down} and hash(key) in (select hashed from new_keys)"
    )
    of_many = "in (select hashed from keys_of_many)"
    connection.execute(f"delete from {written_down} and hash(key) {of_many}")
    few = versions.new.filter(f"hash({key_of(table)}) not {of_many}")
    _write_down_pairs(connection, table, few, versions.before, look_id)
    many = versions.whole.filter(f"hash({key_of(table)}) {of_many}")
    _write_down(connection, table, many, look_id)
    found = f"orchestration.landed_again where look_id = {look_id}"
    return connection.sql(
        f"select first_bucket as bucket from {found} union all select last_bucket from {found}"
        " union all select bucket from grouped_versions"
    )


def _write_down_pairs(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    new: duckdb.DuckDBPyRelation,
    before: duckdb.DuckDBPyRelation,
    look_id: int,
) -> None:
    """``_write_down`` of keys that have one new row and at most one of before, as nearly all have.

    Joined, they take half the time that it takes to group them.
    """
    new_found = _versions_of(table, new)  # noqa: F841 - DuckDB finds it by its name
    found_before = _versions_of(table, before)  # noqa: F841 - DuckDB finds it by its name
    pairs = connection.sql(
        "select key,"
        " case when one.bucket is not null and two.bucket is not null"
        " then least(one.bucket, two.bucket) end as first_bucket,"
        " greatest(one.bucket, two.bucket) as last_bucket, 2 as version_count,"
        " cast(one.deleted as bigint) + cast(two.deleted as bigint) as deletion_count,"
        " one.deleted and one.loaded >= two.loaded or two.deleted and two.loaded >= one.loaded"
        " as is_deleted,"
        " case when one.loaded <> two.loaded then make_timestamp(greatest(one.loaded, two.loaded)) end"
        " as newest_loaded_at"
        " from found_before as one inner join new_found as two using (key)"
    )
    _keep(connection, table, pairs, look_id)


def _write_down(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    rows: duckdb.DuckDBPyRelation,
    look_id: int,
) -> None:
    """Write down the keys of rows that have several, with their days; no first one where a row has none.

    The rows stay in the temporary table ``grouped_versions`` (``_versions_of``).
    Of an update and a deletion loaded together the deletion counts, as in staging. When the newest was
    loaded is told where it was loaded alone. What is grouped is held first: hashes by which rows were found
    stay in memory until a statement has ended, and they may be millions, like the rows.
    """
    versions_found = _versions_of(table, rows)  # noqa: F841 - DuckDB finds it by its name
    connection.execute("create or replace temp table grouped_versions as from versions_found")
    keys_found = connection.sql(
        "select key, case when count(bucket) = count(*) then min(bucket) end as first_bucket,"
        " max(bucket) as last_bucket, count(*) as version_count,"
        " count(*) filter (deleted) as deletion_count,"
        " coalesce(max(loaded) filter (deleted) = max(loaded), false) as is_deleted,"
        " case when count(*) = 2 and min(loaded) < max(loaded) then make_timestamp(max(loaded)) end"
        " as newest_loaded_at"
        " from grouped_versions group by key having count(*) > 1"
    )
    _keep(connection, table, keys_found, look_id)
    # Most keys have two versions: only of those with more the instants have to be counted.
    connection.execute(
        "update orchestration.landed_again as again set newest_loaded_at = make_timestamp(alone.loaded)"
        " from (select key, max(loaded) as loaded"
        "  from (select key, loaded, count(*) as version_count from grouped_versions where key in"
        "    (select key from orchestration.landed_again where look_id = $look_id and version_count > 2)"
        "   group by key, loaded) as instants"
        "  group by key having arg_max(version_count, loaded) = 1) as alone"
        " where again.look_id = $look_id and again.key = alone.key",
        {"look_id": look_id},
    )


def _versions_of(table: Table, rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Of each row its key, its bucket, when it was loaded and whether it deletes."""
    bucket = bucket_of(table, _day_column(table))
    return rows.project(f"{whole_key_of(table)} as key, {bucket} as bucket, {VERSION}")


def _keep(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    keys_found: duckdb.DuckDBPyRelation,  # noqa: ARG001 - DuckDB finds it by its name
    look_id: int,
) -> None:
    day = partial(utc_day_of, table, _day_column(table))
    connection.execute(
        "insert into orchestration.landed_again by name"
        f" select ? as landing_table, ? as look_id, *, {day('first_bucket')} as first_day,"
        f" {day('last_bucket')} as last_day from keys_found",
        [table.full_name, look_id],
    )


def _day_column(table: Table) -> str:
    column = day_column(table)
    assert column is not None, table.full_name
    return column


def is_looked_up(table: Table) -> bool:
    """Whether it is asked which keys were landed again: of tables whose rows lie in months of their own."""
    return day_column(table) is not None
