"""CONTRIBUTING's walk to a new measure, taken in a copy of the project."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import pytest

from orchestration.lib.contract import PROJECT_DIR
from tests.python.conftest import Company

WALK = (PROJECT_DIR / "CONTRIBUTING.md").read_text(encoding="utf-8")
MEASURE = "visited_accounts"


def block(language: str) -> str:
    """The one block of this language in the walk."""
    found = re.findall(rf"```{language}\n(.*?)```", WALK, re.DOTALL)
    assert len(found) == 1, language
    return textwrap.dedent(found[0])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the steps of the walk taken."""
    copy = tmp_path_factory.mktemp("walk") / "project"
    kept = (
        "dbt_project.yml",
        "profiles",
        "models",
        "macros",
        "seeds",
        "tests/dbt",
        "orchestration",
    )
    for name in kept:
        source, place = PROJECT_DIR / name, copy / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, place)
    model = re.search(r"`(models/\S+__visited_accounts\.sql)`", WALK)
    assert model
    (copy / model[1]).write_text(block("sql"), encoding="utf-8")
    union = copy / "models" / "marts" / "scores" / "fct_measures.sql"
    text = union.read_text()
    assert "'ratings'," in text
    union.write_text(text.replace("'ratings',", f"'ratings', '{MEASURE}',"))
    with (copy / "seeds" / "policy" / "policy_measures.csv").open("a", encoding="utf-8") as file:
        file.write(block("csv"))
    return copy


def test_the_walk_to_a_new_measure_ends_at_the_measure(
    project: Path, closed_demo: Company, tmp_path: Path
) -> None:
    warehouse = tmp_path / "plumbline.duckdb"
    environment = {
        **os.environ,
        "PYTHONPATH": str(project),
        "DBT_PROFILES_DIR": str(project / "profiles"),
        "PLUMBLINE_LANDING": str(closed_demo.landing),
        "PLUMBLINE_WAREHOUSE": str(warehouse),
    }
    environment.pop("PLUMBLINE_POLICY", None)
    wanted = ["+fct_measures", "fct_team_measures"]
    done = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "build",
         "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test",
         "--select", *wanted],
        cwd=project,
        env=environment,
        text=True,
        capture_output=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-1_000:]
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        shown = connection.execute(
            "select employee_id, period_month, numerator from marts.fct_measures where measure = ?",
            [MEASURE],
        ).fetchall()
        rolled_up = connection.execute(
            "select count(*) from marts.fct_team_measures where measure = ?", [MEASURE]
        ).fetchall()
    visits = closed_demo.query(
        "select employee_id, period_month, count(distinct account_id) from marts.fct_activities"
        " where activity_type = 'visit' and employee_id is not null group by all"
    )
    assert len(visits) > 100
    assert sorted(shown) == sorted(visits)
    assert rolled_up[0][0] > 100
