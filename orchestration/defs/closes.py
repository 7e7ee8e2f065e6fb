"""What stands before a close, and what it leaves beside the warehouse."""

from datetime import date

from dagster import AssetExecutionContext, AssetKey, Failure, MaterializeResult, asset

from orchestration.defs.warehouse import CLOSE_GATES, POOL, months
from orchestration.lib.build import require_closable, write_package
from orchestration.lib.close_gates import (
    finding_gates,
    freshness_gates,
    require_open,
    total_gate,
)
from orchestration.lib.close_package import closed_months
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import WarehouseError


@asset(
    key=CLOSE_GATES,
    # Everything that is computed: the last of it to be built.
    deps=[
        AssetKey(["intermediate", "pay", "int_payable_amounts"]),
        AssetKey(["marts", "rankings", "fct_grade_moves"]),
    ],
    partitions_def=months,
    group_name="pay",
    kinds={"python"},
    pool=POOL,
)
def close_gates(context: AssetExecutionContext) -> MaterializeResult[None]:
    """Whether the month may be closed: it is its turn, ledger and packages agree, the gates are open."""
    settings = Settings.from_environment()
    month = date.fromisoformat(context.partition_key)
    try:
        if month not in closed_months(settings.warehouse):
            require_closable(settings, month)
            gates = [
                *freshness_gates(settings, month, None),
                *finding_gates(settings, settings.warehouse),
            ]
            require_open(month, gates)
    except WarehouseError as error:
        raise Failure(description=str(error), allow_retries=False) from error
    return MaterializeResult(metadata={"month": f"{month:%Y-%m}"})


@asset(
    key=AssetKey(["closes", "package"]),
    deps=[
        AssetKey(["marts", "pay", "fct_closes"]),
        AssetKey(["marts", "pay", "fct_pay_statements"]),
        AssetKey(["marts", "pay", "fct_pay_disputes"]),
        AssetKey(["marts", "accounting", "fct_contract_cost_movements"]),
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
    settings = Settings.from_environment()
    month = date.fromisoformat(context.partition_key)
    try:
        if month == max(closed_months(settings.warehouse), default=None):
            require_open(month, [total_gate(settings.warehouse, month)])
        folder = write_package(settings, month)
    except WarehouseError as error:
        raise Failure(description=str(error), allow_retries=False) from error
    return MaterializeResult(metadata={"folder": str(folder)})
