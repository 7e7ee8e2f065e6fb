"""The percentile cuts of RULES S0-12, as a pure function over a frame of candidates."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import pandas as pd

from orchestration.lib.tables import CUTS_COLUMNS

PROMOTION = "promotion_eligible"
DEMOTION = "demotion_proposed"
NONE = "none"


def slots(share: Decimal, count: int) -> int:
    """floor(share x count), exactly: 20 % of 9 people is 1, of 10 is 2."""
    return int((share * count).to_integral_value(rounding=ROUND_FLOOR))


def promotion_cuts(candidates: pd.DataFrame) -> pd.DataFrame:
    """Cut every pool of every period.

    ``candidates`` has a row per payee and period, with the columns of
    ``int_promotion_candidates``: ``period_month``, ``period_kind``, ``pool``, ``employee_id``,
    ``role``, ``track``, ``grade``, ``score`` and ``top_score`` (Decimal; the second over the window
    for the top), ``top_share`` and ``bottom_share`` (Decimal, 0 to 1), ``top_ties``,
    ``bottom_ties``, ``minimum_pool``, ``grade_rank``, ``lowest_grade_rank``,
    ``highest_grade_rank``, ``is_protected``, ``is_employed_throughout``, ``has_top_window``. The
    result has a row for each of them with ``CUTS_COLUMNS``, in the order of period, pool, rank and
    employee. Row order of the input does not matter. A score that is missing raises
    ``ValueError``: an unknown result is not a bad one.
    """
    if candidates["score"].isna().any():
        raise ValueError("a candidate without a score cannot be ranked")
    keys = ["period_month", "period_kind", "pool"]
    pools = [_cut_pool(pool) for _, pool in candidates.groupby(keys, sort=True)]
    if not pools:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in CUTS_COLUMNS})
    result = pd.concat(pools, ignore_index=True)
    return result.sort_values([*keys, "rank", "employee_id"], ignore_index=True)[list(CUTS_COLUMNS)]


def _cut_pool(pool: pd.DataFrame) -> pd.DataFrame:
    """One pool of one period. Only payees who are subject to the cut fill its slots."""
    subject = pool["is_employed_throughout"].astype(bool) & ~pool["is_protected"].astype(bool)
    in_window = subject & pool["has_top_window"].astype(bool)
    rule = pool.iloc[0]
    top_scores = sorted(pool.loc[in_window, "top_score"], reverse=True)
    scores = sorted(pool.loc[subject, "score"])
    top_slots = _slots_of(rule, rule["top_share"], len(top_scores))
    bottom_slots = _slots_of(rule, rule["bottom_share"], len(scores))
    promoted = _cut(top_scores, top_slots, rule["top_ties"] == "all_eligible")
    demoted = _cut(scores, bottom_slots, rule["bottom_ties"] == "all_demoted")

    ranked = sorted(pool["score"])
    rows = []
    for row in pool.to_dict("records"):
        is_too_small = len(scores) < int(rule["minimum_pool"])
        outcome, change, reason = _judge(row, is_too_small, promoted, demoted)
        rows.append(
            {
                **row,
                "outcome": outcome,
                "reason": reason,
                "rank": len(ranked) - bisect_right(ranked, row["score"]) + 1,
                "ranked_count": len(scores),
                "top_ranked_count": len(top_scores),
                "top_slots": top_slots,
                "bottom_slots": bottom_slots,
                "proposed_grade_rank": None
                if pd.isna(row["grade_rank"])
                else int(row["grade_rank"]) + change,
            }
        )
    return pd.DataFrame(rows)


def _slots_of(rule: Any, share: Decimal, count: int) -> int:
    return slots(share, count) if count >= int(rule["minimum_pool"]) else 0


def _cut(scores: list[Decimal], count: int, takes_ties: bool) -> set[Decimal]:
    """The first ``count`` scores; where the next one is tied with the last, all of them or none."""
    cut = set(scores[:count])
    if 0 < count < len(scores) and scores[count] == scores[count - 1] and not takes_ties:
        cut.discard(scores[count])
    return cut


def _judge(
    row: Mapping[Any, Any],
    is_too_small: bool,
    promoted: set[Decimal],
    demoted: set[Decimal],
) -> tuple[str, int, str]:
    """Outcome, change of grade and reason for one payee."""
    if row["is_protected"]:
        return NONE, 0, "in the protection months: ranked for information"
    if not row["is_employed_throughout"]:
        return NONE, 0, "not employed for the whole period: ranked for information"
    if is_too_small:
        return NONE, 0, "pool too small"
    if row["has_top_window"] and row["top_score"] in promoted:
        if pd.isna(row["grade_rank"]):
            return PROMOTION, 0, "among the top, grade is not on the ladder"
        if row["grade_rank"] == row["highest_grade_rank"]:
            return PROMOTION, 0, "among the top, already at the highest grade"
        return PROMOTION, 1, "among the top"
    if row["score"] in demoted:
        if pd.isna(row["grade_rank"]):
            return DEMOTION, 0, "among the bottom, grade is not on the ladder"
        if row["grade_rank"] == row["lowest_grade_rank"]:
            return DEMOTION, 0, "among the bottom, already at the lowest grade"
        return DEMOTION, -1, "among the bottom"
    if not row["has_top_window"]:
        return NONE, 0, "above the bottom cut, and not yet scored in the whole window for the top"
    return NONE, 0, "between the cuts"
