"""What does not fit into memory is written aside, and nobody else writes there."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from orchestration import landing_plugin
from orchestration.lib.changes import STATE
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.landing import find_files, scratch
from orchestration.lib.limits import models_at_a_time
from orchestration.lib.months_touched import months_touched
from orchestration.lib.warehouse import open_read_only
from tests.python.conftest import Company

# More than a hundred megabytes hold.
WIDE = (
    "select sum(hash(word)), count(*) from (select word, row_number() over (order by hash(word || 'x'))"
    " as place from (select 'row' || (range * {step}) as word from range(3000000)))"
)


@pytest.fixture
def little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hundred megabytes for each DuckDB, and the folder in which they write aside."""
    monkeypatch.setenv("PLUMBLINE_MEMORY", "100MB")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_two_that_write_aside_at_once_do_not_write_over_each_other(little: Path) -> None:
    def found(step: int) -> object:
        with scratch() as connection:
            connection.execute("set threads = 1")
            answer = connection.execute(WIDE.format(step=step)).fetchall()
            folder = connection.execute("select current_setting('temp_directory')").fetchall()
            assert Path(folder[0][0]).parent == little
            return answer

    expected = [duckdb.sql(WIDE.format(step=step)).fetchall() for step in (3, 7)]
    with ThreadPoolExecutor() as both:
        assert list(both.map(found, (3, 7))) == expected
    assert list(little.iterdir()) == []


def test_two_models_are_built_at_a_time_where_little_is_landed_for_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PLUMBLINE_MEMORY", "100MB")
    assert [models_at_a_time(landed) for landed in (0, 200_000_000, 200_000_001)] == [2, 2, 1]
    monkeypatch.setenv("PLUMBLINE_MEMORY", "1GB")
    assert models_at_a_time(200_000_001) == 2


def test_readers_of_a_warehouse_write_aside_apart_and_leave_nothing(little: Path) -> None:
    warehouse = little / "warehouse" / "plumbline.duckdb"
    warehouse.parent.mkdir()
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create table numbers as select range as number from range(10)")
    with open_read_only(warehouse) as first:
        first.execute("set memory_limit = '100MB'; set threads = 1")
        answer = first.execute(WIDE.format(step=3)).fetchall()
        # Once it has written aside, the folder is what it is.
        with open_read_only(warehouse) as second:
            assert second.execute("select sum(number) from numbers").fetchall() == [(45,)]
    assert answer == duckdb.sql(WIDE.format(step=3)).fetchall()
    assert [path.name for path in little.iterdir()] == ["warehouse"]
    assert [path.name for path in warehouse.parent.iterdir()] == ["plumbline.duckdb"]


def test_a_million_rows_landed_again_are_looked_up_within_a_hundred_megabytes(
    little: Path,
) -> None:
    folder = little / "landing" / "crm" / "activities"
    folder.mkdir(parents=True)
    for day in ("2026-06-01", "2026-07-01"):
        duckdb.execute(
            "copy (select 'activity-' || range as activity_id,"
            f" timestamptz '{day} 00:00:00Z' as _loaded_at,"
            " timestamptz '2026-05-01 00:00:00Z' + interval 1 minute * (range % 40000) as occurred_at"
            f" from range(1000000)) to '{folder / day}.parquet'"
        )
    [activities] = [landed for landed in find_files(folder.parents[1]) if landed.files]
    with scratch() as connection:
        connection.execute("set preserve_insertion_order = false; set threads = 2")
        connection.execute(STATE)
        added = [activities.files[1]]
        months = months_touched(
            connection, activities, added, folder.parents[1], frozenset(), "Asia/Shanghai"
        )
        assert months == {"crm.activities": {"2026-05-01"}}
        [(keys,)] = connection.execute("select count(*) from orchestration.landed_again").fetchall()
        assert keys == 1_000_000


