"""Jobs and schedules: the nightly refresh and the monthly close."""

from datetime import date, timedelta

from dagster import (
    AssetSelection,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SkipReason,
    define_asset_job,
    schedule,
)

from orchestration.defs.closes import close_package
from orchestration.defs.rankings import fct_promotion_cuts
from orchestration.defs.warehouse import (
    after_cuts_assets,
    close_assets,
    months,
    warehouse_assets,
)
from orchestration.lib.policy import policy_setting
from orchestration.lib.settings import Settings

_refreshed = AssetSelection.assets(warehouse_assets, fct_promotion_cuts, after_cuts_assets)
_time_zone = policy_setting(Settings.from_environment().policy, "company_time_zone", "UTC")

refresh_job = define_asset_job(
    "refresh", _refreshed, description="Everything but the ledger, as things are known now."
)
close_job = define_asset_job(
    "close",
    _refreshed | AssetSelection.assets(close_assets, close_package),
    partitions_def=months,
    description="Refresh, then post what is computed and not yet posted for the month.",
)

nightly_refresh = ScheduleDefinition(
    name="nightly_refresh",
    job=refresh_job,
    cron_schedule="0 2 * * *",
    execution_timezone=_time_zone,
)


def business_day(month: date, number: int) -> date:
    """The ``number``-th day of a month that is no Saturday or Sunday; the first is 1."""
    day = month.replace(day=1)
    while True:
        if day.weekday() < 5:
            number -= 1
            if number <= 0:
                return day
        day += timedelta(days=1)


@schedule(
    name="monthly_close", job=close_job, cron_schedule="0 6 * * *", execution_timezone=_time_zone
)
def monthly_close(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
    """Close the month before on the business day that the setting ``close_business_day`` names."""
    today = context.scheduled_execution_time.date()
    number = int(policy_setting(Settings.from_environment().policy, "close_business_day", "3"))
    day = business_day(today, number)
    if today != day:
        return SkipReason(f"the close is on {day}, business day {number} of the month")
    last_month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    return RunRequest(run_key=f"close-{last_month:%Y-%m}", partition_key=last_month.isoformat())
