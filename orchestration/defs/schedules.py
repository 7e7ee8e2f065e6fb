"""Jobs and schedules: the nightly refresh, the quarterly cuts and the monthly close."""

from datetime import date, timedelta

from dagster import (
    AssetSelection,
    Backoff,
    RetryPolicy,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SkipReason,
    define_asset_job,
    schedule,
)

from orchestration.defs.closes import close_gates, close_package
from orchestration.defs.hooks import tell_failure, tell_success
from orchestration.defs.landing import landing_assets
from orchestration.defs.publishing import published_marts
from orchestration.defs.rankings import fct_promotion_cuts
from orchestration.defs.warehouse import (
    after_cuts_assets,
    close_assets,
    months,
    warehouse_assets,
)
from orchestration.lib.business_days import business_day, working_days
from orchestration.lib.policy import policy_setting
from orchestration.lib.settings import Settings

_cut = AssetSelection.assets(fct_promotion_cuts, after_cuts_assets)
_published = AssetSelection.assets(published_marts)
_refreshed = AssetSelection.assets(landing_assets, warehouse_assets) | _cut | _published
_time_zone = policy_setting(Settings.from_environment().policy, "company_time_zone", "UTC")
_hooks = frozenset({tell_failure, tell_success})
# Every step may be run twice: what is built is built anew, what is posted is not posted again.
_retries = RetryPolicy(max_retries=2, delay=30, backoff=Backoff.EXPONENTIAL)

refresh_job = define_asset_job(
    "refresh",
    _refreshed,
    description="Everything but the ledger, as things are known now, and published for BI tools.",
    hooks=_hooks,
    op_retry_policy=_retries,
)
cuts_job = define_asset_job(
    "cuts",
    _cut,
    description="The percentile cuts of the pools, and the grade moves that they propose.",
    hooks=_hooks,
    op_retry_policy=_retries,
)
close_job = define_asset_job(
    "close",
    _refreshed | AssetSelection.assets(close_gates, close_assets, close_package),
    partitions_def=months,
    description="Refresh, pass the gates, post what is computed and not yet posted for the month; publish.",
    hooks=_hooks,
    op_retry_policy=_retries,
)

nightly_refresh = ScheduleDefinition(
    name="nightly_refresh",
    job=refresh_job,
    cron_schedule="0 2 * * *",
    execution_timezone=_time_zone,
)


def _close_day(today: date) -> date:
    policy = Settings.from_environment().policy
    number = int(policy_setting(policy, "close_business_day", "3"))
    return business_day(today, number, working_days(policy))


@schedule(
    name="monthly_close", job=close_job, cron_schedule="0 6 * * *", execution_timezone=_time_zone
)
def monthly_close(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
    """Close the month before on the business day that the setting ``close_business_day`` names."""
    today = context.scheduled_execution_time.date()
    if today != (day := _close_day(today)):
        return SkipReason(f"the close is on {day}")
    last_month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    return RunRequest(run_key=f"close-{last_month:%Y-%m}", partition_key=last_month.isoformat())


@schedule(
    name="quarterly_cuts", job=cuts_job, cron_schedule="0 8 * * *", execution_timezone=_time_zone
)
def quarterly_cuts(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
    """Cut the pools on the day of the close that follows the end of a fiscal quarter."""
    today = context.scheduled_execution_time.date()
    policy = Settings.from_environment().policy
    first_month = int(policy_setting(policy, "fiscal_year_start_month", "1"))
    if (today.month - first_month) % 3:
        return SkipReason("no fiscal quarter ended last month")
    if today != (day := _close_day(today)):
        return SkipReason(f"the cuts are made on {day}")
    return RunRequest(run_key=f"cuts-{today:%Y-%m}")
