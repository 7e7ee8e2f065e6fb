"""How a run went, told to people: a line in the log and a webhook (``PLUMBLINE_WEBHOOK``)."""

from __future__ import annotations

from dagster import HookContext, failure_hook, success_hook

from orchestration.lib.notify import notify

# The step with which a job is done.
LAST_STEPS = {
    "close": "closes__package",
    "refresh": "dbt_after_the_cuts",
    "cuts": "dbt_after_the_cuts",
}


def _month(context: HookContext) -> dict[str, str]:
    run = context.instance.get_run_by_id(context.run_id)
    key = run.tags.get("dagster/partition") if run else None
    return {"month": key[:7]} if key else {}


@failure_hook(name="tell_failure")
def tell_failure(context: HookContext) -> None:
    """Say which step failed, and why."""
    error = context.op_exception
    notify(
        f"Plumbline: {context.job_name} failed at {context.op.name}",
        is_good=False,
        job=context.job_name,
        step=context.op.name,
        run_id=context.run_id,
        error=str(error) if error else "",
        **_month(context),
    )


@success_hook(name="tell_success")
def tell_success(context: HookContext) -> None:
    """Say that a job is done, once its last step is."""
    if context.op.name != LAST_STEPS.get(context.job_name):
        return
    notify(
        f"Plumbline: {context.job_name} is done",
        is_good=True,
        job=context.job_name,
        run_id=context.run_id,
        **_month(context),
    )
