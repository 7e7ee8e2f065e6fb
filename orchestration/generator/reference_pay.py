"""The last part of the independent reckoning: what a month pays."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from functools import cached_property

from orchestration.generator.reference_arithmetic import FOUR, Row, holds, month_after, rounded
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
        for (employee, component, settled), amount in self.settlements.items():
            if settled == month:
                found[employee, component] = amount
        for (employee, earned), amount in self.bonuses.items():
            if earned == month:
                found[employee, "bonus"] = amount
        for row in self.rows("hr.pay_adjustments"):
            is_approved = row["approved_by"] and row["requested_by"] not in (
                None,
                row["approved_by"],
            )
            if row["period_month"].replace(day=1) == month and is_approved:
                key = row["employee_id"], "adjustment"
                found[key] = found.get(key, Decimal(0)) + row["amount"]
        return found

    @cached_property
    def settlements(self) -> dict[tuple[str, str, dt.date], Decimal]:
        """Guarantees, draws, recoveries, holdbacks and releases, month after month."""
        found: dict[tuple[str, str, dt.date], Decimal] = defaultdict(Decimal)
        for employee in list(self.jobs):
            balances: dict[str, Decimal] = {}
            for month in self.months:
                plan = self.plan(employee, month)
                if plan is None:
                    continue
                currency = self.pay_currency(employee, month)
                earned = self.commission.get((employee, month), Decimal(0))
                draw = self._row_of("policy_draws", plan)
                before = owed = balances.get(currency, Decimal(0))
                if draw is None:
                    owed = max(owed - max(earned, Decimal(0)), Decimal(0))
                else:
                    whole = self.in_pay(draw["monthly_amount"], draw["currency"], employee, month)
                    days = self.days_employed(employee, month)
                    least = rounded(whole * days / (month_after(month) - month).days, FOUR)
                    if draw["draw_kind"] == "non_recoverable":
                        found[employee, "guarantee", month] = max(least - earned, Decimal(0))
                        owed = max(owed - max(earned - least, Decimal(0)), Decimal(0))
                    elif self.period(draw["recovery_period"], month)[1] == month_after(month):
                        owed = max(owed + least - earned, Decimal(0))
                    else:
                        owed += max(least - earned, Decimal(0))
                balances[currency] = owed
                found[employee, "draw", month] = max(owed - before, Decimal(0))
                found[employee, "recovery", month] = min(owed - before, Decimal(0))
        for (employee, month), earned in self.commission.items():
            plan = self.plan(employee, month)
            held = self._row_of("policy_holdbacks", plan) if plan else None
            if held:
                amount = rounded(earned * held["holdback_share"], FOUR)
                found[employee, "holdback", month] -= amount
                release = month_after(month, int(held["release_months"]))
                found[employee, "release", release] += amount
        return {key: amount for key, amount in found.items() if amount}

    @cached_property
    def bonuses(self) -> dict[tuple[str, dt.date], Decimal]:
        """What is paid beside commission: measures reached, deliveries made, blocks of units."""
        found: dict[tuple[str, dt.date], Decimal] = defaultdict(Decimal)
        for bonus in self.policy["policy_bonuses"]:
            if bonus["earned_when"] == "measure_reached":
                self._measure_bonus(bonus, found)
            elif bonus["earned_when"] == "delivered":
                self._delivery_bonus(bonus, found)
            elif bonus["earned_when"] == "units_sold":
                self._unit_bonus(bonus, found)
        return {key: amount for key, amount in found.items() if amount}

    def _is_on(self, employee: str, bonus: Row, month: dt.date, day: dt.date | None = None) -> bool:
        plan = self.plan(employee, month)
        return bool(plan and plan[0] == bonus["plan_id"] and holds(bonus, day or plan[1]))

    def _measure_bonus(self, bonus: Row, found: dict[tuple[str, dt.date], Decimal]) -> None:
        rule = next(
            row for row in self.policy["policy_measures"] if row["measure"] == bonus["measure"]
        )
        for employee in list(self.jobs):
            for month in self.months:
                start, end = self.period(bonus["period_kind"], month)
                if month_after(month) != end or not self._is_on(employee, bonus, month):
                    continue
                keys = [
                    key
                    for key in self.measured
                    if key[:2] == (employee, bonus["measure"])
                    and start <= key[2] <= month
                    and key[2] in self.months
                ]
                if not keys:
                    continue
                top = sum((self.measured[key][0] for key in keys), Decimal(0))
                bottoms = [self.measured[key][1] for key in keys]
                bottom = (
                    Decimal(1)
                    if all(part is None for part in bottoms)
                    else sum((part or Decimal(0) for part in bottoms), Decimal(0))
                )
                aim = bonus["threshold"] * bottom
                is_higher = rule["direction"] == "higher_is_better"
                if bottom > 0 and (top >= aim if is_higher else top <= aim):
                    found[employee, month] += self.in_pay(
                        bonus["amount"], bonus["currency"], employee, month
                    )

    def _market_of(self, product: str | None) -> str | None:
        rows = (row for row in self.rows("billing.products") if row["product_id"] == product)
        return next((row["market"] for row in rows), None)

    def _delivery_bonus(self, bonus: Row, found: dict[tuple[str, dt.date], Decimal]) -> None:
        contracts = {row["contract_id"]: row for row in self.rows("billing.contracts")}
        delivered: dict[str, dt.date] = {}
        for row in self.rows("crm.deliveries"):
            if row["contract_id"] and row["delivered_on"]:
                known = delivered.get(row["contract_id"], row["delivered_on"])
                delivered[row["contract_id"]] = min(known, row["delivered_on"])
        for credit in self.credits:
            day = delivered.get(credit["contract"])
            contract = contracts.get(credit["contract"])
            if (credit["kind"], credit["credit_kind"]) != ("booked", "direct") or not (
                day and contract
            ):
                continue
            is_cancelled = contract["cancelled_on"] and contract["cancelled_on"] <= day
            market = bonus["market"] in (None, self._market_of(credit["product"]))
            month = day.replace(day=1)
            if market and not is_cancelled and self._is_on(credit["employee"], bonus, month, day):
                amount = rounded(credit["credit"] * bonus["rate"], FOUR)
                found[credit["employee"], month] += self.in_pay(
                    amount, bonus["currency"], credit["employee"], month
                )

    def _unit_bonus(self, bonus: Row, found: dict[tuple[str, dt.date], Decimal]) -> None:
        quantities = {
            f"consumed:{row['consumption_id']}": row["quantity"]
            for row in self.rows("billing.consumption")
        }
        units: dict[str, dict[dt.date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for credit in self.credits:
            employee, month = credit["employee"], credit["day"].replace(day=1)
            if (
                (credit["kind"], credit["credit_kind"]) == ("consumed", "direct")
                and quantities[credit["key"]] is not None
                and bonus["market"] in (None, self._market_of(credit["product"]))
                and self._is_on(employee, bonus, month, credit["day"])
            ):
                units[employee][month] += rounded(quantities[credit["key"]] * credit["share"], FOUR)
        for employee, by_month in units.items():
            total = Decimal(0)
            for month in sorted(by_month):
                before = max(total, Decimal(0)) // bonus["block_units"]
                total += by_month[month]
                blocks = max(total, Decimal(0)) // bonus["block_units"] - before
                found[employee, month] += self.in_pay(
                    blocks * bonus["amount"], bonus["currency"], employee, month
                )

    def _row_of(self, table: str, plan: tuple[str | None, dt.date]) -> Row | None:
        """The row of a plan that holds on the day."""
        rows = (row for row in self.policy[table] if row["plan_id"] == plan[0])
        return next((row for row in rows if holds(row, plan[1])), None)

    def days_employed(self, employee: str, month: dt.date) -> int:
        after = month_after(month)
        spans = (
            (max(job["valid_from"], month), min(job["end"], after)) for job in self.jobs[employee]
        )
        return sum(max((end - start).days, 0) for start, end in spans)

    def floor(self, employee: str, month: dt.date) -> Decimal:
        plan = self.plan(employee, month)
        row = self._row_of("policy_protection", plan) if plan else None
        if row is None or row["floor_factor"] is None:
            return Decimal(0)
        is_protected = self.is_protected(employee, month, int(row["protected_months"]))
        return Decimal(row["floor_factor"]) if is_protected else Decimal(0)

    def salary_parts(self, employee: str, month: dt.date) -> tuple[Decimal, Decimal]:
        """(fixed base, salary at risk) of a month."""
        plan = self.plan(employee, month)
        row = self._row_of("policy_pay_mix", plan) if plan else None
        share = row["salary_at_risk_share"] if row else Decimal(0)
        slices = self.salary(employee, month)
        at_risk = sum((rounded(part * share, FOUR) for part in slices), Decimal(0))
        return sum(slices, Decimal(0)) - at_risk, at_risk

    def totals(self, month: dt.date) -> dict[str, dict[str, str]]:
        """What a first close of the month posts, per currency and component, each payee rounded."""
        units = {row["currency"]: row["unit_amount"] for row in self.policy["policy_currencies"]}
        sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for (employee, component), amount in self.pay(month).items():
            currency = self.pay_currency(employee, month)
            unit = units[currency]
            sums[currency][component] += rounded(amount / unit, Decimal(1)) * unit
        return {
            currency: {name: f"{amount:.2f}" for name, amount in sorted(found.items()) if amount}
            for currency, found in sorted(sums.items())
        }
