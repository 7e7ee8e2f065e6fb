"""The gate for the policy folder: types, keys, references, and the claims a plan must keep."""

from __future__ import annotations

import csv
import itertools
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from orchestration.lib.commission_gate import check_commission
from orchestration.lib.contract import Column, Table, landing_tables, policy_tables
from orchestration.lib.credit_gate import check_credits
from orchestration.lib.problem import Problem
from orchestration.lib.score_gate import FOREVER, Row, check_scores

NEEDED_SETTINGS = (
    "company_currency",
    "company_time_zone",
    "fiscal_year_start_month",
    "renewal_grace_days",
    "fast_response_seconds",
    "slow_response_seconds",
    "promoter_from_score",
    "detractor_to_score",
    "skipped_stage_counts_as_passed",
    "response_hours",
    "business_opens_seconds",
    "business_closes_seconds",
    "lifetime_revenue_basis",
    "health_lead_days",
    "health_valid_days",
    "pay_rate_day",
    "payday",
)
CHOICES = {
    "skipped_stage_counts_as_passed": ("true", "false"),
    "response_hours": ("all", "business"),
    "lifetime_revenue_basis": ("booked", "collected", "consumed"),
    "pay_rate_day": ("period_end", "payment"),
    "close_needs_review": ("true", "false"),
}
CHECK_THRESHOLDS = {
    "activity_stuffing": ("volume_growth", "contact_share_kept", "minimum_activities"),
    "quarter_end_pull_in": ("last_days", "booked_share", "minimum_deals"),
    "hidden_pipeline": ("days_to_win", "minimum_deals"),
    "cherry_picking": ("amount_ratio", "minimum_deals"),
    "discounting": ("discount_share",),
    "targets_unchanged": ("days",),
}
BONUS_COLUMNS = {
    "quota_window_reached": ("amount",),
    "measure_reached": ("amount", "measure", "threshold", "period_kind"),
    "delivered": ("rate",),
    "units_sold": ("amount", "block_units"),
}
LIMITS = (
    "minimum_rows",
    "maximum_rows",
    "lowest_share",
    "highest_share",
    "months_compared",
    "days_behind",
)
# What a build by months looks back for the health before a renewal (macro changed_months).
MOST_HEALTH_DAYS = 180
SECONDS_PER_DAY = 86_400
# Every month has it.
LAST_PAYDAY = 28


def check_policy(policy: Path) -> list[Problem]:
    """Problems of a policy folder. A file without rows is sound: then nothing is paid by it."""
    rows: dict[str, list[Row]] = {}
    problems: list[Problem] = []
    for table in policy_tables().values():
        path = policy / f"{table.name}.csv"
        if not path.exists():
            problems.append(
                Problem(path, None, None, "every policy table has a file", "the file is missing")
            )
            continue
        rows[table.name], found = _read(path, table)
        problems.extend(found)
    if problems:
        return problems
    for table in policy_tables().values():
        problems.extend(_check_key(policy, table, rows[table.name]))
        problems.extend(_check_overlap(policy, table, rows[table.name]))
        problems.extend(_check_references(policy, table, rows))
    problems.extend(_check_settings(policy, rows["policy_settings"]))
    problems.extend(check_scores(policy, rows))
    problems.extend(check_credits(policy, rows["policy_credit_rules"]))
    problems.extend(_check_mix(policy, rows["policy_pay_mix"]))
    problems.extend(_check_curves(policy, rows["policy_payout_curves"]))
    problems.extend(_check_ladder(policy, rows))
    problems.extend(_check_boards(policy, rows))
    problems.extend(_check_thresholds(policy, rows["policy_check_thresholds"]))
    problems.extend(_check_tiers(policy, rows["policy_commission_rates"]))
    problems.extend(_check_settlements(policy, rows))
    problems.extend(check_commission(policy, rows))
    problems.extend(_check_loads(policy, rows["policy_owner_loads"]))
    problems.extend(_check_currencies(policy, rows["policy_currencies"]))
    problems.extend(_check_limits(policy, rows["policy_landing_limits"]))
    return problems


