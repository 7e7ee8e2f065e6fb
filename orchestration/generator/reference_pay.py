"""The last part of the independent reckoning: what a month pays."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal

from orchestration.generator.reference_arithmetic import FOUR, holds, month_after, rounded
from orchestration.generator.reference_scores import ScoresReference


class PayReference(ScoresReference):
    """``pay(month)`` gives what every payee's components come to, before and after rounding."""

    def pay(self, month: dt.date) -> dict[tuple[str, str], Decimal]:
        """Amount per employee and component, to 4 places."""
        found: dict[tuple[str, str], Decimal] = {}
        for employee in list(self.jobs):
            base, at_risk = self.salary_parts(employee, month)
            if self.last_job(employee, month):
                found[employee, "base"] = base
            performance = Decimal(0)
            is_scored = False
            for kind in ("month", "quarter"):
                score = self.score(employee, month, kind)
                if score is None:
                    continue
                is_scored = True
                if kind == "month":
                    score = max(score, self.floor(employee, month))
                else:
                    first = self.period("quarter", month)[0]
                    months = [first, month_after(first), month]
                    at_risk = sum(
                        (self.salary_parts(employee, each)[1] for each in months), Decimal(0)
                    )
                performance += rounded(at_risk * score, FOUR)
            if is_scored:
                found[employee, "performance"] = performance
        for (employee, earned), amount in self.commission.items():
            if earned == month:
                found[employee, "commission"] = amount
        for row in self.rows("hr.pay_adjustments"):
            if row["period_month"].replace(day=1) == month and row["approved_by"]:
                key = row["employee_id"], "adjustment"
                found[key] = found.get(key, Decimal(0)) + row["amount"]
        return found

    def floor(self, employee: str, month: dt.date) -> Decimal:
        plan = self.plan(employee, month)
        for row in self.policy["policy_protection"]:
            if plan and row["plan_id"] == plan[0] and holds(row, plan[1]):
                is_protected = self.is_protected(employee, month, int(row["protected_months"]))
                if is_protected and row["floor_factor"] is not None:
                    return Decimal(row["floor_factor"])
        return Decimal(0)

    def salary_parts(self, employee: str, month: dt.date) -> tuple[Decimal, Decimal]:
        """(fixed base, salary at risk) of a month."""
        plan = self.plan(employee, month)
        share = Decimal(0)
        for row in self.policy["policy_pay_mix"]:
            if plan and row["plan_id"] == plan[0] and holds(row, plan[1]):
                share = row["salary_at_risk_share"]
        slices = self.salary(employee, month)
        at_risk = sum((rounded(part * share, FOUR) for part in slices), Decimal(0))
        return sum(slices, Decimal(0)) - at_risk, at_risk

    def totals(self, month: dt.date) -> dict[str, str]:
        """What a first close of the month posts, per component, each payee rounded to the cent."""
        units = {row["currency"]: row["unit_amount"] for row in self.policy["policy_currencies"]}
        unit = units[self.settings["company_currency"]]
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for (_, component), amount in self.pay(month).items():
            sums[component] += rounded(amount / unit, Decimal(1)) * unit
        return {name: f"{amount:.2f}" for name, amount in sorted(sums.items()) if amount}
