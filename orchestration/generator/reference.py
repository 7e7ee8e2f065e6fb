"""An independent reckoning of a month's pay: plain Python and Decimal, no SQL, no data frames.

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
    Row,
    cast,
    deal,
    holds,
    month_after,
    rounded,
)
from orchestration.lib.contract import landing_tables, policy_tables


class Reference:
    """A company's landing and policy folders, reckoned as known at ``known_at`` (all, if None)."""

    def __init__(self, landing: Path, policy: Path, known_at: dt.datetime | None = None) -> None:
        setcontext(Context(prec=60, rounding=ROUND_HALF_UP))
        self.landing, self.policy_folder, self.known_at = landing, policy, known_at
        self.policy = {name: self._policy(name) for name in policy_tables()}
        self.settings = {row["setting"]: row["value"] for row in self.policy["policy_settings"]}
        self.zone = ZoneInfo(self.settings["company_time_zone"])
        self._tables: dict[str, list[Row]] = {}
        self._parts: dict[tuple[str, str, str], list[Row]] = {}

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
        events: dict[str, Row] = {}

        def add(kind: str, key: str, row: Row, day: dt.date, reverses: str | None = None) -> None:
            contract = contracts.get(row["contract_id"], {})
            events[f"{kind}:{key}"] = {
                "kind": kind,
                "account": row["account_id"],
                "contract": row["contract_id"],
                "amount": self.company(row, day),
                "day": day,
                "reverses": reverses,
                "product": contract.get("product_id"),
                "opportunity": contract.get("opportunity_id"),
            }

        for key, row in contracts.items():
            add("booked", key, row, row["signed_on"])
            if row["cancelled_on"]:
                add("cancelled", key, row, row["cancelled_on"], f"booked:{key}")
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
            add("refunded", row["refund_id"], row, row["refunded_on"], f"collected:{origin}")
        for row in self.rows("billing.consumption"):
            add("consumed", row["consumption_id"], row, row["consumed_on"])
        return events

    def company(self, row: Row, day: dt.date) -> Decimal | None:
        """An amount in the company's currency at the last rate quoted by the day."""
        home = self.settings["company_currency"]
        if row["currency"] == home:
            return Decimal(row["amount"])
        quoted = [
            (rate["rate_date"], rate["rate"])
            for rate in self.rows("billing.fx_rates")
            if rate["from_currency"] == row["currency"]
            and rate["to_currency"] == home
            and rate["rate_date"] <= day
        ]
        return rounded(row["amount"] * max(quoted)[1], FOUR) if quoted else None

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
        days = dt.timedelta(days=int(self.settings["new_product_days"]))
        product = "new" if start and day < start + days else "established"
        days = dt.timedelta(days=int(self.settings["new_customer_days"]))
        return product, "new" if first and day < first + days else "repeat"

    @cached_property
    def credits(self) -> list[Row]:
        """Every (transaction, payee) with the share credited."""
        found = []
        owners = {row["opportunity_id"]: row["owner_id"] for row in self.rows("crm.opportunities")}
        for key, event in self.transactions.items():
            origin = self.transactions.get(event["reverses"]) if event["reverses"] else event
            if origin is None or event["amount"] is None:
                continue
            for rule in self.policy["policy_credit_rules"]:
                if rule["assignment_role"] == "opportunity_owner":
                    employee = owners.get(origin["opportunity"])
                else:
                    employee = self.holder(
                        origin["account"], rule["assignment_role"], origin["day"]
                    )
                if employee and holds(rule, origin["day"]):
                    amount = rounded(event["amount"] * rule["credit_share"], FOUR)
                    found.append(
                        {
                            **event,
                            "key": key,
                            "employee": employee,
                            "role": rule["assignment_role"],
                            "credit": amount,
                        }
                    )
        return found

    # commission

    @cached_property
    def commission(self) -> dict[tuple[str, dt.date], Decimal]:
        """Commission per employee and month, caps applied."""
        plans = self.policy["policy_commission_plans"]
        signs = {
            (row["commission_basis"], row["transaction_kind"]): row["sign"]
            for row in self.policy["policy_commission_bases"]
        }
        earning: dict[tuple[str, str, str], Row] = {}
        for credit in self.credits:
            found = self.plan(credit["employee"], credit["day"].replace(day=1))
            for plan in plans:
                if (
                    found
                    and plan["plan_id"] == found[0]
                    and holds(plan, credit["day"])
                    and signs.get((plan["commission_basis"], credit["kind"]), 0) > 0
                ):
                    key = credit["key"], credit["employee"], credit["role"]
                    earning[key] = {**credit, "plan": plan, "signed": credit["credit"]}
        signed = list(earning.values())
        for credit in self.credits:
            origin = earning.get((credit["reverses"], credit["employee"], credit["role"]))
            if origin and signs.get((origin["plan"]["commission_basis"], credit["kind"]), 0) < 0:
                signed.append({**credit, "plan": origin["plan"], "signed": -credit["credit"]})
        groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
        for sale in signed:
            start, end, quota = self.accumulation(sale)
            groups[sale["employee"], sale["plan"]["plan_id"], start, end, quota].append(sale)
        lines: list[tuple[Row, Decimal]] = []
        self._parts = {}
        for (*_, quota), sales in groups.items():
            before = Decimal(0)
            for sale in sorted(sales, key=lambda sale: (sale["day"], sale["key"], sale["role"])):
                if sale["signed"] > 0:
                    parts = self.tier_parts(sale, before, quota)
                    self._parts[sale["key"], sale["employee"], sale["role"]] = parts
                    lines += [(sale, rounded(p["amount"] * p["rate"], FOUR)) for p in parts]
                before += sale["signed"]
        for sale in signed:
            if sale["signed"] < 0:
                parts = self._parts[sale["reverses"], sale["employee"], sale["role"]]
                for amount, part in zip(deal(-sale["signed"], parts), parts, strict=True):
                    lines.append((sale, -rounded(amount * part["rate"], FOUR)))
        return self.capped(lines)

    def period(self, kind: str, month: dt.date) -> tuple[dt.date, dt.date]:
        """First day of the fiscal period a month lies in, and the first day after it."""
        size = {"month": 1, "quarter": 3, "half": 6, "year": 12}[kind]
        index = (month.month - int(self.settings["fiscal_year_start_month"])) % 12
        start = month_after(month, -(index % size))
        return start, month_after(start, size)

    def accumulation(self, sale: Row) -> tuple[dt.date, dt.date | None, Decimal | None]:
        quotas = [row for row in self.rows("hr.quotas") if row["employee_id"] == sale["employee"]]
        month = sale["day"].replace(day=1)
        if sale["plan"]["accumulation"] == "quota_window":
            window = next((row for row in quotas if holds(row, sale["day"])), None)
            return (
                (window["valid_from"], None, window["quota_amount"])
                if window
                else (month, None, None)
            )
        start, end = self.period(sale["plan"]["accumulation"], month)
        shares = []
        for row in quotas:
            days = (min(row["valid_to"] or start, end) - max(row["valid_from"], start)).days
            if days > 0:
                length = (row["valid_to"] - row["valid_from"]).days
                shares.append(rounded(row["quota_amount"] * days / length, FOUR))
        return start, end, sum(shares, Decimal(0)) if shares else None

    def tier_parts(self, sale: Row, before: Decimal, quota: Decimal | None) -> list[Row]:
        """The sale cut where it crosses a tier bound."""
        by_share = sale["plan"]["bound_kind"] == "share_of_quota"
        nothing = [{"amount": sale["signed"], "rate": Decimal(0), "tier": Decimal(0)}]
        if by_share and (quota or 0) <= 0:
            return nothing
        product, customer = self.classes(sale)
        rates = [
            row
            for row in self.policy["policy_commission_rates"]
            if row["plan_id"] == sale["plan"]["plan_id"] and holds(row, sale["day"])
        ]
        for wanted in ((product, customer), (product, "any"), ("any", customer), ("any", "any")):
            tiers = sorted(
                (row for row in rates if (row["product_class"], row["customer_class"]) == wanted),
                key=lambda row: row["tier_from"],
            )
            if tiers:
                break
        else:
            return nothing
        scale = quota if by_share and quota is not None else Decimal(1)
        bounds = [rounded(row["tier_from"] * scale, FOUR) for row in tiers]
        bounds[0] = min(before, Decimal(0))
        after = before + sale["signed"]
        parts = []
        for tier, lower, upper in zip(tiers, bounds, [*bounds[1:], after], strict=True):
            amount = min(after, upper) - max(before, lower)
            if amount > 0:
                parts.append({"amount": amount, "rate": tier["rate"], "tier": tier["tier_from"]})
        return parts

    def capped(self, lines: list[tuple[Row, Decimal]]) -> dict[tuple[str, dt.date], Decimal]:
        months: dict[tuple[str, str, dt.date], Decimal] = defaultdict(Decimal)
        plans: dict[str, Row] = {}
        for sale, commission in lines:
            plans[sale["plan"]["plan_id"]] = sale["plan"]
            month = sale["day"].replace(day=1)
            months[sale["employee"], sale["plan"]["plan_id"], month] += commission
        result: dict[tuple[str, dt.date], Decimal] = defaultdict(Decimal)
        running: dict[tuple[str, str, dt.date], tuple[Decimal, Decimal]] = {}
        for (employee, plan_id, month), commission in sorted(months.items()):
            cap = plans[plan_id]["cap_amount"]
            if cap is not None:
                start = self.period(plans[plan_id]["cap_period"], month)[0]
                total, paid = running.get((employee, plan_id, start), (Decimal(0), Decimal(0)))
                total += commission
                commission = min(total, cap) - paid
                running[employee, plan_id, start] = (total, min(total, cap))
            result[employee, month] += commission
        return result
