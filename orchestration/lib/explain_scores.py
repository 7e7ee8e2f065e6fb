"""Why a score is what it is: its items, whose measures are in them, and the landed rows these count."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

from orchestration.lib.contract import landing_tables
from orchestration.lib.explain_tree import Asker, Node, Row, Source
from orchestration.lib.landed_rows import landed_transaction
from orchestration.lib.report import percent, plain

# A member of a team is whoever is measured in it, or in a team below it, in the month.
MEASURED = {
    "own": "select * from marts.fct_measures where employee_id = $employee and measure = $measure"
    " and period_month between $first and $last order by period_month",
    "team": "select measures.* from marts.fct_measures as measures"
    " inner join intermediate.int_team_ancestors as teams using (team_id)"
    " inner join intermediate.int_payee_months as heads on teams.ancestor_team_id = heads.team_id"
    " where heads.employee_id = $employee and heads.period_month = $last and measure = $measure"
    " and measures.period_month between $first and $last"
    " order by measures.period_month, measures.employee_id",
}


class ScoreExplainer(Asker):
    """Explains scores of a warehouse."""

    def score(self, score: Row) -> Node:
        """A row of ``fct_scores``."""
        items = self.rows(
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
        factor = (
            f"factor {plain(item['factor'])} x weight {plain(item['weight'])}"
            f" = {plain(item['weighted_factor'])}"
        )
        if item["exception_reason"]:
            factor += f" ({item['exception_reason']})"
        if item["item_group"] == "upstream":
            return Node(
                what=f"{item['measure']} ({item['scope'].replace('_', ' ')})",
                how=f"{actual}, {factor}",
                rules=("S0-09", "S0-11"),
                plan=f"policy_upstream_weights: {item['plan_id']}",
                reasons=self._supported(item),
            )
        how = f"{actual} against {plain(item['target_value']) or 'no target'}, "
        if item["attainment"] is not None:
            how += f"{percent(item['attainment'])}, "
        return Node(
            what=item["measure"]
            if item["scope"] == "own"
            else f"{item['measure']} ({item['scope']})",
            how=how + factor,
            rules=("S0-06" if item["curve_id"] == "accelerator" else "S0-05",),
            plan=f"policy_payout_curves: {item['curve_id']}",
            reasons=self._measured(item),
            sources=[Source("hr.targets", "target_id", item["target_id"])]
            if item["target_id"]
            else [],
        )

    def _measured(self, item: Row) -> list[Node]:
        """What was measured of the payee, or of those in the team, in each month of the period."""
        first, last = self._first(item), item["period_month"]
        measures = self.rows(
            MEASURED[item["scope"]],
            employee=item["employee_id"], measure=item["measure"], first=first, last=last,
        )  # fmt: skip
        counted: dict[tuple[str, date], list[Node]] = defaultdict(list)
        for row in self.rows(
            "select * from intermediate.int_measure_rows where measure = $measure"
            " and list_contains($employees, employee_id) and period_month between $first and $last"
            " order by period_month, employee_id, row_key, row_day, numerator",
            employees=sorted({row["employee_id"] for row in measures}),
            measure=item["measure"], first=first, last=last,
        ):  # fmt: skip
            counted[row["employee_id"], row["period_month"]].append(_landed(row))
        return [
            Node(
                what=" ".join(
                    [row["employee_id"]] * (item["scope"] == "team")
                    + [row["measure"], f"{row['period_month']:%Y-%m}"]
                ),
                how=_figures(row),
                counted=(row["numerator"], row["denominator"]),
                reasons=counted[row["employee_id"], row["period_month"]],
            )
            for row in measures
        ]

    def _supported(self, item: Row) -> list[Node]:
        """Whom the payee supported, how much, and the score of each."""
        supported = self.rows(
            "select * from intermediate.int_supported_scores where employee_id = ? and link = ?"
            " and upstream_role || '_score' = ? and period_month = ? and period_kind = ?"
            " order by supported_id",
            item["employee_id"], item["scope"], item["measure"], item["period_month"],
            item["period_kind"],
        )  # fmt: skip
        weighed = {"shared_deals": "of deals shared", "served_accounts": "accounts served"}
        return [
            Node(
                what=row["supported_id"],
                how=f"score {plain(row['own_score'])} x {plain(row['support'])}"
                f" {weighed[row['link']]}",
                counted=(row["support"] * row["own_score"], row["support"]),
            )
            for row in supported
        ]

    def _first(self, item: Row) -> date:
        month: date = item["period_month"]
        if item["period_kind"] == "month":
            return month
        [(start,)] = self.values(
            "select quarter_start from marts.dim_periods where period_month = ?", month
        )
        first: date = start
        return first


def _landed(row: Row) -> Node:
    """What a landed row adds to a measure."""
    if row["landing_table"] is None:
        source = Source(*landed_transaction(row["row_key"]))
    else:
        column = landing_tables()[row["landing_table"]].key[0]
        source = Source(row["landing_table"], column, row["row_key"], row["row_day"])
    return Node(
        what=row["row_key"],
        how=_figures(row),
        counted=(row["numerator"], row["denominator"]),
        sources=[source],
    )


def _figures(row: Row) -> str:
    numerator: Decimal = row["numerator"]
    of = "" if row["denominator"] is None else f" of {plain(row['denominator'])}"
    return plain(numerator) + of
