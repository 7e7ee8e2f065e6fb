"""Dashboards as code: what ``bi/`` says of them, as the files that Apache Superset imports.

``bi/datasets.yml`` names what is asked, ``bi/dashboards/*.yml`` what is shown. A chart's numbers are
metrics of the semantic layer (``models/semantics``), written in SQL here; it has no formula of its own.
Identifiers come from names, so that an import takes the place of the one before.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.lib.contract import PROJECT_DIR

BI = PROJECT_DIR / "bi"
SPACE = uuid.UUID("6f0a4b1e-3b51-4c55-9d0c-1f3f0a9a4b52")
DATABASE = "Plumbline marts"
MONEY = ",.0f"
# The grid of a dashboard is so many columns wide; heights are of eight pixels.
HEIGHTS = {"number": 20, "rows": 50, "table": 50, "pivot": 50}
# Charts stand below each other where the page is as narrow as a phone.
# The grid is twice as wide there, so that half of it is the page; what is wider scrolls.
NARROW = """
@media (max-width: 767px) {
  html, body, .dashboard-content { overflow-x: hidden; max-width: 100vw; }
  .dashboard-content .grid-container {
    width: calc(200vw - 16px) !important; min-width: calc(200vw - 16px); margin: 8px !important; }
  .dashboard-content .grid-row { flex-wrap: wrap; max-width: 100vw; }
  .dashboard-content .resizable-container { max-width: calc(100vw - 16px); margin-bottom: 12px; }
  .dashboard-content .dashboard-component-chart-holder {
    overflow-x: auto; max-width: calc(100vw - 16px); }
}
"""


class DashboardError(ValueError):
    """A dashboard or dataset that names what there is not."""


@dataclass(frozen=True)
class Metric:
    """A metric of the semantic layer as SQL over its dataset's rows; ``rows`` says which it reads."""

    name: str
    label: str
    description: str
    sql: str
    rows: str = ""


@dataclass(frozen=True)
class Dataset:
    """What is asked: a query over published marts, the column of its month, and whose its rows are."""

    name: str
    sql: str
    time: str | None
    whose: str | None
    metrics: dict[str, Metric]


@dataclass(frozen=True)
class Chart:
    """One picture or table: its kind, dataset and metrics (or columns, of ``rows``)."""

    title: str
    kind: str
    dataset: str
    metrics: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    across: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    where: str = ""
    order: str = ""
    format: str = MONEY
    ascending: bool = False
    stacked: bool = False
    limit: int = 1_000
    width: int = 6


@dataclass(frozen=True)
class Filter:
    """A filter of a dashboard; ``latest`` begins with the last value, ``default`` with those named."""

    name: str
    dataset: str
    column: str
    default: tuple[str, ...] = ()
    single: bool = False
    latest: bool = False


@dataclass(frozen=True)
class Dashboard:
    """A page of charts for the audiences that may open it (``policy_mart_access``)."""

    name: str
    title: str
    description: str
    audience: tuple[str, ...]
    rows: tuple[tuple[Chart, ...], ...]
    filters: tuple[Filter, ...] = field(default=())

    @property
    def slug(self) -> str:
        return self.name.replace("_", "-")

    @property
    def charts(self) -> list[Chart]:
        return [chart for row in self.rows for chart in row]


def identifier(*names: str) -> str:
    """The same for the same names, always."""
    return str(uuid.uuid5(SPACE, "/".join(names)))


def semantic_metrics(
    folder: Path = PROJECT_DIR / "models" / "semantics",
) -> dict[str, list[Metric]]:
    """Metrics by semantic model, as SQL over the rows of its mart; none that reads two models.

    Raises ``DashboardError`` for a kind of metric that has no SQL here.
    """
    files = [
        yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yml"))
    ]
    measures = {
        measure["name"]: (model["name"], _aggregate(measure))
        for file in files
        for model in file.get("semantic_models", [])
        for measure in model.get("measures", [])
    }
    described = {metric["name"]: metric for file in files for metric in file.get("metrics", [])}
    found: dict[str, list[Metric]] = {}
    for metric in described.values():
        models, sql, rows = _written(metric, described, measures)
        if len(models) == 1:
            written = Metric(metric["name"], metric["label"], metric["description"], sql, rows)
            found.setdefault(models.pop(), []).append(written)
    return found


def _aggregate(measure: dict[str, Any]) -> str:
    """``sum({})``, with the place of what is added up."""
    column = measure.get("expr", measure["name"])
    call = {"sum": "sum({})", "count": "count({})", "count_distinct": "count(distinct {})"}
    if measure["agg"] not in call:
        raise DashboardError(f"measure {measure['name']}: {measure['agg']} is not known here")
    return call[measure["agg"]].replace("{}", f"{{}}{column}{{}}")


