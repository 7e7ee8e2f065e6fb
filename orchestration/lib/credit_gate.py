"""The gate for credit rules: each sale is somebody's once, and nobody is credited twice by one part."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from orchestration.lib.problem import Problem
from orchestration.lib.score_gate import FOREVER, Row

# Those above whoever is credited directly.
HEADS = ("team_manager", "dotted_line_manager")
DEALS = ("opportunity_owner", "opportunity_team")
CLASSES = ("contract_type", "product_maturity")
KINDS = {"team_manager": ("roll_up",), "dotted_line_manager": ("overlay",)}


def check_credits(policy: Path, rows: list[Row]) -> Iterable[Problem]:
    """Problems of ``policy_credit_rules``, whose values have their types."""
    path = policy / "policy_credit_rules.csv"
    for number, values in rows:
        for column, rule, message in _faults(values):
            yield Problem(path, number, column, rule, message)
    direct = [row for row in rows if row[1]["credit_kind"] == "direct"]
    duties = [row for row in direct if row[1]["assignment_role"] not in (*DEALS, *HEADS)]
    for (first, one), (second, other) in itertools.combinations(rows, 2):
        if not _meet(one, other):
            continue
        part, conditions = ("assignment_role", "team_role"), (*CLASSES, "segment", "plan_id")
        are_duties = (first, one) in duties and (second, other) in duties
        if are_duties and _particular(one) != _particular(other):
            continue  # the more particular one applies
        if all(one[name] == other[name] for name in part):
            if all(one[name] == other[name] for name in conditions):
                continue  # named as an overlap already
            rule = "one rule credits a part in a sale (S4-06)"
            message = f"{other['credit_rule_id']} credits what row {first} does"
            yield Problem(path, second, "assignment_role", rule, message)
        elif are_duties:
            rule = "a sale that is not its deal's own is credited directly once (S4-03)"
            message = f"{other['credit_rule_id']} does so beside row {first}"
            yield Problem(path, second, "credit_kind", rule, message)
    for number, values in rows:
        for other_number, other in duties:
            is_other_day = values["dated_by"] != other["dated_by"]
            if values["assignment_role"] in HEADS and is_other_day and _meet(values, other):
                rule = "a credit rolls up on the day by which it was given"
                message = f"{other['credit_rule_id']} (row {other_number}) is dated otherwise"
                yield Problem(path, number, "dated_by", rule, message)
                break


def _faults(values: dict[str, str]) -> Iterable[tuple[str, str, str]]:
    """Column, rule and message of what is wrong with a rule by itself."""
    role, kind = values["assignment_role"], values["credit_kind"]
    share = Decimal(values["credit_share"])
    if kind == "direct" and share != 1:
        yield "credit_share", "a direct rule credits the whole (S4-06)", f"it credits {share}"
    if not 0 < share <= 1:
        yield "credit_share", "a share is above 0 and at most 1", f"it is {share}"
    allowed = KINDS.get(role, ("direct", "overlay"))
    if kind not in allowed:
        message = f"it is {kind}"
        yield "credit_kind", f"{role} is credited as {' or '.join(allowed)}", message
    if (role == "opportunity_team") != bool(values["team_role"]):
        message = "it is empty" if role == "opportunity_team" else "it is filled"
        yield "team_role", "opportunity_team names a role on the deal, others none", message
    if values["plan_id"] and role not in HEADS:
        yield "plan_id", f"a plan is named for {' and '.join(HEADS)} only", "it is filled"
    named = [name for name in CLASSES if values[name]]
    if kind != "direct" or role in (*DEALS, *HEADS):
        for name in named:
            rule = f"{name} is named for direct credit by a duty or a delivery (S3-06)"
            yield name, rule, "it is filled"
    if values["segment"] and named:
        rule = f"a rule names a segment, or one of {' and '.join(CLASSES)}"
        yield "segment", rule, "it is filled"
    if values["segment"] and role in (*DEALS, "delivery_lead"):
        rule = "a segment is named for duties on accounts and those above them"
        yield "segment", rule, "it is filled"


def _particular(rule: dict[str, str]) -> tuple[bool, ...]:
    """What a rule is for by name: of two direct rules the more particular one applies (S3-06)."""
    return tuple(bool(rule[name]) for name in CLASSES)


def _meet(one: dict[str, str], other: dict[str, str]) -> bool:
    """Whether two rules can apply to one sale and payee: an empty condition fits everything."""
    return (
        all(
            not one[name] or not other[name] or one[name] == other[name]
            for name in (*CLASSES, "segment", "plan_id")
        )
        and one["valid_from"] < (other["valid_to"] or FOREVER)
        and other["valid_from"] < (one["valid_to"] or FOREVER)
    )
