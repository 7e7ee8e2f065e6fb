"""Marts in PostgreSQL: whole versions while readers read, and nobody sees what is not theirs."""

from __future__ import annotations

import uuid
from collections import defaultdict
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from orchestration.lib import postgres
from orchestration.lib.access import AUDIENCES, PERSONAL_AUDIENCES
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.doctor import look
from orchestration.lib.marts import LINES, described_marts
from orchestration.lib.policy import csv_rows
from orchestration.lib.postgres import Postgres
from orchestration.lib.postgres_database import OWN, PostgresError
from orchestration.lib.publish import PublishError, current, roll_back, versions
from tests.python.conftest import Company

POLICY = PROJECT_DIR / "seeds" / "policy"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
# The first manages five, these manage four each, and these everybody else.
PAYEES, DIRECTORS, MANAGERS = 200, 5, 20
MONTHS = [f"2026-{month:02}-01" for month in range(1, 13)]
MOVED, MOVED_IN = "E150", 7
VALUES = {"VARCHAR": "'x'", "BOOLEAN": "true", "DATE": "date '2026-01-01'"}


def ask(url: str, statement: str, user: str | None = None) -> list[tuple[Any, ...]]:
    with psycopg.connect(make_conninfo(url, **({"user": user} if user else {}))) as connection:
        return connection.execute(statement).fetchall()


def make_logins(url: str, wanted: dict[str, tuple[str, str | None]]) -> None:
    """Logins ``reader_...`` that the database lets in."""
    with psycopg.connect(url, autocommit=True) as connection:
        for login in wanted:
            connection.execute(f'create role "{login}" login')
    with postgres.connect(url, POLICY) as database:
        for login, (audience, employee) in wanted.items():
            database.let_in(login, audience, employee)


def manager_of(number: int, month: int) -> int | None:
    """The manager of a payee by number: 0 manages 1 to 5, these 6 to 25, and these the others."""
    if f"E{number:03}" == MOVED and month >= MOVED_IN:
        return DIRECTORS + 1 + (number + 7) % MANAGERS
    if number == 0:
        return None
    if number <= DIRECTORS:
        return 0
    if number <= DIRECTORS + MANAGERS:
        return 1 + number % DIRECTORS
    return DIRECTORS + 1 + number % MANAGERS


def below() -> set[tuple[str, str, str]]:
    """Manager, payee and month, through all levels."""
    found = set()
    for at, month in enumerate(MONTHS, 1):
        for number in range(PAYEES):
            above = manager_of(number, at)
            while above is not None:
                found.add((f"E{above:03}", f"E{number:03}", month))
                above = manager_of(above, at)
    return found


@pytest.fixture(scope="session")
def many(closed_demo: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Marts of the demo's columns with a row for each of 200 payees and each month."""
    file = tmp_path_factory.mktemp("many") / "many.duckdb"
    marts = described_marts()
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"attach '{closed_demo.warehouse}' (read_only)")
        connection.execute("create schema marts")
        connection.execute(f"create temp table people as select format('E{{:03}}', n) as id"
                           f" from range({PAYEES}) as numbers(n)")  # fmt: skip
        months = ", ".join(f"(date '{month}')" for month in MONTHS)
        connection.execute(f"create temp table months as from (values {months}) as t(month)")
        names = connection.execute(
            "select distinct table_name from information_schema.columns"
            " where table_catalog = 'plumbline' and table_schema = 'marts' order by 1"
        ).fetchall()
        for (name,) in names:
            mart, shape = marts[name], connection.sql(f"from plumbline.marts.{name}")
            chosen = {
                column: VALUES.get(str(kind), f"cast(1 as {kind})")
                for column, kind in zip(shape.columns, map(str, shape.types), strict=True)
                if not kind.startswith("TIMESTAMP")
            }
            if mart.payee_column:
                chosen[mart.payee_column] = "people.id"
            if mart.month_column:
                chosen[mart.month_column] = "months.month"
            made = ", ".join(
                f"{chosen.get(column, 'null')}::{kind} as {column}"
                for column, kind in zip(shape.columns, shape.types, strict=True)
            )
            relations = "people" if mart.payee_column else "(select 'x' as id)"
            if mart.month_column:
                relations += " cross join months"
            connection.execute(f"create table marts.{name} as select {made} from {relations}")
        connection.execute(f"delete from marts.{LINES}")
        connection.executemany(
            f"insert into marts.{LINES} by name select ? as manager_id, ? as employee_id,"
            " ?::date as period_month, 1 as level_count",
            sorted(below()),
        )
    return file


