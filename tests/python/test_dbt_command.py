"""dbt's command line as Dagster runs it says what dbt says and ends as dbt ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.dbt_command import works_with_kept

LEAN = [sys.executable, "-m", "orchestration.lib.dbt_command"]
PLAIN = [sys.executable, "-m", "dbt.cli.main"]


def run(command: list[str], *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    places = {"DBT_PROFILES_DIR": str(PROJECT_DIR / "profiles"), **more}
    return subprocess.run(
        [*command, *arguments],
        cwd=PROJECT_DIR,
        env={**os.environ, **places},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_is_installed_and_says_its_version_as_dagster_reads_it() -> None:
    command = str(Path(sys.executable).with_name("plumbline-dbt"))
    said = run([command], "--version").stdout
    assert re.search(r"(\d+\.\d+\.\d+)", said)[1] == version("dbt-core")  # type: ignore[index]


def test_it_lists_what_dbt_lists(tmp_path: Path) -> None:
    arguments = ["ls", "--select", "+fct_grade_moves", "--resource-type", "model", "-q"]
    found = [
        run(command, *arguments, DBT_TARGET_PATH=str(tmp_path / str(number)))
        for number, command in enumerate((LEAN, PLAIN))
    ]
    assert [done.returncode for done in found] == [0, 0]
    assert found[0].stdout == found[1].stdout
    assert "plumbline.marts.rankings.fct_grade_moves" in found[0].stdout


@pytest.mark.parametrize(
    "arguments", [["build", "--target", "nowhere"], ["ls", "--select", "state:new"]]
)
def test_it_fails_as_dbt_fails(arguments: list[str], tmp_path: Path) -> None:
    lean, plain = (
        run(command, *arguments, DBT_TARGET_PATH=str(tmp_path), DBT_LOG_FORMAT="json")
        for command in (LEAN, PLAIN)
    )
    assert lean.returncode == plain.returncode != 0
    assert errors(lean.stdout) == errors(plain.stdout) != []


def test_who_asks_for_debug_messages_has_them() -> None:
    arguments = ["ls", "--select", "fct_grade_moves"]
    message = "running dbt with arguments"
    assert message in run(LEAN, *arguments, "--debug").stdout
    assert message not in run(LEAN, *arguments).stdout


def test_it_says_that_there_is_no_such_command() -> None:
    done = run(LEAN, "bild")
    assert (done.returncode, "No such command 'bild'" in done.stderr) == (2, True)


def errors(lines: str) -> list[str]:
    """What was said of errors, in dbt's structured log."""
    found = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
    return [event["info"]["msg"] for event in found if event["info"]["level"] == "error"]


@pytest.mark.parametrize(
    ("arguments", "is_kept"),
    [
        (["--no-write-json", "build", "--select", "parse"], True),
        (["run", "--vars", "{known_at: 2026-06-01}"], True),
        (["parse", "--select", "build"], False),
        (["docs", "generate"], False),
        (["build", "--target", "spark"], False),
        (["build", "-t", "spark"], False),
        (["build", "--profile=other"], False),
    ],
)
def test_what_is_kept_of_the_project_serves_where_dbt_would_read_the_same(
    arguments: list[str], is_kept: bool
) -> None:
    assert works_with_kept(arguments) is is_kept
