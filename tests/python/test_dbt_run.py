"""What the process in which dbt works says when something is wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.dbt_run import DbtProcess, DbtResult
from tests.python.conftest import Company


def run_steps(
    steps: Sequence[str | Sequence[str]],
    environment: dict[str, str],
    told: Callable[[int], None] = lambda _: None,
) -> DbtResult:
    with DbtProcess() as dbt:
        return dbt.run(steps, environment, told=told)


def test_what_dbt_refuses_is_told_without_a_traceback(tmp_path: Path) -> None:
    result = run_steps([["build", "--no-such-flag"]], Company(tmp_path).environment)
    assert not result.is_success
    assert any("no-such-flag" in error for error in result.errors)
    assert not any("Traceback" in error for error in result.errors)


def test_a_worker_that_breaks_off_is_a_failure_that_says_why(tmp_path: Path) -> None:
    environment = {**Company(tmp_path).environment}
    del environment["PLUMBLINE_WAREHOUSE"]
    heard: list[int] = []
    result = run_steps(["cuts"], environment, told=heard.append)
    assert heard == [0]
    assert not result.is_success
    assert result.errors[0] == "dbt ended with exit code 1"


def test_a_node_that_fails_is_named_and_the_steps_after_it_do_not_run(tmp_path: Path) -> None:
    # Nothing has been built there, so a data test finds no table.
    heard: list[int] = []
    result = run_steps(
        [["test", "--select", "primary_key_policy_bonuses_bonus_id"], ["parse"]],
        Company(tmp_path).environment,
        told=heard.append,
    )
    assert heard == [0]
    assert not result.is_success
    assert any("policy_bonuses" in error for error in result.errors)


def test_a_process_that_was_told_nothing_ends_with_its_context() -> None:
    with DbtProcess() as dbt:
        process = dbt._process
        assert process.poll() is None
    assert process.returncode is not None


def test_an_interrupted_run_has_ended_its_process_before_anybody_hears_of_it(
    tmp_path: Path,
) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with DbtProcess() as dbt:
        with pytest.raises(KeyboardInterrupt):
            dbt.run([["parse"]], Company(tmp_path).environment, told=interrupt)
        assert dbt._process.returncode is not None


def test_a_process_whose_beginner_is_gone_before_it_told_anything_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.lib.dbt_worker"],
        cwd=PROJECT_DIR, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
