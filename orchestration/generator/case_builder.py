"""Collects the rows of planted cases, and what they must come to."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from typing import Any

from orchestration.generator import names
from orchestration.generator.shape import Company, next_month

Row = dict[str, Any]
CURRENCY = "CNY"


def noon(day: dt.date) -> dt.datetime:
    """Noon in China."""
    return dt.datetime(day.year, day.month, day.day, 4, tzinfo=dt.UTC)


class Cases:
    """Collects the rows of the cases and what they must come to."""

    def __init__(self, company: Company) -> None:
        self.month = company.months[-1]
        self.next = next_month(self.month)
        self.quarter = self.month.replace(month=(self.month.month - 1) // 3 * 3 + 1)
        self.quarter_end = next_month(next_month(next_month(self.quarter)))
        self.last_month = (self.month - dt.timedelta(days=1)).replace(day=1)
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self.cases: list[Row] = []
        self.late_rows: list[Row] = []

    def load(self, day: dt.date) -> dt.datetime:
        return dt.datetime(day.year, day.month, day.day, 20, tzinfo=dt.UTC)

    def day(self, number: int) -> dt.date:
        """A day of the last month."""
        return self.month.replace(day=number)

    def add(self, table: str, loaded: dt.date, **values: Any) -> Row:
        row = {**values, "_loaded_at": self.load(loaded)}
        self.rows[table].append(row)
        return row

    def payee(
        self,
        number: int,
        *,
        salary: int = 10_000,
        currency: str = CURRENCY,
        hired: dt.date | None = None,
        quota: int | None = 100_000,
        quota_currency: str = CURRENCY,
        role: str = "account_manager",
        grade: str = "P4",
        team: str = "T-east",
        plan: str | None = None,
        planned_on: dt.date = dt.date(2020, 1, 1),
        window: tuple[dt.date, dt.date] | None = None,
        account_from: dt.date | None = None,
    ) -> str:
        """A payee, an account manager with one account ``Z<number>-1`` if nothing else is said."""
        employee_id = f"Z{number:02d}"
        day = hired or dt.date(2020, 1, 1)
        self.add(
            "hr.employees",
            self.last_month,
            employee_id=employee_id,
            full_name=names.person(9_000 + number * 13),
            hire_date=day,
        )
        self.add(
            "hr.job_history",
            self.last_month,
            employee_id=employee_id,
            valid_from=day,
            role=role,
            grade=grade,
            team_id=team,
            manager_id="M000001",
            region="east",
            monthly_base_salary=Decimal(salary),
            currency=currency,
        )
        if quota is not None:
            start, end = window or (self.quarter, self.quarter_end)
            self.add(
                "hr.quotas",
                self.last_month,
                employee_id=employee_id,
                valid_from=start,
                valid_to=end,
                quota_amount=Decimal(quota),
                currency=quota_currency,
            )
        if plan:
            self.add(
                "hr.plan_assignments",
                self.last_month,
                employee_id=employee_id,
                plan_id=plan,
                valid_from=planned_on,
            )
        if role == "account_manager" or role == "key_account_director":
            self.account(f"{employee_id}-1", employee_id, account_from, team=team)
        return employee_id

    def account(
        self,
        account_id: str,
        owner: str | None,
        start: dt.date | None = None,
        end: dt.date | None = None,
        *,
        role: str = "account_manager",
        team: str = "T-east",
        designation: str | None = None,
        industry: str = "finance",
        name: str | None = None,
        created: dt.datetime = dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    ) -> None:
        if not any(row["account_id"] == account_id for row in self.rows["crm.accounts"]):
            self.add(
                "crm.accounts",
                self.last_month,
                account_id=account_id,
                account_name=name or names.company(5_000 + len(self.rows["crm.accounts"])),
                industry=industry,
                region="east",
                country="CN",
                ownership_type="commercial",
                designation=designation,
                created_at=created,
            )
        if owner:
            self.add(
                "crm.account_assignments",
                self.last_month,
                assignment_id=f"{account_id}-{owner}",
                account_id=account_id,
                employee_id=owner,
                assignment_role=role,
                team_id=team,
                valid_from=start or dt.date(2020, 1, 1),
                valid_to=end,
            )

    def contract(
        self,
        contract_id: str,
        account_id: str,
        signed: dt.date,
        amount: int,
        product: str = "P1",
        currency: str = CURRENCY,
        **more: Any,
    ) -> None:
        values = {
            "starts_on": signed,
            "ends_on": signed + dt.timedelta(days=365),
            "contract_type": "new",
            **more,
        }
        self.add(
            "billing.contracts",
            max(signed, self.last_month),
            contract_id=contract_id,
            account_id=account_id,
            product_id=product,
            signed_on=signed,
            amount=Decimal(amount),
            currency=currency,
            **values,
        )

    def payment(
        self,
        account_id: str,
        day: dt.date,
        amount: int,
        *,
        by_month: bool = False,
        currency: str = CURRENCY,
    ) -> str:
        payment_id = f"PY-{account_id}-{day:%m%d}" if by_month else f"PY-{account_id}-{day:%d}"
        self.add(
            "billing.payments",
            day,
            payment_id=payment_id,
            account_id=account_id,
            contract_id=f"K-{account_id}",
            payment_kind="deposit",
            paid_on=day,
            amount=Decimal(amount),
            currency=currency,
        )
        return payment_id

    def refund(self, account_id: str, day: dt.date, payment_id: str, amount: int) -> None:
        """Named after the payee whose account it is."""
        self.add(
            "billing.refunds",
            day,
            refund_id=f"RF-{account_id.removesuffix('-1')}",
            account_id=account_id,
            contract_id=f"K-{account_id}",
            payment_id=payment_id,
            refunded_on=day,
            amount=Decimal(amount),
            currency=CURRENCY,
        )

    def expect(
        self,
        case: str,
        rule: str,
        employee_id: str,
        why: str,
        *,
        score: str | None = None,
        **components: str,
    ) -> None:
        self.cases.append(
            {
                "case": case,
                "rule": rule,
                "employee_id": employee_id,
                "why": why,
                "period_month": self.month.isoformat(),
                "score": score,
                "components": {name: amount for name, amount in components.items() if amount},
            }
        )