def test_each_process_has_a_folder_of_its_own() -> None:
    asked = (
        "from orchestration.lib.limits import spill_folder; print(spill_folder('plumbline.duckdb'))"
    )
    folders = {
        subprocess.run(
            [sys.executable, "-c", asked],
            cwd=PROJECT_DIR,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    }
    assert len(folders) == 2


def test_a_build_does_without_pandas_and_arrow_until_it_cuts_the_pools(tmp_path: Path) -> None:
    """Some 40 MB each beside every model, for what takes a second at the end."""
    text, table = tmp_path / "rows.csv", tmp_path / "rows.parquet"
    text.write_text("it's,b\n1,2\n", encoding="utf-8")
    duckdb.sql('select 1 as "it\'s", 3 as b').write_parquet(str(table))
    code = (
        "import pathlib, sys, duckdb\n"
        "import orchestration.landing_plugin, orchestration.lib.dbt_worker\n"
        "from orchestration.lib.landing import parts_of\n"
        "files = map(pathlib.Path, sys.argv[1:])\n"
        "for part in parts_of(duckdb.connect(), files):\n"
        "    print(part.columns, part.rows.fetchall())\n"
        "print({'pandas', 'pyarrow'} & set(sys.modules))"
    )
    asked = [sys.executable, "-c", code, str(text), str(table)]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    expected = """{"it's": 'VARCHAR', 'b': 'VARCHAR'} [('1', '2')]
{"it's": 'INTEGER', 'b': 'INTEGER'} [(1, 3)]
set()
"""
    assert said == expected


def test_what_duckdb_has_freed_is_given_back_between_models_once_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PLUMBLINE_MEMORY", "123MB")
    plugin = landing_plugin.Plugin("landing", {"landing": ".", "policy": "."})
    now = iter([100.0, 100.9, 101.0, 101.5])
    monkeypatch.setattr(landing_plugin.time, "monotonic", lambda: next(now))
    with duckdb.connect() as connection:
        limits = []
        for _ in range(4):
            connection.execute("set memory_limit = '200MB'")
            plugin.configure_cursor(connection.cursor())
            limits += connection.execute("select current_setting('memory_limit')").fetchone() or ()
    assert limits == ["117.3 MiB", "190.7 MiB", "117.3 MiB", "190.7 MiB"]


def test_a_warehouse_of_which_much_is_known_is_opened_anew_and_the_landing_is_not(
    closed_demo: Company, tmp_path: Path
) -> None:
    """What is landed while a run goes on is the next one's, and every mart is what it is without."""
    usual, opened_anew = Company(tmp_path / "usual"), Company(tmp_path / "opened-anew")
    for company in (usual, opened_anew):
        shutil.copytree(closed_demo.landing, company.landing)
    usual.must("build")
    late = opened_anew.land(
        "hr.teams", [{"team_id": "T-new", "_loaded_at": "2026-08-02T00:00:00Z"}]
    )
    waiting = late.rename(tmp_path / late.name)
    program = """
import sys
from pathlib import Path
from orchestration import landing_plugin
from orchestration.lib import dbt_worker
from orchestration.lib.build import Request, steps_of

waiting, late = map(Path, sys.argv[1:])
landing_plugin.OPENED_ANEW_AT = -(10**12)
opened = []
configure = landing_plugin.Plugin.configure_connection

def counted(self, conn):
    opened.append(conn)
    if len(opened) == 2:
        waiting.rename(late)
    configure(self, conn)

landing_plugin.Plugin.configure_connection = counted
assert dbt_worker.main(list(steps_of(Request()).values())) == 0
print()
print(len(opened))
"""
    done = opened_anew.run(sys.executable, "-c", program, str(waiting), str(late))
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.splitlines()[-1]) > 4
    assert late.exists()
    assert opened_anew.query("select * from hr.teams where team_id = 'T-new'") == []
    expected, found = usual.marts(), opened_anew.marts()
    assert [name for name in expected if expected[name] != found[name]] == []