def _read(path: Path, table: Table) -> tuple[list[Row], list[Problem]]:
    problems: list[Problem] = []
    rows: list[Row] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        present = reader.fieldnames or []
        for name in table.column_names:
            if name not in present:
                rule = f"columns of {table.name}"
                problems.append(Problem(path, None, name, rule, "the column is missing"))
        if problems:
            return rows, problems
        for record in reader:
            number = reader.line_num
            if None in record or None in record.values():
                rule = "every row has as many fields as the header"
                problems.append(Problem(path, number, None, rule, "it has not"))
                continue
            values = {name: record[name].strip() for name in table.column_names}
            rows.append((number, values))
            for column in table.columns:
                problem = _value_problem(column, values[column.name])
                if problem:
                    problems.append(Problem(path, number, column.name, *problem))
    return rows, problems


def _value_problem(column: Column, value: str) -> tuple[str, str] | None:
    """Rule and message where a value breaks the column's type or list of values."""
    if value == "":
        if column.is_optional:
            return None
        return f"{column.name} is never empty", "it is empty"
    kind = column.data_type
    try:
        if kind == "date":
            date.fromisoformat(value)
        elif kind == "integer":
            int(value)
        elif kind == "boolean" and value not in ("true", "false"):
            raise ValueError
        elif kind.startswith("decimal"):
            places = int(kind.rstrip(")").split(",")[1])
            exponent = Decimal(value).as_tuple().exponent
            if not isinstance(exponent, int) or -exponent > places:
                rule = f"{column.name} carries at most {places} decimal places"
                return rule, f"'{value}' has more"
    except (ValueError, InvalidOperation):
        return f"{column.name} is a {kind}", f"'{value}' is not a {kind}"
    if column.one_of and value not in column.one_of:
        return f"{column.name} is one of {', '.join(column.one_of)}", f"'{value}' is not supported"
    return None


def _check_key(policy: Path, table: Table, rows: list[Row]) -> Iterable[Problem]:
    seen: dict[tuple[str, ...], int] = {}
    path = policy / f"{table.name}.csv"
    for number, values in rows:
        key = tuple(values[name] for name in table.key)
        if key in seen:
            rule = f"{' + '.join(table.key)} is unique in {table.name}"
            yield Problem(path, number, table.key[0], rule, f"repeats row {seen[key]}")
        seen.setdefault(key, number)


def _check_overlap(policy: Path, table: Table, rows: list[Row]) -> Iterable[Problem]:
    if not table.no_overlap_by:
        return
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[1][name] for name in table.no_overlap_by)].append(row)
    for names, members in groups.items():
        members.sort(key=lambda row: row[1]["valid_from"])
        for (first, earlier), (second, later) in itertools.pairwise(members):
            if later["valid_from"] < (earlier["valid_to"] or FOREVER):
                by = " and ".join(table.no_overlap_by)
                rule = f"rows of one {by} in {table.name} never overlap (RULES 0)"
                message = f"{' '.join(names)} overlaps row {first}"
                yield Problem(policy / f"{table.name}.csv", second, "valid_from", rule, message)


def _check_references(policy: Path, table: Table, rows: dict[str, list[Row]]) -> Iterable[Problem]:
    for column in table.columns:
        if not column.refers_to:
            continue
        other, name = column.refers_to.split(".")
        known = {values[name] for _, values in rows[other]}
        for number, values in rows[table.name]:
            value = values[column.name]
            if value and value not in known:
                path = policy / f"{table.name}.csv"
                rule = f"{column.name} stands in {other}"
                yield Problem(path, number, column.name, rule, f"'{value}' does not")