def _written(
    metric: dict[str, Any],
    described: dict[str, dict[str, Any]],
    measures: dict[str, tuple[str, str]],
) -> tuple[set[str], str, str]:
    """The semantic models that a metric reads, its SQL, and which rows it reads (empty: all)."""
    parameters = metric["type_params"]
    if metric["type"] == "simple":
        asked = parameters["measure"]
        asked = {"name": asked} if isinstance(asked, str) else asked
        model, aggregate = measures[asked["name"]]
        # A metric's filter is on its own model.
        rows = re.sub(r"{{ Dimension\('\w+__(\w+)'\) }}", r"\1", metric.get("filter", ""))
        around = (f"case when {rows} then ", " end") if rows else ("", "")
        sql = aggregate.format(*around)
        if (fill := asked.get("fill_nulls_with")) is not None:
            return {model}, f"coalesce({sql}, {fill})", ""
        return {model}, sql, rows
    if metric["type"] == "ratio":
        (over, top, counted), (under, bottom, against) = (
            _written(described[parameters[name]], described, measures)
            for name in ("numerator", "denominator")
        )
        sql = f"cast({top} as double precision) / nullif({bottom}, 0)"
        rows = _any_of([counted, against])
        return over | under, sql, rows
    raise DashboardError(f"metric {metric['name']}: a {metric['type']} metric is not known here")


def _any_of(rows: list[str]) -> str:
    """A condition for rows that fulfil one of them; one that is empty is of all rows."""
    return " or ".join(dict.fromkeys(rows)) if all(rows) else ""


def datasets(folder: Path = BI) -> dict[str, Dataset]:
    """Every dataset that ``bi/datasets.yml`` describes."""
    described = yaml.safe_load((folder / "datasets.yml").read_text(encoding="utf-8"))
    semantic = semantic_metrics()
    found = {}
    for name, node in described.items():
        metrics = [
            metric for model in node.get("semantic_models", []) for metric in semantic[model]
        ]
        metrics += [Metric(own, **said) for own, said in node.get("metrics", {}).items()]
        found[name] = Dataset(
            name, node["sql"].strip(), node.get("time"), node.get("whose"),
            {metric.name: metric for metric in metrics},
        )  # fmt: skip
    return found


def dashboards(folder: Path = BI) -> list[Dashboard]:
    """Every dashboard of ``bi/dashboards``. Raises ``DashboardError`` for a metric that is none."""
    known = datasets(folder)
    found = []
    for path in sorted((folder / "dashboards").glob("*.yml")):
        node = yaml.safe_load(path.read_text(encoding="utf-8"))
        found.append(
            Dashboard(
                name=path.stem,
                title=node["title"],
                description=node["description"],
                audience=tuple(node["audience"]),
                rows=tuple(tuple(Chart(**_tuples(chart)) for chart in row) for row in node["rows"]),
                filters=tuple(Filter(**_tuples(one)) for one in node.get("filters", [])),
            )
        )
        for chart in found[-1].charts:
            if missing := set(chart.metrics) - known[chart.dataset].metrics.keys():
                names = ", ".join(sorted(missing))
                raise DashboardError(f"{path.name}, {chart.title}: no metric {names} there")
            if bool(chart.columns) != (chart.kind == "rows"):
                raise DashboardError(f"{path.name}, {chart.title}: columns are of rows alone")
    return found


def _tuples(node: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in node.items()}


def assets(published: Path, folder: Path = BI) -> dict[str, dict[str, Any]]:
    """What Superset imports, by the path in its bundle; ``published`` is the DuckDB file that is read.

    Raises ``DashboardError`` where a dashboard names what the published marts do not have.
    """
    found: dict[str, dict[str, Any]] = {
        "metadata.yaml": {"version": "1.0.0", "type": "assets", "timestamp": "2026-01-01T00:00:00+00:00"},
        "databases/marts.yaml": _database(published),
    }  # fmt: skip
    known = datasets(folder)
    with duckdb.connect(str(published), read_only=True) as connection:
        for dataset in known.values():
            columns = _columns(connection, dataset)
            found[f"datasets/marts/{dataset.name}.yaml"] = _dataset(dataset, columns)
    for dashboard in dashboards(folder):
        for chart in dashboard.charts:
            _require_columns(dashboard, chart, found[f"datasets/marts/{chart.dataset}.yaml"])
            path = f"charts/{identifier(dashboard.name, chart.title)}.yaml"
            found[path] = _chart(dashboard, chart, known[chart.dataset])
        found[f"dashboards/{dashboard.name}.yaml"] = _dashboard(dashboard)
    return found


def _database(published: Path) -> dict[str, Any]:
    return {
        "database_name": DATABASE,
        "sqlalchemy_uri": f"duckdb:////{str(published).lstrip('/')}?access_mode=read_only",
        "expose_in_sqllab": False,
        "allow_dml": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "extra": {},
        "is_managed_externally": True,
        "uuid": identifier("database"),
        "version": "1.0.0",
    }


