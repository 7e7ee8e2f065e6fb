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
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow.csv
from psycopg import sql

from orchestration.lib.access import AUDIENCES, PERSONAL_AUDIENCES, Grant, condition, grants
from orchestration.lib.marts import LINES, Mart, described_marts
from orchestration.lib.warehouse import WarehouseError, open_read_only

OWN, VIEWS = "plumbline", "marts"
VERSION_TABLE = "published_version"
OLDEST_SERVER = 150_000
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
# As whom a login reads; null for one that is nobody.
READER = (
    f"(select reading.employee_id from {OWN}.logins as reading where reading.login = current_user)"
)
CONTROL = f"""
create schema if not exists {OWN};
create schema if not exists {VIEWS};
create table if not exists {OWN}.versions (
    version_id integer generated always as identity primary key,
    version text not null unique,
    published_at timestamptz not null,
    is_loaded boolean not null default false
);
create table if not exists {OWN}.current_version (
    only_row boolean primary key default true check (only_row),
    version_id integer not null references {OWN}.versions
);
-- Which table and partition hold a mart of a version.
create table if not exists {OWN}.mart_tables (
    version_id integer not null references {OWN}.versions,
    mart text not null,
    table_name text not null,
    primary key (version_id, mart)
);
-- What the view of a mart is like: its table, and a digest of who may see what of it.
create table if not exists {OWN}.shown_marts (
    mart text primary key,
    table_name text not null,
    digest text not null
);
create table if not exists {OWN}.logins (
    login text primary key,
    audience text not null,
    employee_id text
);
"""
CONTROL_GUARDS = f"""
create or replace view {VIEWS}.{VERSION_TABLE} with (security_invoker = true) as
select versions.version, versions.published_at
from {OWN}.versions inner join {OWN}.current_version using (version_id);
-- Who is below whoever asks: with the owner's rights, and no one else's people.
create view {OWN}.reporting_lines as
select null::text as manager_id, null::text as employee_id, null::date as period_month where false;
alter table {OWN}.logins enable row level security;
create policy own_login on {OWN}.logins for select using (login = current_user);
"""


class PostgresError(WarehouseError):
    """PostgreSQL could not be published to; what its readers see is as it was."""


@dataclass(frozen=True)
class Login:
    """A login of the database, its audience, and as whom it reads."""

    login: str
    audience: str
    employee_id: str | None


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


