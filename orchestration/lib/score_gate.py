"""The gate for the part of a plan that scores are made of: items, weights, rules and segments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from orchestration.lib.problem import Problem

FOREVER = "9999-12-31"

# A row of a policy file, with its row number as a spreadsheet shows it.
Row = tuple[int, dict[str, str]]


def check_scores(policy: Path, rows: dict[str, list[Row]]) -> Iterable[Problem]:
    """Problems of score items, upstream weights and score rules, whose values have their types."""
    yield from _check_weights(policy, rows)
    yield from _check_one_item_a_measure(policy, rows["policy_score_items"])
    yield from _check_monitor_only(policy, rows)
    yield from _check_rules(policy, rows)


def _holds(values: dict[str, str], day: str) -> bool:
    return values["valid_from"] <= day < (values["valid_to"] or FOREVER)


def _check_weights(policy: Path, rows: dict[str, list[Row]]) -> Iterable[Problem]:
    """On every day the weights of a plan, period kind and segment sum to 1 (S0-05, S4-08)."""
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for number, values in rows["policy_score_items"]:
        groups[values["plan_id"], values["period_kind"]].append((number, values))
    for number, values in rows["policy_upstream_weights"]:
        upstream = (number, {**values, "segment": "", "measure": "upstream"})
        groups[values["plan_id"], values["period_kind"]].append(upstream)
    every_segment = {values["segment"] for _, values in rows["policy_segments"]}
    for (plan, period_kind), members in groups.items():
        has_segments = any(values["segment"] for _, values in members)
        days = {values[name] for _, values in members for name in ("valid_from", "valid_to")}
        for day in sorted(days - {""}):
            for segment in sorted(every_segment) if has_segments else [""]:
                holding = [
                    (number, values)
                    for number, values in members
                    if _holds(values, day) and values["segment"] in ("", segment)
                ]
                total = sum((Decimal(values["weight"]) for _, values in holding), Decimal(0))
                # After its last day a plan has no items; a segment without any is a gap.
                if total == 1 or not any(_holds(values, day) for _, values in members):
                    continue
                listed = ", ".join(str(number) for number, _ in holding)
                message = f"the weights of {plan} by {period_kind} sum to {total} on {day}"
                message += f" for the segment {segment}" if segment else ""
                message += f" (rows {listed})" if holding else ""
                path = policy / "policy_score_items.csv"
                rule = "weights of a plan sum to 1 (S0-05)"
                first = holding[0][0] if holding else None
                yield Problem(path, first, "weight", rule, message)


def _check_one_item_a_measure(policy: Path, rows: list[Row]) -> Iterable[Problem]:
    """A payee has one item of a measure and scope: one for every segment and one for all are two."""
    for position, (number, values) in enumerate(rows):
        for other, earlier in rows[:position]:
            names = ("plan_id", "period_kind", "measure", "scope")
            is_same = all(values[name] == earlier[name] for name in names)
            is_shared = (
                values["segment"] == earlier["segment"]
                or not values["segment"]
                or not earlier["segment"]
            )
            starts, ends = values["valid_from"], earlier["valid_to"] or FOREVER
            overlaps = starts < ends and earlier["valid_from"] < (values["valid_to"] or FOREVER)
            if is_same and is_shared and overlaps:
                rule = "a payee has one item of a measure and scope at a time (S0-05)"
                message = f"{values['measure']} stands in row {other} too"
                yield Problem(policy / "policy_score_items.csv", number, "measure", rule, message)


def _check_monitor_only(policy: Path, rows: dict[str, list[Row]]) -> Iterable[Problem]:
    watched = {
        values["measure"]
        for _, values in rows["policy_measures"]
        if values["is_monitor_only"] == "true"
    }
    for number, values in rows["policy_score_items"]:
        if values["measure"] in watched and Decimal(values["weight"]) != 0:
            path = policy / "policy_score_items.csv"
            rule = "a monitor-only measure never weighs (S3-01)"
            yield Problem(path, number, "weight", rule, f"{values['measure']} has a weight")


def _check_rules(policy: Path, rows: dict[str, list[Row]]) -> Iterable[Problem]:
    """Whoever has items has a rule for each of their days, and a total has its curve and cap."""
    path = policy / "policy_score_rules.csv"
    for number, values in rows["policy_score_rules"]:
        is_total = values["curve_applies_to"] == "total"
        for name in ("total_curve_id", "attainment_cap"):
            if is_total != bool(values[name]):
                rule = f"{name} is filled where curve_applies_to is total, and only there (S0-05)"
                yield Problem(
                    path, number, name, rule, "it is " + ("empty" if is_total else "filled")
                )
    told: set[tuple[str, ...]] = set()
    for number, values in rows["policy_score_items"]:
        rules = sorted(
            (rule["valid_from"], rule["valid_to"] or FOREVER)
            for _, rule in rows["policy_score_rules"]
            if (rule["plan_id"], rule["period_kind"]) == (values["plan_id"], values["period_kind"])
        )
        reached = values["valid_from"]
        for starts, ends in rules:
            if starts <= reached:
                reached = max(reached, ends)
        gap = values["plan_id"], values["period_kind"], reached
        if reached < (values["valid_to"] or FOREVER) and gap not in told:
            told.add(gap)
            rule = "every item has a row in policy_score_rules for each of its days"
            message = f"{values['plan_id']} by {values['period_kind']} has none on {reached}"
            yield Problem(policy / "policy_score_items.csv", number, "plan_id", rule, message)
