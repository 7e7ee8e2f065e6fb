"""Why a payee is paid what they are paid: a tree from the payout down to the landed rows.

Each node has an amount, how it comes about, the rules and the plan rows that decided, and the landed rows
it is made from. The parts of a node add up to it: ``Node.recomputed`` makes the payout from the leaves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

import duckdb

from orchestration.lib.explain_scores import ScoreExplainer
from orchestration.lib.explain_tree import NOTHING, Asker, Node, Row, Source, rounded
from orchestration.lib.landed_rows import landed_transaction
from orchestration.lib.report import percent, plain
from orchestration.lib.warehouse import WarehouseError

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


class Explainer(Asker):
    """Explains payouts of a warehouse."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__(connection)
        self.scores = ScoreExplainer(connection)
        self.units = dict(self.values("select currency, unit_amount from policy.policy_currencies"))

    def known_at(self, month: date) -> datetime:
        """What the close of a month knew. Raises ``ExplainError`` where it was not closed."""
        found = self.values("select known_at from marts.fct_closes where period_month = ?", month)
        if not found:
            raise ExplainError(f"{month:%Y-%m} has not been closed")
        known_at: datetime = found[0][0]
        return known_at

    def payouts(self, month: date, employee: str, component: str | None = None) -> list[Node]:
        """What a payee was posted in a month, by currency; of one component where it is named.

        Raises ``ExplainError`` where nothing was posted.
        """
        entries = self.rows(
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
        others = self.rows(
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
            amount=rounded(rounded(exact, FOUR), unit),
            currency=currency,
            how=f"{plain(rounded(exact, FOUR))} rounded once, to {plain(unit)}",
            rules=("RULES 0",),
            # First to the four places that marts have, then to what can be paid.
            unit=unit,
            parts=[Node("", rounded(exact, FOUR), currency, "", unit=FOUR, parts=parts)]
            if exact != rounded(exact, FOUR)
            else parts,
        )

    def _base(self, employee: str, _component: str, currency: str, month: date) -> list[Node]:
        slices = self.rows(
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
                sources=[Source("hr.job_history", "employee_id", employee)],
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
        scores = self.rows(
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
                sources=[Source("hr.job_history", "employee_id", employee)],
            )
            for row in self._salaries(employee, currency, first, month)
        ]
        if parts:
            parts[0].reasons = [self.scores.score(row) for row in scores]
        return parts

    def _commission(self, employee: str, _component: str, currency: str, month: date) -> list[Node]:
        lines = self.rows(
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
            credits_given = self.rows(
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
                    sources=[Source(*landed_transaction(transaction))],
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
        rows = self.rows(
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
                sources=[Source("billing.contracts", "contract_id", row["subject_id"])]
                if row["earned_when"] == "delivered"
                else [],
            )
            for row in rows
        ]

    def _settled(self, employee: str, component: str, currency: str, month: date) -> list[Node]:
        column, sign = SETTLED[component]
        rows = self.rows(
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
        rows = self.rows(
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
        rows = self.rows(
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
                sources=[Source("hr.pay_adjustments", "adjustment_id", row["adjustment_id"])],
            )
            for row in rows
        ]

    def _salaries(self, employee: str, currency: str, first: date, last: date) -> list[Row]:
        return self.rows(
            "select * from intermediate.int_salaries where employee_id = ? and currency = ?"
            " and period_month between ? and ? order by period_month",
            employee, currency, first, last,
        )  # fmt: skip

    def _at_risk(self, employee: str, month: date) -> Decimal:
        [(share,)] = self.values(
            "select mixes.salary_at_risk_share from intermediate.int_payee_months as payees"
            " inner join policy.policy_pay_mix as mixes on payees.plan_id = mixes.plan_id"
            " and mixes.valid_from <= payees.last_day"
            " and payees.last_day < coalesce(mixes.valid_to, date '9999-12-31')"
            " where payees.employee_id = ? and payees.period_month = ?",
            employee, month,
        )  # fmt: skip
        found: Decimal = share
        return found

    def _days(self, month: date) -> int:
        [(days,)] = self.values(
            "select day_count from marts.dim_periods where period_month = ?", month
        )
        return int(days)


def _sum(rows: Iterable[Row], name: str) -> Decimal:
    return sum((row[name] or NOTHING for row in rows), NOTHING)
