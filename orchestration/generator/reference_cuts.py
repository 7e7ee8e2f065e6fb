"""The part of the independent reckoning between what is earned and what is paid: caps, gates, cash."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from functools import cached_property, partial
from typing import Any

from orchestration.generator.reference_arithmetic import FOUR, Row, holds, month_after, rounded
from orchestration.generator.reference_measures import MeasuresReference

ONE_DAY = dt.timedelta(days=1)
NONE = Decimal(0)


class CutsReference(MeasuresReference):
    """``commission`` gives what each payee is due in each month, after everything that cuts it."""

    @cached_property
    def commission(self) -> dict[tuple[str, dt.date], Decimal]:
        lines = list(self.earned)
        of_sale, of_month = ("sale", "role"), ("sold_in", "start", "quota")
        lines += self._cut(lines, "policy_commission_caps", of_sale, self._above_sale_cap)
        lines += self._cut(lines, "policy_commission_plans", of_sale, self._waiting_for_cash)
        gated: dict[tuple[Any, ...], Row] = {}
        for line in self._cut(lines, "policy_commission_gates", of_month, self._withheld):
            key = tuple(line[name] for name in ("employee", "plan_id", "month", "sold_in"))
            amount = gated[key]["amount"] if key in gated else NONE
            gated[key] = {**line, "amount": amount + line["amount"]}
        lines += gated.values()
        for kind in ("month", "quarter", "half", "year"):
            for line in lines:
                line["period"] = self.period(kind, line["month"])
            lines += self._cut(
                lines,
                "policy_commission_caps",
                ("period",),
                partial(self._above, kind),
            )
        due: dict[tuple[str, dt.date], Decimal] = defaultdict(Decimal)
        for line in lines:
            employee, month = line["employee"], line["month"]
            due[employee, month] += self.in_pay(
                line["amount"], self.plan_currency(line["plan"]), employee, month
            )
        return due

    def pay_currency(self, employee: str, month: dt.date) -> str:
        """That of the salary on the last day of the month, or of the last job before it."""
        jobs = sorted(self.jobs[employee], key=lambda job: job["valid_from"])
        begun = [job for job in jobs if job["valid_from"] < month_after(month)]
        return str((begun or jobs[:1])[-1]["currency"])

    def in_pay(self, amount: Decimal, currency: str, employee: str, month: dt.date) -> Decimal:
        """An amount as pay of a month; nothing where no rate is quoted."""
        day = self.rate_day(self.settings["pay_rate_day"], month)
        return self.converted(amount, currency, self.pay_currency(employee, month), day) or NONE

    def _cut(
        self,
        lines: list[Row],
        table: str,
        by: tuple[str, ...],
        cut: Callable[[Row, dt.date, Decimal], Decimal],
    ) -> list[Row]:
        """Lines that bring each group's running total down to what is left of it, month by month."""
        plans = {row["plan_id"] for row in self.policy[table] if row.get("paid_when") != "earned"}
        groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
        for line in lines:
            line["plan_id"] = line["plan"]["plan_id"]
            line["sold_in"] = line["on"].replace(day=1)
            if line["plan_id"] in plans:
                key = (line["employee"], line["plan_id"], *(line[name] for name in by))
                groups[key].append(line)
        found = []
        for group in groups.values():
            first = min(line["month"] for line in group)
            months = {line["month"] for line in group}
            months |= {month for month in self.months if month >= first}
            cut_before = NONE
            for month in sorted(months):
                if "period" in by and month not in {line["month"] for line in group}:
                    continue
                total = sum((line["amount"] for line in group if line["month"] <= month), NONE)
                cut_now = cut(group[0], month, total)
                if cut_now != cut_before:
                    found.append({**group[0], "month": month, "amount": cut_before - cut_now})
                cut_before = cut_now
        return found

    def _rows(self, table: str, line: Row, day: dt.date) -> list[Row]:
        rows = self.policy[table]
        return [row for row in rows if row["plan_id"] == line["plan_id"] and holds(row, day)]

    def _above_sale_cap(self, line: Row, _month: dt.date, total: Decimal) -> Decimal:
        for cap in self._rows("policy_commission_caps", line, line["on"]):
            if cap["cap_period"] == "sale":
                return max(total - Decimal(cap["cap_amount"]), NONE)
        return NONE

    def _above(self, kind: str, line: Row, month: dt.date, total: Decimal) -> Decimal:
        for cap in self._rows("policy_commission_caps", line, month_after(month) - ONE_DAY):
            if cap["cap_period"] == kind:
                return max(total - Decimal(cap["cap_amount"]), NONE)
        return NONE

    def _waiting_for_cash(self, line: Row, month: dt.date, total: Decimal) -> Decimal:
        if line["plan"]["paid_when"] == "earned":
            return NONE
        signs = {"booked": (1, 0), "collected": (0, 1), "refunded": (0, -1)}
        booked = collected = NONE
        for event in self.of_contract[line["contract"]]:
            if event["day"].replace(day=1) <= month and event["kind"] in signs:
                amount = event[self.cash_in(line["contract"])] or NONE
                booked += signs[event["kind"]][0] * amount
                collected += signs[event["kind"]][1] * amount
        if booked <= 0 or collected >= booked:
            return NONE
        return Decimal(total - rounded(total * max(collected, NONE) / booked, FOUR))

    def cash_in(self, contract: str) -> str:
        """Whether cash is looked at as landed, or in the company's currency where there are two."""
        kinds = ("booked", "collected", "refunded")
        events = [event for event in self.of_contract[contract] if event["kind"] in kinds]
        return "raw" if len({event["currency"] for event in events}) == 1 else "amount"

    @cached_property
    def of_contract(self) -> dict[str | None, list[Row]]:
        found: dict[str | None, list[Row]] = defaultdict(list)
        for event in self.transactions.values():
            if event["contract"]:
                found[event["contract"]].append(event)
        return found

    def _withheld(self, line: Row, month: dt.date, total: Decimal) -> Decimal:
        gates = self._rows("policy_commission_gates", line, month_after(line["sold_in"]) - ONE_DAY)
        return NONE if all(self._is_open(gate, line, month) for gate in gates) else total

    def _is_open(self, gate: Row, line: Row, month: dt.date) -> bool:
        if gate["measure"] is None:
            sold = sum(
                (
                    sale["signed"]
                    for group, sales in self._groups.items()
                    if group[:3] == (line["employee"], line["plan_id"], line["start"])
                    for sale in sales
                    if sale["day"].replace(day=1) <= month
                ),
                NONE,
            )
            return bool(line["quota"] and line["quota"] > 0) and (
                sold >= gate["threshold"] * line["quota"]
            )
        start, end = self.period(gate["period_kind"], line["sold_in"])
        rule = next(
            row for row in self.policy["policy_measures"] if row["measure"] == gate["measure"]
        )
        found = [
            self.measured[key]
            for key in self.measured
            if key[:2] == (line["employee"], gate["measure"])
            and start <= key[2] < end
            and key[2] <= month
            and key[2] in self.months
        ]
        top = sum((row[0] for row in found), NONE)
        bottom = sum((row[1] or NONE for row in found), NONE)
        if rule["has_denominator"] and bottom == 0:
            return True
        aim = gate["threshold"] * (bottom if rule["has_denominator"] else Decimal(1))
        return bool(top >= aim if rule["direction"] == "higher_is_better" else top <= aim)
