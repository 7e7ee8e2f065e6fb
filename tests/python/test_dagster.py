"""The Dagster definitions: what there is, what depends on what, and a close run as a job."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.lib.contract import PROJECT_DIR
from tests.python.conftest import Company

# Definitions are loaded in a process of their own: they read the manifest and the environment.
LOOK = """
from dagster import AssetKey
from orchestration.definitions import defs
graph = defs.resolve_asset_graph()
keys = {key.to_user_string() for key in graph.get_all_asset_keys()}
assert "marts/pay/fct_pay_ledger" in keys and "policy/policy_plans" in keys, sorted(keys)[:5]
cuts = graph.get(AssetKey(["marts", "rankings", "fct_promotion_cuts"]))
assert {key.path[-1] for key in cuts.parent_keys} == {"int_promotion_candidates"}, cuts.parent_keys
assert {key.path[-1] for key in cuts.child_keys} == {"int_grade_outcomes"}, cuts.child_keys
ledger = graph.get(AssetKey(["marts", "pay", "fct_pay_ledger"]))
assert ledger.partitions_def is not None and ledger.group_name == "pay"
assert graph.get(AssetKey(["marts", "pay", "fct_pay_components"])).partitions_def is None
checks = {key.name for key in graph.asset_check_keys}
assert len(checks) > 100, len(checks)
assert {job.name for job in defs.resolve_all_job_defs()} >= {"refresh", "close"}
schedules = {schedule.name: schedule for schedule in defs.schedules}
assert set(schedules) == {"nightly_refresh", "monthly_close"}
assert schedules["monthly_close"].execution_timezone == "Asia/Shanghai"
"""

SCHEDULE = """
import datetime as dt
from zoneinfo import ZoneInfo
from dagster import build_schedule_context, RunRequest
from orchestration.defs.schedules import business_day, monthly_close
zone = ZoneInfo("Asia/Shanghai")
assert business_day(dt.date(2026, 8, 17), 1) == dt.date(2026, 8, 3)  # the 1st is a Saturday
assert business_day(dt.date(2026, 7, 1), 3) == dt.date(2026, 7, 3)
def asked(day):
    at = dt.datetime(2026, 8, day, 6, tzinfo=zone)
    return monthly_close(build_schedule_context(scheduled_execution_time=at))
found = {day: asked(day) for day in range(1, 12)}
runs = {day: run for day, run in found.items() if isinstance(run, RunRequest)}
assert list(runs) == [5], runs  # Monday the 3rd is business day 1
assert runs[5].partition_key == "2026-07-01"
"""

CLOSE = """
from dagster import DagsterInstance
from orchestration.definitions import defs
with DagsterInstance.ephemeral() as instance:
    result = defs.resolve_job_def("close").execute_in_process(
        partition_key="2026-06-01", instance=instance
    )
    assert result.success
    order = [event.asset_key.path[-1] for event in result.get_asset_materialization_events()
             if hasattr(event, "asset_key")]
assert order.index("int_promotion_candidates") < order.index("fct_promotion_cuts")
assert order.index("fct_promotion_cuts") < order.index("fct_grade_moves")
assert order.index("fct_pay_components") < order.index("fct_pay_ledger")
"""


@pytest.fixture(scope="module")
def parsed() -> None:
    """dagster-dbt reads target/manifest.json at import."""
    done = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "parse", "--quiet"],
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def run(script: str, company: Company) -> None:
    environment = dict(company.environment)
    environment.pop("DBT_TARGET_PATH")
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT_DIR,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-4_000:]


@pytest.mark.usefixtures("parsed")
def test_the_cuts_stand_between_their_dbt_parents_and_children(tmp_path: Path) -> None:
    run(LOOK, Company(tmp_path))


@pytest.mark.usefixtures("parsed")
def test_the_close_is_asked_for_on_the_configured_business_day(tmp_path: Path) -> None:
    assert dt.date(2026, 8, 1).weekday() == 5
    run(SCHEDULE, Company(tmp_path))


@pytest.mark.usefixtures("parsed")
def test_the_close_job_posts_what_the_command_line_posts(
    closed_demo: Company, tmp_path: Path
) -> None:
    company = Company(tmp_path)
    company.landing.symlink_to(closed_demo.landing)
    run(CLOSE, company)
    query = "select * from marts.fct_pay_ledger order by all"
    assert company.query(query) == closed_demo.query(query)
    assert company.query(
        "select period_month, known_at from marts.fct_closes"
    ) == closed_demo.query("select period_month, known_at from marts.fct_closes")
    packages = [folder / "closes" / "2026-06" / "pay_ledger.csv" for folder in
                (company.folder, closed_demo.folder)]  # fmt: skip
    assert packages[0].read_bytes() == packages[1].read_bytes()
    assert "the ledger is theirs" in company.must("verify")
