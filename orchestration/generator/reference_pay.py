"""The last part of the independent reckoning: scores, and what a month pays."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal

from orchestration.generator.reference_arithmetic import FOUR, TEN, Row, holds, month_after, rounded
from orchestration.generator.reference_measures import MeasuresReference

SCOPES = ("employee", "team", "role", "company")


class PayReference(MeasuresReference):
    """``pay(month)`` gives what every payee's components come to, before and after rounding."""

    def target(self, job: Row, measure: str, day: dt.date) -> Decimal | None:
        """The narrowest target that holds: employee, team, role, company."""
        scope_ids = {"employee": job["employee_id"], "team": job["team_id"], "role": job["role"]}
        for scope in SCOPES:
            rows = [
                row
                for row in self.rows("hr.targets")
                if row["scope_type"] == scope
                and row["measure"] == measure
                and holds(row, day)
                and scope_ids.get(scope, row["scope_id"]) == row["scope_id"]
            ]
            if rows:
                best = min(rows, key=lambda row: (-row["valid_from"].toordinal(), row["target_id"]))
                value: Decimal = best["target_value"]
                return value
        return None

    def factor(self, curve_id: str, actual: Decimal, aim: Decimal) -> Decimal:
        """The payout factor; the segment is found by multiplying, never by the quotient."""
        for row in self.policy["policy_payout_curves"]:
            upper = row["attainment_to"]
            if (
                row["curve_id"] == curve_id
                and actual >= row["attainment_from"] * aim
                and (upper is None or actual < upper * aim)
            ):
                r = min(rounded(actual / aim, TEN), Decimal("9999.9999999999"))
                value = row["c0"] + row["c1"] * r + row["c2"] * r * r
                return Decimal(min(row["cap"], rounded(value, TEN)))
        raise ValueError(f"{curve_id} has no segment for {actual} of {aim}")

    def score(self, employee: str, month: dt.date, kind: str) -> Decimal | None:
        """The score of a month or of the quarter that ends with it; None where none is due."""
        found, job_day = self.plan(employee, month), self.last_job(employee, month)
        if not found or not job_day:
            return None
        plan_id, day = found
        start = self.period(kind, month)[0]
        if month_after(month) != self.period(kind, month)[1]:
            return None
        measures = {row["measure"]: row for row in self.policy["policy_measures"]}
        total, is_scored = Decimal(0), False
        for item in self.policy["policy_score_items"]:
            if item["plan_id"] != plan_id or item["period_kind"] != kind or not holds(item, day):
                continue
            is_scored = True
            total += rounded(
                item["weight"] * self.item_factor(item, measures, job_day[0], day, start, month),
                TEN,
            )
        return total if is_scored else None

    def item_factor(
        self,
        item: Row,
        measures: dict[str, Row],
        job: Row,
        day: dt.date,
        start: dt.date,
        month: dt.date,
    ) -> Decimal:
        measure = measures[item["measure"]]
        top, bottom = Decimal(0), Decimal(0)
        current = start
        while current <= month:
            figures = self.measured.get((job["employee_id"], item["measure"], current))
            if figures:
                top, bottom = top + figures[0], bottom + (figures[1] or 0)
            current = month_after(current)
        target = self.target(job, item["measure"], day)
        if target is None or target <= 0:
            return Decimal(0)
        weighed = bottom if measure["has_denominator"] else Decimal(1)
        if weighed == 0:
            return item["factor_when_nothing_due"] or Decimal(0)
        actual, aim = max(top, Decimal(0)), target * weighed
        if measure["direction"] == "lower_is_better":
            actual, aim = aim, actual
        if aim == 0:
            caps = self.policy["policy_payout_curves"]
            return Decimal(max(row["cap"] for row in caps if row["curve_id"] == item["curve_id"]))
        return self.factor(item["curve_id"], actual, aim)

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
