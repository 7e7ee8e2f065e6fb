"""Every dashboard is opened in a real browser; what its charts show is what SQL says, and nobody's but the
reader's.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bi import start
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.dashboards import Chart, Dashboard, dashboards, datasets
from tests.bi.browser import CHROMIUM, DRIVER, Browser

PLUMBLINE = PROJECT_DIR / ".venv" / "bin" / "plumbline"
PAYEE, OTHER = "A000018", "Z06"
DATASETS = datasets()
SHOWN = {dashboard.name: dashboard for dashboard in dashboards()}

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed"
)


@dataclass
class Served:
    """A company whose marts are published, and Superset over them."""

    folder: Path
    url: str

    @property
    def published(self) -> Path:
        return self.folder / "published" / "current" / "plumbline.duckdb"

    def plumbline(self, *arguments: str) -> None:
        done = subprocess.run(
            [str(PLUMBLINE), *arguments], cwd=PROJECT_DIR, capture_output=True, text=True, check=False,
            env={**os.environ, **self.places},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    @property
    def places(self) -> dict[str, str]:
        return {
            "PLUMBLINE_LANDING": str(self.folder / "landing"),
            "PLUMBLINE_WAREHOUSE": str(self.folder / "plumbline.duckdb"),
        }

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.published), read_only=True) as connection:
            return connection.execute(sql, list(values)).fetchall()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demo built and published before its close, and Superset started on it."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    served = Served(tmp_path_factory.mktemp("bi"), f"http://127.0.0.1:{port}")
    served.plumbline("demo")
    served.plumbline("build")
    served.plumbline("publish")
    home = served.folder / "superset"
    os.environ.update(served.places)
    start.prepare(home)
    for name, audience in (("fiona", "finance"), ("sam", "sales_operations"), (PAYEE, "payee"),
                           (OTHER, "payee")):  # fmt: skip
        start.run(
            [sys.executable, "-m", "bi.seed", "user", name, audience],
            start.environment(home),
            "secret",
        )
    with (served.folder / "superset.log").open("w") as log:
        server = subprocess.Popen(
            start.server(port), cwd=PROJECT_DIR, env=start.environment(home), stdout=log, stderr=log
        )
        try:
            wait_until_it_answers(f"{served.url}/health")
            yield served
        finally:
            server.terminate()
            server.wait()


def wait_until_it_answers(url: str) -> None:
    for _ in range(120):
        try:
            with urllib.request.urlopen(url) as answer:
                assert answer.status == 200
                return
        except OSError:
            time.sleep(1)
    raise TimeoutError(url)


@pytest.fixture(scope="session")
def closed(served: Served) -> Served:
    """June is closed and published while Superset runs."""
    before = served.query("select count(*) from marts.fct_pay_ledger")
    served.plumbline("close", "2026-06")
    served.plumbline("publish")
    assert before == [(0,)] and served.query("select count(*) from marts.fct_pay_ledger") != before
    return served


def browse(served: Served, name: str) -> Browser:
    browser = Browser(served.url)
    browser.login(name, "secret")
    return browser


@pytest.fixture(scope="module")
def finance(closed: Served) -> Iterator[Browser]:
    browser = browse(closed, "fiona")
    yield browser
    browser.driver.quit()


@pytest.fixture(scope="module")
def payee(closed: Served) -> Iterator[Browser]:
    browser = browse(closed, PAYEE)
    yield browser
    browser.driver.quit()


def chosen(served: Served, dashboard: Dashboard, chart: Chart, whose: str | None) -> str:
    """What a chart's rows are filtered by: its own condition, the dashboard's filters, whose they are."""
    dataset = DATASETS[chart.dataset]
    columns = {row[0] for row in served.query(f"describe {dataset.sql}")}
    conditions = [f"({chart.where})"] if chart.where else []
    own = f" where {dataset.whose} = '{whose}'" if whose else ""
    for one in dashboard.filters:
        if one.column not in columns:
            continue
        if one.default:
            conditions.append(f"{one.column} in ({', '.join(map(repr, one.default))})")
        if one.latest:
            asked = DATASETS[one.dataset]
            [(latest,)] = served.query(f"select max({one.column}) from ({asked.sql}) as asked{own}")
            conditions.append(f"{one.column} = '{latest}'")
    if whose:
        conditions.append(f"{dataset.whose} = '{whose}'")
    return " and ".join(conditions) or "true"


def expected(
    served: Served, dashboard: Dashboard, chart: Chart, whose: str | None
) -> list[tuple[Any, ...]]:
    """What a chart shows, by its description alone."""
    dataset = DATASETS[chart.dataset]
    rows = f"({dataset.sql}) as asked where {chosen(served, dashboard, chart, whose)}"
    if chart.kind == "rows":
        order = f"{chart.order} {'asc' if chart.ascending else 'desc'}"
        return served.query(
            f"select {', '.join(chart.columns)} from {rows} order by {order} limit 1000"
        )
    by = [*chart.by, *chart.across]
    if chart.kind in ("lines", "columns"):
        by.insert(0, str(dataset.time))
    metrics = [dataset.metrics[name] for name in chart.metrics]
    # Where every metric counts some rows only, the others show nothing.
    counted = [metric.rows for metric in metrics]
    if all(counted):
        rows += f" and ({' or '.join(counted)})"
    numbers = ", ".join(f"{metric.sql} as {metric.name}" for metric in metrics)
    grouped = f" group by {', '.join(by)}" if by else ""
    found = served.query(f"select {', '.join([*by, numbers])} from {rows}{grouped}")
    if chart.kind in ("lines", "columns") and chart.by:
        found = [row for row in found if row[-1] is not None]
    if chart.kind == "bars":
        found.sort(key=lambda row: -row[-1] if row[-1] is not None else 0)
        found = found[: chart.limit]
    return found


def plain(value: Any) -> Any:
    """Days as JSON has them, and numbers to ten digits."""
    if isinstance(value, dt.date | dt.datetime):
        day = dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
        value = day.timestamp() * 1000
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    return f"{float(value):.9e}" if isinstance(value, int | float | Decimal) else value


def shown(chart: Chart, rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """A chart's rows as Superset answered them, in the order of its description."""
    dataset = DATASETS[chart.dataset]
    by = [*chart.by, *chart.across]
    if chart.kind in ("lines", "columns"):
        by.insert(0, str(dataset.time))
    if chart.kind in ("lines", "columns") and chart.by:
        # A column for each line that is drawn.
        return [
            (
                row[dataset.time],
                *(None if part == "<NULL>" else part for part in name.split(", ")),
                value,
            )
            for row in rows
            for name, value in row.items()
            if name != dataset.time and value is not None
        ]
    names = chart.columns if chart.kind == "rows" else [*by, *chart.metrics]
    return [tuple(row.get(name) for name in names) for row in rows]