def _columns(connection: duckdb.DuckDBPyConnection, dataset: Dataset) -> list[tuple[str, str]]:
    try:
        rows = connection.sql(f"describe {dataset.sql}").fetchall()
    except duckdb.Error as error:
        raise DashboardError(f"dataset {dataset.name}: {error}") from error
    return [(name, str(kind)) for name, kind, *_ in rows]


def _dataset(dataset: Dataset, columns: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "table_name": dataset.name,
        "schema": "marts",
        "sql": dataset.sql,
        "main_dttm_col": dataset.time,
        "description": None,
        "filter_select_enabled": True,
        "columns": [
            {
                "column_name": name,
                "verbose_name": name.removeprefix("is_").replace("_", " ").capitalize(),
                "type": kind,
                "is_dttm": kind in ("DATE", "TIMESTAMP"),
                "groupby": True,
                "filterable": True,
                "is_active": True,
            }
            for name, kind in columns
        ],
        "metrics": [
            {
                "metric_name": metric.name,
                "verbose_name": metric.label,
                "description": metric.description,
                "expression": metric.sql,
            }
            for metric in dataset.metrics.values()
        ],
        "is_managed_externally": True,
        "database_uuid": identifier("database"),
        "uuid": identifier("dataset", dataset.name),
        "version": "1.0.0",
    }


def _require_columns(dashboard: Dashboard, chart: Chart, dataset: dict[str, Any]) -> None:
    there = {column["column_name"] for column in dataset["columns"]}
    asked = {*chart.by, *chart.across, *chart.columns}
    if missing := asked - there:
        names = ", ".join(sorted(missing))
        raise DashboardError(f"{dashboard.name}, {chart.title}: {chart.dataset} has no {names}")


def _chart(dashboard: Dashboard, chart: Chart, dataset: Dataset) -> dict[str, Any]:
    kind, more = _drawn(chart, dataset)
    conditions = [
        {"expressionType": "SQL", "clause": "WHERE", "sqlExpression": condition,
         "filterOptionName": identifier(dashboard.name, chart.title, condition)}
        for condition in (chart.where, _any_of([dataset.metrics[name].rows for name in chart.metrics]))
        if condition
    ]  # fmt: skip
    return {
        "slice_name": chart.title,
        "description": "; ".join(dataset.metrics[name].description for name in chart.metrics)
        or None,
        "viz_type": kind,
        "params": {
            "viz_type": kind,
            "adhoc_filters": conditions,
            "time_range": "No filter",
            "row_limit": chart.limit,
            **more,
        },
        "is_managed_externally": True,
        "dataset_uuid": identifier("dataset", dataset.name),
        "uuid": identifier(dashboard.name, chart.title),
        "version": "1.0.0",
    }


def _drawn(chart: Chart, dataset: Dataset) -> tuple[str, dict[str, Any]]:
    """Superset's kind of chart, and what it wants to know."""
    metrics, by = list(chart.metrics), list(chart.by)
    if chart.kind == "number":
        return "big_number_total", {
            "metric": metrics[0], "y_axis_format": chart.format, "header_font_size": 0.3,
            "subheader_font_size": 0.125,
        }  # fmt: skip
    if chart.kind in ("lines", "columns"):
        kind = {"lines": "echarts_timeseries_line", "columns": "echarts_timeseries_bar"}[chart.kind]
        return kind, {
            "x_axis": dataset.time, "time_grain_sqla": "P1M", "metrics": metrics, "groupby": by,
            "y_axis_format": chart.format, "x_axis_time_format": "%Y-%m", "tooltipTimeFormat": "%Y-%m",
            "show_legend": len(metrics) + len(by) > 1, "rich_tooltip": True, "markerEnabled": True,
            "stack": "Stack" if chart.stacked else None, "truncate_metric": True, "zoomable": False,
            "legendOrientation": "top", "legendType": "scroll",
        }  # fmt: skip
    if chart.kind == "bars":
        return "echarts_timeseries_bar", {
            "x_axis": by[0], "metrics": metrics, "groupby": by[1:], "orientation": "horizontal",
            "x_axis_sort": metrics[0], "x_axis_sort_asc": True, "y_axis_format": chart.format,
            "show_legend": bool(by[1:]), "show_value": True, "truncate_metric": True,
            "timeseries_limit_metric": metrics[0], "order_desc": True,
        }  # fmt: skip
    if chart.kind == "pivot":
        return "pivot_table_v2", {
            "groupbyRows": by, "groupbyColumns": list(chart.across), "metrics": metrics,
            "aggregateFunction": "Sum", "valueFormat": chart.format, "date_format": "%Y-%m",
            "rowTotals": False, "colTotals": True, "metricsLayout": "COLUMNS",
            "time_grain_sqla": "P1M",
            "temporal_columns_lookup": {dataset.time: True} if dataset.time else {},
        }  # fmt: skip
    if chart.kind == "table":
        return "table", {
            "query_mode": "aggregate", "groupby": by, "metrics": metrics, "order_desc": not chart.ascending,
            "timeseries_limit_metric": chart.order or metrics[0], "table_timestamp_format": "%Y-%m-%d",
            "column_config": {name: {"d3NumberFormat": _format(name, chart)} for name in metrics},
            "show_cell_bars": False,
        }  # fmt: skip
    if chart.kind == "rows":
        return "table", {
            "query_mode": "raw", "all_columns": list(chart.columns), "table_timestamp_format": "%Y-%m-%d",
            "order_by_cols": [f'["{chart.order}", {str(chart.ascending).lower()}]'],
            "show_cell_bars": False, "server_pagination": False, "page_length": 20,
            "column_config": {
                name: {"d3NumberFormat": number} for name in chart.columns if (number := _number(name))
            },
        }  # fmt: skip
    raise DashboardError(f"{chart.title}: there is no kind {chart.kind}")


