"""HR tables of a generated company: teams, employees, jobs, quotas, targets, expenses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from orchestration.generator import names
from orchestration.generator.columns import (
    EPOCH,
    choices,
    constant,
    days,
    identifiers,
    instants,
    money,
)
from orchestration.generator.shape import (
    DECISIONS,
    EXPENSES,
    FAR,
    PEOPLE,
    RATINGS,
    REGIONS,
    Company,
    next_month,
)
from orchestration.generator.write import LandingWriter

CURRENCY = "CNY"
GRADES = {
    "account_manager": ("P4", "P5", "P6", "P7"),
    "solution_expert": ("S1", "S2", "S3"),
    "service_consultant": ("C1", "C2", "C3"),
    "team_manager": ("M1",),
}
SALARIES = {
    "account_manager": (12_000, 15_000, 19_000, 24_000),
    "solution_expert": (16_000, 20_000, 26_000),
    "service_consultant": (9_000, 11_000, 14_000),
    "team_manager": (32_000,),
}
ROLE_TARGETS = {
    "account_manager": {
        "visits": "7",
        "new_customers": "1",
        "customer_retention": "0.70",
        "key_product_sales": "40000",
        "competitor_notes": "3",
        "cost_control": "4000",
    },
    "solution_expert": {"supported_wins": "9", "head_rating": "4.5"},
    "service_consultant": {
        "fast_response_rate": "0.65",
        "satisfaction": "3",
        "on_time_delivery_rate": "0.75",
        "process_rating": "4",
        "values_rating": "4",
    },
    "team_manager": {
        "collected_sales": "2600000",
        "new_customers": "17",
        "customer_retention": "0.60",
        "fast_response_rate": "0.75",
        "satisfaction": "3",
    },
}
# The experts' target is raised in the middle of a quarter, with a reason (S1-05).
RAISED = ("supported_wins", "11", "two experts have joined from the partner")

Row = dict[str, Any]


def to_date(day: int) -> dt.date | None:
    return None if day >= FAR else EPOCH + dt.timedelta(days=int(day))


def _members(company: Company) -> Iterator[tuple[str, int, str, int, int]]:
    """(employee_id, number in role, role, hire day, leave day) of everyone."""
    size = company.size
    long_ago = int(company.month_days[0]) - 1_000
    for number in range(size.account_managers):
        hire, leave = int(company.hire_day[number]), int(company.leave_day[number])
        yield f"A{number:06d}", number, "account_manager", hire, leave
    for number in range(size.solution_experts):
        yield f"S{number:06d}", number, "solution_expert", long_ago, FAR
    for number in range(size.service_consultants):
        yield f"V{number:06d}", number, "service_consultant", long_ago, FAR
    for number in range(size.managers):
        yield f"M{number:06d}", number, "team_manager", long_ago, FAR


def _jobs(
    company: Company,
    employee_id: str,
    number: int,
    role: str,
    hire: int,
    leave: int,
    random: np.random.Generator,
) -> list[Row]:
    """One job, or two where a raise and a grade came on the first of a month."""
    region = REGIONS[number % len(REGIONS)]
    step = int(random.integers(0, len(GRADES[role])))
    team = {"solution_expert": "T-solution", "service_consultant": "T-service"}.get(
        role, f"T-{region}"
    )
    job = {
        "employee_id": employee_id,
        "valid_from": to_date(hire),
        "valid_to": to_date(leave),
        "role": role,
        "grade": GRADES[role][step],
        "team_id": team,
        "manager_id": None if role == "team_manager" else f"M{number % len(REGIONS):06d}",
        "region": region,
        "monthly_base_salary": Decimal(SALARIES[role][step]),
        "currency": CURRENCY,
    }
    changes = random.random() < 0.15
    month = int(company.month_days[int(random.integers(0, len(company.months)))])
    if changes and step + 1 < len(GRADES[role]) and hire < month < leave:
        later = dict(job)
        later["valid_from"] = job["valid_to"] = to_date(month)
        later["valid_to"] = to_date(leave)
        later["grade"] = GRADES[role][step + 1]
        later["monthly_base_salary"] = Decimal(SALARIES[role][step + 1])
        return [job, later]
    return [job]


def _loaded(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, 1, tzinfo=dt.UTC)


def write_people(company: Company, writer: LandingWriter) -> None:
    """Teams, employees, job history, quotas and targets."""
    random = company.random(PEOPLE, 1)
    first_load = _loaded(company.months[0])
    teams = [
        {
            "team_id": f"T-{region}",
            "team_name": names.TEAM_NAMES[region],
            "team_kind": "region",
            "region": region,
            "_loaded_at": first_load,
        }
        for region in REGIONS
    ]
    teams.append(
        {
            "team_id": "T-solution",
            "team_name": "解决方案部",
            "team_kind": "solution",
            "_loaded_at": first_load,
        }
    )
    teams.append(
        {
            "team_id": "T-service",
            "team_name": "增值服务部",
            "team_kind": "service",
            "_loaded_at": first_load,
        }
    )
    writer.write_rows("hr.teams", teams, "teams")

    employees: list[Row] = []
    jobs: list[Row] = []
    for serial, (employee_id, number, role, hire, leave) in enumerate(_members(company)):
        hired, left = to_date(hire), to_date(leave)
        load = max(first_load, _loaded(hired or company.months[0]))
        employee = {
            "employee_id": employee_id,
            "full_name": names.person(serial),
            "hire_date": hired,
            "leave_date": None,
            "_loaded_at": load,
        }
        employees.append(employee)
        if left is not None:  # a leaver is a second version of the row
            employees.append({**employee, "leave_date": left, "_loaded_at": _loaded(left)})
        for job in _jobs(company, employee_id, number, role, hire, leave, random):
            jobs.append({**job, "_loaded_at": load})
    writer.write_rows("hr.employees", employees, "employees")
    writer.write_rows("hr.job_history", jobs, "job_history")
    writer.write_rows("hr.quotas", _quotas(company, random), "quotas")
    writer.write_rows("hr.targets", role_targets(company), "targets")


def _quotas(company: Company, random: np.random.Generator) -> list[Row]:
    """Quarterly quotas of account managers, whole thousands."""
    quarters = sorted(
        {month.replace(month=(month.month - 1) // 3 * 3 + 1) for month in company.months}
    )
    quotas = []
    for number in range(company.size.account_managers):
        for quarter in quarters:
            end = next_month(next_month(next_month(quarter)))
            amount = int(150 + 100 * company.skill[number] * random.uniform(0.7, 1.3)) * 1_000
            quotas.append(
                {
                    "employee_id": f"A{number:06d}",
                    "valid_from": quarter,
                    "valid_to": end,
                    "quota_amount": Decimal(amount),
                    "currency": CURRENCY,
                    "_loaded_at": _loaded(company.months[0]),
                }
            )
    return quotas


def role_targets(company: Company) -> list[Row]:
    """The targets of each role, as landed; one is raised in the middle of a quarter."""
    targets = [
        {
            "target_id": f"TG-{role}-{measure}",
            "scope_type": "role",
            "scope_id": role,
            "measure": measure,
            "valid_from": dt.date(2000, 1, 1),
            "target_value": Decimal(value),
            "reason": "annual plan",
            "_loaded_at": _loaded(company.months[0]),
        }
        for role, measures in ROLE_TARGETS.items()
        for measure, value in measures.items()
    ]
    measure, value, reason = RAISED
    raised = next(row for row in targets if row["measure"] == measure)
    raised_on = company.months[-min(2, len(company.months))] + dt.timedelta(days=14)
    targets[targets.index(raised)] = {**raised, "valid_to": raised_on}
    targets.append(
        {
            **raised,
            "target_id": f"{raised['target_id']}-raised",
            "valid_from": raised_on,
            "target_value": Decimal(value),
            "reason": reason,
            "_loaded_at": _loaded(raised_on),
        }
    )
    return targets


def write_expenses(company: Company, writer: LandingWriter, month: int) -> None:
    """Travel and entertainment claims of the month, about five per account manager."""
    random = company.random(EXPENSES, month)
    here = np.flatnonzero(company.active(month))
    who = np.repeat(here, random.integers(2, 8, len(here)))
    count = len(who)
    first, after = company.month_days[month], company.month_days[month + 1]
    day = random.integers(first, after, count)
    serial = np.arange(count) + month * 10_000_000
    load = np.minimum((day + 3) * 86_400, company.last_load)
    writer.write(
        "hr.expenses",
        {
            "expense_id": identifiers("X", serial),
            "employee_id": identifiers("A", who, 6),
            "incurred_on": days(day),
            "amount": money(random.integers(20_000, 160_000, count)),
            "currency": constant(CURRENCY, count),
            "_loaded_at": instants(load),
        },
        f"expenses-{company.months[month]:%Y-%m}",
    )


def write_ratings(company: Company, writer: LandingWriter, month: int) -> None:
    """Once a quarter the heads rate consultants' values and process, and experts as a whole."""
    if company.months[month].month % 3:
        return
    random = company.random(RATINGS, month)
    consultants, experts = company.size.service_consultants, company.size.solution_experts
    rated = np.repeat(np.arange(consultants), 2)
    ratees = pa.concat_arrays([identifiers("V", rated, 6), identifiers("S", np.arange(experts), 6)])
    dimension = np.concatenate([np.arange(len(rated)) % 2, np.full(experts, 2)])
    count = len(rated) + experts
    load = np.full(count, (company.month_days[month + 1]) * 86_400)
    writer.write(
        "hr.ratings",
        {
            "rating_id": identifiers("RT", np.arange(count) + month * 1_000_000),
            "rater_id": constant("M000000", count),
            "ratee_id": ratees,
            "dimension": choices(["values", "process", "head"], dimension),
            "period_month": days(np.full(count, company.month_days[month])),
            "score": money(random.integers(300, 501, count)),
            "_loaded_at": instants(load),
        },
        f"ratings-{company.months[month]:%Y-%m}",
    )