def load(url: str, file: Path, version: str) -> None:
    with postgres.connect(url, POLICY) as database:
        database.publish(file, version, NOW, kept=3)


def leaks(url: str, logins: dict[str, tuple[str, str | None]]) -> list[str]:
    """What each login sees that it may not, and what it does not see that it may; by logging in.

    Reckoned here from the plan's rows, not from the conditions that the project makes of them.
    """
    rules = {
        (rule["access"], rule["audience"]): rule
        for rule in csv_rows(POLICY / "policy_mart_access.csv")
    }
    trees: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for manager, employee, month in below():
        trees[manager].add((employee, month))
    everything = ask(
        url,
        "select relnamespace::regnamespace::text, relname from pg_class"
        f" where relnamespace::regnamespace::text in ('{OWN}', 'marts')"
        " and relkind in ('r', 'v', 'p', 'm')",
    )
    marts, found = described_marts(), []
    for login, (audience, employee) in logins.items():
        with psycopg.connect(make_conninfo(url, user=login), autocommit=True) as connection:
            for schema, name in everything:
                rule = rules.get((marts[name].access, audience)) if name in marts else None
                mart = marts.get(name)
                if name == "published_version":
                    continue
                is_theirs = rule is not None and mart is not None and (
                    rule["row_scope"] == "all" or mart.payee_column is not None
                )  # fmt: skip
                if schema == OWN or not is_theirs:
                    try:
                        connection.execute(f'select count(*) from {schema}."{name}"').fetchall()
                        found.append(f"{login} reads {schema}.{name}")
                    except psycopg.errors.InsufficientPrivilege:
                        pass
                    continue
                assert rule is not None and mart is not None
                for column in mart.columns:
                    if column.sensitivity not in ("pay", "personal"):
                        continue
                    try:
                        connection.execute(f"select {column.name} from marts.{name} limit 1")
                        if rule[f"sees_{column.sensitivity}"] != "true":
                            found.append(f"{login} reads marts.{name}.{column.name}")
                    except psycopg.errors.InsufficientPrivilege:
                        if rule[f"sees_{column.sensitivity}"] == "true":
                            found.append(f"{login} cannot read marts.{name}.{column.name}")
                if mart.payee_column is None:
                    continue
                month = f"{mart.month_column}::text" if mart.month_column else f"'{MONTHS[-1]}'"
                seen = set(
                    connection.execute(
                        f"select distinct {mart.payee_column}, {month} from marts.{name}"
                    ).fetchall()
                )
                months = MONTHS if mart.month_column else MONTHS[-1:]
                who = [f"E{number:03}" for number in range(PAYEES)]
                may = {(one, at) for one in who for at in months}
                if name == LINES:
                    may = {(above, at) for above in trees for at in months}
                if rule["row_scope"] != "all":
                    tree = trees[employee or ""] if rule["row_scope"] == "tree" else set()
                    may = {
                        (one, at)
                        for one, at in may
                        if one == employee or (name != LINES and (one, at) in tree)
                    }
                if seen != may:
                    found.append(f"{login}: {name} shows {len(seen)} of {len(may)}")
    return found


