"""The Dagster definitions: what there is, what depends on what, and a close run as a job."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

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
children = {key.to_user_string() for key in cuts.child_keys}
assert children == {"intermediate/rankings/int_grade_outcomes", "published/marts"}, children
ledger = graph.get(AssetKey(["marts", "pay", "fct_pay_ledger"]))
assert ledger.partitions_def is not None and ledger.group_name == "pay"
assert graph.get(AssetKey(["marts", "pay", "fct_pay_components"])).partitions_def is None
checks = {key.name for key in graph.asset_check_keys}
assert len(checks) > 100, len(checks)
assert {job.name for job in defs.resolve_all_job_defs()} >= {"refresh", "cuts", "close"}
schedules = {schedule.name: schedule for schedule in defs.schedules}
assert set(schedules) == {"nightly_refresh", "quarterly_cuts", "monthly_close"}
gates = AssetKey(["closes", "gates"])
assert gates in ledger.parent_keys, ledger.parent_keys
assert AssetKey(["marts", "rankings", "fct_grade_moves"]) in graph.get(gates).parent_keys
published = graph.get(AssetKey(["published", "marts"]))
from orchestration.lib.marts import described_marts
assert set(described_marts()) == {
    key.path[-1] for key in published.parent_keys if key.path[0] == "marts"
}, "every mart is published"
assert AssetKey(["closes", "package"]) in published.parent_keys
# What is landed is checked before staging reads it.
contracts = graph.get(AssetKey(["landing", "billing", "contracts"]))
assert contracts.is_materializable and contracts.freshness_policy is not None
assert graph.get(AssetKey(["marts", "scores", "fct_scores"])).freshness_policy is not None
assert ledger.freshness_policy is None
assert schedules["monthly_close"].execution_timezone == "Asia/Shanghai"
"""

SCHEDULE = """
import datetime as dt
from zoneinfo import ZoneInfo
from dagster import build_schedule_context, RunRequest
from orchestration.defs.schedules import monthly_close, quarterly_cuts
zone = ZoneInfo("Asia/Shanghai")
def runs(schedule, year, month):
    found = {}
    for day in range(1, 29):
        at = dt.datetime(year, month, day, 6, tzinfo=zone)
        said = schedule(build_schedule_context(scheduled_execution_time=at))
        if isinstance(said, RunRequest):
            found[day] = said.partition_key
    return found
# Saturday the 1st: Monday the 3rd is business day 1.
assert runs(monthly_close, 2026, 8) == {5: "2026-07-01"}
# The National Day holiday, 1 to 7 October: the 8th is business day 1, and Saturday the 10th is worked.
assert runs(monthly_close, 2026, 10) == {10: "2026-09-01"}
assert runs(quarterly_cuts, 2026, 10) == {10: None}
assert runs(quarterly_cuts, 2026, 8) == {}
"""

CLOSE = """
import sys
from dagster import DagsterInstance
from orchestration.definitions import defs
with DagsterInstance.ephemeral() as instance:
    for month in sys.argv[1:]:
        result = defs.resolve_job_def("close").execute_in_process(
            partition_key=month, instance=instance
        )
        assert result.success
        order = [event.asset_key.path[-1] for event in result.get_asset_materialization_events()
                 if hasattr(event, "asset_key")]
        assert order.index("contracts") < order.index("stg_billing__contracts")
        assert order.index("int_promotion_candidates") < order.index("fct_promotion_cuts")
        assert order.index("fct_promotion_cuts") < order.index("fct_grade_moves")
        assert order.index("fct_pay_components") < order.index("gates")
        assert order.index("fct_grade_moves") < order.index("gates") < order.index("fct_pay_ledger")
        assert order.index("fct_pay_ledger") < order.index("package") < order.index("marts")
"""

REFUSED = """
import sys
from dagster import DagsterInstance
from orchestration.definitions import defs
with DagsterInstance.ephemeral() as instance:
    result = defs.resolve_job_def("close").execute_in_process(
        partition_key=sys.argv[1], instance=instance, raise_on_error=False
    )
    assert not result.success
    failed = [event.node_name for event in result.all_node_events if event.is_step_failure]
    assert failed == [sys.argv[2]], failed
    retried = [event for event in result.all_node_events if event.is_step_up_for_retry]
    assert retried == [], "what is refused is not tried again"
"""