def write_decisions(company: Company, writer: LandingWriter, month: int) -> None:
    """What HR decides: absences, adjustments of pay, approved changes of grade."""
    random = company.random(DECISIONS, month)
    first = company.months[month]
    here = np.flatnonzero(company.active(month))
    load = _loaded(first + dt.timedelta(days=24))
    chosen = random.choice(here, max(1, len(here) // 20), replace=False)
    tag = f"{first:%Y%m}"
    writer.write_rows(
        "hr.absences",
        [
            {
                "absence_id": f"AB{tag}{number:06d}",
                "employee_id": f"A{number:06d}",
                "valid_from": first + dt.timedelta(days=4),
                "valid_to": first + dt.timedelta(days=4 + int(random.integers(1, 6))),
                "absence_type": "annual_leave",
                "_loaded_at": load,
            }
            for number in chosen
        ],
        f"absences-{first:%Y-%m}",
    )
    # One adjustment in four is still waiting for approval, and is not paid.
    writer.write_rows(
        "hr.pay_adjustments",
        [
            {
                "adjustment_id": f"AJ{tag}{number:06d}",
                "employee_id": f"A{number:06d}",
                "period_month": first,
                "amount": Decimal(int(random.integers(-50_000, 100_000))) / 100,
                "currency": CURRENCY,
                "reason": "referral of a colleague",
                "requested_by": f"M{number % len(REGIONS):06d}",
                "approved_by": None if random.random() < 0.25 else "HR",
                "_loaded_at": load,
            }
            for number in chosen
        ],
        f"pay_adjustments-{first:%Y-%m}",
    )
    if first.month % 3 == 1 and month:
        number = int(random.integers(0, company.size.service_consultants))
        writer.write_rows(
            "hr.grade_changes",
            [
                {
                    "employee_id": f"V{number:06d}",
                    "effective_from": first,
                    "grade": GRADES["service_consultant"][1],
                    "approved_by": "HR",
                    "_loaded_at": load,
                }
            ],
            f"grade_changes-{first:%Y-%m}",
        )
