"""The gate for what commission pays beside its tiers, and how it is booked: caps, recoveries, accounts."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from orchestration.lib.contract import PROJECT_DIR, landing_tables
from orchestration.lib.problem import Problem
from orchestration.lib.score_gate import Row


def check_commission(policy: Path, rows: dict[str, list[Row]]) -> Iterable[Problem]:
    """Problems of the plan tables of commission, whose values have their types."""
    for table, (number, column), rule, message in _faults(rows):
        yield Problem(policy / f"{table}.csv", number, column, rule, message)


def _faults(rows: dict[str, list[Row]]) -> Iterable[tuple[str, tuple[int, str], str, str]]:
    """Table, row and column, rule and message."""
    for number, values in rows["policy_commission_plans"]:
        if values["paid_when"] == "collected" and values["commission_basis"] != "booked":
            rule = "commission that waits for cash is on what is booked (S0-02)"
            message = f"the basis is {values['commission_basis']}"
            yield "policy_commission_plans", (number, "paid_when"), rule, message
    currencies: dict[str, str] = {}
    for number, values in rows["policy_commission_plans"]:
        first = currencies.setdefault(values["plan_id"], values["currency"])
        if values["currency"] != first:
            rule = "a plan has one currency: another one is another plan"
            message = f"it is {values['currency'] or 'empty'}, and {first or 'empty'} before"
            yield "policy_commission_plans", (number, "currency"), rule, message
    for number, values in rows["policy_commission_caps"]:
        if Decimal(values["cap_amount"]) < 0:
            message = f"it is {values['cap_amount']}"
            rule = "a cap is not below 0 (S0-07)"
            yield "policy_commission_caps", (number, "cap_amount"), rule, message
    for number, values in rows["policy_commission_gates"]:
        if bool(values["measure"]) != bool(values["period_kind"]):
            rule = "a measure is looked at over a period, a quota over its own"
            message = "it is filled" if values["period_kind"] else "it is empty"
            yield "policy_commission_gates", (number, "period_kind"), rule, message
        if not values["measure"] and Decimal(values["threshold"]) <= 0:
            rule = "a share of the quota is above 0"
            message = f"it is {values['threshold']}"
            yield "policy_commission_gates", (number, "threshold"), rule, message
    for number, values in rows["policy_quota_ramps"]:
        if not 0 <= Decimal(values["quota_share"]) <= 1:
            rule, message = "quota_share is between 0 and 1", f"it is {values['quota_share']}"
            yield "policy_quota_ramps", (number, "quota_share"), rule, message
        if int(values["employed_month"]) < 1:
            rule, message = "the month of hire is 1", f"it is {values['employed_month']}"
            yield "policy_quota_ramps", (number, "employed_month"), rule, message
    for number, values in rows["policy_refund_recoveries"]:
        if not 0 <= Decimal(values["recovery_share"]) <= 1:
            rule = "recovery_share is between 0 and 1"
            message = f"it is {values['recovery_share']}"
            yield "policy_refund_recoveries", (number, "recovery_share"), rule, message
        if values["recovery_months"] and int(values["recovery_months"]) < 0:
            rule = "months of recovery are not below 0"
            message = f"it is {values['recovery_months']}"
            yield "policy_refund_recoveries", (number, "recovery_months"), rule, message
    for number, values in rows["policy_contract_costs"]:
        is_kept, over = values["treatment"] == "capitalise", values["amortised_over"]
        if is_kept != bool(over):
            rule = "what is capitalised is written down over a term or a life, and nothing else is"
            yield "policy_contract_costs", (number, "amortised_over"), rule, f"it is '{over}'"
        if (over == "life") != bool(values["life_months"]):
            rule = "a life has months, a term those of its contract"
            message = f"it is '{values['life_months']}'"
            yield "policy_contract_costs", (number, "life_months"), rule, message
        for name, least in (("life_months", 1), ("expensed_up_to_months", 0)):
            if values[name] and int(values[name]) < least:
                rule, message = f"{name} is {least} or more", f"it is {values[name]}"
                yield "policy_contract_costs", (number, name), rule, message
    for number, values in rows["policy_journal_accounts"]:
        if (values["entry"] == "accrual") != bool(values["component"]):
            rule = "an accrual is of a component of pay, and no other entry is"
            message = f"it is '{values['component']}'"
            yield "policy_journal_accounts", (number, "component"), rule, message
        if values["debit_account"] == values["credit_account"]:
            rule, message = "an entry goes from one account to another", "they are the same"
            yield "policy_journal_accounts", (number, "credit_account"), rule, message
    checks = {path.stem for path in (PROJECT_DIR / "models" / "checks").rglob("*.sql")}
    known = {"findings": checks, "freshness": set(landing_tables())}
    for number, values in rows["policy_close_gates"]:
        if values["subject"] not in known[values["gate_kind"]]:
            rule = "a gate is of a check (chk_...) or of a landing table (crm.opportunities)"
            message = f"there is no '{values['subject']}'"
            yield "policy_close_gates", (number, "subject"), rule, message
        if int(values["threshold"]) < 0:
            rule, message = "a threshold is not below 0", f"it is {values['threshold']}"
            yield "policy_close_gates", (number, "threshold"), rule, message
    for number, values in rows["policy_new_classes"]:
        if int(values["new_days"]) < 0:
            rule, message = "days are not below 0", f"it is {values['new_days']}"
            yield "policy_new_classes", (number, "new_days"), rule, message
