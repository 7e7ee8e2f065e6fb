"""A database that marts are published to: its schemas, its control tables, and how it is asked."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from orchestration.lib.access import AUDIENCES, Grant, grants
from orchestration.lib.marts import described_marts
from orchestration.lib.warehouse import WarehouseError

OWN, VIEWS = "plumbline", "marts"
VERSION_TABLE = "published_version"
OLDEST_SERVER = 150_000
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


class Database:
    """A database with published marts, and the plan of who may read what of them."""

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

    def _set_up(self) -> None:
        """Control tables and groups, once."""
        there = {name for (name,) in self._all("select rolname from pg_roles")}
        with self.connection.transaction():
            for audience in AUDIENCES:
                if group_name(audience) not in there:
                    self._do("create role {group} nologin", group=group(audience))
            if not self._is_set_up():
                self.connection.execute(CONTROL)
                self.connection.execute(CONTROL_GUARDS)
                readers = sql.SQL(", ").join(map(group, AUDIENCES))
                self._do(
                    f"grant usage on schema {VIEWS} to {{readers}};"
                    f"grant select on {OWN}.versions, {OWN}.current_version, {OWN}.logins,"
                    f" {OWN}.reporting_lines, {VIEWS}.{VERSION_TABLE} to {{readers}}",
                    readers=readers,
                )

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


def part_of(table: str, number: int) -> str:
    """The partition of a table that has the rows of a version."""
    return f"{table}__v{number}"


def own(table: str) -> sql.Identifier:
    """A table that readers cannot name."""
    return sql.Identifier(OWN, table)


def view_of(mart: str) -> sql.Identifier:
    """What readers see of a mart."""
    return sql.Identifier(VIEWS, mart)


def group_name(audience: str) -> str:
    """The role that an audience reads by."""
    return f"plumbline_{audience}"


def group(audience: str) -> sql.Identifier:
    """The same, as a part of a statement."""
    return sql.Identifier(group_name(audience))


def names_of(columns: list[str]) -> sql.Composed:
    """Columns as a list in a statement."""
    return sql.SQL(", ").join(map(sql.Identifier, columns))
