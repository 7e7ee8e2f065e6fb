"""What BI tools read, published after whatever was built or closed."""

from dagster import AssetKey, Failure, MaterializeResult, asset

from orchestration.defs.rankings import fct_promotion_cuts
from orchestration.defs.warehouse import POOL, after_cuts_assets, close_assets, warehouse_assets
from orchestration.lib.publish import publish
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import WarehouseError

_built = (warehouse_assets, after_cuts_assets, close_assets)
MARTS = sorted(
    {key for assets in _built for key in assets.keys if key.path[0] == "marts"}
    | set(fct_promotion_cuts.keys)
)


@asset(
    key=AssetKey(["published", "marts"]),
    # A close is published when its package has been written.
    deps=[*MARTS, AssetKey(["closes", "package"])],
    group_name="published",
    kinds={"duckdb", "parquet"},
    pool=POOL,
)
def published_marts() -> MaterializeResult[None]:
    """A version of all marts, whole or not at all: DuckDB, Parquet, and PostgreSQL where configured."""
    try:
        version = publish(Settings.from_environment())
    except WarehouseError as error:
        raise Failure(description=str(error)) from error
    return MaterializeResult(
        metadata={
            "version": version.name,
            "marts": len(version.rows),
            "dagster/row_count": sum(version.rows.values()),
            "folder": str(version.folder),
        }
    )