def _check_settings(policy: Path, rows: list[Row]) -> Iterable[Problem]:
    path = policy / "policy_settings.csv"
    present = {values["setting"] for _, values in rows}
    for setting in NEEDED_SETTINGS:
        if setting not in present:
            rule = f"settings needed: {', '.join(NEEDED_SETTINGS)}"
            yield Problem(path, None, "setting", rule, f"{setting} is missing")
    numbers = [
        name for name in NEEDED_SETTINGS if name.endswith(("_days", "_seconds", "_month", "_score"))
    ]
    for number, values in rows:
        if values["setting"] in numbers and not values["value"].isdigit():
            rule = f"{values['setting']} is a whole number"
            yield Problem(path, number, "value", rule, f"'{values['value']}' is not")
        choices = CHOICES.get(values["setting"])
        if choices and values["value"] not in choices:
            rule = f"{values['setting']} is one of {', '.join(choices)}"
            yield Problem(path, number, "value", rule, f"'{values['value']}' is not")
    found = {values["setting"]: (number, values["value"]) for number, values in rows}
    if "payday" in found and not 1 <= _whole(found, "payday") <= LAST_PAYDAY:
        rule = f"payday is a day of the next month, 1 to {LAST_PAYDAY}"
        yield Problem(path, found["payday"][0], "value", rule, f"'{found['payday'][1]}' is not")
    if _whole(found, "health_lead_days") + _whole(found, "health_valid_days") > MOST_HEALTH_DAYS:
        rule = f"health_lead_days and health_valid_days are at most {MOST_HEALTH_DAYS} together"
        yield Problem(path, found["health_valid_days"][0], "value", rule, "they are more (S3-03)")
    closes = _whole(found, "business_closes_seconds")
    is_open = _whole(found, "business_opens_seconds") < closes <= SECONDS_PER_DAY
    if not is_open and "business_closes_seconds" in found:
        rule = "business closes after it opens, on the same day (S2-04)"
        number = found["business_closes_seconds"][0]
        yield Problem(path, number, "value", rule, f"it closes at {closes} seconds")


def _whole(found: dict[str, tuple[int, str]], setting: str) -> int:
    """A setting as a whole number; 0 where it is missing or none, which is a problem of its own."""
    value = found.get(setting, (0, "0"))[1]
    return int(value) if value.isdigit() else 0


def _check_mix(policy: Path, rows: list[Row]) -> Iterable[Problem]:
    for number, values in rows:
        shares = ("base_share", "performance_share", "commission_share")
        total = sum((Decimal(values[name]) for name in shares), Decimal(0))
        if total != 1:
            path = policy / "policy_pay_mix.csv"
            message = f"the mix of {values['plan_id']} sums to {total}"
            yield Problem(path, number, "base_share", "a pay mix sums to 1 (S3-07)", message)


def _check_curves(policy: Path, rows: list[Row]) -> Iterable[Problem]:
    path = policy / "policy_payout_curves.csv"
    curves: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        curves[row[1]["curve_id"]].append(row)
    rule = "a curve's segments cover every attainment from 0 once (S0-06)"
    for name, segments in curves.items():
        segments.sort(key=lambda row: Decimal(row[1]["attainment_from"]))
        expected: Decimal | None = Decimal(0)
        for number, values in segments:
            if expected is None or Decimal(values["attainment_from"]) != expected:
                message = f"{name} has a gap or an overlap before this segment"
                yield Problem(path, number, "attainment_from", rule, message)
            upper = values["attainment_to"]
            expected = Decimal(upper) if upper else None
        if expected is not None:
            message = f"{name} has no factor for attainments from {expected}"
            yield Problem(path, segments[-1][0], "attainment_to", rule, message)


def _check_boards(policy: Path, rows: dict[str, list[Row]]) -> Iterable[Problem]:
    """No board on a volume alone (S2-07)."""
    volumes = {
        values["measure"]
        for _, values in rows["policy_measures"]
        if values["has_denominator"] == "false"
    }
    for number, values in rows["policy_boards"]:
        quality = values["quality_measure"]
        if values["measure"] in volumes and quality in ("", values["measure"]):
            path = policy / "policy_boards.csv"
            rule = "a board on a volume has its quality measure beside it (S2-07)"
            message = f"{values['measure']} has none but itself" if quality else "it is empty"
            yield Problem(path, number, "quality_measure", rule, message)


