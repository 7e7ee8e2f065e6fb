"""What has changed since the warehouse was last built, table by table and month by month.

dbt rebuilds exactly the months that need it (materialization ``by_month``). What it needs to know is
written down here, in the warehouse's schema ``orchestration``, whenever dbt opens it:

- ``landing_files``: the files seen so far, with size, time of change, and rows (some of them set aside);
- ``landing_months``: per file and month, how many rows it has and when the newest was loaded;
- ``quarantined_rows``: rows that break a rule of the contract (``orchestration.lib.quarantine``);
- ``landed_again``: the keys that have been landed more than once, so that staging need not look for them,
  with the first and last day (UTC) of their versions, so that a month looks at its own, with their
  numbers, so that every row is accounted for without counting them anew, with the instant the newest
  was loaded, so that they need no ranking, and with the look that found them and their first and last
  bucket (``orchestration.lib.landed_months``), so that the months of versions are not read again;
- ``changes``: what changed, in order: an input (a landing table, a model, or ``*`` for all), the
  first and last month (null: open) and why. Models append to it when they build a month anew;
- ``built``: up to which change each model has been built, and for which cut-off;
- ``model_months`` and ``rebuilt_months``: the months of each model, and what each run built;
- ``tested``: the last build, of all that was built, after which each test of a model has passed.

Which month a landed row belongs to is said in the landing contract (``meta.months``); which months new
files touch, in ``orchestration.lib.months_touched``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb

from orchestration.lib import quarantine
from orchestration.lib.contract import PROJECT_DIR, Table
from orchestration.lib.landed_again import look_for_keys_landed_again
from orchestration.lib.landed_months import bucket_of, day_column, month_of
from orchestration.lib.landing import (
    LandedTable,
    find_files,
    parts_of,
    sound_parts,
    stamp,
    tables_of_warehouse,
)
from orchestration.lib.months_touched import months_touched
from orchestration.lib.policy import digest_of, policy_digest, policy_setting

STATE = f"""
create schema if not exists orchestration;
create sequence if not exists orchestration.change_ids;
create sequence if not exists orchestration.look_ids;
create sequence if not exists orchestration.build_ids;
create table if not exists orchestration.landing_files (
    landing_table varchar, path varchar, size bigint, modified_ns bigint, rows_landed bigint,
    rows_set_aside bigint
);
create table if not exists orchestration.landing_months (
    landing_table varchar, path varchar, period_month date, row_count bigint,
    newest_loaded_at timestamp
);
create table if not exists orchestration.landed_again (
    landing_table varchar, key varchar, first_day date, last_day date, version_count bigint,
    deletion_count bigint, is_deleted boolean, newest_loaded_at timestamp, first_bucket bigint,
    last_bucket bigint, look_id bigint
);
create table if not exists {quarantine.TABLE} (
    {", ".join(f"{name} {kind}" for name, kind in quarantine.COLUMNS.items())}
);
create table if not exists orchestration.changes (
    change_id bigint default nextval('orchestration.change_ids'),
    input varchar, first_month date, last_month date, reason varchar
);
create table if not exists orchestration.built (
    model varchar, change_id bigint, known_at varchar, invocation_id varchar
);
create table if not exists orchestration.model_months (
    model varchar, period_month date, row_count bigint
);
create table if not exists orchestration.rebuilt_months (
    invocation_id varchar, model varchar, period_month date, row_count bigint, is_changed boolean
);
create table if not exists orchestration.tested (test varchar, build_id bigint);
alter table orchestration.built add column if not exists build_id bigint;
alter table orchestration.model_months add column if not exists build_id bigint;
alter table orchestration.model_months drop column if exists content;
alter table orchestration.rebuilt_months drop column if exists content;
create table if not exists orchestration.runs (invocation_id varchar, change_id bigint);
create table if not exists orchestration.digests (name varchar, digest varchar);
"""


# From the last month that there is to the first: none.
NO_MONTH = ("9999-12-01", "0001-01-01")


@dataclass(frozen=True)
class Change:
    """A change of an input: first days of the first and last month, None for open ends.

    The input is a landing table, or what a rule of its months is told as. A change of ``NO_MONTH``, of rows
    that lie in none, is for tables that are built as a whole, and for what an input reaches in every month.
    """

    input: str
    first_month: str | None
    last_month: str | None
    reason: str


def record_changes(
    connection: duckdb.DuckDBPyConnection,
    landing: Path,
    policy: Path,
    faulty: frozenset[Path] = frozenset(),
) -> list[Change]:
    """Compare the landing folder, the plan and the project with what was seen, and write it down.

    Each table in a transaction of its own: a run that breaks off has either seen its changes or not, and
    what is not on disk yet is never more than one table's. What it saw stays pending until the models have
    been built. Returns the changes found now.
    """
    time_zone = policy_setting(policy, "company_time_zone", "UTC").replace("'", "")
    if _lacks(connection, "landing_files", "rows_set_aside") or _lacks(
        connection, "landed_again", "look_id"
    ):
        # A warehouse of before: what it has seen is looked at once more.
        for table in ("landing_files", "landing_months", "landed_again"):
            connection.execute(f"drop table if exists orchestration.{table}")
    connection.execute(STATE)
    changes = _recorded(connection, partial(_digest_changes, connection, policy))
    in_warehouse = tables_of_warehouse(connection)
    for landed in find_files(landing, faulty):
        look = partial(_table_changes, connection, landed, landing, faulty, time_zone)
        changes += _recorded(connection, look)
        if landed.is_absent:
            is_there = landed.table.full_name in in_warehouse
            changes += _recorded(
                connection, partial(_row_changes, connection, landed.table, is_there=is_there)
            )
    return changes


def _recorded(
    connection: duckdb.DuckDBPyConnection, look: Callable[[], list[Change]]
) -> list[Change]:
    """Look for changes and write them down with what was seen, or neither."""
    connection.begin()
    try:
        changes = look()
        for change in changes:
            connection.execute(
                "insert into orchestration.changes (input, first_month, last_month, reason)"
                " values (?, ?, ?, ?)",
                [change.input, change.first_month, change.last_month, change.reason],
            )
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return changes


def _lacks(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> bool:
    found = connection.execute(
        "select count(*) from duckdb_columns() where database_name = current_database()"
        " and schema_name = 'orchestration' and table_name = ? and column_name = ?",
        [table, column],
    ).fetchone()
    return found == (0,)


def code_digest() -> str:
    """Digest of what decides how models compute: their SQL and YAML, the macros, the project file."""
    paths = [PROJECT_DIR / "dbt_project.yml"]
    for folder in ("models", "macros"):
        paths += [p for p in (PROJECT_DIR / folder).rglob("*") if p.suffix in (".sql", ".yml")]
    return digest_of(paths)


def _digest_changes(connection: duckdb.DuckDBPyConnection, policy: Path) -> list[Change]:
    """A plan or a model of another wording: nothing that was built before can be kept."""
    changes = []
    found = {
        "the models": code_digest(),
        "the plan": policy_digest(policy),
    }
    for name, digest in found.items():
        seen = _replaced_digest(connection, name, digest)
        if seen is not None and seen != digest:
            changes.append(Change("*", None, None, f"{name} changed"))
    return changes


def _row_changes(
    connection: duckdb.DuckDBPyConnection, table: Table, *, is_there: bool
) -> list[Change]:
    """A table that another tool lands in the warehouse itself has no files: its rows tell."""
    digest = None
    if is_there:
        [(row_count, content)] = connection.execute(
            f"select count(*), sum(hash(landed)) from {table.full_name} as landed"
        ).fetchall()
        digest = f"{row_count} {content}"
    if _replaced_digest(connection, f"the rows of {table.full_name}", digest) == digest:
        return []
    return _changes_of_all(table, "its rows changed" if digest else "the warehouse has it no more")


def _replaced_digest(
    connection: duckdb.DuckDBPyConnection, name: str, digest: str | None
) -> str | None:
    """Write a digest down, or that there is none; returns the one that was there."""
    found = connection.execute(
        "select digest from orchestration.digests where name = ?", [name]
    ).fetchone()
    seen = found[0] if found else None
    if seen != digest:
        connection.execute("delete from orchestration.digests where name = ?", [name])
        if digest is not None:
            connection.execute("insert into orchestration.digests values (?, ?)", [name, digest])
    return seen


def _changes_of_all(table: Table, reason: str) -> list[Change]:
    """All months of a table, by each name that it is told as."""
    names = sorted({table.full_name, *(rule.told_as or table.full_name for rule in table.months)})
    return [Change(told, None, None, reason) for told in names]


def _table_changes(
    connection: duckdb.DuckDBPyConnection,
    landed: LandedTable,
    landing: Path,
    faulty: frozenset[Path],
    time_zone: str,
) -> list[Change]:
    name = landed.table.full_name
    before = {
        path: (size, modified, has_faults)
        for path, size, modified, has_faults in connection.execute(
            "select path, size, modified_ns, rows_set_aside > 0 from orchestration.landing_files"
            " where landing_table = ?",
            [name],
        ).fetchall()
    }
    # Paths within the landing folder: it may be moved as a whole.
    root = landing.resolve()
    now = {
        str(path.relative_to(root)): (*stamp(path), path in landed.faulty) for path in landed.files
    }
    if now == before:
        return []
    added = [path for path in landed.files if str(path.relative_to(root)) not in before]
    replaced = sorted(path for path, seen in before.items() if path not in now or now[path] != seen)
    if not landed.table.months or not before or replaced:
        _forget(connection, name, list(before))
        _remember(connection, landed, root, time_zone)
        quarantine.forget(connection, landed, root)
        quarantine.look_for_mends(connection, landed)
        look_for_keys_landed_again(connection, landed)
        reason = (
            f"{Path(replaced[0]).name} was rewritten or removed"
            if replaced
            else f"{len(added)} new files"
        )
        return _changes_of_all(landed.table, reason)
    _remember(connection, landed.only(added), root, time_zone)
    quarantine.look_for_mends(connection, landed)
    months = months_touched(connection, landed, added, landing, faulty, time_zone)
    reason = added[0].name if len(added) == 1 else f"{len(added)} new files"
    changes = [
        Change(told, month, month, reason)
        for told, touched in sorted(months.items())
        for month in sorted(touched)
    ]
    return changes if months.get(name) else [*changes, Change(name, *NO_MONTH, reason)]


def _forget(connection: duckdb.DuckDBPyConnection, name: str, paths: list[str]) -> None:
    connection.execute("delete from orchestration.landed_again where landing_table = ?", [name])
    for table in ("landing_files", "landing_months"):
        connection.execute(
            f"delete from orchestration.{table}"
            " where landing_table = ? and list_contains(?::varchar[], path)",
            [name, paths],
        )


def _remember(
    connection: duckdb.DuckDBPyConnection, landed: LandedTable, root: Path, time_zone: str
) -> None:
    """Write down the files, their rows that are set aside, and how many rows of which month they have."""
    if landed.is_absent:
        return
    name = landed.table.full_name
    quarantine.set_aside(connection, landed, root)
    counted_rows: dict[str, int] = {}
    for part in parts_of(connection, landed.files, with_filename=True):
        counted_rows |= dict(part.rows.aggregate("filename, count(*)").fetchall())
    aside = dict(
        connection.execute(
            f"select path, count(distinct row_in_file) from {quarantine.TABLE}"
            " where landing_table = ? group by path",
            [name],
        ).fetchall()
    )
    files = [(path, str(path.relative_to(root))) for path in landed.files]
    connection.executemany(
        "insert into orchestration.landing_files values (?, ?, ?, ?, ?, ?)",
        [
            [name, inside, *stamp(path), counted_rows.get(str(path), 0), aside.get(inside, 0)]
            for path, inside in files
        ],
    )
    column = day_column(landed.table)
    if column is None:
        return
    for part in sound_parts(connection, landed, with_filename=True):
        has_days = column in part.columns
        bucket = bucket_of(landed.table, column) if has_days else "cast(null as bigint)"
        counted = part.rows.query(
            "landed",
            f"""
            select
                filename, {bucket} as bucket, count(*) as row_count,
                max(cast(_loaded_at as timestamptz)) as newest_loaded_at
            from landed
            group by all
            """,
        )
        months_found = counted.query(  # noqa: F841 - DuckDB finds it by its name
            "counted",
            f"""
            select
                substr(filename, {len(str(root)) + 2}) as path,
                {month_of(landed.table, column, "bucket", time_zone)} as period_month,
                cast(sum(row_count) as bigint) as row_count,
                make_timestamp(epoch_us(max(newest_loaded_at))) as newest_loaded_at
            from counted
            group by all
            """,
        )
        connection.execute(
            "insert into orchestration.landing_months select ?, * from months_found", [name]
        )
