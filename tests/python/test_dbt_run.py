"""What the process in which dbt works says when something is wrong."""

from __future__ import annotations

from pathlib import Path

from orchestration.lib.dbt_run import run_steps
from tests.python.conftest import Company


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