def _check_thresholds(policy: Path, rows: list[Row]) -> Iterable[Problem]:
    """A check with some of its thresholds has them all: else it would never speak up."""
    path = policy / "policy_check_thresholds.csv"
    present: dict[str, set[str]] = defaultdict(set)
    for number, values in rows:
        needed = CHECK_THRESHOLDS[values["check_name"]]
        present[values["check_name"]].add(values["threshold"])
        if values["threshold"] not in needed:
            rule = f"thresholds of {values['check_name']}: {', '.join(needed)}"
            message = f"'{values['threshold']}' is none of them"
            yield Problem(path, number, "threshold", rule, message)
    for check, found in present.items():
        for threshold in CHECK_THRESHOLDS[check]:
            if threshold not in found and found <= set(CHECK_THRESHOLDS[check]):
                rule = f"thresholds of {check}: {', '.join(CHECK_THRESHOLDS[check])}"
                yield Problem(path, None, "threshold", rule, f"{threshold} is missing")


def _check_ladder(policy: Path, rows: dict[str, list[Row]]) -> Iterable[Problem]:
    """One grade to a place of a track; where targets are reviewed, shares that rise from 0 (S0-08)."""
    path = policy / "policy_grade_ladder.csv"
    reviewed = {values["role"] for _, values in rows["policy_target_reviews"]}
    tracks: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows["policy_grade_ladder"]:
        tracks[row[1]["role"], row[1]["track"]].append(row)
        if bool(row[1]["monthly_base_salary"]) != bool(row[1]["currency"]):
            rule = "a salary has a currency, and a currency a salary"
            yield Problem(path, row[0], "currency", rule, "one of them is empty")
    for (role, track), members in tracks.items():
        members.sort(key=lambda row: int(row[1]["grade_rank"]))
        for (_, lower), (number, upper) in itertools.pairwise(members):
            if lower["grade_rank"] == upper["grade_rank"]:
                rule = "each place of a track has one grade"
                message = f"{lower['grade']} and {upper['grade']} are both at {lower['grade_rank']}"
                yield Problem(path, number, "grade_rank", rule, message)
        if role not in reviewed:
            continue
        rule = "the shares of a track rise from 0 (S0-08)"
        reached = Decimal(-1)
        for number, values in members:
            share = values["target_share"]
            if not share or Decimal(share) <= reached or (reached == -1 and Decimal(share) != 0):
                message = f"{values['grade']} of {role}, {track} has {share or 'none'}"
                yield Problem(path, number, "target_share", rule, message)
            reached = max(reached, Decimal(share or 0))


def _check_tiers(policy: Path, rows: list[Row]) -> Iterable[Problem]:
    path = policy / "policy_commission_rates.csv"
    lowest: dict[tuple[str, ...], tuple[Decimal, int]] = {}
    for number, values in rows:
        key: tuple[str, ...] = (
            values["plan_id"],
            values["product_class"],
            values["customer_class"],
            values["contract_type"],
            values["product_maturity"],
            values["valid_from"],
        )
        candidate = (Decimal(values["tier_from"]), number)
        lowest[key] = min(lowest.get(key, candidate), candidate)
    for key, (tier_from, number) in lowest.items():
        if tier_from != 0:
            rule = "the lowest tier starts at 0 (S0-07)"
            message = f"the tiers of {' / '.join(key[:-1])} start at {tier_from}"
            yield Problem(path, number, "tier_from", rule, message)