def alike(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(([tuple(map(plain, row)) for row in rows]), key=repr)


def compare(
    served: Served, browser: Browser, dashboard: Dashboard, whose: str | None = None
) -> int:
    """Open a dashboard; hold every chart's figures against SQL. Returns how many figures there were."""
    status, told = browser.api(f"/api/v1/dashboard/{dashboard.slug}/charts")
    assert status == 200, told
    ids = {node["slice_name"]: node["id"] for node in told["result"]}
    assert ids.keys() == {chart.title for chart in dashboard.charts}
    page = browser.open(dashboard.slug, len(ids))
    assert page.elsewhere == {}, "something was asked of another machine"
    figures = 0
    for chart in dashboard.charts:
        answer = page.answers[ids[chart.title]]
        assert answer.status == 200, (dashboard.name, chart.title)
        ours = expected(served, dashboard, chart, whose)
        theirs = shown(chart, answer.rows)
        if chart.kind == "rows":
            # Ties of the order may be cut elsewhere.
            assert len(ours) == len(theirs), chart.title
            if len(ours) == 1_000:
                continue
        assert alike(theirs) == alike(ours), (dashboard.name, chart.title)
        figures += sum(len(row) for row in ours)
    errors = browser.driver.find_elements(
        "css selector", "[data-test=chart-error], .ant-alert-error"
    )
    assert [error.text for error in errors] == []
    return figures


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_every_chart_of_a_dashboard_shows_what_sql_says(
    closed: Served, finance: Browser, name: str
) -> None:
    assert compare(closed, finance, SHOWN[name]) > 20


def test_a_publication_is_seen_without_a_restart(closed: Served, finance: Browser) -> None:
    """Superset was started on what was published before the close."""
    page = finance.open("executive-close", len(SHOWN["executive_close"].charts))
    numbers = [answer.rows[0] for answer in page.answers.values() if len(answer.rows) == 1]
    [(posted,)] = closed.query(
        "select sum(amount) from marts.fct_pay_ledger where currency = 'CNY'"
    )
    assert any(Decimal(str(row.get("posted_pay", 0))) == posted for row in numbers)


def test_a_payee_sees_the_own_statement_and_nothing_else(closed: Served, payee: Browser) -> None:
    assert compare(closed, payee, SHOWN["my_statement"], whose=PAYEE) > 20
    for dashboard in SHOWN.values():
        status, told = payee.api(f"/api/v1/dashboard/{dashboard.slug}/charts")
        assert (status == 200) == ("payee" in dashboard.audience), (dashboard.name, told)


def test_sales_operations_open_no_pay(closed: Served) -> None:
    browser = browse(closed, "sam")
    try:
        compare(closed, browser, SHOWN["team_and_pipeline"])
        for name in ("executive_close", "my_statement"):
            status, _ = browser.api(f"/api/v1/dashboard/{SHOWN[name].slug}/charts")
            assert status in (403, 404), name
    finally:
        browser.driver.quit()


def asked(dataset: int, dashboard: int | None, **query: Any) -> dict[str, Any]:
    """A request for a chart's rows, as a browser makes it."""
    form = {"viz_type": "table", "datasource": f"{dataset}__table"}
    if dashboard is not None:
        form["dashboardId"] = dashboard
    return {
        "datasource": {"id": dataset, "type": "table"}, "force": True, "form_data": form,
        "result_format": "json", "result_type": "full",
        "queries": [{"columns": [], "metrics": [], "filters": [], "row_limit": 1000, **query}],
    }  # fmt: skip


def test_a_payee_who_asks_the_server_directly_gets_no_row_of_another(
    payee: Browser, finance: Browser
) -> None:
    status, told = finance.api("/api/v1/dashboard/")
    assert status == 200
    dashboard = {node["slug"]: node["id"] for node in told["result"]}
    sets: dict[str, int] = {}
    for one in SHOWN.values():
        _, charts = finance.api(f"/api/v1/dashboard/{one.slug}/datasets")
        sets |= {node["datasource_name"].split(".")[-1]: node["id"] for node in charts["result"]}
    assert sets.keys() == {chart.dataset for one in SHOWN.values() for chart in one.charts}
    mine = {chart.dataset for chart in SHOWN["my_statement"].charts}
    for name, number in sets.items():
        column = DATASETS[name].whose or "check_name" * (name == "findings") or None
        columns = [column] if column else list(DATASETS[name].metrics) or ["period_month"]
        # Without a dashboard, or through one that is another's, there is no data at all.
        for page in (None, dashboard["executive-close"], dashboard["plan-health"]):
            status, said = payee.api("/api/v1/chart/data", asked(number, page, columns=columns))
            assert status in (400, 401, 403, 404), (name, page, said)
        status, said = payee.api(
            "/api/v1/chart/data", asked(number, dashboard["my-statement"], columns=columns)
        )
        if name not in mine:
            assert status in (400, 401, 403, 404), (name, said)
            continue
        assert status == 200, (name, said)
        assert {row[column] for row in said["result"][0]["data"]} == {PAYEE}, name
    # A condition that widens, and SQL within SQL, are no way around the rule.
    number, page = sets["ledger"], dashboard["my-statement"]
    status, said = payee.api(
        "/api/v1/chart/data",
        asked(number, page, columns=["employee_id"], extras={"where": "1 = 1) or (1 = 1"}),
    )
    rows = said["result"][0]["data"] if status == 200 else []
    assert {row["employee_id"] for row in rows} <= {PAYEE}
    for sql in (
        "(select sum(amount) from marts.fct_pay_ledger)",
        "(select max(employee_id) from marts.fct_pay_ledger)",
    ):
        metric = {"expressionType": "SQL", "sqlExpression": sql, "label": "leak"}
        status, said = payee.api("/api/v1/chart/data", asked(number, page, metrics=[metric]))
        assert status != 200 or all(query.get("error") for query in said["result"]), (
            "a subquery was answered"
        )
    for path in ("/api/v1/dataset/", "/api/v1/database/", "/api/v1/chart/"):
        status, said = payee.api(path)
        names = [str(node) for node in said.get("result", [])] if status == 200 else []
        assert not any("targets" in name or "executive" in name for name in names), path
    status, _ = payee.api("/api/v1/sqllab/execute/", {"database_id": 1, "sql": "select 1"})
    assert status in (401, 403, 404)


def test_a_phone_shows_one_chart_beside_none(payee: Browser) -> None:
    driver = payee.driver
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 390, "height": 3000, "deviceScaleFactor": 1, "mobile": True},
    )
    try:
        payee.open("my-statement", len(SHOWN["my_statement"].charts))
        inner, whole = driver.execute_script(
            "return [window.innerWidth, document.documentElement.scrollWidth]"
        )
        assert (inner, whole) == (390, 390)
        boxes = driver.execute_script(
            "return [...document.querySelectorAll('.dashboard-component-chart-holder')].map("
            "e => { const r = e.getBoundingClientRect(); return [r.left, r.right, r.top, r.bottom]; })"
        )
        assert len(boxes) == len(SHOWN["my_statement"].charts)
        for left, right, _, _ in boxes:
            assert left >= 0 and right <= 390 and right - left > 320, boxes
    finally:
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_what_superset_keeps_is_its_owners_alone(served: Served) -> None:
    home = served.folder / "superset"
    for name in ("secret_key", "admin_password"):
        assert (home / name).stat().st_mode & 0o077 == 0, name
