"""The percentile cuts of RULES S0-12, as a pure function over a frame of candidates."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import pandas as pd

PROMOTION = "promotion_eligible"
DEMOTION = "demotion_proposed"
NONE = "none"

# Output columns in order, with their SQL types: the contract of marts.fct_promotion_cuts.
COLUMNS = {
    "employee_id": "string",
    "period_kind": "string",
    "role": "string",
    "grade": "string",
    "pool": "string",
    "outcome": "string",
    "reason": "string",
    "score": "decimal(14, 10)",
    "rank": "integer",
    "ranked_count": "integer",
    "top_slots": "integer",
    "bottom_slots": "integer",
    "grade_rank": "integer",
    "proposed_grade_rank": "integer",
    "period_month": "date",
}


def slots(share: Decimal, count: int) -> int:
    """floor(share x count), exactly: 20 % of 9 people is 1, of 10 is 2."""
    return int((share * count).to_integral_value(rounding=ROUND_FLOOR))


def promotion_cuts(candidates: pd.DataFrame) -> pd.DataFrame:
    """Cut every pool of every period.

    ``candidates`` has a row per payee and period, with the columns of
    ``int_promotion_candidates``: ``period_month``, ``period_kind``, ``pool``, ``employee_id``,
    ``role``, ``grade``, ``score`` (Decimal), ``top_share`` and ``bottom_share`` (Decimal, 0 to 1),
    ``minimum_pool``, ``grade_rank``, ``lowest_grade_rank``, ``highest_grade_rank``,
    ``is_protected``, ``is_employed_throughout``. The result has a row for each of them with
    ``COLUMNS``, in the order of period, pool, rank and employee. Row order of the input does not
    matter. A score that is missing raises ``ValueError``: an unknown result is not a bad one.
    """
    if candidates["score"].isna().any():
        raise ValueError("a candidate without a score cannot be ranked")
    keys = ["period_month", "period_kind", "pool"]
    pools = [_cut_pool(pool) for _, pool in candidates.groupby(keys, sort=True)]
    if not pools:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    result = pd.concat(pools, ignore_index=True)
    return result.sort_values([*keys, "rank", "employee_id"], ignore_index=True)[list(COLUMNS)]


def _cut_pool(pool: pd.DataFrame) -> pd.DataFrame:
    """One pool of one period. Only payees who are subject to the cut fill its slots."""
    subject = pool["is_employed_throughout"].astype(bool) & ~pool["is_protected"].astype(bool)
    scores = sorted(pool.loc[subject, "score"])
    count = len(scores)
    rule = pool.iloc[0]
    is_too_small = count < int(rule["minimum_pool"])
    top_slots = 0 if is_too_small else slots(rule["top_share"], count)
    bottom_slots = 0 if is_too_small else slots(rule["bottom_share"], count)

    # At the top edge every tied payee is eligible; at the bottom edge none of the tied goes down.
    top_edge = scores[-top_slots] if top_slots else None
    demoted = set(scores[:bottom_slots])
    if bottom_slots and scores[bottom_slots] == scores[bottom_slots - 1]:
        demoted.discard(scores[bottom_slots])

    rows = []
    for row in pool.to_dict("records"):
        outcome, change, reason = _judge(row, is_too_small, top_edge, demoted)
        rows.append(
            {
                **row,
                "outcome": outcome,
                "reason": reason,
                "rank": int((pool["score"] > row["score"]).sum()) + 1,
                "ranked_count": count,
                "top_slots": top_slots,
                "bottom_slots": bottom_slots,
                "proposed_grade_rank": None
                if pd.isna(row["grade_rank"])
                else int(row["grade_rank"]) + change,
            }
        )
    return pd.DataFrame(rows)


def _judge(
    row: Mapping[Any, Any],
    is_too_small: bool,
    top_edge: Decimal | None,
    demoted: set[Decimal],
) -> tuple[str, int, str]:
    """Outcome, change of grade and reason for one payee."""
    score = row["score"]
    if row["is_protected"]:
        return NONE, 0, "in the protection months: ranked for information"
    if not row["is_employed_throughout"]:
        return NONE, 0, "not employed for the whole period: ranked for information"
    if is_too_small:
        return NONE, 0, "pool too small"
    if top_edge is not None and score >= top_edge:
        if pd.isna(row["grade_rank"]):
            return PROMOTION, 0, "among the top, grade is not on the ladder"
        if row["grade_rank"] == row["highest_grade_rank"]:
            return PROMOTION, 0, "among the top, already at the highest grade"
        return PROMOTION, 1, "among the top"
    if score in demoted:
        if pd.isna(row["grade_rank"]):
            return DEMOTION, 0, "among the bottom, grade is not on the ladder"
        if row["grade_rank"] == row["lowest_grade_rank"]:
            return DEMOTION, 0, "among the bottom, already at the lowest grade"
        return DEMOTION, -1, "among the bottom"
    return NONE, 0, "between the cuts"
