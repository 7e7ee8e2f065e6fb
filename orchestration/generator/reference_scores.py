"""The fourth part of the independent reckoning: the scores of RULES 4, day by day."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from functools import cached_property

from orchestration.generator.reference_arithmetic import (
    EIGHT,
    TEN,
    Row,
    holds,
    month_after,
    rounded,
)
from orchestration.generator.reference_cuts import CutsReference
from orchestration.generator.reference_measures import DAY

OWN_SCOPES = ("employee", "team", "role", "company")
TEAM_SCOPES = ("team", "employee", "role", "company")
NOTHING_DUE = ("nothing fell due", "no day was due")


class ScoresReference(CutsReference):
    """``items(employee, month, kind)`` and ``score(employee, month, kind)``."""

    # who was there, and what was aimed at

    def is_on_leave(self, employee: str, day: dt.date) -> bool:
        """Absent for a reason that lowers targets."""
        lowering = {
            row["absence_type"]
            for row in self.policy["policy_absence_types"]
            if row["lowers_target"]
        }
        return any(
            row["absence_type"] in lowering and holds(row, day)
            for row in self._absences.get(employee, [])
        )

    @cached_property
    def _absences(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows("hr.absences"):
            found[row["employee_id"]].append(row)
        return found

    @cached_property
    def _targets(self) -> dict[tuple[str, str, str | None], list[Row]]:
        found: dict[tuple[str, str, str | None], list[Row]] = defaultdict(list)
        for row in self.rows("hr.targets"):
            whose = None if row["scope_type"] == "company" else row["scope_id"]
            found[row["measure"], row["scope_type"], whose].append(row)
        return found

    def target_on(self, job: Row, measure: str, scope: str, day: dt.date) -> Decimal | None:
        """The narrowest target that holds on a day for whoever had this job."""
        scope_ids = {"employee": job["employee_id"], "team": job["team_id"], "role": job["role"]}
        for scope_type in TEAM_SCOPES if scope == "team" else OWN_SCOPES:
            rows = [
                row
                for row in self._targets.get((measure, scope_type, scope_ids.get(scope_type)), [])
                if holds(row, day)
            ]
            if rows:
                best = min(rows, key=lambda row: (-row["valid_from"].toordinal(), row["target_id"]))
                value: Decimal = best["target_value"]
                return value
        return None

    def aim(
        self, employee: str, item: Row, rule: Row, start: dt.date, month: dt.date, last: dt.date
    ) -> tuple[Decimal, int, int, bool]:
        """(targets of the days added up, days with one, days of the period, present at all)."""
        if rule["target_days"] == "last_day":
            job = self.job_on(employee, last)
            value = self.target_on(job, item["measure"], item["scope"], last) if job else None
            return value or Decimal(0), int(value is not None), 1, True
        total, aimed, length, is_present = Decimal(0), 0, 0, False
        day = start
        while day < month_after(month):
            counts = rule["target_days"] == "calendar_days" or self.calendar.get(
                day, day.weekday() < 5
            )
            length += counts
            job = self.job_on(employee, day)
            if job and day.replace(day=1) in self.months and not self.is_on_leave(employee, day):
                is_present = True
                value = self.target_on(job, item["measure"], item["scope"], day)
                if counts and value is not None:
                    total, aimed = total + value, aimed + 1
            day += DAY
        return total, aimed, length, is_present

    # what was done

    @cached_property
    def _team_measured(self) -> dict[tuple[str, str, dt.date], tuple[Decimal, Decimal]]:
        """By the team worked in at the end of the month."""
        sums: dict[tuple[str, str, dt.date], tuple[Decimal, Decimal]] = {}
        for (employee, measure, month), (top, bottom) in self.measured.items():
            found = self.last_job(employee, month)
            if found and found[0]["team_id"] and month in self.months:
                key = found[0]["team_id"], measure, month
                tops, bottoms = sums.get(key, (Decimal(0), Decimal(0)))
                sums[key] = tops + top, bottoms + (bottom or 0)
        return sums

    def teams_under(self, team: str | None) -> set[str]:
        """The team and every team below it."""
        parents = {row["team_id"]: row["parent_team_id"] for row in self.rows("hr.teams")}
        found = set()
        for name in parents:
            above: str | None = name
            for _ in range(8):
                if above == team:
                    found.add(name)
                above = parents.get(above) if above else None
        return found

    def done(self, job: Row, item: Row, start: dt.date, month: dt.date) -> tuple[Decimal, Decimal]:
        top, bottom = Decimal(0), Decimal(0)
        current = start
        while current <= month:
            if item["scope"] == "own":
                figures = [self.measured.get((job["employee_id"], item["measure"], current))]
            else:
                figures = [
                    self._team_measured.get((team, item["measure"], current))
                    for team in self.teams_under(job["team_id"])
                ]
            for figure in figures:
                if figure:
                    top, bottom = top + figure[0], bottom + (figure[1] or 0)
            current = month_after(current)
        return top, bottom

    # from one to the other

    def curve(self, curve_id: str, actual: Decimal, aim: Decimal) -> Decimal:
        """The payout factor; the segment is found by multiplying, never by the quotient."""
        for row in self.policy["policy_payout_curves"]:
            upper = row["attainment_to"]
            if (
                row["curve_id"] == curve_id
                and actual >= row["attainment_from"] * aim
                and (upper is None or actual < upper * aim)
            ):
                r = min(rounded(actual / aim, TEN), Decimal("9999.9999999999"))
                value = row["c0"] + row["c1"] * r + row["c2"] * r * r
                return Decimal(min(row["cap"], rounded(value, TEN)))
        raise ValueError(f"{curve_id} has no segment for {actual} of {aim}")

    def segment(self, employee: str, day: dt.date) -> str:
        """The most important segment among the accounts held; without any the least important."""
        order = {
            row["segment"]: row["rule_order"]
            for row in sorted(self.policy["policy_segments"], key=lambda row: -row["rule_order"])
        }
        least = max(self.policy["policy_segments"], key=lambda row: row["rule_order"])
        found = []
        for account in self.rows("crm.accounts"):
            duties = self._duties.get(account["account_id"], set())
            if any(self.holder(account["account_id"], duty, day) == employee for duty in duties):
                segment = self.segment_on(account["account_id"], day)
                if segment:
                    found.append((order[segment], segment))
        return str(min(found)[1] if found else least["segment"])

    @cached_property
    def _duties(self) -> dict[str, set[str]]:
        duties: dict[str, set[str]] = defaultdict(set)
        for account, duty in self.holders:
            duties[account].add(duty)
        return duties

    def rule(self, plan_id: str | None, kind: str, day: dt.date) -> Row | None:
        for row in self.policy["policy_score_rules"]:
            if row["plan_id"] == plan_id and row["period_kind"] == kind and holds(row, day):
                return row
        return None

    def own_items(self, employee: str, month: dt.date, kind: str) -> list[tuple[Row, Decimal]]:
        """The items of a payee's own, each with its factor; or, for a total, its attainment."""
        found, last = self.plan(employee, month), self.last_job(employee, month)
        start, after = self.period(kind, month)
        if not found or not last or month_after(month) != after:
            return []
        (plan_id, day), job = found, last[0]
        rule = self.rule(plan_id, kind, day)
        items = [
            item
            for item in self.policy["policy_score_items"]
            if item["plan_id"] == plan_id and item["period_kind"] == kind and holds(item, day)
        ]
        if any(item["segment"] for item in items):
            segment = self.segment(employee, day)
            items = [item for item in items if item["segment"] in (None, segment)]
        if not rule:
            return []
        return [(item, self._factor(item, rule, job, start, month, day)) for item in items]

    def _factor(
        self, item: Row, rule: Row, job: Row, start: dt.date, month: dt.date, day: dt.date
    ) -> Decimal:
        measure = next(
            row for row in self.policy["policy_measures"] if row["measure"] == item["measure"]
        )
        top, bottom = self.done(job, item, start, month)
        total, aimed, length, is_present = self.aim(
            job["employee_id"], item, rule, start, month, day
        )
        nothing: Decimal = item["factor_when_nothing_due"] or Decimal(0)
        if not is_present:
            return nothing
        if not aimed:
            has_target = rule["target_days"] == "working_days" and self._has_target(
                item, job, start, month
            )
            return nothing if has_target else Decimal(0)
        if total <= 0:
            return Decimal(0)
        weighed = bottom if measure["has_denominator"] else Decimal(1)
        if weighed == 0:
            return nothing
        actual = max(top, Decimal(0)) * (aimed if measure["has_denominator"] else length)
        aim = total * weighed
        if measure["direction"] == "lower_is_better":
            actual, aim = aim, actual
        if rule["curve_applies_to"] == "total":
            cap: Decimal = rule["attainment_cap"]
            return min(rounded(actual / aim, TEN), cap) if aim else cap
        if aim == 0:
            curves = self.policy["policy_payout_curves"]
            return Decimal(max(row["cap"] for row in curves if row["curve_id"] == item["curve_id"]))
        return self.curve(item["curve_id"], actual, aim)

    def _has_target(self, item: Row, job: Row, start: dt.date, month: dt.date) -> bool:
        """Present on days that have a target, though none of them is worked."""
        day = start
        while day < month_after(month):
            held = self.job_on(job["employee_id"], day)
            if (
                held
                and not self.is_on_leave(job["employee_id"], day)
                and self.target_on(held, item["measure"], item["scope"], day) is not None
            ):
                return True
            day += DAY
        return False

    # scores

    def own_score(self, employee: str, month: dt.date, kind: str) -> tuple[Decimal, Decimal] | None:
        """(what the own items give, their weight); None where there is none."""
        key = employee, month, kind
        if key not in self._own_scores:
            self._own_scores[key] = self._own_score(employee, month, kind)
        return self._own_scores[key]

    @cached_property
    def _own_scores(self) -> dict[tuple[str, dt.date, str], tuple[Decimal, Decimal] | None]:
        return {}

    def _own_score(
        self, employee: str, month: dt.date, kind: str
    ) -> tuple[Decimal, Decimal] | None:
        items = self.own_items(employee, month, kind)
        if not items:
            return None
        found = self.plan(employee, month)
        rule = self.rule(found[0], kind, found[1]) if found else None
        weight = sum((item["weight"] for item, _ in items), Decimal(0))
        total = sum((rounded(item["weight"] * factor, TEN) for item, factor in items), Decimal(0))
        if rule and rule["curve_applies_to"] == "total":
            factor = self.curve(rule["total_curve_id"], rounded(total, EIGHT), weight)
            return rounded(weight * factor, TEN), weight
        return total, weight

    def score(self, employee: str, month: dt.date, kind: str) -> Decimal | None:
        """The score of a month or of the quarter that ends with it; None where none is due."""
        own = self.own_score(employee, month, kind)
        upstream = self.upstream(employee, month, kind)
        if own is None and not upstream:
            return None
        return (own[0] if own else Decimal(0)) + sum(upstream, Decimal(0))

    def upstream(self, employee: str, month: dt.date, kind: str) -> list[Decimal]:
        """What the scores of the people supported give, one part for each weight of the plan."""
        found = self.plan(employee, month)
        start, after = self.period(kind, month)
        if not found or month_after(month) != after:
            return []
        parts = []
        for row in self.policy["policy_upstream_weights"]:
            if row["plan_id"] != found[0] or row["period_kind"] != kind or not holds(row, found[1]):
                continue
            if row["link"] == "shared_deals":
                supported = self.shared_deals(employee, start, after)
            else:
                supported = self.served_accounts(employee, month, row["upstream_role"])
            top, bottom = Decimal(0), Decimal(0)
            for person, support in supported.items():
                mean = self.mean_score(person, row["upstream_role"], start, month)
                if mean is not None and support > 0:
                    top, bottom = top + support * mean, bottom + support
            factor = (
                rounded(rounded(top, EIGHT) / bottom, TEN)
                if bottom
                else (row["factor_when_nothing_due"] or Decimal(0))
            )
            parts.append(rounded(row["weight"] * factor, TEN))
        return parts

    def mean_score(self, person: str, role: str, start: dt.date, month: dt.date) -> Decimal | None:
        """The mean of a person's own scores in the months of a period in which the role was held."""
        top, bottom = Decimal(0), Decimal(0)
        current = start
        while current <= month:
            last = self.last_job(person, current)
            if last and last[0]["role"] == role and current in self.months:
                for kind in ("month", "quarter"):
                    own = self.own_score(person, current, kind)
                    if own:
                        top, bottom = top + own[0], bottom + own[1]
            current = month_after(current)
        return rounded(top / bottom, TEN) if bottom else None

    def shared_deals(self, employee: str, start: dt.date, after: dt.date) -> dict[str, Decimal]:
        """Amounts of the deals closed in a period with the employee on their team, by owner."""
        helped = {
            row["opportunity_id"]
            for row in self.rows("crm.opportunity_team")
            if row["employee_id"] == employee
        }
        found: dict[str, Decimal] = defaultdict(Decimal)
        for row in self.rows("crm.opportunities"):
            if (
                row["opportunity_id"] not in helped
                or row["outcome"] not in ("won", "lost")
                or not row["closed_at"]
                or not row["owner_id"]
            ):
                continue
            closed = self.day(row["closed_at"])
            amount = self.company(row, closed)
            if start <= closed < after and amount is not None:
                found[row["owner_id"]] += amount
        return found

    def served_accounts(self, employee: str, month: dt.date, role: str) -> dict[str, Decimal]:
        """How many accounts that the employee's teams serve each account manager holds."""
        last = self.last_job(employee, month)
        if not last:
            return {}
        teams, day = self.teams_under(last[0]["team_id"]), last[1]
        members = set()
        for person in self.jobs:
            job = self.last_job(person, month)
            if job and job[0]["team_id"] in teams:
                members.add(person)
        found: dict[str, Decimal] = defaultdict(Decimal)
        for account, duties in self._duties.items():
            is_served = any(
                self.holder(account, duty, day) in members for duty in duties if duty != role
            )
            manager = self.holder(account, "account_manager", day)
            if is_served and manager:
                found[manager] += 1
        return found
