"""What BI tools read: whole versions that take each other's place while readers read."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from orchestration.lib import mart_files
from orchestration.lib import publish as publishing
from orchestration.lib.marts import described_marts
from orchestration.lib.publish import (
    PublishError,
    current,
    publish,
    roll_back,
    versions,
)
from orchestration.lib.warehouse import RUN_TIMES
from tests.python.conftest import Company
from tests.python.readers import reading

PUBLICATIONS, SESSIONS = 20, 40


@pytest.fixture
def company(closed_demo: Company, tmp_path: Path) -> Company:
    return closed_demo.copy_to(tmp_path / "copy")


def rows(file: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return connection.execute(query).fetchall()


def test_what_is_published_is_the_marts_as_duckdb_and_as_parquet(company: Company) -> None:
    said = company.must("publish")
    folder = company.settings.published / "current"
    marts = company.marts()
    # and the explanations, which are a view in the warehouse
    assert f"{len(marts) + 1} marts" in said
    for name, expected in marts.items():
        left_out = ", ".join(RUN_TIMES.get(name, []))
        columns = f"* exclude ({left_out})" if left_out else "*"
        ordered = f"select {columns} from {{}} order by all"
        assert rows(folder / "plumbline.duckdb", ordered.format(f"marts.{name}")) == expected, name
        files = str(folder / "parquet" / name / "**" / "*.parquet")
        names = ", ".join(
            column
            for (column,) in rows(
                folder / "plumbline.duckdb",
                "select column_name from duckdb_columns() where schema_name = 'marts'"
                f" and table_name = '{name}' order by column_index",
            )
            if column not in RUN_TIMES.get(name, [])
        )
        parquet = f"(select {names} from read_parquet('{files}', hive_partitioning = false))"
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            query = f"select * from {parquet} order by all"
            assert connection.execute(query).fetchall() == expected, name


def test_a_publication_is_in_a_format_that_older_readers_know(company: Company) -> None:
    """The warehouse is not: DuckDB 1.4 writes text faster."""
    publish(company.settings)
    asked = "select tags['storage_version'] from duckdb_databases() where not internal"
    file = company.settings.published / "current" / "plumbline.duckdb"
    assert rows(file, asked) == [("v1.0.0+",)]
    assert rows(company.warehouse, asked) == [("v1.4.0+",)]


def test_every_published_column_is_described(company: Company) -> None:
    publish(company.settings)
    file = company.settings.published / "current" / "plumbline.duckdb"
    undescribed = rows(
        file,
        "select table_name, column_name from duckdb_columns() where schema_name = 'marts'"
        " and coalesce(comment, '') = '' and table_name <> 'published_version'",
    )
    assert undescribed == []
    assert len(described_marts()) >= 40


def test_a_publication_killed_while_it_removes_an_old_version_leaves_none_by_half(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a version under its name, without its manifest, would end every publication after it."""
    for _ in range(publishing.VERSIONS_KEPT):
        publish(company.settings)

    def begin_to_remove(folder: Path, **_: object) -> None:
        (folder / "manifest.json").unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(publishing.shutil, "rmtree", begin_to_remove)
        publish(company.settings)
    assert len(versions(company.settings)) == publishing.VERSIONS_KEPT
    published = publish(company.settings)
    assert published.name == current(company.settings)
    assert (
        len(list((company.settings.published / "versions").iterdir())) == publishing.VERSIONS_KEPT
    )


def test_readers_read_one_version_a_session_while_twenty_are_published(company: Company) -> None:
    publish(company.settings)
    file = company.settings.published / "current" / "plumbline.duckdb"
    with (
        reading(file, company.folder / "stop", least=SESSIONS) as readers,
        duckdb.connect(str(file), read_only=True) as holding,
    ):
        first = holding.execute("from marts.published_version").fetchone()
        for _ in range(PUBLICATIONS):
            publish(company.settings)
        # who had it open all the while still reads what it opened, though it is no longer kept
        assert holding.execute("from marts.published_version").fetchone() == first
        assert holding.execute("select count(*) from marts.fct_measures").fetchone() is not None
    for sessions, versions_seen in readers.ends:
        assert sessions >= SESSIONS
        assert versions_seen >= 1
    assert len(versions(company.settings)) == publishing.VERSIONS_KEPT


def test_a_publication_that_fails_changes_nothing(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = publish(company.settings)

    def fails(_draft: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mart_files, "_write_parquet", fails)
    with pytest.raises(PublishError, match="No space left"):
        publish(company.settings)
    assert current(company.settings) == before.name
    assert [path.name for path in (company.settings.published / "versions").iterdir()] == [
        before.name
    ]


def test_readers_are_rolled_back_to_what_was_published_and_to_nothing_else(
    company: Company,
) -> None:
    first, second = publish(company.settings), publish(company.settings)
    assert current(company.settings) == second.name
    assert roll_back(company.settings).name == first.name == current(company.settings)
    with pytest.raises(PublishError, match="no version before"):
        roll_back(company.settings)
    assert roll_back(company.settings, second.name).name == current(company.settings)
    changed = sorted((first.folder / "parquet" / "fct_scores").rglob("*.parquet"))[0]
    changed.chmod(0o600)
    changed.write_bytes(changed.read_bytes()[:-1] + b"x")
    with pytest.raises(PublishError, match="was changed"):
        roll_back(company.settings, first.name)
    with pytest.raises(PublishError, match="there is no version nonsense"):
        roll_back(company.settings, "nonsense")
    assert current(company.settings) == second.name


def test_a_version_published_when_the_clock_was_set_back_is_the_newest(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    class SetBack(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> SetBack:
            return cls(2019, 5, 5, tzinfo=tz)

    before = [publish(company.settings) for _ in range(3)][-1]
    monkeypatch.setattr(publishing, "datetime", SetBack)
    after = publish(company.settings)
    assert after.name > before.name
    assert current(company.settings) == after.name
    assert roll_back(company.settings).name == before.name


def test_one_publication_at_a_time_and_none_of_nothing(company: Company, tmp_path: Path) -> None:
    with (
        publishing._one_at_a_time(company.settings.published),
        pytest.raises(PublishError, match="another publication"),
    ):
        publish(company.settings)
    done = Company(tmp_path / "empty").plumbline("publish")
    assert done.returncode == 1
    assert "no warehouse" in done.stderr


def test_a_published_place_may_have_quotes_in_its_name(
    closed_demo: Company, tmp_path: Path
) -> None:
    company = closed_demo.copy_to(tmp_path / 'it\'s "here"; drop table x --')
    version = publish(company.settings)
    assert version.rows["fct_scores"] > 0