def _number(column: str) -> str:
    """How a column's numbers are shown, by its name; empty for what is no number."""
    words = column.split("_")
    if words[-1] in ("rate", "attainment", "percentile", "weight") or column == "win_rate":
        return ".1%"
    if words[-1] in ("amount", "value", "numerator", "denominator", "from"):
        return ",.2~f"
    if words[-1] in ("factor", "score"):
        return ".4~f"
    return ",d" if words[-1] == "count" or words[0] == "rows" else ""


def _format(metric: str, chart: Chart) -> str:
    """A table has numbers of several kinds."""
    return ".1%" if metric.endswith("rate") else chart.format


def _dashboard(dashboard: Dashboard) -> dict[str, Any]:
    return {
        "dashboard_title": dashboard.title,
        "description": dashboard.description,
        "css": NARROW,
        "slug": dashboard.slug,
        "published": True,
        "position": _position(dashboard),
        "metadata": {
            "native_filter_configuration": [_filter(dashboard, one) for one in dashboard.filters],
            "color_scheme": "supersetColors",
            "cross_filters_enabled": False,
            "filter_bar_orientation": "HORIZONTAL",
            "refresh_frequency": 0,
        },
        "is_managed_externally": True,
        "uuid": identifier("dashboard", dashboard.name),
        "version": "1.0.0",
    }


def _position(dashboard: Dashboard) -> dict[str, Any]:
    rows = [f"ROW-{number}" for number, _ in enumerate(dashboard.rows)]
    nodes: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "GRID_ID": {"id": "GRID_ID", "type": "GRID", "children": rows, "parents": ["ROOT_ID"]},
        "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": dashboard.title}},
    }
    for row, charts in zip(rows, dashboard.rows, strict=True):
        children = [f"CHART-{identifier(dashboard.name, chart.title)}" for chart in charts]
        nodes[row] = {
            "id": row, "type": "ROW", "children": children, "parents": ["ROOT_ID", "GRID_ID"],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }  # fmt: skip
        for child, chart in zip(children, charts, strict=True):
            nodes[child] = {
                "id": child, "type": "CHART", "children": [], "parents": ["ROOT_ID", "GRID_ID", row],
                "meta": {
                    "uuid": identifier(dashboard.name, chart.title), "sliceName": chart.title,
                    "width": chart.width, "height": max(HEIGHTS.get(one.kind, 40) for one in charts),
                    "chartId": 0,
                },
            }  # fmt: skip
    return nodes


def _filter(dashboard: Dashboard, one: Filter) -> dict[str, Any]:
    values = list(one.default)
    chosen = {
        "filterState": {"value": values, "label": ", ".join(values)},
        "extraFormData": {"filters": [{"col": one.column, "op": "IN", "val": values}]},
    }
    return {
        "id": f"NATIVE_FILTER-{identifier(dashboard.name, one.name)[:12]}",
        "name": one.name,
        "type": "NATIVE_FILTER",
        # What it begins with is applied without a click.
        "requiredFirst": one.latest,
        "filterType": "filter_select",
        "targets": [{"column": {"name": one.column}, "datasetUuid": identifier("dataset", one.dataset)}],
        "controlValues": {
            "multiSelect": not (one.single or one.latest),
            "enableEmptyFilter": one.latest or one.single,
            "defaultToFirstItem": one.latest,
            "sortAscending": not one.latest,
            "inverseSelection": False,
            "searchAllOptions": False,
        },
        "defaultDataMask": chosen if values else {"filterState": {}, "extraFormData": {}},
        "cascadeParentIds": [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": []},
    }  # fmt: skip
