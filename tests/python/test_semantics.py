"""The semantic layer: what ``mf query`` answers is what the marts have."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.dashboards import semantic_metrics
from orchestration.lib.policy import csv_rows
from orchestration.lib.publish import publish
from tests.python.conftest import TARGET, Company

MF = str(Path(sys.executable).with_name("mf"))
FOLDER = PROJECT_DIR / "models" / "semantics"
Rows = list[dict[str, str]]
Ask = Callable[..., Rows]


@pytest.fixture(scope="module")
def published(closed_demo: Company, tmp_path_factory: pytest.TempPathFactory) -> Company:
    company = closed_demo.copy_to(tmp_path_factory.mktemp("published"))
    publish(company.settings)
    return company


@pytest.fixture(scope="module")
def ask(published: Company, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """``mf query`` with its answer as rows of text."""
    folder = tmp_path_factory.mktemp("answers")
    more = {
        "DBT_PROFILES_DIR": str(PROJECT_DIR / "profiles" / "published"),
        "PLUMBLINE_PUBLISHED": str(published.settings.published),
        "DBT_TARGET_PATH": str(TARGET / "semantics"),
    }
    parsed = published.run(sys.executable, "-m", "dbt.cli.main", "parse", "--quiet", **more)
    assert parsed.returncode == 0, parsed.stdout + parsed.stderr
    # mf reads the project's own target folder, whatever dbt is told.
    (PROJECT_DIR / "target").mkdir(exist_ok=True)
    shutil.copyfile(
        TARGET / "semantics" / "semantic_manifest.json",
        PROJECT_DIR / "target" / "semantic_manifest.json",
    )
    numbers = iter(range(1_000))

    def query(*arguments: str) -> Rows:
        file = folder / f"{next(numbers)}.csv"
        done: subprocess.CompletedProcess[str] = published.run(
            MF, "query", *arguments, "--csv", str(file), **more
        )
        assert done.returncode == 0, done.stdout + done.stderr
        with file.open(newline="") as content:
            return list(csv.DictReader(content))

    return query


def in_marts(company: Company, query: str) -> list[tuple[Any, ...]]:
    file = company.settings.published / "current" / "plumbline.duckdb"
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(query).fetchall()


def close_to(text: str, expected: Decimal | None) -> bool:
    """A sum is the same to the last place; a ratio is a floating-point number there."""
    if expected is None or not text:
        return expected is None and not text
    return abs(Decimal(text) - expected) <= abs(expected) * Decimal("1e-12")


def test_every_measure_in_every_month_is_what_the_mart_has(published: Company, ask: Ask) -> None:
    described = yaml.safe_load((FOLDER / "measures.yml").read_text(encoding="utf-8"))
    has_denominator = {
        row["measure"]: row["has_denominator"] == "true"
        for row in csv_rows(PROJECT_DIR / "seeds" / "policy" / "policy_measures.csv")
    }
    names = [metric["name"] for metric in described["metrics"] if metric["name"] in has_denominator]
    for metric in described["metrics"]:
        if metric["name"] in names:
            assert (metric["type"] == "ratio") == has_denominator[metric["name"]]
    assert len(names) > 30
    answer = ask("--metrics", ",".join(names), "--group-by", "metric_time__month")
    expected = {
        (f"{month:%Y-%m-%d}", measure): (numerator, denominator)
        for month, measure, numerator, denominator in in_marts(
            published,
            "select period_month, measure, sum(numerator), sum(denominator) from marts.fct_measures"
            " group by all",
        )
    }
    compared = 0
    for row in answer:
        month = row["metric_time__month"][:10]
        for name in names:
            numerator, denominator = expected.get((month, name), (None, None))
            value = numerator
            if has_denominator[name] and numerator is not None:
                value = numerator / denominator if denominator else None
            assert close_to(row[name], value), (month, name, row[name], value)
            compared += value is not None
    assert compared > 400


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        (
            ["--metrics", "commission", "--group-by", "metric_time__month"],
            "select strftime(period_month, '%Y-%m-%d'), sum(company_amount) from marts.fct_commissions"
            " group by 1",
        ),
        (
            ["--metrics", "posted_pay", "--group-by", "ledger_entry__component,ledger_entry__currency"],
            "select component, currency, sum(amount) from marts.fct_pay_ledger group by 1, 2",
        ),
        (
            ["--metrics", "payees_paid", "--group-by", "ledger_entry__currency"],
            "select currency, count(distinct employee_id) from marts.fct_pay_ledger group by 1",
        ),
        (
            ["--metrics", "pay_over_target", "--group-by", "target_row__role,target_row__currency"],
            "select role, currency, sum(computed_amount) / sum(target_amount)"
            " from marts.fct_target_pay group by 1, 2",
        ),
        (
            ["--metrics", "amortised_costs", "--group-by", "contract_cost_row__currency"],
            "select currency, sum(amortised_amount) from marts.fct_contract_cost_movements group by 1",
        ),
        (
            ["--metrics", "open_amount", "--group-by", "deal__currency"],
            "select currency, sum(amount) from marts.fct_opportunities where outcome = 'open' group by 1",
        ),
        (
            ["--metrics", "average_score", "--group-by", "scored_row__period_kind"],
            "select period_kind, sum(score) / count(score) from marts.fct_scores group by 1",
        ),
        (
            ["--metrics", "attainment", "--group-by", "quota_row__currency"],
            "select currency, sum(sales_amount) / sum(quota_amount) from marts.fct_quota_attainment"
            " group by 1",
        ),
        (
            ["--metrics", "booked_sales", "--group-by", "employee__role"],
            "select role, sum(numerator) from marts.fct_measures inner join marts.dim_employees"
            " using (employee_id) where measure = 'booked_sales' group by 1",
        ),
        (
            ["--metrics", "win_rate", "--group-by", "measured_row__region",
             "--where", "{{ TimeDimension('metric_time', 'month') }} >= '2026-01-01'"],
            "select region, sum(numerator) / sum(denominator) from marts.fct_measures"
            " where measure = 'win_rate' and period_month >= '2026-01-01' group by 1",
        ),
        (
            ["--metrics", "commission_rate_of_sales", "--group-by", "metric_time__year"],
            "select strftime(date_trunc('year', period_month), '%Y-%m-%d'),"
            " sum(paid) / sum(sold) from ("
            "select period_month, company_amount as paid, null as sold from marts.fct_commissions"
            " union all select period_month, null, numerator from marts.fct_measures"
            " where measure = 'booked_sales') group by 1",
        ),
    ],
    ids=lambda value: value[1] if isinstance(value, list) else "",
)  # fmt: skip
def test_a_metric_by_a_dimension_is_what_the_marts_have(
    published: Company, ask: Ask, arguments: list[str], query: str
) -> None:
    expected = {
        tuple(key or "" for key in keys): value for *keys, value in in_marts(published, query)
    }
    answer = [list(row.values()) for row in ask(*arguments)]
    found = {
        tuple(key.removesuffix(" 00:00:00").removesuffix("T00:00:00") for key in keys): value
        for *keys, value in answer
    }
    assert found.keys() == expected.keys()
    for keys, value in found.items():
        was = expected[keys]
        assert close_to(value, None if was is None else Decimal(str(was))), keys


def test_every_metric_as_dashboards_write_it_in_sql_is_what_mf_answers(
    published: Company, ask: Ask
) -> None:
    described = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.yml")]
    models = {
        model["name"]: model for file in described for model in file.get("semantic_models", [])
    }
    written = semantic_metrics()
    assert sum(map(len, written.values())) > 55
    compared = 0
    for name, metrics in written.items():
        mart = re.sub(r"ref\('(\w+)'\)", r"marts.\1", models[name]["model"])
        time = models[name]["defaults"]["agg_time_dimension"]
        numbers = ", ".join(f"{metric.sql} as {metric.name}" for metric in metrics)
        expected = {
            f"{month:%Y-%m-%d}": values
            for month, *values in in_marts(
                published,
                f"select {time}, {numbers} from {mart} where {time} is not null group by 1",
            )
        }
        names = [metric.name for metric in metrics]
        answer = ask("--metrics", ",".join(names), "--group-by", "metric_time__month")
        assert {row["metric_time__month"][:10] for row in answer} == expected.keys()
        for row in answer:
            for metric, value in zip(names, expected[row["metric_time__month"][:10]], strict=True):
                ours = None if value is None else Decimal(str(value))
                # A count of nothing is empty there, and none here.
                assert close_to(row[metric], ours) or (not row[metric] and ours == 0), (metric, row)
                compared += ours is not None
    assert compared > 800


def test_every_saved_query_answers(ask: Ask) -> None:
    saved = yaml.safe_load((FOLDER / "saved_queries.yml").read_text(encoding="utf-8"))
    for query in saved["saved_queries"]:
        rows = ask("--saved-query", query["name"])
        assert rows and len(rows[0]) == sum(map(len, query["query_params"].values()))


def test_every_metric_says_what_it_is() -> None:
    described = [
        metric
        for path in FOLDER.glob("*.yml")
        for metric in yaml.safe_load(path.read_text(encoding="utf-8")).get("metrics", [])
    ]
    assert len({metric["name"] for metric in described}) == len(described) > 80
    assert all(metric["description"] and metric["label"] for metric in described)