def _check_settlements(policy: Path, rows: dict[str, list[Row]]) -> Iterable[Problem]:
    """Rates, draws and holdbacks that would pay more than all of it, or less than nothing."""
    shares = (("policy_commission_rates", "rate"), ("policy_holdbacks", "holdback_share"))
    for table, column in shares:
        for number, values in rows[table]:
            if not 0 <= Decimal(values[column]) <= 1:
                rule = f"{column} is between 0 and 1"
                yield Problem(
                    policy / f"{table}.csv", number, column, rule, f"it is {values[column]}"
                )
    company = next(
        (v["value"] for _, v in rows["policy_settings"] if v["setting"] == "company_currency"), ""
    )
    for number, values in rows["policy_bonuses"]:
        path, needed = policy / "policy_bonuses.csv", BONUS_COLUMNS[values["earned_when"]]
        rule = f"{values['earned_when']} needs {', '.join(needed)}"
        for column in needed:
            if not values[column]:
                yield Problem(path, number, column, rule, "it is empty")
        is_foreign = company and values["currency"] != company
        if values["earned_when"] == "delivered" and is_foreign:
            rule = "what is a share of credits is in the company's currency"
            yield Problem(path, number, "currency", rule, f"it is {values['currency']}")
        if values["block_units"] and Decimal(values["block_units"]) <= 0:
            rule = "a block has units"
            yield Problem(path, number, "block_units", rule, f"it has {values['block_units']}")
    for number, values in rows["policy_draws"]:
        if Decimal(values["monthly_amount"]) <= 0:
            path, rule = policy / "policy_draws.csv", "a draw is more than nothing"
            yield Problem(path, number, "monthly_amount", rule, f"it is {values['monthly_amount']}")
    for number, values in rows["policy_holdbacks"]:
        if int(values["release_months"]) < 1:
            path, rule = (
                policy / "policy_holdbacks.csv",
                "a release comes after the month held back",
            )
            message = f"it comes {values['release_months']} months after it"
            yield Problem(path, number, "release_months", rule, message)


def _check_loads(policy: Path, rows: list[Row]) -> Iterable[Problem]:
    for number, values in rows:
        least, most = values["account_minimum"], values["account_maximum"]
        if least and most and int(least) > int(most):
            path, rule = (
                policy / "policy_owner_loads.csv",
                "the fewest accounts are not above the most",
            )
            message = f"{least} is more than the {most} allowed"
            yield Problem(path, number, "account_minimum", rule, message)


def _check_currencies(policy: Path, rows: list[Row]) -> Iterable[Problem]:
    for number, values in rows:
        if Decimal(values["units_per_major"]) * Decimal(values["unit_amount"]) != 1:
            path = policy / "policy_currencies.csv"
            rule = "units_per_major x unit_amount is 1 (RULES 0)"
            yield Problem(path, number, "unit_amount", rule, "it is not")


def _check_limits(policy: Path, rows: list[Row]) -> Iterable[Problem]:
    path = policy / "policy_landing_limits.csv"
    known = landing_tables()
    for number, values in rows:
        if values["landing_table"] not in known:
            rule = "a limit is of a landing table (crm.activities)"
            message = f"there is no '{values['landing_table']}'"
            yield Problem(path, number, "landing_table", rule, message)
        limits = {name: Decimal(values[name]) for name in values if name in LIMITS and values[name]}
        for name, value in limits.items():
            if value < 0 or (name == "months_compared" and value == 0):
                rule = "a limit is not below 0, and months are 1 or more"
                yield Problem(path, number, name, rule, f"it is {values[name]}")
        for low, high in (("minimum_rows", "maximum_rows"), ("lowest_share", "highest_share")):
            if low in limits and high in limits and limits[low] > limits[high]:
                rule = f"{low} is not above {high}"
                yield Problem(path, number, low, rule, f"it is more than the {values[high]}")
        if bool({"lowest_share", "highest_share"} & limits.keys()) != ("months_compared" in limits):
            rule = "a share is of the average of a number of months, and months are for a share"
            message = f"it is '{values['months_compared']}'"
            yield Problem(path, number, "months_compared", rule, message)
