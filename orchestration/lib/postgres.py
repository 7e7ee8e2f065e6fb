"""Publishing to PostgreSQL: versions beside each other, row security, and a swap that is one row.

Schema ``plumbline`` holds each mart in a table partitioned by version; schema ``marts`` has a view of
each, on the rows of the version that ``plumbline.current_version`` names. To publish is to load partitions
that nobody reads yet, and then to update that row: a statement sees one version, a repeatable-read
transaction sees one throughout, and neither side waits for the other. A mart whose columns are others than
before gets a table of its own, so that the version before can still be shown.

Group roles ``plumbline_<audience>`` may read what ``policy_mart_access`` lets them: rows by policies of row
security on the tables, columns by grants on the views. A view has the rights of whoever asks, so readers
hold the right to read its table; but they may not use schema ``plumbline``, and so cannot name it.
``plumbline.logins`` says as whom a login reads. Needs PostgreSQL 15 or later (such views) and a user who
may create roles.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import psycopg
import pyarrow.csv
from psycopg import sql

from orchestration.lib.marts import LINES, Mart
from orchestration.lib.postgres_access import AccessDatabase
from orchestration.lib.postgres_database import (
    OWN,
    READER,
    VERSION_TABLE,
    PostgresError,
    group,
    names_of,
    own,
    part_of,
    view_of,
)
from orchestration.lib.warehouse import open_read_only

# Locks that readers are in the way of are asked for this long, so often, so that readers never queue up.
LOCK_TIMEOUT, TRIES, PAUSE_SECONDS = "500ms", 40, 0.5
ROWS_AT_A_TIME = 100_000
TYPES = {
    "VARCHAR": "text",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "HUGEINT": "numeric(38, 0)",
    "DOUBLE": "double precision",
}


@contextlib.contextmanager
def connect(url: str, policy: Path) -> Iterator[Postgres]:
    """A database to publish to, for one publisher at a time.

    Raises ``PostgresError``, which does not name the URL.
    """
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            yield Postgres(connection, policy)
    except psycopg.ProgrammingError as error:
        # The message about a URL that cannot be read has a part of it.
        if error.diag.message_primary is None:
            raise PostgresError("PLUMBLINE_POSTGRES is not the URL of a database") from None
        raise PostgresError(f"PostgreSQL: {error.diag.message_primary}") from error
    except psycopg.Error as error:
        says = error.diag.message_primary or str(error).partition("\n")[0] or type(error).__name__
        raise PostgresError(f"PostgreSQL: {says}") from error


class Postgres(AccessDatabase):
    """A database to publish versions of the marts to."""

    def publish(self, file: Path, version: str, published_at: datetime, kept: int) -> None:
        """Load a published DuckDB file, show it, and keep so many versions. Raises ``PostgresError``."""
        self.load(file, version, published_at)
        try:
            self.show(version)
        except PostgresError:
            self._all(f"update {OWN}.versions set is_loaded = false where version = %s", version)
            self._remove_unfinished()
            raise
        self.remove_old(kept)

    def load(self, file: Path, version: str, published_at: datetime) -> None:
        """Load the marts of a published DuckDB file as a version that nobody reads yet."""
        self._set_up()
        self._remove_unfinished()
        [(number,)] = self._all(
            f"insert into {OWN}.versions (version, published_at) values (%s, %s) returning version_id",
            version, published_at,
        )  # fmt: skip
        with open_read_only(file) as source:
            names = source.execute(
                "select table_name from duckdb_tables() where schema_name = 'marts'"
                " and table_name <> ? order by 1",
                [VERSION_TABLE],
            ).fetchall()
            loaded = {mart: self._load(source, mart, number) for (mart,) in names}
        with self.connection.transaction():
            for mart, table in loaded.items():
                # Attached by a lock that readers do not notice.
                self._do(
                    "alter table {table} attach partition {part} for values in ({number})",
                    table=own(table), part=own(part_of(table, number)), number=sql.Literal(number),
                )  # fmt: skip
                self._all(f"insert into {OWN}.mart_tables values (%s, %s, %s)", number, mart, table)
            self._all(f"update {OWN}.versions set is_loaded = true where version_id = %s", number)

    def show(self, version: str) -> None:
        """Let readers see a version that is loaded: all of it, in one transaction.

        Raises ``PostgresError`` where it is not there, where a login has two audiences, or where a view
        must change and readers hold it for long; then they see what they saw.
        """
        self._set_up()
        found = self._all(
            f"select version_id from {OWN}.versions where version = %s and is_loaded", version
        )
        if not found:
            raise PostgresError(f"PostgreSQL has no version {version} any more: publish again")
        self._require_one_audience_each()
        for left in reversed(range(TRIES)):
            try:
                with self.connection.transaction():
                    self._do("set local lock_timeout = {limit}", limit=sql.Literal(LOCK_TIMEOUT))
                    self._show(found[0][0])
                return
            except psycopg.errors.LockNotAvailable as error:
                if not left:
                    raise PostgresError(
                        "PostgreSQL: columns or access have changed, and readers hold the views in open"
                        " transactions; nothing was changed for them. Publish again when they are through"
                    ) from error
                time.sleep(PAUSE_SECONDS)

    def versions(self) -> list[str]:
        """The versions that can be shown, oldest first."""
        if not self._is_set_up():
            return []
        asked = f"select version from {OWN}.versions where is_loaded order by version_id"
        return [version for (version,) in self._all(asked)]

    def remove_old(self, kept: int) -> None:
        """Remove all but the newest versions, never the current one; what readers hold, the next time."""
        for (number,) in self._all(
            f"select version_id from {OWN}.versions"
            f" where version_id not in (select version_id from {OWN}.current_version)"
            f" and version_id <= (select max(version_id) from {OWN}.versions) - %s order by 1", kept,
        ):  # fmt: skip
            self._remove(number)

    def _load(self, source: duckdb.DuckDBPyConnection, mart: str, number: int) -> str:
        """Load a mart into a partition of its own, not attached yet; the name of its table."""
        rows = source.table(f'marts."{mart}"')
        columns = [(name, _type(kind)) for name, kind in zip(rows.columns, rows.types, strict=True)]
        table = f"{mart}__{hashlib.sha256(repr(columns).encode()).hexdigest()[:8]}"
        part = part_of(table, number)
        if not self._is_there(table):
            with self.connection.transaction():
                self._do(
                    "create table {table} (version_id integer not null, {columns})"
                    " partition by list (version_id)",
                    table=own(table),
                    columns=sql.SQL(", ").join(
                        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
                        for name, kind in columns
                    ),
                )
                self._guard(table, mart)
        # The check spares the attaching a look at every row.
        self._do(
            "create table {part} (like {table}, check (version_id = {number}));"
            "alter table {part} alter column version_id set default {number}",
            part=own(part), table=own(table), number=sql.Literal(number),
        )  # fmt: skip
        names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns)
        copy = sql.SQL("copy {} ({}) from stdin (format csv)").format(own(part), names)
        options = pyarrow.csv.WriteOptions(include_header=False)
        with self.connection.cursor() as cursor, cursor.copy(copy) as sink:
            for batch in rows.to_arrow_reader(ROWS_AT_A_TIME):
                # Null is nothing between two commas, an empty text two quotes: as COPY reads it.
                pyarrow.csv.write_csv(batch, _Sink(sink), options)
        described = self.marts.get(mart)
        if described is not None and described.payee_column is not None:
            keys = [described.payee_column, described.month_column]
            self._do(
                "create index on {part} ({keys})",
                part=own(part),
                keys=sql.SQL(", ").join(sql.Identifier(key) for key in keys if key),
            )
        self._do("analyze {part}", part=own(part))
        return table

    def _show(self, number: int) -> None:
        wanted = dict(
            self._all(
                f"select mart, table_name from {OWN}.mart_tables where version_id = %s", number
            )
        )
        shown = {
            mart: (table, digest)
            for mart, table, digest in self._all(f"select * from {OWN}.shown_marts")
        }
        for mart in sorted(shown.keys() - wanted.keys()):
            self._guard_all(mart)
            self._do("drop view {view}", view=view_of(mart))
            self._all(f"delete from {OWN}.shown_marts where mart = %s", mart)
        for mart, table in sorted(wanted.items()):
            digest = self._digest(mart)
            if shown.get(mart) == (table, digest):
                continue
            self._guard_all(mart)
            self._show_mart(mart, table, is_shown=mart in shown)
            if mart == LINES:
                self._show_lines(table)
            self._all(
                f"insert into {OWN}.shown_marts values (%s, %s, %s) on conflict (mart) do update"
                " set table_name = excluded.table_name, digest = excluded.digest",
                mart, table, digest,
            )  # fmt: skip
        self._all(
            f"insert into {OWN}.current_version (version_id) values (%s)"
            " on conflict (only_row) do update set version_id = excluded.version_id",
            number,
        )

    def _show_mart(self, mart: str, table: str, *, is_shown: bool) -> None:
        """Make the view of a mart anew; who was granted what of it beside us keeps it."""
        kept = self._granted(mart) if is_shown else []
        columns = self._columns(table)
        if is_shown:
            self._do("drop view {view}", view=view_of(mart))
        self._do(
            "create view {view} with (security_invoker = true, security_barrier = true) as"
            f" select {{columns}} from {{table}}"
            f" where version_id = (select version_id from {OWN}.current_version)",
            view=view_of(mart), table=own(table), columns=names_of(columns),
        )  # fmt: skip
        described = self.marts.get(mart)
        if described is not None:
            self._describe(described, columns)
        for grant in self.grants[mart]:
            there = [name for name in columns if name in grant.columns]
            self._do(
                "grant select ({columns}) on {view} to {group}",
                columns=names_of(there), view=view_of(mart), group=group(grant.audience),
            )  # fmt: skip
        for grantee, privilege, column in kept:
            if column is None or column in columns:
                self._do(
                    f"grant {privilege} {{columns}} on {{view}} to {{grantee}}",
                    columns=sql.SQL("({})").format(sql.Identifier(column)) if column else sql.SQL(""),
                    view=view_of(mart), grantee=sql.Identifier(grantee),
                )  # fmt: skip

    def _show_lines(self, table: str) -> None:
        """The reporting lines that policies ask: the reader's own."""
        self._do(
            "create or replace view {lines} with (security_barrier = true) as"
            " select manager_id, employee_id, period_month from {table}"
            f" where version_id = (select version_id from {OWN}.current_version)"
            f" and manager_id = {READER}",
            lines=own("reporting_lines"), table=own(table),
        )  # fmt: skip

    def _describe(self, mart: Mart, columns: list[str]) -> None:
        self._do(
            "comment on view {view} is {says}",
            view=view_of(mart.name), says=sql.Literal(mart.description),
        )  # fmt: skip
        for column in mart.columns:
            if column.name in columns:
                self._do(
                    "comment on column {view}.{column} is {says}",
                    view=view_of(mart.name), column=sql.Identifier(column.name),
                    says=sql.Literal(column.description),
                )  # fmt: skip

    def _remove_unfinished(self) -> None:
        """What a publication that was killed has left."""
        for (number,) in self._all(
            f"select version_id from {OWN}.versions where not is_loaded order by 1"
        ):
            self._remove(number)

    def _remove(self, number: int) -> None:
        """A version and its partitions, unless readers hold one: then it is left for the next time."""
        parts = self._all(
            "select tablename from pg_tables where schemaname = %s and tablename like %s",
            OWN, f"%\\_\\_v{number}",
        )  # fmt: skip
        with contextlib.suppress(psycopg.errors.LockNotAvailable), self.connection.transaction():
            self._do("set local lock_timeout = {limit}", limit=sql.Literal(LOCK_TIMEOUT))
            for (part,) in parts:
                self._do("drop table {part}", part=own(part))
            left = self._all(
                f"delete from {OWN}.mart_tables where version_id = %s returning table_name", number
            )
            self._all(f"delete from {OWN}.versions where version_id = %s", number)
            for (table,) in left:
                held = self._all(
                    f"select 1 from {OWN}.mart_tables where table_name = %s limit 1", table
                )
                if not held:
                    self._do("drop table {table}", table=own(table))


class _Sink:
    """A COPY as a file that pyarrow can write to."""

    closed = False

    def __init__(self, copy: psycopg.Copy) -> None:
        self.copy = copy

    def write(self, data: bytes) -> None:
        self.copy.write(bytes(data))

    def flush(self) -> None:
        """Everything is sent as it comes."""


def _type(kind: object) -> str:
    """PostgreSQL's type for a type of DuckDB. Raises ``PostgresError`` for one that marts do not have."""
    name = str(kind)
    if name.startswith("DECIMAL("):
        return name.replace("DECIMAL", "numeric")
    if name not in TYPES:
        raise PostgresError(f"a column of type {name} cannot be published to PostgreSQL")
    return TYPES[name]
