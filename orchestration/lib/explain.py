"""Why a payee is paid what they are paid: a tree from the payout down to the landed rows.

Each node has an amount, how it comes about, the rules and the plan rows that decided, and the landed rows
it is made from. The parts of a node add up to it: ``Node.recomputed`` makes the payout from the leaves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.landed_rows import LandedRow, find_rows, landed_transaction
from orchestration.lib.report import percent, plain
from orchestration.lib.warehouse import WarehouseError

Row = dict[str, Any]
NOTHING = Decimal(0)
FOUR = Decimal("0.0001")
# What decides a kind of commission line: the rule, and the plan table.
LINE_RULES = {
    "earned": ("S0-07", "policy_commission_rates"),
    "reversed": ("S0-07", "policy_commission_rates"),
    "trued_up": ("S0-07", "policy_commission_rates"),
    "forgiven": ("RULES 5", "policy_refund_recoveries"),
    "deferred": ("S0-02", "policy_commission_plans"),
    "capped": ("RULES 5", "policy_commission_caps"),
    "gated": ("RULES 5", "policy_commission_gates"),
}
SETTLED = {
    "guarantee": ("guaranteed_amount", 1),
    "draw": ("advanced_amount", 1),
    "recovery": ("recovered_amount", -1),
}


class ExplainError(WarehouseError):
    """There is nothing to explain: the payee, the month or the component has no pay."""


@dataclass
class Node:
    """A figure and what it comes from.

    ``parts`` add up to ``amount``, rounded half away from zero to ``unit`` where there is one; ``reasons``
    say more about it and add nothing. ``sources`` are (table, column, value) of landed rows; ``resolve``
    finds where they lie.
    """

    what: str
    amount: Decimal | None = None
    currency: str = ""
    how: str = ""
    rules: tuple[str, ...] = ()
    plan: str = ""
    unit: Decimal | None = None
    parts: list[Node] = field(default_factory=list)
    reasons: list[Node] = field(default_factory=list)
    sources: list[tuple[str, str, str]] = field(default_factory=list)
    landed: list[LandedRow] = field(default_factory=list)

    def recomputed(self) -> Decimal:
        """The amount, made from the leaves."""
        if not self.parts:
            return self.amount or NOTHING
        whole = sum((part.recomputed() for part in self.parts), NOTHING)
        return whole if self.unit is None else _rounded(whole, self.unit)

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for child in (*self.parts, *self.reasons):
            yield from child.walk()

    def as_dict(self) -> dict[str, Any]:
        """For JSON: amounts as text, so that no reader makes floats of them; what is empty is left out."""
        found = {
            "what": self.what,
            "amount": None if self.amount is None else f"{self.amount:f}",
            "currency": self.currency,
            "how": self.how,
            "rules": list(self.rules),
            "plan": self.plan,
            "parts": [part.as_dict() for part in self.parts],
            "reasons": [reason.as_dict() for reason in self.reasons],
            "landed": [
                {"table": row.table, "file": row.file, "row": row.row, "values": row.values}
                for row in self.landed
            ],
        }
        return {name: value for name, value in found.items() if value not in (None, "", [])}


def resolve(nodes: Iterable[Node], landing: Path, known_at: datetime) -> None:
    """Find the landed rows of every node: of each key the newest version loaded by ``known_at``."""
    asking = [node for root in nodes for node in root.walk() if node.sources]
    wanted: dict[tuple[str, str], set[str]] = defaultdict(set)
    for node in asking:
        for table, column, value in node.sources:
            wanted[table, column].add(value)
    held: dict[tuple[str, str, str], list[LandedRow]] = defaultdict(list)
    for (table, column), values in sorted(wanted.items()):
        newest: dict[tuple[str, ...], LandedRow] = {}
        for row in find_rows(landing, table, column, values):
            kept = newest.get(row.key)
            if row.loaded_at <= known_at and (kept is None or row.loaded_at >= kept.loaded_at):
                newest[row.key] = row
        for row in newest.values():
            held[table, column, row.values[column]].append(row)
    for node in asking:
        node.landed = [row for source in node.sources for row in held[source]]


class Explainer:
    """Explains payouts of a warehouse."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.units = dict(
            self._values("select currency, unit_amount from policy.policy_currencies")
        )

    def known_at(self, month: date) -> datetime:
        """What the close of a month knew. Raises ``ExplainError`` where it was not closed."""
        found = self._values("select known_at from marts.fct_closes where period_month = ?", month)
        if not found:
            raise ExplainError(f"{month:%Y-%m} has not been closed")
        known_at: datetime = found[0][0]
        return known_at

    def payouts(self, month: date, employee: str, component: str | None = None) -> list[Node]:
        """What a payee was posted in a month, by currency; of one component where it is named.

        Raises ``ExplainError`` where nothing was posted.
        """
        entries = self._rows(
            "select * from marts.fct_pay_ledger where employee_id = ? and posting_month = ?"
            " and component = coalesce(?, component) order by currency, period_month, component",
            employee, month, component,
        )  # fmt: skip
        if not entries:
            what = f"{component} for" if component else "anything for"
            raise ExplainError(f"the close of {month:%Y-%m} did not post {what} {employee}")
        return [
            Node(
                what=f"{employee} {month:%Y-%m}",
                amount=_sum(own, "amount"),
                currency=currency,
                how="posted by the close",
                rules=("RULES 8",),
                parts=[self._entry(entry) for entry in own],
            )
            for currency in sorted({entry["currency"] for entry in entries})
            for own in [[entry for entry in entries if entry["currency"] == currency]]
        ]

    def _entry(self, entry: Row) -> Node:
        """A ledger row: what is computed, less what other closes posted of it."""
        employee, component, earned = (
            entry["employee_id"],
            entry["component"],
            entry["period_month"],
        )
        currency, month = entry["currency"], entry["posting_month"]
        computed = self._component(employee, component, currency, earned)
        others = self._rows(
            "select * from marts.fct_pay_ledger where employee_id = ? and component = ? and currency = ?"
            " and period_month = ? and posting_month <> ? order by posting_month",
            employee, component, currency, earned, month,
        )  # fmt: skip
        parts = [
            computed,
            *(
                Node(
                    f"posted by the {'later ' if row['posting_month'] > month else ''}close of"
                    f" {row['posting_month']:%Y-%m}",
                    -row["amount"],
                    currency,
                )
                for row in others
            ),
        ]
        since = entry["amount"] - sum((part.amount or NOTHING for part in parts), NOTHING)
        if since:
            parts.append(
                Node(
                    "computed otherwise since",
                    since,
                    currency,
                    "the next close posts the difference",
                )
            )
        if parts == [computed] and earned == month:
            return computed
        name = component if earned == month else f"{component}, correction of {earned:%Y-%m}"
        return Node(name, entry["amount"], currency, rules=("RULES 8",), parts=parts)

    def _component(self, employee: str, component: str, currency: str, month: date) -> Node:
        make = {
            "base": self._base,
            "performance": self._performance,
            "commission": self._commission,
            "bonus": self._bonus,
            "holdback": self._holdbacks,
            "release": self._holdbacks,
            "adjustment": self._adjustments,
        }.get(component, self._settled)
        parts = make(employee, component, currency, month)
        exact = sum((part.amount or NOTHING for part in parts), NOTHING)
        unit = self.units.get(currency, Decimal("0.01"))
        return Node(
            what=f"{component} of {month:%Y-%m}",
            amount=_rounded(_rounded(exact, FOUR), unit),
            currency=currency,
            how=f"{plain(_rounded(exact, FOUR))} rounded once, to {plain(unit)}",
            rules=("RULES 0",),
            # First to the four places that marts have, then to what can be paid.
            unit=unit,
            parts=[Node("", _rounded(exact, FOUR), currency, "", unit=FOUR, parts=parts)]
            if exact != _rounded(exact, FOUR)
            else parts,
        )

    def _base(self, employee: str, _component: str, currency: str, month: date) -> list[Node]:
        slices = self._rows(
            "select * from intermediate.int_job_months where employee_id = ? and currency = ?"
            " and period_month = ? order by slice_from",
            employee, currency, month,
        )  # fmt: skip
        days = self._days(month)
        parts = [
            Node(
                what=f"salary {row['slice_from']:%Y-%m-%d} to {row['slice_to']:%Y-%m-%d}",
                amount=row["base_salary"],
                currency=currency,
                how=f"{plain(row['monthly_base_salary'])} x {row['day_count']} of {days} days",
                rules=("RULES 0",),
                sources=[("hr.job_history", "employee_id", employee)],
            )
            for row in slices
        ]
        for row in self._salaries(employee, currency, month, month):
            if row["salary_at_risk"]:
                share = self._at_risk(employee, month)
                parts.append(
                    Node(
                        what="paid by score instead",
                        amount=-row["salary_at_risk"],
                        currency=currency,
                        how=f"{percent(share)} of the salary",
                        rules=("S0-04",),
                        plan=f"policy_pay_mix: salary_at_risk_share {plain(share)}",
                    )
                )
        return parts

    def _performance(
        self, employee: str, _component: str, currency: str, month: date
    ) -> list[Node]:
        scores = self._rows(
            "select scores.*, periods.quarter_start from marts.fct_scores as scores"
            " inner join marts.dim_periods as periods using (period_month)"
            " where employee_id = ? and period_month = ? order by period_kind",
            employee, month,
        )  # fmt: skip
        if not scores:
            return []
        # A month's and a quarter's score in one month pay once, by the better factor.
        score = max(scores, key=lambda row: row["performance_factor"])
        first = min(
            row["quarter_start"] if row["period_kind"] == "quarter" else month for row in scores
        )
        parts = [
            Node(
                what=f"salary paid by score, {row['period_month']:%Y-%m}",
                amount=row["salary_at_risk"] * score["performance_factor"],
                currency=currency,
                how=f"{plain(row['salary_at_risk'])} x {plain(score['performance_factor'])}",
                rules=("S0-04",),
                sources=[("hr.job_history", "employee_id", employee)],
            )
            for row in self._salaries(employee, currency, first, month)
        ]
        if parts:
            parts[0].reasons = [self._score(row) for row in scores]
        return parts

    def _score(self, score: Row) -> Node:
        items = self._rows(
            "select * from marts.fct_score_items where employee_id = ? and period_month = ?"
            " and period_kind = ? order by item_group, measure, scope",
            score["employee_id"], score["period_month"], score["period_kind"],
        )  # fmt: skip
        how = f"score {plain(score['score'])}"
        if score["is_protected"]:
            how += f", protected: {plain(score['performance_factor'])}"
        return Node(
            what=f"factor of the {score['period_kind']}, {plain(score['performance_factor'])}",
            how=how,
            rules=("S0-05", *(("S0-14",) if score["is_protected"] else ())),
            plan=f"policy_score_items: {score['plan_id']}",
            reasons=[self._item(row) for row in items],
        )

    def _item(self, item: Row) -> Node:
        actual = plain(item["numerator"])
        if item["denominator"] not in (None, 1):
            actual += f" of {plain(item['denominator'])}"
        how = f"{actual} against {plain(item['target_value']) or 'no target'}"
        if item["attainment"] is not None:
            how += f", {percent(item['attainment'])}"
        how += (
            f", factor {plain(item['factor'])} x weight {plain(item['weight'])}"
            f" = {plain(item['weighted_factor'])}"
        )
        if item["exception_reason"]:
            how += f" ({item['exception_reason']})"
        months = self._rows(
            "select * from marts.fct_measures where employee_id = ? and measure = ?"
            " and period_month between ? and ? order by period_month",
            item["employee_id"], item["measure"], self._first(item), item["period_month"],
        ) if item["scope"] == "own" else []  # fmt: skip
        needs = self._values(
            "select needs from policy.policy_measures where measure = ?", item["measure"]
        )
        return Node(
            what=item["measure"]
            if item["scope"] == "own"
            else f"{item['measure']} ({item['scope']})",
            how=how,
            rules=("S0-06" if item["curve_id"] == "accelerator" else "S0-05",),
            plan=f"policy_payout_curves: {item['curve_id']}",
            reasons=[
                Node(
                    what=f"{row['measure']} {row['period_month']:%Y-%m}",
                    how=plain(row["numerator"])
                    + (f" of {plain(row['denominator'])}" if row["denominator"] is not None else "")
                    + (f", from {needs[0][0]}" if needs and needs[0][0] else ""),
                )
                for row in months
            ],
            sources=[("hr.targets", "target_id", item["target_id"])] if item["target_id"] else [],
        )

    def _commission(self, employee: str, _component: str, currency: str, month: date) -> list[Node]:
        lines = self._rows(
            "select * from marts.fct_commission_lines where employee_id = ? and pay_currency = ?"
            " and period_month = ? order by transaction_date nulls last, transaction_id,"
            " commission_line_id",
            employee, currency, month,
        )  # fmt: skip
        sales: dict[tuple[str | None, str | None], list[Row]] = defaultdict(list)
        for line in lines:
            sales[line["transaction_id"], line["assignment_role"]].append(line)
        parts = []
        for (transaction, role), own in sales.items():
            nodes = [self._line(line, currency) for line in own]
            if transaction is None:
                parts += nodes
                continue
            credits_given = self._rows(
                "select * from marts.fct_credits where transaction_id = ? and employee_id = ?"
                " and assignment_role = ?",
                transaction, employee, role,
            )  # fmt: skip
            parts.append(
                Node(
                    what=transaction,
                    amount=_sum(own, "pay_amount"),
                    currency=currency,
                    how=f"credited as {role}"
                    + "".join(f", {percent(row['credit_share'])}" for row in credits_given),
                    rules=("S4-06",),
                    plan="".join(
                        f"policy_credit_rules: {row['credit_rule_id']}" for row in credits_given
                    ),
                    parts=nodes,
                    sources=[landed_transaction(transaction)],
                )
            )
        return parts

    def _line(self, line: Row, currency: str) -> Node:
        kind = line["line_kind"]
        rule, table = LINE_RULES[kind]
        how = ""
        if line["amount"] is not None and line["rate"] is not None:
            how = f"{line['amount']:,f} {line['currency']} x {plain(line['rate'] * 100)} %"
            if line["currency"] != currency:
                how += f" = {plain(line['commission_amount'])}"
        if line["currency"] != currency:
            how += f", at {plain(line['pay_rate'])}" if line["pay_rate"] else ", without a rate"
        if line["sale_rate"] is not None:
            how += f"; sold in {line['sale_currency']}, at {plain(line['sale_rate'])}"
        tier = "" if line["tier_from"] is None else f", tier from {plain(line['tier_from'])}"
        of = line["cap_period"] or line["rate_class"]
        return Node(
            what=kind + (f" ({line['cap_period']})" if line["cap_period"] else ""),
            amount=line["pay_amount"] or NOTHING,
            currency=currency,
            how=how,
            rules=(rule,),
            plan=f"{table}: {line['plan_id']}" + (f", {of}" if of else "") + tier,
        )

    def _bonus(self, employee: str, _component: str, currency: str, month: date) -> list[Node]:
        rows = self._rows(
            "select * from marts.fct_bonuses where employee_id = ? and pay_currency = ?"
            " and period_month = ? order by bonus_id, subject_id",
            employee, currency, month,
        )  # fmt: skip
        return [
            Node(
                what=f"bonus {row['bonus_id']}",
                amount=row["pay_amount"] or NOTHING,
                currency=currency,
                how=f"{row['earned_when']}: {row['subject_id']}".replace("_", " "),
                rules=("S1-07",) if row["earned_when"] == "delivered" else ("S1-06",),
                plan=f"policy_bonuses: {row['bonus_id']}, {row['plan_id']}",
                sources=[("billing.contracts", "contract_id", row["subject_id"])]
                if row["earned_when"] == "delivered"
                else [],
            )
            for row in rows
        ]

    def _settled(self, employee: str, component: str, currency: str, month: date) -> list[Node]:
        column, sign = SETTLED[component]
        rows = self._rows(
            f"select * from marts.fct_draw_balances where employee_id = ? and currency = ?"
            f" and period_month = ? and {column} <> 0",
            employee, currency, month,
        )  # fmt: skip
        return [
            Node(
                what=row["draw_kind"].replace("_", " ") + " draw",
                amount=sign * row[column],
                currency=currency,
                how=f"commission {plain(row['commission_amount'])}, draw {plain(row['draw_amount'])},"
                f" owed {plain(row['owed_before_amount'])} before, {plain(row['owed_after_amount'])} after",
                rules=("RULES 5",),
                plan=f"policy_draws: {row['plan_id']}",
            )
            for row in rows
        ]

    def _holdbacks(self, employee: str, component: str, currency: str, month: date) -> list[Node]:
        column, sign = ("period_month", -1) if component == "holdback" else ("release_month", 1)
        rows = self._rows(
            f"select * from marts.fct_holdbacks where employee_id = ? and currency = ? and {column} = ?"
            " order by period_month",
            employee, currency, month,
        )  # fmt: skip
        return [
            Node(
                what=f"held back in {row['period_month']:%Y-%m}, released in {row['release_month']:%Y-%m}",
                amount=sign * row["held_amount"],
                currency=currency,
                how=f"of a commission of {plain(row['commission_amount'])}",
                rules=("RULES 5",),
                plan=f"policy_holdbacks: {row['plan_id']}",
            )
            for row in rows
        ]

    def _adjustments(
        self, employee: str, _component: str, currency: str, month: date
    ) -> list[Node]:
        rows = self._rows(
            "select adjustments.* from staging.stg_hr__pay_adjustments as adjustments"
            " cross join staging.stg_policy__settings as settings"
            " where employee_id = ? and coalesce(currency, settings.company_currency) = ?"
            " and date_trunc('month', period_month) = ? and approved_by <> requested_by"
            " order by adjustment_id",
            employee, currency, month,
        )  # fmt: skip
        return [
            Node(
                what=f"adjustment {row['adjustment_id']}",
                amount=row["amount"],
                currency=currency,
                how=f"{row['reason']}; asked by {row['requested_by']}, approved by {row['approved_by']}",
                rules=("RULES 8",),
                sources=[("hr.pay_adjustments", "adjustment_id", row["adjustment_id"])],
            )
            for row in rows
        ]

    def _salaries(self, employee: str, currency: str, first: date, last: date) -> list[Row]:
        return self._rows(
            "select * from intermediate.int_salaries where employee_id = ? and currency = ?"
            " and period_month between ? and ? order by period_month",
            employee, currency, first, last,
        )  # fmt: skip

    def _at_risk(self, employee: str, month: date) -> Decimal:
        [(share,)] = self._values(
            "select mixes.salary_at_risk_share from intermediate.int_payee_months as payees"
            " inner join policy.policy_pay_mix as mixes on payees.plan_id = mixes.plan_id"
            " and mixes.valid_from <= payees.last_day"
            " and payees.last_day < coalesce(mixes.valid_to, date '9999-12-31')"
            " where payees.employee_id = ? and payees.period_month = ?",
            employee, month,
        )  # fmt: skip
        found: Decimal = share
        return found

    def _first(self, item: Row) -> date:
        month: date = item["period_month"]
        if item["period_kind"] == "month":
            return month
        [(start,)] = self._values(
            "select quarter_start from marts.dim_periods where period_month = ?", month
        )
        first: date = start
        return first

    def _days(self, month: date) -> int:
        [(days,)] = self._values(
            "select day_count from marts.dim_periods where period_month = ?", month
        )
        return int(days)

    def _values(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, list(values)).fetchall()

    def _rows(self, query: str, *values: Any) -> list[Row]:
        found = self.connection.execute(query, list(values))
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _rounded(amount: Decimal, unit: Decimal) -> Decimal:
    """Half away from zero (RULES 0), to whole units."""
    return (amount / unit).quantize(Decimal(1), rounding=ROUND_HALF_UP) * unit


def _sum(rows: Iterable[Row], name: str) -> Decimal:
    return sum((row[name] or NOTHING for row in rows), NOTHING)
