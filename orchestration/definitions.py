"""Dagster's entry point: ``dagster dev -m orchestration.definitions``."""

from __future__ import annotations

import sys
from pathlib import Path

from dagster import Definitions, multiprocess_executor
from dagster_dbt import DbtCliResource

from orchestration.defs.closes import close_gates, close_package
from orchestration.defs.landing import landing_assets, landing_changed
from orchestration.defs.publishing import published_marts
from orchestration.defs.rankings import fct_promotion_cuts
from orchestration.defs.schedules import (
    close_job,
    cuts_job,
    monthly_close,
    nightly_refresh,
    quarterly_cuts,
    refresh_job,
)
from orchestration.defs.warehouse import (
    after_cuts_assets,
    close_assets,
    project,
    warehouse_assets,
)

defs = Definitions(
    assets=[
        landing_assets,
        warehouse_assets,
        fct_promotion_cuts,
        after_cuts_assets,
        close_gates,
        close_assets,
        close_package,
        published_marts,
    ],
    jobs=[refresh_job, cuts_job, close_job],
    schedules=[nightly_refresh, quarterly_cuts, monthly_close],
    sensors=[landing_changed],
    # A step is a process of its own that has read all this when it begins.
    executor=multiprocess_executor.configured(
        {"start_method": {"forkserver": {"preload_modules": ["orchestration.definitions"]}}}
    ),
    # The dbt of this environment, wherever PATH points, without files that nobody reads.
    resources={
        "dbt": DbtCliResource(
            project_dir=project,
            dbt_executable=str(Path(sys.executable).with_name("plumbline-dbt")),
            global_config_flags=["--no-write-json", "--log-level-file", "none"],
        )
    },
)