def test_who_logs_in_sees_the_rows_and_columns_of_their_audience_and_nothing_else(
    url: str, many: Path
) -> None:
    load(url, many, "v1")
    everybody: dict[str, tuple[str, str | None]] = {
        f"reader_{audience}": (audience, None)
        for audience in AUDIENCES
        if audience not in PERSONAL_AUDIENCES
    }
    for number in range(PAYEES):
        everybody[f"reader_E{number:03}"] = (
            "manager" if number <= DIRECTORS + MANAGERS else "payee", f"E{number:03}"
        )  # fmt: skip
    make_logins(url, everybody)
    assert leaks(url, everybody) == []
    # the transferred payee's rows: of the manager before until June, of the one since from July on
    before, since = (f"reader_E{manager_of(150, month):03}" for month in (1, MOVED_IN))
    asked = (
        f"select period_month::text from marts.fct_scores where employee_id = '{MOVED}' order by 1"
    )
    assert [month for (month,) in ask(url, asked, before)] == MONTHS[: MOVED_IN - 1]
    assert [month for (month,) in ask(url, asked, since)] == MONTHS[MOVED_IN - 1 :]
    # there is nothing else in these schemas to call
    assert ask(
        url, f"select proname from pg_proc where pronamespace::regnamespace::text in ('{OWN}', 'marts')"
    ) == []  # fmt: skip
    # what nobody was let into is seen by nobody
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create role reader_nobody login")
    for table in ("fct_scores", "dim_periods"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(url, f"select * from marts.{table}", "reader_nobody")


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("alter table {table} disable row level security", "shows"),
        ("create policy too_much on {table} for select using (true)", "shows"),
        ("drop policy payee on {table}", "shows"),
        ("grant usage on schema plumbline to plumbline_payee", "reads plumbline."),
        ("grant select on marts.fct_transactions to plumbline_payee;"
         "grant select on {transactions} to plumbline_payee", "reads marts.fct_transactions"),
        ("grant select (full_name) on marts.dim_employees to plumbline_bi_service",
         "reads marts.dim_employees.full_name"),
    ],
)  # fmt: skip
def test_the_leak_test_finds_a_leak(url: str, many: Path, fault: str, says: str) -> None:
    load(url, many, "v1")
    some: dict[str, tuple[str, str | None]] = {
        "reader_E150": ("payee", "E150"), "reader_bi": ("bi_service", None)
    }  # fmt: skip
    make_logins(url, some)
    assert leaks(url, some) == []
    tables = {
        mart: f'{OWN}."{table}"'
        for mart, table in ask(url, f"select mart, table_name from {OWN}.shown_marts")
    }
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            fault.format(table=tables["fct_pay_ledger"], transactions=tables["fct_transactions"])
        )
    found = leaks(url, some)
    assert found and says in found[0], found


def test_a_transaction_sees_one_version_while_others_are_published(url: str, many: Path) -> None:
    load(url, many, "v1")
    make_logins(url, {"reader_finance": ("finance", None)})
    asked = (
        "select version, (select count(*) from marts.fct_pay_ledger) from marts.published_version"
    )
    with ExitStack() as stack:
        held = [
            stack.enter_context(psycopg.connect(make_conninfo(url, user="reader_finance")))
            for _ in range(8)
        ]
        for connection in held:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            assert connection.execute(asked).fetchall() == [("v1", PAYEES * 12)]
        for number in range(2, 7):
            load(url, many, f"v{number}")
        for connection in held:
            assert connection.execute(asked).fetchall() == [("v1", PAYEES * 12)]
        assert ask(url, asked, "reader_finance") == [("v6", PAYEES * 12)]
        with postgres.connect(url, POLICY) as database:
            # what they hold is not taken from them, and kept until they are through
            assert {"v1", "v6"} <= set(database.versions())
    load(url, many, "v7")
    with postgres.connect(url, POLICY) as database:
        assert database.versions() == ["v5", "v6", "v7"]
    parts = ask(
        url,
        f"select count(*) from pg_tables where schemaname = '{OWN}' and tablename like '%\\_\\_v%'",
    )
    assert parts == [(3 * len(described_marts()),)]


def changed(many: Path, folder: Path, *statements: str) -> Path:
    file = folder / f"{uuid.uuid4().hex}.duckdb"
    file.write_bytes(many.read_bytes())
    with duckdb.connect(str(file)) as connection:
        for statement in statements:
            connection.execute(statement)
    return file


