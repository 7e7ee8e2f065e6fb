"""What bi/ says of dashboards: metrics and columns that there are, and nothing for the wrong eyes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from orchestration.lib.access import grants
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.dashboards import (
    BI,
    Chart,
    DashboardError,
    Dataset,
    assets,
    dashboards,
    datasets,
    identifier,
)
from orchestration.lib.marts import described_marts
from orchestration.lib.publish import publish
from tests.python.conftest import Company

POLICY = PROJECT_DIR / "seeds" / "policy"


@pytest.fixture(scope="module")
def published(closed_demo: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    company = closed_demo.copy_to(tmp_path_factory.mktemp("published"))
    publish(company.settings)
    return company.settings.published / "current" / "plumbline.duckdb"


def marts_of(dataset: Dataset) -> set[str]:
    return set(re.findall(r"marts\.(\w+)", dataset.sql))


def words_of(chart: Chart, dataset: Dataset) -> set[str]:
    """Every word that a chart asks of its dataset: columns among them."""
    metrics = " ".join(dataset.metrics[name].sql for name in chart.metrics)
    asked = " ".join([metrics, chart.where, *chart.by, *chart.across, *chart.columns])
    return set(re.findall(r"\w+", asked))


def test_everything_that_is_described_is_imported_and_has_an_identifier_of_its_own(
    published: Path,
) -> None:
    made = assets(published)
    uuids = [node["uuid"] for node in made.values() if "uuid" in node]
    assert len(uuids) == len(set(uuids)) == len(made) - 1
    charts = [chart for dashboard in dashboards() for chart in dashboard.charts]
    assert len([path for path in made if path.startswith("charts/")]) == len(charts) > 30
    # The same at any time and place: an import takes the place of the one before.
    assert identifier("dashboard", "my_statement") == made["dashboards/my_statement.yaml"]["uuid"]
    assert made == assets(published)


@pytest.mark.parametrize(
    ("file", "right", "wrong", "says"),
    [
        ("dashboards/executive_close.yml", "[posted_pay]", "[posted]", "no metric posted"),
        ("dashboards/executive_close.yml", "by: [component]", "by: [part]", "ledger has no part"),
        ("dashboards/executive_close.yml", "kind: number", "kind: gauge", "there is no kind gauge"),
        ("dashboards/my_statement.yml", "[valid_from,", "[began_on,", "quotas has no began_on"),
        ("dashboards/plan_health.yml", "columns: [check_name", "by: [check_name", "columns are of rows"),
        ("datasets.yml", "marts.fct_findings", "marts.fct_finding", "dataset findings"),
    ],
)  # fmt: skip
def test_what_is_described_and_is_not_there_is_named(
    published: Path, tmp_path: Path, file: str, right: str, wrong: str, says: str
) -> None:
    shutil.copytree(BI, tmp_path, dirs_exist_ok=True)
    text = (tmp_path / file).read_text(encoding="utf-8")
    assert right in text
    (tmp_path / file).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(DashboardError, match=says):
        assets(published, tmp_path)


def unseen(allow: Callable[[str, str], set[str] | None]) -> list[str]:
    """Charts whose audience may not see a mart or a column that they ask for."""
    known, marts = datasets(), described_marts()
    found = []
    for dashboard in dashboards():
        for audience in dashboard.audience:
            for chart in dashboard.charts:
                asked = words_of(chart, known[chart.dataset])
                for name in sorted(marts_of(known[chart.dataset])):
                    seen = allow(name, audience)
                    hidden = {
                        column.name
                        for column in marts[name].columns
                        if column.name in asked and column.name not in (seen or set())
                    }
                    if seen is None or hidden:
                        found.append(
                            f"{dashboard.name}, {chart.title}: {audience}, {name} {hidden}"
                        )
    return found


def test_no_dashboard_shows_its_audience_what_the_plan_does_not() -> None:
    """A payee sees own rows of a mart by Superset's rule of rows; others must be let see all of them."""
    allowed = {
        (grant.mart.name, grant.audience): set(grant.columns)
        for grant in grants(POLICY, described_marts())
        if grant.row_scope == "all" or grant.audience == "payee"
    }

    def allow(mart: str, audience: str) -> set[str] | None:
        # Whose name it is stands beside the own rows alone.
        if (mart, audience) == ("dim_employees", "payee"):
            return {column.name for column in described_marts()[mart].columns}
        return allowed.get((mart, audience))

    assert unseen(allow) == []
    # A dashboard of pay for those who may see performance alone is found.
    assert unseen(lambda mart, _: allowed.get((mart, "sales_operations"))) != []


def test_a_payees_dataset_says_whose_its_rows_are() -> None:
    known = datasets()
    shown = {
        chart.dataset for one in dashboards() if "payee" in one.audience for chart in one.charts
    }
    assert shown
    assert all(known[name].whose for name in shown)


def test_every_dashboard_is_an_exposure_of_the_marts_that_it_reads() -> None:
    text = (PROJECT_DIR / "models" / "exposures.yml").read_text(encoding="utf-8")
    exposed = {
        node["name"].removeprefix("dashboard_"): {
            re.sub(r"ref\('(\w+)'\)", r"\1", name) for name in node["depends_on"]
        }
        for node in yaml.safe_load(text)["exposures"]
        if node["type"] == "dashboard"
    }
    known = datasets()
    assert exposed == {
        dashboard.name: {
            mart for chart in dashboard.charts for mart in marts_of(known[chart.dataset])
        }
        for dashboard in dashboards()
    }
