"""The dbt project as Dagster assets, keyed and grouped by folder."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetSpec,
    FreshnessPolicy,
    MonthlyPartitionsDefinition,
)
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets

from orchestration.lib.close_package import closed_months
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.period_events import (
    digest_of,
    needs_review,
    require_reviewed,
    to_post,
    user,
)
from orchestration.lib.policy import policy_digest
from orchestration.lib.settings import Settings

# One writer at a time to a DuckDB file: a pool of one (dagster.yaml).
POOL = "warehouse"
FIRST_CLOSE = "2020-01-01"
# What must hold before anything is posted (orchestration/defs/closes.py).
CLOSE_GATES = AssetKey(["closes", "gates"])
LEDGER = "fct_pay_ledger"
# Unit tests prove the rules, not this month's data: `make test` runs them.
BUILD = ["build", "--exclude-resource-type", "unit_test"]
# What only a close changes.
POSTED = (LEDGER, "fct_closes", "fct_pay_statements")
# Marts are refreshed every night.
REFRESHED = FreshnessPolicy.time_window(
    warn_window=timedelta(hours=26), fail_window=timedelta(hours=50)
)

# `make ui` and the tests run `dbt parse` first, which writes the manifest that is read here.
project = DbtProject(project_dir=PROJECT_DIR, profiles_dir=PROJECT_DIR / "profiles")
months = MonthlyPartitionsDefinition(start_date=FIRST_CLOSE)


class ByFolder(DagsterDbtTranslator):
    """Keys and groups from a model's folder: ``marts/pay/fct_pay_ledger`` in group ``pay``."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        configured = dbt_resource_props.get("meta", {}).get("dagster", {}).get("asset_key")
        if configured:
            return AssetKey(configured)
        if dbt_resource_props["resource_type"] == "model":
            return AssetKey(list(dbt_resource_props["fqn"][1:]))
        if dbt_resource_props["resource_type"] == "seed":
            return AssetKey(["policy", dbt_resource_props["name"]])
        if dbt_resource_props["resource_type"] == "source":
            return AssetKey(
                ["landing", dbt_resource_props["source_name"], dbt_resource_props["name"]]
            )
        return super().get_asset_key(dbt_resource_props)

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> AssetSpec:
        """As dbt has it; the ledger waits for the gates of the close, and marts are to be fresh."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        if spec.key.path[-1] == LEDGER:
            spec = spec.replace_attributes(deps=[*spec.deps, CLOSE_GATES])
        if spec.key.path[0] == "marts" and spec.key.path[-1] not in POSTED:
            spec = spec.replace_attributes(freshness_policy=REFRESHED)
        return spec

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        if dbt_resource_props["resource_type"] == "seed":
            return "policy"
        return str(dbt_resource_props["fqn"][-2])


@dbt_assets(
    manifest=project.manifest_path,
    project=project,
    name="dbt_warehouse",
    exclude="source:orchestration.fct_promotion_cuts+ fct_pay_ledger+",
    dagster_dbt_translator=ByFolder(),
    pool=POOL,
)
def warehouse_assets(context: AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    """Policy, staging, facts, measures, scores, commissions, computed pay, checks."""
    yield from dbt.cli(BUILD, context=context).stream()


@dbt_assets(
    manifest=project.manifest_path,
    project=project,
    name="dbt_after_the_cuts",
    select="source:orchestration.fct_promotion_cuts+",
    dagster_dbt_translator=ByFolder(),
    pool=POOL,
)
def after_cuts_assets(context: AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    """What reads the percentile cuts."""
    yield from dbt.cli(BUILD, context=context).stream()


@dbt_assets(
    manifest=project.manifest_path,
    project=project,
    name="dbt_close",
    select="fct_pay_ledger+",
    dagster_dbt_translator=ByFolder(),
    partitions_def=months,
    pool=POOL,
)
def close_assets(context: AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    """The ledger, the closes and the statements: materializing a month closes it."""
    settings = Settings.from_environment()
    month = date.fromisoformat(context.partition_key)
    if needs_review(settings) and month not in closed_months(settings.warehouse):
        require_reviewed(settings, month, digest_of(to_post(settings.warehouse, month)), user())
    variables = (
        f'{{"close_month": "{context.partition_key}",'
        f' "policy_digest": "{policy_digest(settings.policy)}"}}'
    )
    yield from dbt.cli([*BUILD, "--vars", variables], context=context).stream()