class Postgres:
    """A database with published marts."""

    def __init__(self, connection: psycopg.Connection[Any], policy: Path) -> None:
        self.connection = connection
        self.marts = described_marts()
        self.grants: dict[str, list[Grant]] = defaultdict(list)
        for grant in grants(policy, self.marts):
            self.grants[grant.mart.name].append(grant)
        if connection.info.server_version < OLDEST_SERVER:
            raise PostgresError("PostgreSQL 15 or later is needed")
        [(is_alone,)] = self._all("select pg_try_advisory_lock(hashtext('plumbline publish'))")
        if not is_alone:
            raise PostgresError("another publication to this database is at work")

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
                    table=_own(table), part=_own(_part(table, number)), number=sql.Literal(number),
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

    def let_in(self, login: str, audience: str, employee: str | None) -> None:
        """Let an existing login read as an audience, and as no other. Raises ``PostgresError``."""
        if (employee is not None) != (audience in PERSONAL_AUDIENCES):
            needs = "names whose rows it reads" if employee is None else "reads as nobody"
            raise PostgresError(f"a login of audience {audience} {needs}")
        self._set_up()
        self._require_login(login)
        with self.connection.transaction():
            self._leave_all(login)
            self._do(
                "grant {group} to {login}", group=_group(audience), login=sql.Identifier(login)
            )
            self._all(
                f"insert into {OWN}.logins values (%s, %s, %s) on conflict (login) do update"
                " set audience = excluded.audience, employee_id = excluded.employee_id",
                login, audience, employee,
            )  # fmt: skip

    def let_out(self, login: str) -> None:
        """Let a login read nothing any more. Raises ``PostgresError`` where there is no such login."""
        self._set_up()
        self._require_login(login)
        with self.connection.transaction():
            self._leave_all(login)
            self._all(f"delete from {OWN}.logins where login = %s", login)

    def logins(self) -> list[Login]:
        """Who may read, by name."""
        if not self._is_set_up():
            return []
        return [Login(*row) for row in self._all(f"select * from {OWN}.logins order by login")]

    def _set_up(self) -> None:
        """Control tables and groups, once."""
        there = {name for (name,) in self._all("select rolname from pg_roles")}
        with self.connection.transaction():
            for audience in AUDIENCES:
                if _group_name(audience) not in there:
                    self._do("create role {group} nologin", group=_group(audience))
            if not self._is_set_up():
                self.connection.execute(CONTROL)
                self.connection.execute(CONTROL_GUARDS)
                readers = sql.SQL(", ").join(map(_group, AUDIENCES))
                self._do(
                    f"grant usage on schema {VIEWS} to {{readers}};"
                    f"grant select on {OWN}.versions, {OWN}.current_version, {OWN}.logins,"
                    f" {OWN}.reporting_lines, {VIEWS}.{VERSION_TABLE} to {{readers}}",
                    readers=readers,
                )

    def _load(self, source: duckdb.DuckDBPyConnection, mart: str, number: int) -> str:
        """Load a mart into a partition of its own, not attached yet; the name of its table."""
        rows = source.table(f'marts."{mart}"')
        columns = [(name, _type(kind)) for name, kind in zip(rows.columns, rows.types, strict=True)]
        table = f"{mart}__{hashlib.sha256(repr(columns).encode()).hexdigest()[:8]}"
        part = _part(table, number)
        if not self._is_there(table):
            with self.connection.transaction():
                self._do(
                    "create table {table} (version_id integer not null, {columns})"
                    " partition by list (version_id)",
                    table=_own(table),
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
            part=_own(part), table=_own(table), number=sql.Literal(number),
        )  # fmt: skip
        names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns)
        copy = sql.SQL("copy {} ({}) from stdin (format csv)").format(_own(part), names)
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
                part=_own(part),
                keys=sql.SQL(", ").join(sql.Identifier(key) for key in keys if key),
            )
        self._do("analyze {part}", part=_own(part))
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
            self._do("drop view {view}", view=_view(mart))
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
            self._do("drop view {view}", view=_view(mart))
        self._do(
            "create view {view} with (security_invoker = true, security_barrier = true) as"
            f" select {{columns}} from {{table}}"
            f" where version_id = (select version_id from {OWN}.current_version)",
            view=_view(mart), table=_own(table), columns=_names(columns),
        )  # fmt: skip
        described = self.marts.get(mart)
        if described is not None:
            self._describe(described, columns)
        for grant in self.grants[mart]:
            there = [name for name in columns if name in grant.columns]
            self._do(
                "grant select ({columns}) on {view} to {group}",
                columns=_names(there), view=_view(mart), group=_group(grant.audience),
            )  # fmt: skip
        for grantee, privilege, column in kept:
            if column is None or column in columns:
                self._do(
                    f"grant {privilege} {{columns}} on {{view}} to {{grantee}}",
                    columns=sql.SQL("({})").format(sql.Identifier(column)) if column else sql.SQL(""),
                    view=_view(mart), grantee=sql.Identifier(grantee),
                )  # fmt: skip

    def _show_lines(self, table: str) -> None:
        """The reporting lines that policies ask: the reader's own."""
        self._do(
            "create or replace view {lines} with (security_barrier = true) as"
            " select manager_id, employee_id, period_month from {table}"
            f" where version_id = (select version_id from {OWN}.current_version)"
            f" and manager_id = {READER}",
            lines=_own("reporting_lines"), table=_own(table),
        )  # fmt: skip

    def _guard_all(self, mart: str) -> None:
        """Guard every table that has rows of a mart: versions before have some, too."""
        for (table,) in self._all(
            f"select distinct table_name from {OWN}.mart_tables where mart = %s order by 1", mart
        ):
            self._guard(table, mart)

    def _guard(self, table: str, mart: str) -> None:
        """Policies for the rows of a table, from nothing."""
        self._do(
            "alter table {table} enable row level security; revoke all on {table} from {groups}",
            table=_own(table), groups=sql.SQL(", ").join(map(_group, AUDIENCES)),
        )  # fmt: skip
        for (policy,) in self._all(
            "select policyname from pg_policies where schemaname = %s and tablename = %s",
            OWN,
            table,
        ):
            self._do(
                "drop policy {policy} on {table}", policy=sql.Identifier(policy), table=_own(table)
            )
        for grant in self.grants[mart]:
            self._do(
                "create policy {policy} on {table} for select to {group} using ("
                + condition(grant, READER, f"{OWN}.reporting_lines")
                + "); grant select on {table} to {group}",
                policy=sql.Identifier(grant.audience), table=_own(table),
                group=_group(grant.audience),
            )  # fmt: skip

    def _describe(self, mart: Mart, columns: list[str]) -> None:
        self._do(
            "comment on view {view} is {says}",
            view=_view(mart.name), says=sql.Literal(mart.description),
        )  # fmt: skip
        for column in mart.columns:
            if column.name in columns:
                self._do(
                    "comment on column {view}.{column} is {says}",
                    view=_view(mart.name), column=sql.Identifier(column.name),
                    says=sql.Literal(column.description),
                )  # fmt: skip

    def _digest(self, mart: str) -> str:
        """Of who may see what of a mart, and of what is said about it."""
        said = [
            (grant.audience, grant.row_scope, grant.columns, condition(grant, READER, LINES))
            for grant in self.grants[mart]
        ]
        return hashlib.sha256(repr((said, self.marts.get(mart))).encode()).hexdigest()[:16]

    def _granted(self, mart: str) -> list[tuple[str, str, str | None]]:
        """What others than our groups and the owner were granted of a view: grantee, privilege, column."""
        return self._all(
            "select pg_get_userbyid(given.grantee), given.privilege_type, null from pg_class as view,"
            " aclexplode(view.relacl) as given where view.oid = %s::regclass"
            " and given.grantee <> view.relowner and given.grantee <> 0"
            " union all select pg_get_userbyid(given.grantee), given.privilege_type, part.attname"
            " from pg_attribute as part, aclexplode(part.attacl) as given"
            " where part.attrelid = %s::regclass and given.grantee <> 0"
            " and pg_get_userbyid(given.grantee) <> all (%s)",
            f'{VIEWS}."{mart}"', f'{VIEWS}."{mart}"', list(map(_group_name, AUDIENCES)),
        )  # fmt: skip

    def _require_one_audience_each(self) -> None:
        """A login of two groups would see the rows of one with the columns of the other."""
        doubled = self._all(
            "select member.rolname from pg_auth_members as given"
            " inner join pg_roles as member on given.member = member.oid"
            " inner join pg_roles as audience on given.roleid = audience.oid"
            " where audience.rolname = any (%s) and not member.rolsuper"
            " and member.rolname <> current_user"
            " group by member.rolname having count(distinct audience.rolname) > 1 order by 1",
            list(map(_group_name, AUDIENCES)),
        )
        if doubled:
            names = ", ".join(name for (name,) in doubled)
            raise PostgresError(
                f"PostgreSQL: {names} would read with the rows of one audience and the columns of another;"
                " let each login into one (`plumbline access`)"
            )

    def _require_login(self, login: str) -> None:
        found = self._all("select rolcanlogin from pg_roles where rolname = %s", login)
        if not found or not found[0][0]:
            raise PostgresError(f"PostgreSQL has no login {login}: create it first")

    def _leave_all(self, login: str) -> None:
        for audience in AUDIENCES:
            self._do(
                "revoke {group} from {login}", group=_group(audience), login=sql.Identifier(login)
            )

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
                self._do("drop table {part}", part=_own(part))
            left = self._all(
                f"delete from {OWN}.mart_tables where version_id = %s returning table_name", number
            )
            self._all(f"delete from {OWN}.versions where version_id = %s", number)
            for (table,) in left:
                held = self._all(
                    f"select 1 from {OWN}.mart_tables where table_name = %s limit 1", table
                )
                if not held:
                    self._do("drop table {table}", table=_own(table))

    def _is_set_up(self) -> bool:
        return self._is_there("logins")

    def _is_there(self, table: str) -> bool:
        [(found,)] = self._all("select to_regclass(%s) is not null", f'{OWN}."{table}"')
        return bool(found)

    def _columns(self, table: str) -> list[str]:
        found = self._all(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 1"
            " and not attisdropped order by attnum",
            f'{OWN}."{table}"',
        )
        return [name for (name,) in found]

    def _do(self, statement: str, **parts: sql.Composable) -> None:
        self.connection.execute(sql.SQL(statement).format(**parts))

    def _all(self, statement: str, *values: object) -> list[Any]:
        cursor = self.connection.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


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


def _part(table: str, number: int) -> str:
    return f"{table}__v{number}"


def _own(table: str) -> sql.Identifier:
    return sql.Identifier(OWN, table)


def _view(mart: str) -> sql.Identifier:
    return sql.Identifier(VIEWS, mart)


def _group_name(audience: str) -> str:
    return f"plumbline_{audience}"


def _group(audience: str) -> sql.Identifier:
    return sql.Identifier(_group_name(audience))


def _names(columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
