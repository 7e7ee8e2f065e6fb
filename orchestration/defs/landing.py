"""The landed tables as assets: checked before anything is built from them, and watched for new files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

from dagster import (
    AssetKey,
    AssetSpec,
    DefaultSensorStatus,
    Failure,
    FreshnessPolicy,
    MaterializeResult,
    MetadataValue,
    RunRequest,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    multi_asset,
    sensor,
)

from orchestration.lib.build import GateError, require_sound_input
from orchestration.lib.contract import landing_tables
from orchestration.lib.landing import find_files, stamp
from orchestration.lib.policy import digest_of_text
from orchestration.lib.settings import Settings

# A night without a load is a warning, two are a failure.
LANDED = FreshnessPolicy.time_window(
    warn_window=timedelta(hours=36), fail_window=timedelta(hours=60)
)
MOST_PROBLEMS_SHOWN = 50


@multi_asset(
    name="landing",
    specs=[
        AssetSpec(
            AssetKey(["landing", table.system, table.name]),
            group_name=table.system,
            freshness_policy=LANDED,
            kinds={"file"},
        )
        for table in landing_tables().values()
    ],
)
def landing_assets() -> Iterator[MaterializeResult[None]]:
    """The gate: landing holds to its contract and the policy is sound, or nothing is built."""
    settings = Settings.from_environment()
    try:
        require_sound_input(settings)
    except GateError as error:
        shown = [f"- {problem}" for problem in error.problems[:MOST_PROBLEMS_SHOWN]]
        raise Failure(
            description=str(error),
            metadata={"problems": MetadataValue.md("\n".join(shown))},
            allow_retries=False,
        ) from error
    for landed in find_files(settings.landing):
        stamps = [stamp(path) for path in landed.files]
        yield MaterializeResult(
            asset_key=AssetKey(["landing", landed.table.system, landed.table.name]),
            metadata={"files": len(stamps), "bytes": sum(size for size, _ in stamps)},
        )


def fingerprint(settings: Settings) -> str:
    """Of the landed files: names, sizes, times of change."""
    root = settings.landing.resolve()
    return digest_of_text(
        f"{path.relative_to(root)} {stamp(path)}"
        for landed in find_files(settings.landing)
        for path in landed.files
    )


@sensor(
    name="landing_changed",
    job_name="refresh",
    minimum_interval_seconds=60,
    default_status=DefaultSensorStatus.STOPPED,
)
def landing_changed(context: SensorEvaluationContext) -> SensorResult | SkipReason:
    """Refresh when files have come and no more are being written: two looks in a row see the same."""
    now = fingerprint(Settings.from_environment())
    before = json.loads(context.cursor) if context.cursor else {"seen": None, "asked": None}
    cursor = json.dumps({"seen": now, "asked": before["asked"]})
    if now == before["asked"]:
        return SensorResult(skip_reason="nothing has been landed since", cursor=cursor)
    if now != before["seen"]:
        return SensorResult(skip_reason="files are coming in: looked at once more", cursor=cursor)
    return SensorResult(
        run_requests=[RunRequest(run_key=f"landed-{now}")],
        cursor=json.dumps({"seen": now, "asked": now}),
    )