def test_a_column_that_is_new_is_there_with_the_next_version_and_grants_are_kept(
    url: str, many: Path, tmp_path: Path
) -> None:
    without = changed(many, tmp_path, "alter table marts.fct_scores drop column score")
    load(url, without, "v1")
    make_logins(url, {"reader_finance": ("finance", None)})
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create role reader_other login")
        connection.execute("grant select (employee_id) on marts.fct_scores to reader_other")
    asked = "select sum(score) from marts.fct_scores"
    with pytest.raises(psycopg.errors.UndefinedColumn):
        ask(url, asked, "reader_finance")
    load(url, many, "v2")
    assert ask(url, asked, "reader_finance") == [(PAYEES * 12,)]
    [(says,)] = ask(
        url,
        "select col_description('marts.fct_scores'::regclass, attnum) from pg_attribute"
        " where attrelid = 'marts.fct_scores'::regclass and attname = 'score'",
    )
    assert says
    kept = "select has_column_privilege('reader_other', 'marts.fct_scores', 'employee_id, select')"
    kept = kept.replace("'employee_id, select'", "'employee_id', 'select'")
    assert ask(url, kept) == [(True,)]
    with postgres.connect(url, POLICY) as database:
        database.show("v1")
    with pytest.raises(psycopg.errors.UndefinedColumn):
        ask(url, asked, "reader_finance")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("drop owned by reader_other")


def test_a_reader_who_holds_a_view_that_must_change_stops_the_publication_and_nothing_else(
    url: str, many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "TRIES", 2)
    load(url, many, "v1")
    make_logins(url, {"reader_finance": ("finance", None)})
    other = changed(many, tmp_path, "alter table marts.fct_scores drop column score")
    with psycopg.connect(make_conninfo(url, user="reader_finance")) as held:
        assert held.execute("select count(score) from marts.fct_scores").fetchone()
        with pytest.raises(PostgresError, match="readers hold the views"):
            load(url, other, "v2")
        assert held.execute("select count(score) from marts.fct_scores").fetchone()
    with postgres.connect(url, POLICY) as database:
        assert database.versions() == ["v1"]
    load(url, other, "v3")
    assert ask(url, "select version from marts.published_version", "reader_finance") == [("v3",)]


def test_another_plan_of_access_holds_for_every_version_that_is_kept(
    url: str, many: Path, tmp_path: Path
) -> None:
    load(url, many, "v1")
    make_logins(url, {"reader_E150": ("payee", "E150")})
    asked = "select count(*) from marts.fct_scores"
    assert ask(url, asked, "reader_E150") == [(12,)]
    rules = (POLICY / "policy_mart_access.csv").read_text().splitlines(keepends=True)
    policy = tmp_path / "policy"
    policy.mkdir()
    (policy / "policy_mart_access.csv").write_text(
        "".join(rule for rule in rules if not rule.startswith("performance,payee"))
    )
    with postgres.connect(url, policy) as database:
        database.publish(many, "v2", NOW, kept=3)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(url, asked, "reader_E150")
    # the versions before are in the same tables, and are not readable by the old rules either
    with postgres.connect(url, policy) as database:
        database.show("v1")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(url, asked, "reader_E150")


def test_texts_numbers_and_days_arrive_as_they_are(url: str, many: Path, tmp_path: Path) -> None:
    odd = [
        "",
        "NULL",
        "\\N",
        "\\.",
        'a "quoted", b',
        "two\nlines",
        "=1+1",
        "于平娟 ‏ش",
        "'; drop table x",
    ]
    file = changed(
        many, tmp_path,
        "create or replace table marts.dim_products as select * replace (product_id as product_id)"
        " from marts.dim_products limit 0",
    )  # fmt: skip
    with duckdb.connect(str(file)) as connection:
        for text in [*odd, None]:
            connection.execute(
                "insert into marts.dim_products by name select ? as product_id, ? as product_name,"
                " true as is_key_product, null as launched_on", [str(text), text]
            )  # fmt: skip
        connection.execute(
            "update marts.fct_pay_ledger set amount = -12345678901234.5678, is_correction = false"
        )
    load(url, file, "v1")
    names = {name for (name,) in ask(url, "select product_name from marts.dim_products")}
    assert names == {*odd, None}
    [(amount, day, flag)] = ask(
        url, "select distinct amount::text, min(period_month)::text, is_correction"
        " from marts.fct_pay_ledger group by 1, 3",
    )  # fmt: skip
    assert (amount, day, flag) == ("-12345678901234.5678", "2026-01-01", False)


