"""The third part of the independent reckoning: every measure of RULES 3, row by row."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from functools import cached_property
from typing import Any

from orchestration.generator.reference import Reference
from orchestration.generator.reference_arithmetic import FAR, FOUR, Row, holds, month_after, rounded
from orchestration.lib.contract import landing_tables

# (numerator, denominator) per employee, measure and month; a plain count has no denominator.
Measured = dict[tuple[str, str, dt.date], tuple[Decimal, Decimal | None]]
Count = Callable[..., None]
KINDS = {
    "visit": "visits",
    "call": "calls",
    "email": "emails",
    "demo": "demos",
    "competitor_note": "competitor_notes",
}
DAY = dt.timedelta(days=1)


class MeasuresReference(Reference):
    """``measured`` gives every payee's measures of every month."""

    @cached_property
    def measured(self) -> Measured:
        """Every measure that has a row in ``policy_measures``, for whoever has something to show."""
        tops: dict[tuple[str, str, dt.date], Decimal] = defaultdict(Decimal)
        bottoms: dict[tuple[str, str, dt.date], Decimal] = {}

        def count(
            employee: str | None, measure: str, day: dt.date, top: Any = 1, bottom: Any = None
        ) -> None:
            if employee is None:
                return
            key = employee, measure, day.replace(day=1)
            tops[key] += top
            if bottom is not None:
                bottoms[key] = bottoms.get(key, Decimal(0)) + bottom

        self._activities(count)
        self._deals(count)
        self._conversions(count)
        self._service(count)
        self._customers(count)
        self._renewals(count)
        self._sales_and_costs(count)
        return {key: (top, bottoms.get(key)) for key, top in tops.items()}

    def _activities(self, count: Count) -> None:
        met: set[tuple[str, str, dt.date]] = set()
        for row in self.rows("crm.activities"):
            day = self.day(row["occurred_at"])
            if row["activity_type"] in KINDS:
                count(row["employee_id"], KINDS[row["activity_type"]], day)
            found = (
                self.plan(row["employee_id"], day.replace(day=1)) if row["employee_id"] else None
            )
            if row["activity_type"] == "call" and found and found[0]:
                count(row["employee_id"], "calls_per_working_day", day, 1, 0)
            if row["is_recontactable"]:
                met.add((row["employee_id"], row["account_id"], day.replace(day=1)))
        for employee, _, month in met:
            count(employee, "recontactable_customers", month)
        for employee in self.jobs:
            for month in self.months:
                days = self.working_days(employee, month)
                found = self.plan(employee, month)
                if days and found and found[0]:
                    count(employee, "calls_per_working_day", month, 0, days)

    @cached_property
    def months(self) -> list[dt.date]:
        """From the first month in which anything was sold or done to the last that is known."""
        month, months = self.first_month, []
        while month <= self.known_on:
            months.append(month)
            month = month_after(month)
        return months

    @cached_property
    def known_on(self) -> dt.date:
        return max(
            self.day(row["_loaded_at"]) for name in landing_tables() for row in self.rows(name)
        )

    def working_days(self, employee: str, month: dt.date) -> int:
        """Days of the month that are worked, by an employee who has a job and is not absent."""
        absences = [row for row in self.rows("hr.absences") if row["employee_id"] == employee]
        days, day = 0, month
        while day < month_after(month):
            has_job = any(job["valid_from"] <= day < job["end"] for job in self.jobs[employee])
            is_absent = any(holds(row, day) for row in absences)
            days += has_job and not is_absent and self.calendar.get(day, day.weekday() < 5)
            day += DAY
        return days

    @cached_property
    def calendar(self) -> dict[dt.date, bool]:
        """Days that work otherwise than their weekday."""
        rows = self.policy["policy_calendar"]
        return {row["calendar_day"]: row["is_working_day"] for row in rows}

    def _deals(self, count: Count) -> None:
        wins: dict[str, dt.date] = {}
        for row in self.rows("crm.opportunities"):
            owner, created = row["owner_id"], self.day(row["created_at"])
            is_won = row["outcome"] == "won"
            count(owner, "win_rate", created, int(is_won), 1)
            amount = self.company(row, created)
            if amount is not None:
                count(owner, "win_rate_by_amount", created, amount if is_won else 0, amount)
            if row["outcome"] not in ("won", "lost") or not row["closed_at"]:
                continue
            closed = self.day(row["closed_at"])
            if is_won:
                wins[row["opportunity_id"]] = closed
            count(owner, "win_rate_of_closed", closed, int(is_won), 1)
            if not row["first_follow_up_at"]:
                count(owner, "deals_without_follow_up", closed)
                continue
            cycle = (closed - self.day(row["first_follow_up_at"])).days
            if cycle >= 0:
                count(owner, "sales_cycle" if is_won else "sales_cycle_lost", closed, cycle, 1)
                count(owner, "sales_cycle_all", closed, cycle, 1)
        for row in self.rows("crm.opportunity_team"):
            if row["opportunity_id"] in wins:
                count(row["employee_id"], "supported_wins", wins[row["opportunity_id"]])

    def _conversions(self, count: Count) -> None:
        ladder = sorted(self.policy["policy_pipeline_stages"], key=lambda row: row["stage_order"])
        names = [row["pipeline_stage"] for row in ladder]
        been: dict[str, set[int]] = defaultdict(set)
        for row in self.rows("crm.opportunity_stage_history"):
            if row["pipeline_stage"] in names:
                been[row["opportunity_id"]].add(names.index(row["pipeline_stage"]))
        skips = self.settings["skipped_stage_counts_as_passed"] == "true"
        for row in self.rows("crm.opportunities"):
            stages = been[row["opportunity_id"]]
            if skips and stages:
                stages = set(range(max(stages) + 1))
            for later in range(1, len(names)):
                earlier = later - 1
                if earlier in stages or later in stages:
                    count(
                        row["owner_id"],
                        f"conversion_to_{names[later]}",
                        self.day(row["created_at"]),
                        int(later in stages),
                        int(earlier in stages),
                    )

    def _service(self, count: Count) -> None:
        fast, slow = (int(self.settings[f"{name}_response_seconds"]) for name in ("fast", "slow"))
        answered: set[tuple[str, str, dt.date]] = set()
        for row in self.rows("crm.service_requests"):
            employee, day = row["employee_id"], self.day(row["requested_at"])
            count(employee, "complaint_rate", day, int(row["request_type"] == "complaint"), 1)
            if row["request_type"] == "complaint":
                continue
            seconds = None
            if row["first_responded_at"]:
                spent = row["first_responded_at"].replace(microsecond=0)
                seconds = int((spent - row["requested_at"].replace(microsecond=0)).total_seconds())
                count(employee, "customer_response_time", day, seconds, 0)
                answered.add((employee, row["account_id"], day.replace(day=1)))
            count(employee, "response_breaches", day, int(seconds is None))
            is_fast, is_slow = seconds is not None and seconds <= fast, (seconds or 0) > slow
            count(employee, "fast_response_rate", day, int(is_fast), 1)
            count(employee, "slow_response_rate", day, int(is_slow), 1)
        for employee, _, month in answered:
            count(employee, "customer_response_time", month, 0, 1)
        best, worst = (
            int(self.settings[name]) for name in ("promoter_from_score", "detractor_to_score")
        )
        for row in self.rows("crm.surveys"):
            if row["score"] is None:
                continue
            day, score = self.day(row["responded_at"]), row["score"]
            if row["survey_type"] == "csat":
                count(row["employee_id"], "satisfaction", day, score, 1)
            else:
                promoted = int(score >= best) - int(score <= worst)
                count(row["employee_id"], "net_promoter_score", day, promoted, 1)
        for row in self.rows("crm.deliveries"):
            due, made = row["due_on"], row["delivered_on"]
            if due and due.replace(day=1) in self.months[:-1]:
                is_on_time = made is not None and made <= due
                count(row["employee_id"], "on_time_delivery_rate", due, int(is_on_time), 1)
            if made and row["started_on"] and row["started_on"] <= made:
                count(
                    row["employee_id"], "delivery_cycle", made, (made - row["started_on"]).days, 1
                )
        rated = {row["measure"] for row in self.policy["policy_measures"]}
        for row in self.rows("hr.ratings"):
            measure = f"{row['dimension']}_rating"
            if measure in rated and row["score"] is not None:
                count(row["ratee_id"], measure, row["period_month"], row["score"], 1)
        for row in self.rows("crm.account_health"):
            day = row["measured_on"]
            employee = self.holder(row["account_id"], "service_consultant", day)
            if row["health_score"] is not None:
                count(employee, "health_score", day, row["health_score"], 1)
            count(employee, "usage_rate", day, row["active_users"], row["licensed_users"])

    def _customers(self, count: Count) -> None:
        firsts = set()
        for credit in self.credits:
            if (
                credit["kind"] == "booked"
                and credit["credit_kind"] == "direct"
                and credit["day"] == self.first_signed[credit["account"]]
            ):
                firsts.add((credit["employee"], credit["account"], credit["day"]))
        for employee, _, day in firsts:
            count(employee, "new_customers", day)
            count(employee, "new_customer_cost", day, 0, 1)
        for (employee, _, month), is_renewed in self.customers_due.items():
            count(employee, "customer_retention", month, int(is_renewed), 1)

    @cached_property
    def due_contracts(self) -> list[Row]:
        """Contracts that fell due, with what renewed them in time and who held the account."""
        grace = dt.timedelta(days=int(self.settings["renewal_grace_days"]))
        renewing: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows("billing.contracts"):
            if row["renews_contract_id"] and not row["cancelled_on"]:
                renewing[row["renews_contract_id"]].append(row)
        due = []
        for row in self.rows("billing.contracts"):
            end = row["ends_on"]
            if not end or end > self.known_on or (row["cancelled_on"] or FAR) <= end:
                continue
            found = [one for one in renewing[row["contract_id"]] if one["signed_on"] <= end + grace]
            holder = self.holder(row["account_id"], "account_manager", end)
            due.append({**row, "renewed_by": found, "holder": holder})
        return due

    @cached_property
    def customers_due(self) -> dict[tuple[str, str, dt.date], bool]:
        """Per account manager, customer and month due: whether any contract due was renewed."""
        due: dict[tuple[str, str, dt.date], bool] = {}
        for row in self.due_contracts:
            if row["holder"]:
                key = row["holder"], row["account_id"], row["ends_on"].replace(day=1)
                due[key] = due.get(key, False) or bool(row["renewed_by"])
        return due

    def _renewals(self, count: Count) -> None:
        for row in self.due_contracts:
            renewed = sum((one["amount"] for one in row["renewed_by"]), Decimal(0))
            parts = [row["amount"], min(renewed, row["amount"]), max(renewed - row["amount"], 0)]
            converted = [self.company({**row, "amount": part}, row["ends_on"]) for part in parts]
            if None in converted:
                continue
            due, kept, more = (Decimal(part or 0) for part in converted)
            count(row["holder"], "amount_renewal_rate", row["ends_on"], kept, due)
            count(row["holder"], "net_retention_rate", row["ends_on"], kept + more, due)
            if more:
                count(row["holder"], "upsell_sales", row["ends_on"], more)

    def _sales_and_costs(self, count: Count) -> None:
        key_products = {
            row["product_id"] for row in self.rows("billing.products") if row["is_key_product"]
        }
        kinds = {row["contract_id"]: row["contract_type"] for row in self.rows("billing.contracts")}
        meanings = {"cancelled": "booked", "refunded": "collected"}
        for credit in self.credits:
            employee, day = credit["employee"], credit["day"]
            amount = -credit["credit"] if credit["kind"] in meanings else credit["credit"]
            meaning = meanings.get(credit["kind"], credit["kind"])
            if credit["credit_kind"] == "overlay" and meaning == "booked":
                count(employee, "overlay_sales", day, amount)
            if credit["credit_kind"] != "direct":
                continue
            count(employee, f"{meaning}_sales", day, amount)
            if meaning != "booked":
                continue
            count(employee, "cost_of_sales", day, 0, amount)
            count(employee, "profit_contribution", day, amount)
            contract_type = kinds.get(credit["contract"])
            if credit["product"] in key_products:
                count(employee, "key_product_sales", day, amount)
            if self.classes(credit)[1] == "new":
                count(employee, "new_market_sales", day, amount)
            if contract_type in ("upsell", "cross_sell"):
                count(employee, f"{contract_type}_sales", day, amount)
        has_business = set()
        for row in self.rows("billing.account_costs"):
            employee, day = row["employee_id"], row["incurred_on"]
            amount = self.company(row, day)
            if employee is None or amount is None:
                continue
            has_business.add((employee, day.replace(day=1)))
            count(employee, "cost_of_sales", day, amount, 0)
            count(employee, "profit_contribution", day, -amount)
            if row["cost_type"] == "acquisition":
                count(employee, "new_customer_cost", day, amount, 0)
        has_business |= {
            (credit["employee"], credit["day"].replace(day=1))
            for credit in self.credits
            if credit["kind"] in ("booked", "cancelled") and credit["credit_kind"] == "direct"
        }
        for row in self.rows("hr.expenses"):
            employee, day = row["employee_id"], row["incurred_on"]
            amount = self.company(row, day)
            if amount is None:
                continue
            count(employee, "cost_control", day, amount)
            if (employee, day.replace(day=1)) in has_business:
                count(employee, "profit_contribution", day, -amount)


def value_of(top: Decimal, bottom: Decimal | None) -> Decimal | None:
    """The figure that is shown: a quotient to 4 places, none over a denominator of 0."""
    if bottom is None:
        return top
    return rounded(top / bottom, FOUR) if bottom else None
