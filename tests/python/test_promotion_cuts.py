"""Every edge of the percentile cuts (S0-12)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.lib.promotion_cuts import promotion_cuts, slots
from orchestration.lib.tables import CUTS_COLUMNS, CUTS_TABLE
from orchestration.lib.warehouse import DuckTables, ensure_cuts_table

MONTH = pd.Timestamp("2026-06-01")


def candidates(scores: list[str], **changes: dict[int, Any]) -> pd.DataFrame:
    """A pool with these scores, in order; ``changes`` sets a column by position."""
    rows = []
    for number, score in enumerate(scores):
        row: dict[str, Any] = {
            "period_month": MONTH,
            "period_kind": "quarter",
            "pool": "solution_expert",
            "employee_id": f"E{number:02d}",
            "role": "solution_expert",
            "track": "delivery",
            "grade": "S2",
            "score": Decimal(score),
            "top_score": Decimal(score),
            "top_share": Decimal("0.20"),
            "bottom_share": Decimal("0.10"),
            "top_ties": "all_eligible",
            "bottom_ties": "none_demoted",
            "minimum_pool": 5,
            "grade_rank": 2,
            "lowest_grade_rank": 1,
            "highest_grade_rank": 3,
            "is_protected": False,
            "is_employed_throughout": True,
            "has_top_window": True,
        }
        for column, values in changes.items():
            row[column] = values.get(number, row[column])
        rows.append(row)
    return pd.DataFrame(rows)


def outcomes(frame: pd.DataFrame) -> dict[str, str]:
    cut = promotion_cuts(frame)
    return dict(zip(cut["employee_id"], cut["outcome"], strict=True))


def chosen(frame: pd.DataFrame, outcome: str) -> list[str]:
    return sorted(name for name, found in outcomes(frame).items() if found == outcome)


def distinct(count: int) -> list[str]:
    return [str(count - number) for number in range(count)]


@pytest.mark.parametrize(
    ("count", "up", "down"),
    [(1, 0, 0), (4, 0, 0), (5, 1, 0), (7, 1, 0), (9, 1, 0), (10, 2, 1), (11, 2, 1), (20, 4, 2)],
)
def test_slots_are_the_floor_of_the_share(count: int, up: int, down: int) -> None:
    frame = candidates(distinct(count))
    best = [f"E{number:02d}" for number in range(up)]
    worst = [f"E{number:02d}" for number in range(count - down, count)]
    assert chosen(frame, "promotion_eligible") == best
    assert chosen(frame, "demotion_proposed") == worst


def test_a_share_is_never_a_float() -> None:
    # 0.1 * 3 * 10 in floats is 3.0000000000000004, 0.29 * 100 is 28.999999999999996
    assert slots(Decimal("0.29"), 100) == 29
    assert slots(Decimal("0.20"), 9) == 1


def test_below_the_minimum_nobody_is_cut_and_it_says_so() -> None:
    cut = promotion_cuts(candidates(distinct(4)))
    assert set(cut["outcome"]) == {"none"}
    assert set(cut["reason"]) == {"pool too small"}


def test_all_tied_are_all_eligible_and_none_goes_down() -> None:
    frame = candidates(["1.5"] * 10)
    assert len(chosen(frame, "promotion_eligible")) == 10
    assert chosen(frame, "demotion_proposed") == []


def test_ties_at_the_top_edge_are_all_eligible() -> None:
    frame = candidates(["9", "8", "8", "8", "5", "4", "3", "2", "1", "0"])
    assert chosen(frame, "promotion_eligible") == ["E00", "E01", "E02", "E03"]


def test_a_tie_that_fits_the_top_slots_is_only_that_tie() -> None:
    frame = candidates(["9", "9", "8", "7", "5", "4", "3", "2", "1", "0"])
    assert chosen(frame, "promotion_eligible") == ["E00", "E01"]


def test_none_of_those_tied_across_the_bottom_edge_goes_down() -> None:
    frame = candidates(["9", "8", "7", "6", "5", "4", "3", "2", "1", "1"])
    assert chosen(frame, "demotion_proposed") == []


def test_below_a_tie_at_the_bottom_edge_the_lowest_still_go_down() -> None:
    scores = [*distinct(17), "0.5", "0.5", "0.1"]  # 20 payees, 2 slots, the second tied
    assert chosen(candidates(scores), "demotion_proposed") == ["E19"]


def test_a_tie_within_the_bottom_slots_goes_down() -> None:
    scores = [*distinct(18), "0.1", "0.1"]
    assert chosen(candidates(scores), "demotion_proposed") == ["E18", "E19"]


@pytest.mark.parametrize("column", ["is_protected", "is_employed_throughout"])
def test_protected_and_partial_payees_are_ranked_but_neither_cut_nor_counted(column: str) -> None:
    exempt = column == "is_protected"
    frame = candidates(distinct(11), **{column: {0: exempt, 10: exempt}})
    cut = promotion_cuts(frame).set_index("employee_id")
    assert cut.loc["E00", "rank"] == 1
    assert cut.loc["E00", "outcome"] == cut.loc["E10", "outcome"] == "none"
    assert "ranked for information" in cut.loc["E10", "reason"]
    # nine are subject to the cut: one up, none down
    assert set(cut["ranked_count"]) == {9}
    assert chosen(frame, "promotion_eligible") == ["E01"]
    assert chosen(frame, "demotion_proposed") == []


def test_the_top_grade_is_listed_but_does_not_rise() -> None:
    cut = promotion_cuts(candidates(distinct(5), grade_rank={0: 3})).set_index("employee_id")
    assert cut.loc["E00", "outcome"] == "promotion_eligible"
    assert cut.loc["E00", "proposed_grade_rank"] == 3
    assert "highest grade" in cut.loc["E00", "reason"]


def test_the_bottom_grade_is_listed_but_does_not_fall() -> None:
    cut = promotion_cuts(candidates(distinct(10), grade_rank={9: 1})).set_index("employee_id")
    assert cut.loc["E09", "outcome"] == "demotion_proposed"
    assert cut.loc["E09", "proposed_grade_rank"] == 1
    assert "lowest grade" in cut.loc["E09", "reason"]


def test_between_the_ladders_ends_a_cut_moves_one_grade() -> None:
    cut = promotion_cuts(candidates(distinct(10))).set_index("employee_id")
    assert cut.loc["E00", "proposed_grade_rank"] == 3
    assert cut.loc["E05", "proposed_grade_rank"] == 2
    assert cut.loc["E09", "proposed_grade_rank"] == 1


def test_a_grade_that_is_not_on_the_ladder_is_left_alone() -> None:
    cut = promotion_cuts(candidates(distinct(5), grade_rank={0: None})).set_index("employee_id")
    assert pd.isna(cut.loc["E00", "proposed_grade_rank"])
    assert "not on the ladder" in cut.loc["E00", "reason"]


def test_pools_and_periods_are_cut_apart() -> None:
    north = candidates(distinct(5))
    south = candidates(distinct(5)).assign(pool="south")
    south["employee_id"] = "S" + south["employee_id"]
    frame = pd.concat([north, south, north.assign(period_month=pd.Timestamp("2026-03-01"))])
    assert list(promotion_cuts(frame)["outcome"]).count("promotion_eligible") == 3


def test_no_candidates_give_an_empty_frame_with_every_column() -> None:
    cut = promotion_cuts(candidates(distinct(1)).iloc[:0])
    assert list(cut.columns) == list(CUTS_COLUMNS)
    assert cut.empty


def test_a_missing_score_is_refused() -> None:
    frame = candidates(distinct(5))
    frame.loc[2, "score"] = None
    with pytest.raises(ValueError, match="without a score"):
        promotion_cuts(frame)


@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=30),
    st.randoms(use_true_random=False),
    st.data(),
)
def test_order_does_not_matter_and_nobody_is_in_both(
    scores: list[int], random: Any, data: st.DataObject
) -> None:
    exempt = data.draw(st.sets(st.integers(0, len(scores) - 1), max_size=5))
    frame = candidates([str(score) for score in scores], is_protected=dict.fromkeys(exempt, True))
    order = list(frame.index)
    random.shuffle(order)
    cut = promotion_cuts(frame)
    assert promotion_cuts(frame.loc[order]).equals(cut)
    count = len(scores) - len(exempt)
    up, down = (cut["outcome"] == name for name in ("promotion_eligible", "demotion_proposed"))
    assert not (up & down).any()
    is_cut = count >= 5
    assert up.sum() >= (count * 20 // 100 if is_cut else 0)
    assert down.sum() <= (count * 10 // 100 if is_cut else 0)
    if up.any() and down.any():
        assert cut.loc[up, "score"].min() > cut.loc[down, "score"].max()


def test_the_top_is_of_the_window_and_the_bottom_of_the_period() -> None:
    mean = {number: Decimal(number) for number in range(10)}
    frame = candidates(distinct(10), top_score=mean)
    # E09 has the lowest score of the quarter and the highest of the window: nobody is in both
    assert chosen(frame, "promotion_eligible") == ["E08", "E09"]
    assert chosen(frame, "demotion_proposed") == []
    assert outcomes(candidates(distinct(10)))["E09"] == "demotion_proposed"


def test_who_was_not_scored_in_the_whole_window_takes_no_place_at_the_top() -> None:
    frame = candidates(distinct(10), has_top_window={0: False, 9: False})
    cut = promotion_cuts(frame).set_index("employee_id")
    # floor(0.20 x 8) is 1, floor(0.10 x 10) is 1
    assert chosen(frame, "promotion_eligible") == ["E01"]
    assert chosen(frame, "demotion_proposed") == ["E09"]
    assert cut.loc["E00", "top_ranked_count"] == 8
    assert cut.loc["E00", "ranked_count"] == 10
    assert "whole window" in cut.loc["E00", "reason"]


def test_ties_at_an_edge_are_the_plans_to_decide() -> None:
    scores = ["9", "8", "8", "7", "6", "5", "4", "3", "2", "2"]
    strict = dict.fromkeys(range(10), "none_eligible")
    harsh = dict.fromkeys(range(10), "all_demoted")
    assert chosen(candidates(scores), "promotion_eligible") == ["E00", "E01", "E02"]
    assert chosen(candidates(scores, top_ties=strict), "promotion_eligible") == ["E00"]
    assert chosen(candidates(scores), "demotion_proposed") == []
    assert chosen(candidates(scores, bottom_ties=harsh), "demotion_proposed") == ["E08", "E09"]


def test_a_cuts_table_of_an_earlier_version_makes_room_and_one_of_this_version_keeps_its_rows() -> (
    None
):
    cuts = promotion_cuts(candidates(distinct(5)))
    with duckdb.connect() as connection:
        connection.execute(f"create schema marts; create table {CUTS_TABLE} (employee_id varchar)")
        DuckTables(connection).replace(CUTS_TABLE, cuts, CUTS_COLUMNS)
        ensure_cuts_table(connection)
        kept = connection.execute(f"select count(*) from {CUTS_TABLE}").fetchall()
    assert kept == [(5,)]
