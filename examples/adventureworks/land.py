"""Maps AdventureWorks (plain CSV, as in ``../shared/data/adventureworks``) onto the landing contract.

What the data does not say is not made up: there are no payments, refunds, activities or products of
an order here, so those tables stay absent. Where master and history disagree, history counts.
"""

from __future__ import annotations

import csv
import datetime as dt
import shutil
from collections.abc import Iterable
from pathlib import Path

from orchestration.lib.register import REGISTER

Row = dict[str, str]

# Everything was known the day after the last order of the data; the last window ends on 2014-06-01.
LOADED_AT = "2014-07-01T00:00:00Z"
LAST_WINDOW_ENDS = "2014-06-01"
CURRENCY = "USD"
PLAN_FROM = "2000-01-01"
HERE = Path(__file__).resolve().parent


def read(source: Path, name: str) -> list[Row]:
    """The rows of one source file."""
    with (source / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: Iterable[Row]) -> None:
    """One CSV file with the columns of its first row."""
    rows = list(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def day_after(day: str) -> str:
    return (dt.date.fromisoformat(day) + dt.timedelta(days=1)).isoformat()


def employee_id(number: str) -> str:
    return f"SP{number}"


def employees(source: Path) -> list[Row]:
    hired = {
        row["BusinessEntityID"]: row["HireDate"] for row in read(source, "HumanResources.Employee")
    }
    return [
        {
            "employee_id": employee_id(row["BusinessEntityID"]),
            "full_name": f"{row['FirstName']} {row['LastName']}",
            "hire_date": hired[row["BusinessEntityID"]],
            "leave_date": "",
        }
        for row in read(source, "derived_SalesPersonNames")
    ]


def job_history(source: Path) -> list[Row]:
    """A job per stretch of territory, from hire on; without a territory on record there is none.

    Territory history is inclusive at its end and has a hole (280 has no territory after
    2012-09-29, though the master names one); managers have no territory at all.
    """
    names = {row["TerritoryID"]: row for row in read(source, "Sales.SalesTerritory")}
    people = {row["BusinessEntityID"]: row for row in read(source, "HumanResources.Employee")}
    jobs: list[Row] = []
    for person in read(source, "Sales.SalesPerson"):
        number = person["BusinessEntityID"]
        stretches: list[tuple[str, str, str]] = []
        reached = people[number]["HireDate"]
        for row in sorted(
            (
                row
                for row in read(source, "Sales.SalesTerritoryHistory")
                if row["BusinessEntityID"] == number
            ),
            key=lambda row: row["StartDate"],
        ):
            start = max(row["StartDate"], reached)
            if start > reached:
                stretches.append((reached, start, ""))
            reached = day_after(row["EndDate"]) if row["EndDate"] else ""
            stretches.append((start, reached, row["TerritoryID"]))
        if reached:
            stretches.append((reached, "", ""))
        for start, end, territory in stretches:
            is_manager = "Manager" in people[number]["JobTitle"]
            place = names.get(territory, {})
            jobs.append(
                {
                    "employee_id": employee_id(number),
                    "valid_from": start,
                    "valid_to": end,
                    "role": "team_manager" if is_manager else "account_manager",
                    "grade": "",
                    "team_id": place.get("Group", ""),
                    "manager_id": employee_id(people[number]["ManagerID"]),
                    "region": place.get("Name", ""),
                    "monthly_base_salary": "0",
                    "currency": CURRENCY,
                }
            )
    return jobs


def quotas(source: Path) -> list[Row]:
    """Windows from one quota date to the next of the same person."""
    rows = sorted(
        read(source, "Sales.SalesPersonQuotaHistory"),
        key=lambda row: (row["BusinessEntityID"], row["QuotaDate"]),
    )
    windows = []
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        same = following is not None and following["BusinessEntityID"] == row["BusinessEntityID"]
        windows.append(
            {
                "employee_id": employee_id(row["BusinessEntityID"]),
                "valid_from": row["QuotaDate"],
                "valid_to": following["QuotaDate"] if same and following else LAST_WINDOW_ENDS,
                "quota_amount": row["SalesQuota"],
                "currency": CURRENCY,
            }
        )
    return windows


def orders(source: Path) -> list[Row]:
    """Orders that have a salesperson, oldest first."""
    return sorted(
        (row for row in read(source, "Sales.SalesOrderHeader") if row["SalesPersonID"]),
        key=lambda row: (row["OrderDate"], int(row["SalesOrderID"])),
    )


def opportunities(source: Path) -> list[Row]:
    """The order's salesperson owns the deal: who sold it then, not who has the store today."""
    return [
        {
            "opportunity_id": row["SalesOrderID"],
            "account_id": row["CustomerID"],
            "owner_id": employee_id(row["SalesPersonID"]),
            "opportunity_type": "new",
            "product_id": "",
            "amount": row["SubTotal"],
            "list_amount": "",
            "currency": CURRENCY,
            "created_at": f"{row['OrderDate']}T20:00:00Z",  # noon in the company's time zone
            "first_follow_up_at": "",
            "closed_at": f"{row['OrderDate']}T20:00:00Z",
            "outcome": "won",
        }
        for row in orders(source)
    ]


def contracts(source: Path) -> list[Row]:
    """A booked sale per order: the subtotal, without tax and freight."""
    seen: set[str] = set()
    rows = []
    for row in orders(source):
        rows.append(
            {
                "contract_id": row["SalesOrderID"],
                "account_id": row["CustomerID"],
                "opportunity_id": row["SalesOrderID"],
                "product_id": "",
                "contract_type": "upsell" if row["CustomerID"] in seen else "new",
                "signed_on": row["OrderDate"],
                "starts_on": "",
                "ends_on": "",
                "amount": row["SubTotal"],
                "currency": CURRENCY,
                "renews_contract_id": "",
                "cancelled_on": "",
            }
        )
        seen.add(row["CustomerID"])
    return rows


def accounts(source: Path) -> list[Row]:
    """The resellers that ordered. Two store names occur twice, so ids are what joins."""
    stores = {row["BusinessEntityID"]: row for row in read(source, "Sales.Store")}
    territories = {row["TerritoryID"]: row for row in read(source, "Sales.SalesTerritory")}
    ordering = {row["CustomerID"] for row in orders(source)}
    rows = []
    for row in read(source, "Sales.Customer"):
        if row["CustomerID"] not in ordering:
            continue
        store, place = stores.get(row["StoreID"], {}), territories[row["TerritoryID"]]
        rows.append(
            {
                "account_id": row["CustomerID"],
                "account_name": store.get("Name", ""),
                "industry": "retail",
                "region": place["Name"],
                "country": place["CountryRegionCode"],
                "ownership_type": "commercial",
                "designation": "",
                "parent_account_id": "",
                "employee_count": store.get("NumberEmployees", ""),
                "annual_revenue": store.get("AnnualRevenue", ""),
                "created_at": "",
            }
        )
    return rows


def plan_assignments(source: Path) -> list[Row]:
    return [
        {
            "employee_id": employee_id(row["BusinessEntityID"]),
            "plan_id": f"adventureworks_{row['BusinessEntityID']}",
            "valid_from": PLAN_FROM,
            "valid_to": "",
        }
        for row in read(source, "Sales.SalesPerson")
    ]


def land(source: Path, landing: Path) -> None:
    """Write the landing folder anew."""
    shutil.rmtree(landing, ignore_errors=True)
    # It is landed anew, as if for the first time.
    (landing.parent / REGISTER).unlink(missing_ok=True)
    for name, rows in {
        "hr/employees": employees(source),
        "hr/job_history": job_history(source),
        "hr/quotas": quotas(source),
        "hr/plan_assignments": plan_assignments(source),
        "crm/accounts": accounts(source),
        "crm/opportunities": opportunities(source),
        "billing/contracts": contracts(source),
    }.items():
        write(
            landing / name / "adventureworks.csv",
            [{**row, "_loaded_at": LOADED_AT} for row in rows],
        )


def write_policy(source: Path, policy: Path) -> None:
    """The example's policy folder: what stands beside this file, and a plan per salesperson.

    Each is paid the salesperson's own percentage from the first dollar, and the salesperson's own
    bonus for a quota window whose sales reach the quota.
    """
    shutil.rmtree(policy, ignore_errors=True)
    shutil.copytree(HERE / "policy", policy)
    plans, commission, rates, bonuses = [], [], [], []
    time = {"valid_from": PLAN_FROM, "valid_to": ""}
    for row in read(source, "Sales.SalesPerson"):
        plan = f"adventureworks_{row['BusinessEntityID']}"
        role = {"role": "account_manager"}
        plans.append(
            {
                "plan_id": plan,
                "plan_name": "Own percentage and bonus",
                **role,
                "is_role_default": "false",
                **time,
            }
        )
        commission.append(
            {
                "plan_id": plan,
                **role,
                "currency": "",
                "sale_rate_day": "transaction",
                "commission_basis": "booked",
                "paid_when": "earned",
                "credit_kind": "direct",
                "accumulation": "quota_window",
                "tier_mode": "marginal",
                "bound_kind": "amount",
                "bound_side": "lower_inclusive",
                "ownership": "lifetime",
                **time,
            }
        )
        rates.append(
            {
                "plan_id": plan,
                "product_class": "any",
                "customer_class": "any",
                "contract_type": "any",
                "product_maturity": "any",
                "tier_from": "0",
                "rate": row["CommissionPct"],
                **time,
            }
        )
        if float(row["Bonus"]):
            bonuses.append(
                {
                    "bonus_id": f"{plan}_quota",
                    "plan_id": plan,
                    "earned_when": "quota_window_reached",
                    "measure": "",
                    "threshold": "",
                    "period_kind": "",
                    "market": "",
                    "block_units": "",
                    "rate": "",
                    "amount": row["Bonus"],
                    "currency": CURRENCY,
                    **time,
                }
            )
    write(policy / "policy_plans.csv", plans)
    write(policy / "policy_commission_plans.csv", commission)
    write(policy / "policy_commission_rates.csv", rates)
    write(policy / "policy_bonuses.csv", bonuses)
