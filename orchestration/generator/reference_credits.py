"""An independent reckoning of a month's pay: plain Python and Decimal, no SQL, no data frames.

The first part: reading, people, transactions, and who is credited for them.

Written from RULES alone, row by row, for companies small enough to hold in memory. It gives the
totals of the ground truth, and tests compare it with the marts payee by payee. It shares nothing
with the models but the landing contract and the policy files.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from decimal import ROUND_HALF_UP, Context, Decimal, setcontext
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq

from orchestration.generator.reference_arithmetic import (
    FAR,
    FOUR,
    SIX,
    Row,
    cast,
    deal,
    holds,
    month_after,
    rounded,
)
from orchestration.lib.contract import landing_tables, policy_tables

MILLIONTH = Decimal("0.000001")
HEADS = ("team_manager", "dotted_line_manager")


class CreditsReference:
    """A company's landing and policy folders, reckoned as known at ``known_at`` (all, if None)."""

    def __init__(self, landing: Path, policy: Path, known_at: dt.datetime | None = None) -> None:
        setcontext(Context(prec=60, rounding=ROUND_HALF_UP))
        self.landing, self.policy_folder, self.known_at = landing, policy, known_at
        self.policy = {name: self._policy(name) for name in policy_tables()}
        self._tables: dict[str, list[Row]] = {}
        self._versions: dict[str, list[Row]] | None = None

    @cached_property
    def settings(self) -> dict[str, str]:
        return {row["setting"]: row["value"] for row in self.policy["policy_settings"]}

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings["company_time_zone"])

    # reading

    def _policy(self, name: str) -> list[Row]:
        types = {column.name: column.data_type for column in policy_tables()[name].columns}
        path = self.policy_folder / f"{name}.csv"
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [
                {key: cast(value, types[key]) for key, value in row.items()}
                for row in csv.DictReader(file)
            ]

    def rows(self, name: str) -> list[Row]:
        """The newest known version of each key, without the deleted ones."""
        if name not in self._tables:
            table = landing_tables()[name]
            types = {column.name: column.data_type for column in table.columns}
            newest: dict[tuple[Any, ...], Row] = {}
            for raw in self._raw(name):
                row = {key: cast(raw.get(key), kind) for key, kind in types.items()}
                if self.known_at and row["_loaded_at"] > self.known_at:
                    continue
                key = tuple(row[part] for part in table.key)
                rank = (row["_loaded_at"], bool(row["_deleted"]))
                held = newest.get(key)
                if held is None or rank > (held["_loaded_at"], bool(held["_deleted"])):
                    newest[key] = row
            self._tables[name] = [row for row in newest.values() if not row["_deleted"]]
        return self._tables[name]

    def _raw(self, name: str) -> list[Row]:
        folder = self.landing / name.replace(".", "/")
        found: list[Row] = []
        for path in sorted(folder.rglob("*.csv")):
            with path.open(encoding="utf-8-sig", newline="") as file:
                found.extend(csv.DictReader(file))
        for path in sorted(folder.rglob("*.parquet")):
            found.extend(pq.read_table(path).to_pylist())
        return found

    def day(self, at: dt.datetime) -> dt.date:
        return at.astimezone(self.zone).date()

    # people

    @cached_property
    def jobs(self) -> dict[str, list[Row]]:
        leaves = {row["employee_id"]: row["leave_date"] for row in self.rows("hr.employees")}
        jobs: dict[str, list[Row]] = defaultdict(list)
        for row in sorted(self.rows("hr.job_history"), key=lambda row: row["valid_from"]):
            end = min(row["valid_to"] or FAR, leaves.get(row["employee_id"]) or FAR)
            if end > row["valid_from"]:
                jobs[row["employee_id"]] += self._with_grades({**row, "end": end})
        return jobs

    def _with_grades(self, job: Row) -> list[Row]:
        """A job cut where a grade was approved in it, with the salary that the ladder gives it."""
        parts = [job]
        changes = [
            row
            for row in self.rows("hr.grade_changes")
            if row["employee_id"] == job["employee_id"] and row["approved_by"]
        ]
        for change in sorted(changes, key=lambda row: row["effective_from"]):
            day = change["effective_from"]
            if not job["valid_from"] < day < job["end"]:
                continue
            salary, currency = job["monthly_base_salary"], job["currency"]
            for step in self.policy["policy_grade_ladder"]:
                if (step["role"], step["grade"]) == (job["role"], change["grade"]):
                    salary = step["monthly_base_salary"] or salary
                    currency = step["currency"] or currency
            parts[-1] = {**parts[-1], "valid_to": day, "end": day}
            parts.append(
                {
                    **job,
                    "valid_from": day,
                    "grade": change["grade"],
                    "monthly_base_salary": salary,
                    "currency": currency,
                }
            )
        return parts

    def job_on(self, employee: str, day: dt.date) -> Row | None:
        return next(
            (job for job in self.jobs[employee] if job["valid_from"] <= day < job["end"]), None
        )

    def last_job(self, employee: str, month: dt.date) -> tuple[Row, dt.date] | None:
        """The last job slice of a month and the last day worked in it."""
        after = month_after(month)
        slices = [
            job for job in self.jobs[employee] if job["valid_from"] < after and job["end"] > month
        ]
        if not slices:
            return None
        return slices[-1], min(slices[-1]["end"], after) - dt.timedelta(days=1)

    def plan(self, employee: str, month: dt.date) -> tuple[str | None, dt.date] | None:
        found = self.last_job(employee, month)
        if not found:
            return None
        job, day = found
        for row in self.rows("hr.plan_assignments"):
            if row["employee_id"] == employee and holds(row, day):
                return row["plan_id"], day
        for row in self.policy["policy_plans"]:
            if row["role"] == job["role"] and row["is_role_default"] and holds(row, day):
                return row["plan_id"], day
        return None, day

    def salary(self, employee: str, month: dt.date) -> list[Decimal]:
        """Salary of each job slice of the month, by calendar days."""
        after = month_after(month)
        slices = []
        for job in self.jobs[employee]:
            days = (min(job["end"], after) - max(job["valid_from"], month)).days
            if days > 0:
                share = job["monthly_base_salary"] * days / (after - month).days
                slices.append(rounded(share, FOUR))
        return slices

    def is_protected(self, employee: str, month: dt.date, months: int) -> bool:
        """In the month of hire of the unbroken employment, or one of those after it."""
        found = self.last_job(employee, month)
        if not found:
            return False
        start = found[0]["valid_from"]
        for job in reversed(self.jobs[employee]):
            if job["valid_to"] == start:
                start = job["valid_from"]
        return month < month_after(start.replace(day=1), months)

    # transactions

    @cached_property
    def transactions(self) -> dict[str, Row]:
        contracts = {row["contract_id"]: row for row in self.rows("billing.contracts")}
        payments = {row["payment_id"]: row for row in self.rows("billing.payments")}
        maturities = {row["product_id"]: row["maturity"] for row in self.rows("billing.products")}
        events: dict[str, Row] = {}

        def add(
            kind: str,
            key: str,
            row: Row,
            day: dt.date,
            reverses: str | None = None,
            rated: dt.date | None = None,
        ) -> None:
            contract = contracts.get(row["contract_id"], {})
            events[f"{kind}:{key}"] = {
                "kind": kind,
                "account": row["account_id"],
                "contract": row["contract_id"],
                "currency": row["currency"],
                "raw": row["amount"],
                "amount": self.company(row, rated or day),
                "contract_type": contract.get("contract_type"),
                "maturity": maturities.get(contract.get("product_id")),
                "day": day,
                "reverses": reverses,
                "product": contract.get("product_id"),
                "opportunity": contract.get("opportunity_id"),
                "signed": contract.get("signed_on"),
            }

        for key, row in contracts.items():
            add("booked", key, row, row["signed_on"])
            if row["cancelled_on"]:
                booked = f"booked:{key}"
                add("cancelled", key, row, row["cancelled_on"], booked, row["signed_on"])
        for key, row in payments.items():
            add("collected", key, row, row["paid_on"])
        for row in self.rows("billing.refunds"):
            origin = (
                row["payment_id"]
                or max(
                    (
                        (payment["paid_on"], key)
                        for key, payment in payments.items()
                        if payment["contract_id"] == row["contract_id"]
                        and payment["paid_on"] <= row["refunded_on"]
                    ),
                    default=(None, None),
                )[1]
            )
            # Of a refund of nobody knows what, the holder of the day gives nothing back but the sale.
            reverses = f"collected:{origin}" if origin else None
            paid = payments[origin]["paid_on"] if origin in payments else None
            add("refunded", row["refund_id"], row, row["refunded_on"], reverses, paid)
        for row in self.rows("billing.consumption"):
            add("consumed", row["consumption_id"], row, row["consumed_on"])
        return events

    def company(self, row: Row, day: dt.date) -> Decimal | None:
        """An amount in the company's currency at the last rate quoted by the day."""
        return self.converted(
            row["amount"], row["currency"], self.settings["company_currency"], day
        )

    def converted(self, amount: Decimal, currency: str, other: str, day: dt.date) -> Decimal | None:
        """An amount in another currency at the last rate quoted by the day."""
        if currency == other:
            return Decimal(amount)
        quoted = [
            (rate["rate_date"], rate["rate"])
            for rate in self.rows("billing.fx_rates")
            if rate["from_currency"] == currency
            and rate["to_currency"] == other
            and rate["rate_date"] <= day
        ]
        return rounded(amount * max(quoted)[1], FOUR) if quoted else None

    def rate_day(self, kind: str, day: dt.date) -> dt.date:
        """The day itself, the last one of its month, or the payday of its month."""
        if kind == "transaction":
            return day
        after = month_after(day.replace(day=1))
        days = -1 if kind == "period_end" else int(self.settings["payday"]) - 1
        return after + dt.timedelta(days=days)

    @cached_property
    def holders(self) -> dict[tuple[str, str], list[Row]]:
        held: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.rows("crm.account_assignments"):
            held[row["account_id"], row["assignment_role"]].append(row)
        return held

    def holder(self, account: str, role: str, day: dt.date) -> str | None:
        rows = [row for row in self.holders[account, role] if holds(row, day)]
        best = max(rows, key=lambda row: (row["valid_from"], row["assignment_id"]), default=None)
        return best["employee_id"] if best else None

    @cached_property
    def first_signed(self) -> dict[str, dt.date]:
        first: dict[str, dt.date] = {}
        for row in self.rows("billing.contracts"):
            account = row["account_id"]
            first[account] = min(first.get(account, FAR), row["signed_on"])
        return first

    def classes(self, event: Row) -> tuple[str, str]:
        launched = {row["product_id"]: row["launched_on"] for row in self.rows("billing.products")}
        day, start = event["day"], launched.get(event["product"])
        first = self.first_signed.get(event["account"])
        new_days = {
            row["class_kind"]: dt.timedelta(days=int(row["new_days"]))
            for row in self.policy["policy_new_classes"]
            if holds(row, day)
        }
        is_new = {
            kind: since is not None and kind in new_days and day < since + new_days[kind]
            for kind, since in (("product", start), ("customer", first))
        }
        product = "new" if is_new["product"] else "established"
        return product, "new" if is_new["customer"] else "repeat"

    @cached_property
    def first_month(self) -> dt.date:
        """The first in which anything was sold or done by somebody employed."""
        days = [self.day(row["occurred_at"]) for row in self.rows("crm.activities")]
        days += [event["day"] for event in self.transactions.values()]
        first = max(min(days), min(jobs[0]["valid_from"] for jobs in self.jobs.values()))
        month: dt.date = first.replace(day=1)
        return month

    def segment_on(self, account: str, day: dt.date) -> str | None:
        """What the first fitting rule says of what had been loaded of the account by the day."""
        if self._versions is None:
            self._versions = defaultdict(list)
            types = {c.name: c.data_type for c in landing_tables()["crm.accounts"].columns}
            for raw in self._raw("crm.accounts"):
                row = {key: cast(raw.get(key), kind) for key, kind in types.items()}
                if self.known_at is None or row["_loaded_at"] <= self.known_at:
                    self._versions[row["account_id"]].append(row)
        versions = sorted(
            self._versions[account], key=lambda row: (row["_loaded_at"], bool(row["_deleted"]))
        )
        if not versions:
            return None
        first = self.day(versions[0]["_loaded_at"])
        known = [row for row in versions if self.day(row["_loaded_at"]) <= max(day, first)]
        version = known[-1]
        if version["_deleted"]:
            return None
        for rule in sorted(self.policy["policy_segments"], key=lambda row: row["rule_order"]):
            if all(
                rule[name] in (None, version[name]) for name in ("designation", "ownership_type")
            ) and (version["employee_count"] or 0) >= (rule["minimum_employee_count"] or 0):
                return str(rule["segment"])
        return None

    # credits

    @cached_property
    def credits(self) -> list[Row]:
        """Every (transaction, payee, part) with the amount credited."""
        found = []
        for key, event in self.transactions.items():
            origin = self.transactions.get(event["reverses"]) if event["reverses"] else event
            if origin is None or event["amount"] is None:
                continue
            sellers = self.sellers(origin)
            direct = sellers or self.parts(origin, "direct")
            if sellers:
                weights = [
                    {"amount": part["share"] * 100, "tier": part["employee"]} for part in sellers
                ]
                sign = -1 if event["amount"] < 0 else 1
                for part, amount in zip(sellers, deal(abs(event["amount"]), weights), strict=True):
                    part["credit"] = sign * amount
            parts = direct + self.parts(origin, "overlay") + self.above(origin, direct, event)
            for part in parts:
                share = rounded(part["rule"]["credit_share"] * part["share"], SIX)
                amount = part.get("credit", rounded(event["amount"] * share, FOUR))
                found.append(
                    {
                        **event,
                        "key": key,
                        "employee": part["employee"],
                        "role": part["rule"]["assignment_role"],
                        "credit_kind": part["rule"]["credit_kind"],
                        "credit": amount,
                        "share": share,
                    }
                )
        return found

    def rules(self, kind: str, day: dt.date) -> list[Row]:
        return [
            row
            for row in self.policy["policy_credit_rules"]
            if row["credit_kind"] == kind and holds(row, day)
        ]

    @cached_property
    def won(self) -> dict[str, Row]:
        return {
            row["opportunity_id"]: row
            for row in self.rows("crm.opportunities")
            if row["outcome"] == "won" and row["closed_at"]
        }

    @cached_property
    def deal_teams(self) -> dict[str, list[Row]]:
        teams: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows("crm.opportunity_team"):
            teams[row["opportunity_id"]].append(row)
        return teams

    def sellers(self, origin: Row) -> list[Row]:
        """Whoever the won deal names as its own: sellers whose shares are a whole, else its owner."""
        won = self.won.get(origin["opportunity"])
        if won is None:
            return []
        rules = self.rules("direct", self.day(won["closed_at"]))
        parts = []
        for rule in rules:
            for row in self.deal_teams[won["opportunity_id"]]:
                if (rule["assignment_role"], rule["team_role"]) == (
                    "opportunity_team",
                    row["team_role"],
                ):
                    share = Decimal(1) if row["credit_share"] is None else row["credit_share"]
                    parts.append({"rule": rule, "employee": row["employee_id"], "share": share})
        if parts and abs(sum(part["share"] for part in parts) - 1) <= len(parts) * MILLIONTH:
            return parts
        return [
            {"rule": rule, "employee": won["owner_id"], "share": Decimal(1)}
            for rule in rules
            if rule["assignment_role"] == "opportunity_owner" and won["owner_id"]
        ]

    def dated(self, rule: Row, origin: Row) -> dt.date:
        """The day on which a rule looks who held a duty."""
        signed: dt.date | None = origin["signed"] if rule["dated_by"] == "contract_signed" else None
        day: dt.date = signed or origin["day"]
        return day

    def parts(self, origin: Row, kind: str) -> list[Row]:
        """Who has a part in a sale by the rules of a kind, those above the sellers left out."""
        parts = []
        for rule in self.fitting(kind, origin):
            role, day = rule["assignment_role"], self.dated(rule, origin)
            if role in HEADS:
                continue
            shares: dict[str | None, Decimal] = {}
            if role == "opportunity_team":
                for row in self.deal_teams.get(origin["opportunity"], []):
                    if origin["opportunity"] in self.won and row["team_role"] == rule["team_role"]:
                        share = row["credit_share"]
                        shares[row["employee_id"]] = Decimal(1) if share is None else share
            elif role == "opportunity_owner":
                won = self.won.get(origin["opportunity"])
                shares[won["owner_id"] if won else None] = Decimal(1)
            elif role == "delivery_lead":
                shares[self.delivery_lead(origin["contract"], day)] = Decimal(1)
            elif role == "account_manager":
                shares[self.owner(origin["account"], day)] = Decimal(1)
            else:
                shares[self.holder(origin["account"], role, day)] = Decimal(1)
            # A segment is looked up on the day that counts for the duty.
            if rule["segment"] and rule["segment"] != self.segment_on(origin["account"], day):
                continue
            for employee, share in shares.items():
                if employee:
                    parts.append({"rule": rule, "employee": employee, "share": share})
        return parts

    def fitting(self, kind: str, origin: Row) -> list[Row]:
        """Rules of a kind; of the duties credited directly those most particular of the sale."""
        rules = self.rules(kind, origin["day"])
        if kind != "direct":
            return rules
        ranked = [
            ((rule["contract_type"] is not None, rule["product_maturity"] is not None), rule)
            for rule in rules
            if rule["assignment_role"] not in ("opportunity_team", "opportunity_owner")
            and rule["contract_type"] in (None, origin["contract_type"])
            and rule["product_maturity"] in (None, origin["maturity"])
        ]
        best = max((rank for rank, _ in ranked), default=None)
        return [rule for rank, rule in ranked if rank == best]

    def above(self, origin: Row, direct: list[Row], event: Row) -> list[Row]:
        """Those to whom the direct credits roll up, once each, with what they roll up."""
        found: dict[tuple[str, str], Row] = {}
        for rule in [*self.rules("overlay", origin["day"]), *self.rules("roll_up", origin["day"])]:
            if rule["assignment_role"] not in HEADS:
                continue
            day = self.dated(rule, origin)
            if rule["segment"] and rule["segment"] != self.segment_on(origin["account"], day):
                continue
            for part in direct:
                for head in self.heads(part["employee"], rule["assignment_role"], day):
                    plan = self.plan(head, day.replace(day=1)) if rule["plan_id"] else None
                    if rule["plan_id"] and not (plan and plan[0] == rule["plan_id"]):
                        continue
                    amount = part.get("credit", event["amount"])
                    key = rule["credit_rule_id"], head
                    row = found.setdefault(
                        key,
                        {"rule": rule, "employee": head, "share": Decimal(0), "whole": Decimal(0)},
                    )
                    row["share"] += part["share"]
                    row["whole"] += amount
        for row in found.values():
            row["credit"] = rounded(row.pop("whole") * row["rule"]["credit_share"], FOUR)
        return list(found.values())

    def heads(self, employee: str, role: str, day: dt.date) -> list[str]:
        """Managers of the team worked in on the day and of those above; or by its dotted line."""
        teams = {row["team_id"]: row for row in self.rows("hr.teams")}
        job = self.job_on(employee, day)
        if job is None or job["team_id"] not in teams:
            return []
        if role == "dotted_line_manager":
            head = teams[job["team_id"]]["dotted_line_manager_id"]
            return [head] if head and head != employee else []
        above, team = [], job["team_id"]
        while team in teams and team not in above:
            above.append(team)
            team = teams[team]["parent_team_id"]
        return [
            other
            for other, jobs in list(self.jobs.items())
            if other != employee
            and any(
                held["valid_from"] <= day < held["end"]
                and held["role"] == "team_manager"
                and held["team_id"] in above
                for held in jobs
            )
        ]

    def owner(self, account: str, day: dt.date) -> str | None:
        """The account manager; under one-off ownership the service consultant once it delivered."""
        manager = self.holder(account, "account_manager", day)
        if manager is None:
            return None
        delivered = min(
            (
                row["delivered_on"]
                for row in self.rows("crm.deliveries")
                if row["account_id"] == account and row["delivered_on"]
            ),
            default=FAR,
        )
        turns = [
            turn
            for row in self.holders[account, "account_manager"]
            for turn in (row["valid_from"], row["valid_to"] or FAR)
        ]
        passes_on = max(delivered, max(turn for turn in turns if turn <= day))
        if delivered == FAR or passes_on > day:
            return manager
        planned_on = max(passes_on, self.first_month)
        plan = self.plan(manager, planned_on.replace(day=1))
        for row in self.policy["policy_commission_plans"]:
            is_his = plan and row["plan_id"] == plan[0] and holds(row, planned_on)
            if is_his and row["ownership"] == "one_off":
                return self.holder(account, "service_consultant", day)
        return manager

    def delivery_lead(self, contract: str | None, day: dt.date) -> str | None:
        rows = [
            row
            for row in self.rows("crm.deliveries")
            if row["contract_id"] == contract
            and contract
            and row["employee_id"]
            and row["started_on"]
            and row["started_on"] <= day
        ]
        best = max(rows, key=lambda row: (row["started_on"], row["delivery_id"]), default=None)
        return best["employee_id"] if best else None