def test_who_would_read_with_two_audiences_stops_the_publication(url: str, many: Path) -> None:
    load(url, many, "v1")
    make_logins(url, {"reader_E150": ("payee", "E150")})
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute('grant plumbline_finance to "reader_E150"')
    with pytest.raises(PostgresError, match="reader_E150 would read with the rows of one"):
        load(url, many, "v2")
    with postgres.connect(url, POLICY) as database:
        assert database.versions() == ["v1"]
        database.let_in("reader_E150", "finance", None)
    load(url, many, "v2")
    with postgres.connect(url, POLICY) as database:
        database.let_out("reader_E150")
        assert database.logins() == []
        with pytest.raises(PostgresError, match="names whose rows"):
            database.let_in("reader_E150", "payee", None)
        with pytest.raises(PostgresError, match="no login reader_X"):
            database.let_in("reader_X", "finance", None)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(url, "select * from marts.dim_periods", "reader_E150")


def test_a_publication_that_was_killed_leaves_nothing_that_the_next_does_not_remove(
    url: str, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(url, many, "v1")
    parts = (
        f"select count(*) from pg_tables where schemaname = '{OWN}' and tablename like '%\\_\\_v%'"
    )
    [(whole,)] = ask(url, parts)
    times = iter(range(20))

    class KilledError(BaseException):
        """As a kill: nothing tidies up."""

    loads = Postgres._load

    def dies(self: Postgres, *arguments: Any) -> str:
        if next(times) == 10:
            raise KilledError
        return loads(self, *arguments)

    monkeypatch.setattr(Postgres, "_load", dies)
    with pytest.raises(KilledError):
        load(url, many, "v2")
    assert ask(url, parts) == [(whole + 10,)]
    assert ask(url, "select version from marts.published_version") == [("v1",)]
    monkeypatch.undo()
    load(url, many, "v3")
    assert ask(url, parts) == [(2 * whole,)]
    with postgres.connect(url, POLICY) as database:
        assert database.versions() == ["v1", "v3"]


def test_the_command_publishes_to_files_and_database_together_or_not_at_all(
    closed_demo: Company, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = closed_demo.copy_to(tmp_path / "copy")
    monkeypatch.setenv("PLUMBLINE_POSTGRES", url)
    company.must("publish")
    company.must("publish")
    asked = "select version from marts.published_version"
    assert ask(url, asked) == [(current(company.settings),)]
    for mart in ("fct_pay_ledger", "fct_measures", "dim_employees"):
        assert ask(url, f"select count(*) from marts.{mart}") == company.query(
            f"select count(*) from marts.{mart}"
        )
    company.must("publish", "--back")
    first = versions(company.settings)[0].name
    assert ask(url, asked) == [(first,)] == [(current(company.settings),)]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create role reader_cli login")
    assert "reader_cli: manager as M000001" in company.must(
        "access", "reader_cli", "manager", "--employee", "M000001"
    )
    assert "Nobody may read yet." in company.must("access", "reader_cli", "--remove")
    assert [f.state for f in look(company.settings) if f.about == "postgres"] == ["good"]
    # a database that is not there: the files stay as they are, and no secret is told
    monkeypatch.setenv("PLUMBLINE_POSTGRES", "postgresql://someone:s3cret@127.0.0.1:9/none")
    done = company.plumbline("publish")
    assert done.returncode == 1 and "nothing was published: PostgreSQL" in done.stderr
    assert "s3cret" not in done.stderr + done.stdout and "Traceback" not in done.stderr
    assert current(company.settings) == first
    monkeypatch.setenv("PLUMBLINE_POSTGRES", "someone:s3cret@nowhere")
    done = company.plumbline("publish")
    assert done.returncode == 1 and "is not the URL of a database" in done.stderr
    assert "s3cret" not in done.stderr + done.stdout
    with pytest.raises(PublishError):
        roll_back(company.settings, versions(company.settings)[-1].name)
    assert current(company.settings) == first
