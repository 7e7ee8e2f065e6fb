"""The second part of the independent reckoning: commission, from the credits and the plan alone."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from orchestration.generator.reference_arithmetic import (
    FAR,
    FOUR,
    Row,
    deal,
    holds,
    month_after,
    rounded,
    same_day_after,
)
from orchestration.generator.reference_credits import CreditsReference

# Payee, plan, first day and end of the accumulation period, quota.
Group = tuple[Any, ...]


class Reference(CreditsReference):
    """``earned`` gives every line of commission before anything is cut."""

    def __init__(self, landing: Path, policy: Path, known_at: dt.datetime | None = None) -> None:
        super().__init__(landing, policy, known_at)
        self._parts: dict[tuple[str, str, str], list[Row]] = {}
        self._groups: dict[Group, list[Row]] = {}

    @cached_property
    def earned(self) -> list[Row]:
        """Payee, plan, month and amount of each line, and the sale it is about (``sale``, ``on``)."""
        plans = self.policy["policy_commission_plans"]
        signs = {
            (row["commission_basis"], row["transaction_kind"]): row["sign"]
            for row in self.policy["policy_commission_bases"]
        }
        earning: dict[tuple[str, str, str], Row] = {}
        for credit in self.credits:
            found = self.plan(credit["employee"], credit["day"].replace(day=1))
            for plan in plans:
                if (
                    found
                    and plan["plan_id"] == found[0]
                    and holds(plan, credit["day"])
                    and plan["credit_kind"] in (credit["credit_kind"], "any")
                    and signs.get((plan["commission_basis"], credit["kind"]), 0) > 0
                ):
                    key = credit["key"], credit["employee"], credit["role"]
                    earning[key] = {
                        **credit,
                        "plan": plan,
                        "signed": self.in_plan(credit, plan, credit["day"]),
                        "sale": credit["key"],
                        "on": credit["day"],
                    }
        signed = list(earning.values())
        for credit in self.credits:
            origin = earning.get((credit["reverses"], credit["employee"], credit["role"]))
            if origin and signs.get((origin["plan"]["commission_basis"], credit["kind"]), 0) < 0:
                of_sale = {name: origin[name] for name in ("plan", "sale", "on")}
                amount = self.in_plan(credit, origin["plan"], origin["on"])
                signed.append({**credit, **of_sale, "signed": None if amount is None else -amount})
        # Without a rate a sale earns nothing, and nothing is taken back for it.
        signed = [sale for sale in signed if sale["signed"] is not None]
        groups: dict[Group, list[Row]] = defaultdict(list)
        for sale in signed:
            start, end, quota = self.accumulation(sale)
            sale["group"] = sale["employee"], sale["plan"]["plan_id"], start, end, quota
            groups[sale["group"]].append(sale)
        self._groups = groups
        self._parts = {}
        lines: list[Row] = []
        for group in groups:
            lines += self._earned(group)
        for sale in signed:
            if sale["signed"] < 0:
                taken_back = self._reversed(sale)
                lines += taken_back + self._forgiven(sale, taken_back)
        return lines

    def plan_currency(self, plan: Row) -> str:
        return str(plan["currency"] or self.settings["company_currency"])

    def in_plan(self, credit: Row, plan: Row, on: dt.date) -> Decimal | None:
        """A credit in the plan's currency, at the rate of the plan's day for a sale of ``on``."""
        home, currency = self.settings["company_currency"], self.plan_currency(plan)
        if currency == home and (
            credit["currency"] == home or plan["sale_rate_day"] == "transaction"
        ):
            amount: Decimal = credit["credit"]
            return amount
        part = rounded(credit["raw"] * credit["share"], FOUR)
        return self.converted(
            part, credit["currency"], currency, self.rate_day(plan["sale_rate_day"], on)
        )

    def _line(self, sale: Row, part: Row, month: dt.date, amount: Decimal) -> Row:
        _, _, start, _, quota = part["group"]
        names = ("employee", "plan", "role", "sale", "on", "contract")
        of_sale = {name: sale[name] for name in names}
        return {**of_sale, "month": month, "amount": amount, "start": start, "quota": quota}

    def _forgiven(self, sale: Row, taken_back: list[Row]) -> list[Row]:
        """What the plan leaves of what a refund takes back."""
        for row in self.policy["policy_refund_recoveries"]:
            if row["plan_id"] == sale["plan"]["plan_id"] and holds(row, sale["day"]):
                months, share = row["recovery_months"], 1 - row["recovery_share"]
                if months is not None and sale["day"] >= same_day_after(sale["on"], int(months)):
                    share = Decimal(1)
                return [
                    {**line, "amount": rounded(-line["amount"] * share, FOUR)}
                    for line in taken_back
                ]
        return []

    def _earned(self, group: Group) -> list[Row]:
        """The lines of a payee's sales in one accumulation period, refunds left out."""
        lines: list[Row] = []
        before, quota = Decimal(0), group[-1]
        for sale in sorted(
            self._groups[group], key=lambda sale: (sale["day"], sale["key"], sale["role"])
        ):
            if sale["signed"] > 0:
                parts = self.tier_parts(sale, before, quota)
                self._parts[sale["key"], sale["employee"], sale["role"]] = parts
                for part in parts:
                    part["group"] = group
                    lines += self._paid(sale, part, part["amount"], sale["day"])
            before += sale["signed"]
        return lines

    def _reversed(self, sale: Row) -> list[Row]:
        """A refund or cancellation at the rates that the original has earned by then.

        Landed in a currency of its own it may have a rate where the original has none: it earned nothing.
        """
        parts = self._parts.get((sale["reverses"], sale["employee"], sale["role"]), [])
        lines: list[Row] = []
        for amount, part in zip(deal(-sale["signed"], parts), parts, strict=True):
            if part["tiers"] is None or part["group"] == sale["group"]:
                lines += self._paid(sale, part, -amount, sale["day"])
            else:
                month = sale["day"].replace(day=1)
                rate = self._rate(part, month)
                lines.append(self._line(sale, part, month, -rounded(amount * rate, FOUR)))
        return lines

    def _paid(self, sale: Row, part: Row, amount: Decimal, day: dt.date) -> list[Row]:
        """What a part comes to in its month, and by how much that changes in later ones."""
        month, paid = day.replace(day=1), Decimal(0)
        lines: list[Row] = []
        months = {month}
        if part["tiers"] is not None:
            found = {other["day"].replace(day=1) for other in self._groups[part["group"]]}
            months |= {later for later in found if later > month}
        for current in sorted(months):
            due = rounded(abs(amount) * self._rate(part, current), FOUR) * (1 if amount > 0 else -1)
            lines.append(self._line(sale, part, current, due - paid))
            paid = due
        return lines

    def _rate(self, part: Row, month: dt.date) -> Decimal:
        """Fixed, or that of the tier reached by all sales of the period up to the end of the month."""
        if part["tiers"] is None:
            rate: Decimal = part["rate"]
            return rate
        sales = self._groups[part["group"]]
        total = sum(
            (sale["signed"] for sale in sales if sale["day"].replace(day=1) <= month), Decimal(0)
        )
        rate = part["tiers"][0][1]
        for bound, tier_rate in part["tiers"][1:]:
            if total > bound or (total == bound and part["side"] == "lower_inclusive"):
                rate = tier_rate
        return rate

    def period(self, kind: str, month: dt.date) -> tuple[dt.date, dt.date]:
        """First day of the fiscal period a month lies in, and the first day after it."""
        size = {"month": 1, "quarter": 3, "half": 6, "year": 12}[kind]
        index = (month.month - int(self.settings["fiscal_year_start_month"])) % 12
        start = month_after(month, -(index % size))
        return start, month_after(start, size)

    def accumulation(self, sale: Row) -> tuple[dt.date, dt.date | None, Decimal | None]:
        quotas = [
            row
            for row in self.rows("hr.quotas")
            if row["employee_id"] == sale["employee"]
            and row["currency"] in (None, self.plan_currency(sale["plan"]))
        ]
        month = sale["day"].replace(day=1)
        if sale["plan"]["accumulation"] == "quota_window":
            window = next((row for row in quotas if holds(row, sale["day"])), None)
            if window is None:
                return month, None, None
            relief = sum(self._reliefs(sale["employee"], window).values(), Decimal(0))
            return window["valid_from"], None, window["quota_amount"] - relief
        start, end = self.period(sale["plan"]["accumulation"], month)
        shares, relieved = [], Decimal(0)
        for row in quotas:
            days = (min(row["valid_to"] or start, end) - max(row["valid_from"], start)).days
            if days > 0:
                length = (row["valid_to"] - row["valid_from"]).days
                shares.append(rounded(row["quota_amount"] * days / length, FOUR))
            reliefs = self._reliefs(sale["employee"], row)
            found = [amount for month, amount in reliefs.items() if start <= month < end]
            relieved += sum(found, Decimal(0))
        return start, end, sum(shares, Decimal(0)) - relieved if shares else None

    def _reliefs(self, employee: str, quota: Row) -> dict[dt.date, Decimal]:
        """What a ramp takes off a quota, by month."""
        found: dict[dt.date, Decimal] = {}
        length = (quota["valid_to"] - quota["valid_from"]).days
        hires = self.hires(employee)
        for hired, again in zip(hires, [*hires[1:], FAR], strict=True):
            first = max(hired.replace(day=1), self.first_month)
            plan = self.plan(employee, first)
            for ramp in self.policy["policy_quota_ramps"]:
                if not plan or ramp["plan_id"] != plan[0] or not holds(ramp, plan[1]):
                    continue
                month = month_after(hired.replace(day=1), int(ramp["employed_month"]) - 1)
                if month >= again.replace(day=1):
                    continue
                start = max(month, quota["valid_from"])
                days = (min(month_after(month), quota["valid_to"]) - start).days
                if days > 0:
                    amount = quota["quota_amount"] * (1 - ramp["quota_share"]) * days / length
                    found[month] = found.get(month, Decimal(0)) + rounded(amount, FOUR)
        return found

    def hires(self, employee: str) -> list[dt.date]:
        """The first day of each unbroken employment."""
        jobs = self.jobs[employee]
        ends = {job["valid_to"] for job in jobs}
        return [job["valid_from"] for job in jobs if job["valid_from"] not in ends]

    def tier_parts(self, sale: Row, before: Decimal, quota: Decimal | None) -> list[Row]:
        """The sale cut where it crosses a tier bound."""
        by_share = sale["plan"]["bound_kind"] == "share_of_quota"
        nothing = [
            {"amount": sale["signed"], "rate": Decimal(0), "tier": Decimal(0), "tiers": None}
        ]
        if by_share and (quota or 0) <= 0:
            return nothing
        product, customer = self.classes(sale)
        names = ("contract_type", "product_maturity", "product_class", "customer_class")
        own = (sale["contract_type"], sale["maturity"], product, customer)
        rates: dict[tuple[bool, ...], list[Row]] = defaultdict(list)
        for row in self.policy["policy_commission_rates"]:
            if (
                row["plan_id"] == sale["plan"]["plan_id"]
                and holds(row, sale["day"])
                and all(row[name] in ("any", value) for name, value in zip(names, own, strict=True))
            ):
                rates[tuple(row[name] != "any" for name in names)].append(row)
        if not rates:
            return nothing
        tiers = sorted(rates[max(rates)], key=lambda row: row["tier_from"])
        scale = quota if by_share and quota is not None else Decimal(1)
        bounds = [rounded(row["tier_from"] * scale, FOUR) for row in tiers]
        steps = [(bound, row["rate"]) for bound, row in zip(bounds, tiers, strict=True)]
        mode, side = sale["plan"]["tier_mode"], sale["plan"]["bound_side"]
        if mode != "marginal":
            fixed = Decimal(0)
            if mode == "reached_tier":
                first = bounds[1] if len(bounds) > 1 else before + sale["signed"]
                fixed = max(min(before + sale["signed"], first) - before, Decimal(0))
            split = [
                {"amount": fixed, "rate": tiers[0]["rate"], "tier": Decimal(0), "tiers": None},
                {
                    "amount": sale["signed"] - fixed,
                    "tier": Decimal(1),
                    "tiers": steps,
                    "side": side,
                },
            ]
            return [part for part in split if part["amount"] > 0]
        bounds[0] = min(before, Decimal(0))
        after = before + sale["signed"]
        parts = []
        for tier, lower, upper in zip(tiers, bounds, [*bounds[1:], after], strict=True):
            amount = min(after, upper) - max(before, lower)
            if amount > 0:
                parts.append(
                    {
                        "amount": amount,
                        "rate": tier["rate"],
                        "tier": tier["tier_from"],
                        "tiers": None,
                    }
                )
        return parts
