"""Who may read what of the marts in PostgreSQL: logins, groups, and the policies on rows.

``policy_mart_access`` says what a group may see; a login reads as one group, and as one person or nobody.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from psycopg import sql

from orchestration.lib.access import AUDIENCES, PERSONAL_AUDIENCES, condition
from orchestration.lib.marts import LINES
from orchestration.lib.postgres_database import (
    OWN,
    READER,
    VIEWS,
    Database,
    PostgresError,
    group,
    group_name,
    own,
)


@dataclass(frozen=True)
class Login:
    """A login of the database, its audience, and as whom it reads."""

    login: str
    audience: str
    employee_id: str | None


class AccessDatabase(Database):
    """A database, and who may read in it."""

    def let_in(self, login: str, audience: str, employee: str | None) -> None:
        """Let an existing login read as an audience, and as no other. Raises ``PostgresError``."""
        if (employee is not None) != (audience in PERSONAL_AUDIENCES):
            needs = "names whose rows it reads" if employee is None else "reads as nobody"
            raise PostgresError(f"a login of audience {audience} {needs}")
        self._set_up()
        self._require_login(login)
        with self.connection.transaction():
            self._leave_all(login)
            self._do("grant {group} to {login}", group=group(audience), login=sql.Identifier(login))
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
            table=own(table), groups=sql.SQL(", ").join(map(group, AUDIENCES)),
        )  # fmt: skip
        for (policy,) in self._all(
            "select policyname from pg_policies where schemaname = %s and tablename = %s",
            OWN,
            table,
        ):
            self._do(
                "drop policy {policy} on {table}", policy=sql.Identifier(policy), table=own(table)
            )
        for grant in self.grants[mart]:
            self._do(
                "create policy {policy} on {table} for select to {group} using ("
                + condition(grant, READER, f"{OWN}.reporting_lines")
                + "); grant select on {table} to {group}",
                policy=sql.Identifier(grant.audience), table=own(table),
                group=group(grant.audience),
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
            f'{VIEWS}."{mart}"', f'{VIEWS}."{mart}"', list(map(group_name, AUDIENCES)),
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
            list(map(group_name, AUDIENCES)),
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
                "revoke {group} from {login}", group=group(audience), login=sql.Identifier(login)
            )
