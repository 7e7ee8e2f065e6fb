"""The percentile cuts, between their dbt parents and children."""

from dagster import AssetKey, MaterializeResult, asset

from orchestration.defs.warehouse import POOL
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import write_promotion_cuts


@asset(
    key=AssetKey(["marts", "rankings", "fct_promotion_cuts"]),
    deps=[AssetKey(["intermediate", "rankings", "int_promotion_candidates"])],
    group_name="rankings",
    kinds={"python", "pandas"},
    pool=POOL,
)
def fct_promotion_cuts() -> MaterializeResult[None]:
    """The percentile cuts (S0-12): who may rise, who is proposed to fall, and why."""
    rows = write_promotion_cuts(Settings.from_environment().warehouse)
    return MaterializeResult(metadata={"rows": rows})
