"""The second half of the independent reckoning: measures, scores, and what a month pays."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from functools import cached_property
from typing import Any

from orchestration.generator.reference import Reference
from orchestration.generator.reference_arithmetic import (
    FAR,
    FOUR,
    TEN,
    Row,
    holds,
    month_after,
    rounded,
)
from orchestration.lib.contract import landing_tables

Measured = dict[tuple[str, str, dt.date], list[Decimal]]
SCOPES = ("employee", "team", "role", "company")


class PayReference(Reference):
    """``pay(month)`` gives what every payee's components come to, before and after rounding."""

    @cached_property
    def measured(self) -> Measured:
        """[numerator, denominator] per employee, measure and month."""
        found: Measured = defaultdict(lambda: [Decimal(0), Decimal(0)])

        def count(employee: str, measure: str, day: dt.date, top: Any = 1, bottom: Any = 1) -> None:
            figures = found[employee, measure, day.replace(day=1)]
            figures[0] += top
            figures[1] += bottom

        kinds = {"visit": "visits", "competitor_note": "competitor_notes"}
        for row in self.rows("crm.activities"):
            if row["activity_type"] in kinds:
                count(row["employee_id"], kinds[row["activity_type"]], self.day(row["occurred_at"]))
        key_products = {
            row["product_id"] for row in self.rows("billing.products") if row["is_key_product"]
        }
        firsts = set()
        for credit in self.credits:
            if credit["kind"] in ("booked", "cancelled") and credit["product"] in key_products:
                amount = credit["credit"] if credit["kind"] == "booked" else -credit["credit"]
                count(credit["employee"], "key_product_sales", credit["day"], amount)
            if (
                credit["kind"] == "booked"
                and credit["role"] == "account_manager"
                and credit["day"] == self.first_signed[credit["account"]]
            ):
                firsts.add((credit["employee"], credit["account"], credit["day"]))
        for employee, _, day in firsts:
            count(employee, "new_customers", day)
        for (employee, _, month), is_renewed in self.customers_due.items():
            count(employee, "customer_retention", month, int(is_renewed))
        wins = {
            row["opportunity_id"]: self.day(row["closed_at"])
            for row in self.rows("crm.opportunities")
            if row["outcome"] == "won" and row["closed_at"]
        }
        for row in self.rows("crm.opportunity_team"):
            if row["opportunity_id"] in wins:
                count(row["employee_id"], "supported_wins", wins[row["opportunity_id"]])
        limit = int(self.settings["fast_response_seconds"])
        for row in self.rows("crm.service_requests"):
            answered = row["first_responded_at"]
            is_fast = answered and (answered - row["requested_at"]).total_seconds() <= limit
            day = self.day(row["requested_at"])
            count(row["employee_id"], "fast_response_rate", day, 1 if is_fast else 0)
        for row in self.rows("hr.expenses"):
            amount = self.company(row, row["incurred_on"])
            if amount is not None:
                count(row["employee_id"], "cost_control", row["incurred_on"], amount)
        return found

    @cached_property
    def customers_due(self) -> dict[tuple[str, str, dt.date], bool]:
        """Per account manager, customer and month due: whether any contract due was renewed."""
        grace = dt.timedelta(days=int(self.settings["renewal_grace_days"]))
        known_on = max(
            self.day(row["_loaded_at"]) for name in landing_tables() for row in self.rows(name)
        )
        renewing: dict[str, list[dt.date]] = defaultdict(list)
        for row in self.rows("billing.contracts"):
            if row["renews_contract_id"] and not row["cancelled_on"]:
                renewing[row["renews_contract_id"]].append(row["signed_on"])
        due: dict[tuple[str, str, dt.date], bool] = {}
        for row in self.rows("billing.contracts"):
            end = row["ends_on"]
            if not end or end > known_on or (row["cancelled_on"] or FAR) <= end:
                continue
            employee = self.holder(row["account_id"], "account_manager", end)
            if employee:
                key = employee, row["account_id"], end.replace(day=1)
                renewed = any(day <= end + grace for day in renewing[row["contract_id"]])
                due[key] = due.get(key, False) or renewed
        return due

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
                top, bottom = top + figures[0], bottom + figures[1]
            current = month_after(current)
        target = self.target(job, item["measure"], day)
        if target is None or target <= 0:
            return Decimal(0)
        weighed = bottom if measure["unit"] == "ratio" else Decimal(1)
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