SENSOR = """
import os
from pathlib import Path
from dagster import build_sensor_context
from orchestration.defs.landing import landing_changed
folder = Path(os.environ["PLUMBLINE_LANDING"]) / "hr" / "teams"
folder.mkdir(parents=True)
cursor = None
def look():
    global cursor
    said = landing_changed(build_sensor_context(cursor=cursor))
    cursor = said.cursor
    return [request.run_key for request in said.run_requests or []]
assert look() == []  # seen for the first time
[first] = look()
assert look() == [] and look() == []
(folder / "a.csv").write_text("one")
assert look() == []  # it may still be written
(folder / "a.csv").write_text("one and more")
assert look() == []
[second] = look()
assert second != first
assert look() == []
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


class Told(BaseHTTPRequestHandler):
    """A chat service that keeps what it was told."""

    said: ClassVar[list[dict[str, str]]] = []

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.said.append(json.loads(self.rfile.read(length)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def webhook() -> Iterator[str]:
    Told.said.clear()
    server = HTTPServer(("127.0.0.1", 0), Told)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()


def ran(arguments: list[str], company: Company, **more: str) -> subprocess.CompletedProcess[str]:
    """Python with these arguments, on a company, to its end."""
    environment = dict(company.environment)
    environment.pop("DBT_TARGET_PATH")
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT_DIR,
        env={**os.environ, **environment, **more},
        capture_output=True,
        text=True,
        check=False,
    )


def run(script: str, company: Company, *arguments: str, **more: str) -> None:
    done = ran(["-c", script, *arguments], company, **more)
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-4_000:]


def company_with_a_broken_table(folder: Path) -> Company:
    """Landed teams lack a column of the contract."""
    company = Company(folder)
    path = company.land("hr.teams", [{"team_id": "T", "_loaded_at": "2026-07-02T00:00:00Z"}])
    path.write_text(path.read_text().replace("team_name", "name"))
    return company


@pytest.mark.usefixtures("parsed")
def test_the_cuts_stand_between_their_dbt_parents_and_children(tmp_path: Path) -> None:
    run(LOOK, Company(tmp_path))


@pytest.mark.usefixtures("parsed")
def test_the_close_is_asked_for_on_the_configured_business_day(tmp_path: Path) -> None:
    assert dt.date(2026, 8, 1).weekday() == 5
    run(SCHEDULE, Company(tmp_path))


@pytest.mark.usefixtures("parsed")
def test_new_files_ask_for_a_refresh_once_nothing_more_comes(tmp_path: Path) -> None:
    run(SENSOR, Company(tmp_path))


@pytest.mark.usefixtures("parsed")
def test_the_close_job_posts_what_the_command_line_posts_month_after_month(
    closed_demo: Company, tmp_path: Path, webhook: str
) -> None:
    by_job, by_hand = Company(tmp_path / "job"), Company(tmp_path / "hand")
    for company in (by_job, by_hand):
        company.folder.mkdir()
        company.landing.symlink_to(closed_demo.landing)
    run(CLOSE, by_job, "2026-05-01", "2026-06-01", PLUMBLINE_WEBHOOK=webhook)
    for month in ("2026-05", "2026-06"):
        by_hand.must("close", month)
    for query in (
        "select * from marts.fct_pay_ledger order by all",
        "select period_month, known_at, entry_count from marts.fct_closes order by all",
    ):
        assert by_job.query(query) == by_hand.query(query)
    for month in ("2026-05", "2026-06"):
        for name in ("pay_ledger", "contract_costs", "commission_lines", "scores"):
            packages = [company.folder / "closes" / month / f"{name}.csv" for company in
                        (by_job, by_hand)]  # fmt: skip
            assert packages[0].read_bytes() == packages[1].read_bytes()
    assert "the ledger is theirs" in by_job.must("verify")
    assert [(said["state"], said["job"], said["month"]) for said in Told.said] == [
        ("success", "close", "2026-05"),
        ("success", "close", "2026-06"),
    ]
    # A month that is not over stops at the gates: nothing is posted, and somebody is told why.
    before = by_job.query("select count(*) from marts.fct_pay_ledger")
    run(REFUSED, by_job, "2026-07-01", "closes__gates", PLUMBLINE_WEBHOOK=webhook)
    assert by_job.query("select count(*) from marts.fct_pay_ledger") == before
    assert Told.said[-1]["state"] == "failure"
    assert "2026-07 is not over" in Told.said[-1]["error"]


@pytest.mark.usefixtures("parsed")
def test_landing_that_breaks_its_contract_stops_the_job_before_anything_is_built(
    tmp_path: Path, webhook: str
) -> None:
    company = company_with_a_broken_table(tmp_path)
    run(REFUSED, company, "2026-06-01", "landing", PLUMBLINE_WEBHOOK=webhook)
    assert not company.warehouse.exists()
    [said] = Told.said
    assert (said["state"], said["step"]) == ("failure", "landing")


@pytest.mark.usefixtures("parsed")
def test_a_step_is_a_process_of_its_own_and_somebody_is_told_what_it_failed_of(
    tmp_path: Path, webhook: str
) -> None:
    company = company_with_a_broken_table(tmp_path)
    home = tmp_path / "dagster"
    home.mkdir()
    execute = [
        "-m",
        "dagster",
        "job",
        "execute",
        "-m",
        "orchestration.definitions",
        "-j",
        "refresh",
    ]
    done = ran(execute, company, DAGSTER_HOME=str(home), PLUMBLINE_WEBHOOK=webhook)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert 'Launching subprocess for "landing"' in said or "STEP_WORKER_STARTED" in said, said
    [told] = Told.said
    assert (told["state"], told["step"]) == ("failure", "landing")
