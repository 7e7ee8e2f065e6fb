"""What a close leaves beside the warehouse."""

from datetime import date

from dagster import AssetExecutionContext, AssetKey, MaterializeResult, asset

from orchestration.defs.warehouse import POOL, months
from orchestration.lib.build import write_package
from orchestration.lib.settings import Settings


@asset(
    key=AssetKey(["closes", "package"]),
    deps=[
        AssetKey(["marts", "pay", "fct_closes"]),
        AssetKey(["marts", "pay", "fct_pay_statements"]),
        AssetKey(["marts", "commissions", "fct_commission_lines"]),
        AssetKey(["marts", "scores", "fct_score_items"]),
        AssetKey(["marts", "scores", "fct_scores"]),
    ],
    partitions_def=months,
    group_name="pay",
    kinds={"python"},
    pool=POOL,
)
def close_package(context: AssetExecutionContext) -> MaterializeResult[None]:
    """The package of the closed month: ledger, statements, inputs, policy, and their SHA-256."""
    folder = write_package(Settings.from_environment(), date.fromisoformat(context.partition_key))
    return MaterializeResult(metadata={"folder": str(folder)})
