"""Small companies drawn by hypothesis: one whole number a row, which shrinks to plain rows and few."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from orchestration.generator.reference_arithmetic import month_after
from tests.python.in_memory import Rows, policy_rows

FIRST = dt.date(2025, 1, 1)
MONTHS = 12
DAYS = 365
LOADED = "2026-01-02T04:00:00Z"

# A prime, and another that no number below it divides: what times what runs through every number once.
NUMBERS = 2**61 - 1
SCATTER = 1_442_695_040_888_963_407

STAFF = {
    "A1": "account_manager",
    "A2": "account_manager",
    "A3": "account_manager",
    "S1": "solution_expert",
    "V1": "service_consultant",
    "V2": "service_consultant",
    "M1": "team_manager",
    "M2": "team_manager",
}
TEAMS = {"T0": None, "T1": "T0", "T2": "T0", "T3": "T2"}
GRADES = {
    "account_manager": ["P4", "P5", "P7"],
    "solution_expert": ["S1", "S2", "A3"],
    "service_consultant": ["C1", "C2", "C3"],
    "team_manager": ["M1"],
}
ACCOUNTS = ["C1", "C2", "C3", "C4"]
PLANS = [
    "account_manager_booked",
    "account_manager_by_segment",
    "service_manager_standard",
    "account_manager_one_off",
    "sales_head_override",
    "service_after_sale",
    "key_account_number",
]
BASE_TARGETS = {
    "visits": "1",
    "new_customers": "1",
    "customer_retention": "0.9",
    "key_product_sales": "30000",
    "competitor_notes": "1",
    "cost_control": "900",
    "supported_wins": "1",
    "head_rating": "4.5",
    "fast_response_rate": "0.6",
    "satisfaction": "4",
    "on_time_delivery_rate": "0.7",
    "process_rating": "4",
    "values_rating": "4",
    "collected_sales": "90000",
    "calls": "1",
}
SCORED = list(BASE_TARGETS)


class Draw:
    """A whole number taken apart into choices; 0 is always the plainest.

    Hypothesis draws small numbers far more often than large ones, and of a small number only the first
    choices would not be the plainest: the numbers are scattered over their whole range, and 0 stays 0.
    """

    def __init__(self, number: int) -> None:
        self.rest = number * SCATTER % NUMBERS

    def below(self, count: int) -> int:
        self.rest, found = divmod(self.rest, count)
        return found

    def one_of(self, values: list[Any]) -> Any:
        return values[self.below(len(values))]

    def day(self, first: int = 0, count: int = DAYS) -> dt.date:
        return FIRST + dt.timedelta(days=first + self.below(count))

    def instant(self) -> dt.datetime:
        """Some on either side of a local midnight, which is 16:00 UTC."""
        seconds = self.one_of([36_000, 57_599, 57_600, 0, 86_399, 12_345])
        start = dt.datetime.combine(self.day(), dt.time(), dt.UTC)
        return start + dt.timedelta(seconds=seconds)

    def amount(self) -> str:
        return f"{self.one_of([1000, 1, 33_333, 80_000, 250_000])}.{self.below(100):02d}"

    def currency(self) -> str:
        return str(self.one_of(["CNY", "CNY", "CNY", "USD", "EUR"]))

    def account(self) -> str:
        return str(self.one_of(ACCOUNTS))

    def employee(self) -> str:
        """Mostly the first, so that somebody has much to show."""
        return str(self.one_of(["A1", "A1", "A2", "A1", "A3", "M1", "V1", "S1"]))


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return None if value is None else str(value)


def _activity(draw: Draw, number: int) -> dict[str, Any]:
    kinds = ["visit", "call", "email", "demo", "competitor_note", "meeting"]
    return {
        "activity_id": f"AC{number}",
        "activity_type": draw.one_of(kinds),
        "employee_id": draw.employee(),
        "account_id": draw.account(),
        "occurred_at": draw.instant(),
        "is_recontactable": draw.one_of([False, True, None]),
    }


def _opportunity(draw: Draw, number: int) -> dict[str, Any]:
    created = draw.instant()
    # The first ones are those that contracts name.
    outcome = draw.one_of([None, "won", "lost"] if number > 3 else ["won", "won", "lost", None])
    later = dt.timedelta(days=draw.below(90))
    followed = draw.one_of([dt.timedelta(days=1), None, dt.timedelta(days=40), dt.timedelta(0)])
    return {
        "opportunity_id": f"O{number}",
        "account_id": draw.account(),
        "owner_id": draw.one_of(["A1", "A2", "A3", "S1"]),
        "opportunity_type": "new",
        "product_id": "P1",
        "amount": draw.amount(),
        "currency": draw.currency(),
        "created_at": created,
        "first_follow_up_at": None if followed is None else created + followed,
        "closed_at": created + later if outcome else None,
        "outcome": outcome,
    }


def _stage(draw: Draw, number: int) -> dict[str, Any]:  # noqa: ARG001
    return {
        "opportunity_id": f"O{draw.below(14)}",
        "pipeline_stage": draw.one_of(
            ["lead", "qualified", "proposal", "negotiation", "signed", "elsewhere"]
        ),
        "entered_at": draw.instant(),
    }


def _supporter(draw: Draw, number: int) -> dict[str, Any]:  # noqa: ARG001
    return {
        "opportunity_id": f"O{draw.below(6)}",
        "employee_id": draw.one_of(["S1", "V1", "A1", "A2", "A3"]),
        "team_role": draw.one_of(["seller", "solution_expert", "seller", "friend"]),
        "credit_share": draw.one_of(["1", "0.5", "0.333333", None, "0.7"]),
    }


def _request(draw: Draw, number: int) -> dict[str, Any]:
    asked = draw.instant()
    seconds = draw.one_of([60, None, 3_600, 3_601, 86_400, 86_401])
    return {
        "request_id": f"RQ{number}",
        "account_id": draw.account(),
        "employee_id": draw.one_of(["V1", "V2", "A1", None]),
        "request_type": draw.one_of(["question", "document", "demo", "complaint"]),
        "requested_at": asked,
        "first_responded_at": None if seconds is None else asked + dt.timedelta(seconds=seconds),
    }


def _survey(draw: Draw, number: int) -> dict[str, Any]:
    kind = draw.one_of(["csat", "nps"])
    return {
        "survey_id": f"SV{number}",
        "account_id": draw.account(),
        "employee_id": draw.one_of(["V1", "V2", "A1"]),
        "survey_type": kind,
        "score": draw.one_of([3, 5, None] if kind == "csat" else [8, 9, 6, 7, 10, None]),
        "responded_at": draw.instant(),
    }


def _delivery(draw: Draw, number: int) -> dict[str, Any]:
    started = draw.day()
    due = started + dt.timedelta(days=draw.below(30))
    late = draw.one_of([0, 1, None, -3, -40])
    return {
        "delivery_id": f"D{number}",
        "contract_id": f"K{draw.below(16)}",
        "account_id": draw.account(),
        "employee_id": draw.one_of(["V1", "V2"]),
        "started_on": started,
        "due_on": due,
        "delivered_on": None if late is None else due + dt.timedelta(days=late),
    }


def _health(draw: Draw, number: int) -> dict[str, Any]:  # noqa: ARG001
    return {
        "account_id": draw.account(),
        "measured_on": draw.day(),
        "health_score": draw.one_of([70, 30, None]),
        "active_users": draw.below(50),
        "licensed_users": draw.one_of([50, 60]),
    }


def _contract(draw: Draw, number: int) -> dict[str, Any]:
    signed = draw.day(-400, 700)
    term = draw.one_of([365, 30, None])
    ends = None if term is None else signed + dt.timedelta(days=term)
    is_renewal = draw.below(3) == 1
    cancelled = draw.below(5) == 1
    return {
        "contract_id": f"K{number}",
        "account_id": draw.account(),
        "opportunity_id": draw.one_of([None, "O0", "O1", "O2", "O3"]),
        "product_id": draw.one_of(["P1", "P2", "P9"]),
        "contract_type": "renewal" if is_renewal else draw.one_of(["new", "upsell", "cross_sell"]),
        "signed_on": signed,
        "starts_on": signed,
        "ends_on": ends,
        "amount": draw.amount(),
        "currency": draw.currency(),
        "renews_contract_id": f"K{draw.below(number)}" if is_renewal and number else None,
        "cancelled_on": signed + dt.timedelta(days=draw.below(400)) if cancelled else None,
    }


def _payment(draw: Draw, number: int) -> dict[str, Any]:
    return {
        "payment_id": f"PY{number}",
        "account_id": draw.account(),
        "contract_id": f"K{draw.below(16)}",
        "payment_kind": draw.one_of(["deposit", "invoice"]),
        "paid_on": draw.day(),
        "amount": draw.amount(),
        "currency": draw.currency(),
    }


def _refund(draw: Draw, number: int) -> dict[str, Any]:
    return {
        "refund_id": f"RF{number}",
        "account_id": draw.account(),
        "contract_id": f"K{draw.below(16)}",
        "payment_id": draw.one_of([f"PY{draw.below(12)}", f"PY{draw.below(12)}", None]),
        "refunded_on": draw.day(),
        "amount": draw.amount(),
        "currency": draw.currency(),
    }


def _cost(draw: Draw, number: int) -> dict[str, Any]:
    return {
        "cost_id": f"CO{number}",
        "account_id": draw.account(),
        "employee_id": draw.one_of(["A1", "A2", None]),
        "cost_type": draw.one_of(["acquisition", "retention", "service"]),
        "incurred_on": draw.day(),
        "amount": draw.amount(),
        "currency": draw.currency(),
    }


def _consumption(draw: Draw, number: int) -> dict[str, Any]:
    return {
        "consumption_id": f"CN{number}",
        "account_id": draw.account(),
        "contract_id": f"K{draw.below(16)}",
        "product_id": "P1",
        "consumed_on": draw.day(),
        "quantity": draw.one_of([1, "0.5", None, 3]),
        "amount": draw.amount(),
        "currency": draw.currency(),
    }


def _expense(draw: Draw, number: int) -> dict[str, Any]:
    return {
        "expense_id": f"X{number}",
        "employee_id": draw.employee(),
        "incurred_on": draw.day(),
        "amount": draw.amount(),
        "currency": draw.currency(),
    }


def _rating(draw: Draw, number: int) -> dict[str, Any]:
    return {
        "rating_id": f"RT{number}",
        "rater_id": "M2",
        "ratee_id": draw.one_of(["V1", "V2", "S1"]),
        "dimension": draw.one_of(["values", "process", "head", "manners"]),
        "period_month": draw.day().replace(day=1),
        "score": draw.one_of([4, 5, None, "3.5"]),
    }


def _target(draw: Draw, number: int) -> dict[str, Any]:
    scope_type = draw.one_of(["company", "role", "team", "employee"])
    scopes = {
        "company": [None],
        "role": ["account_manager", "service_consultant", "team_manager"],
        "team": list(TEAMS),
        "employee": list(STAFF),
    }
    starts = draw.day(-30, 330)
    days = draw.one_of([None, 15, 45, 100])
    return {
        "target_id": f"TG{number}",
        "scope_type": scope_type,
        "scope_id": draw.one_of(scopes[scope_type]),
        "measure": draw.one_of(SCORED),
        "valid_from": starts,
        "valid_to": None if days is None else starts + dt.timedelta(days=days),
        "target_value": draw.one_of(["1", "2", "0.8", "0", "7.5", "1.1"]),
    }


def _absence(draw: Draw, number: int) -> dict[str, Any]:
    starts = draw.day()
    return {
        "absence_id": f"AB{number}",
        "employee_id": draw.employee(),
        "valid_from": starts,
        "valid_to": draw.one_of([starts + dt.timedelta(days=1 + draw.below(60)), None]),
        "absence_type": draw.one_of(["sick_leave", "annual_leave", "sabbatical"]),
    }


def _assignment(draw: Draw, number: int) -> dict[str, Any]:
    role = draw.one_of(["account_manager", "service_consultant", "account_manager"])
    holders = ["A1", "A2", "A3"] if role == "account_manager" else ["V1", "V2"]
    starts = draw.day(-60, 400)
    days = draw.one_of([None, 30, 200])
    return {
        "assignment_id": f"AS{number}",
        "account_id": draw.account(),
        "employee_id": draw.one_of(holders),
        "assignment_role": role,
        "valid_from": starts,
        "valid_to": None if days is None else starts + dt.timedelta(days=days),
    }


def _grade_change(draw: Draw, number: int) -> dict[str, Any]:  # noqa: ARG001
    employee = draw.employee()
    return {
        "employee_id": employee,
        "effective_from": draw.day(),
        "grade": draw.one_of(GRADES[STAFF[employee]]),
        "approved_by": draw.one_of(["HR", None]),
    }


def _plan(draw: Draw, number: int) -> dict[str, Any]:  # noqa: ARG001
    starts = draw.day()
    employee = draw.one_of(["M1", "A1", "M2", "A2", "S1", "V1", "V2"])
    return {
        "employee_id": employee,
        "plan_id": "sales_head_override" if employee == "M1" else draw.one_of(PLANS),
        "valid_from": starts,
        "valid_to": starts + dt.timedelta(days=1 + draw.below(200)),
    }


ROWS: dict[str, tuple[Callable[[Draw, int], dict[str, Any]], int]] = {
    "crm.activities": (_activity, 60),
    "crm.opportunities": (_opportunity, 14),
    "crm.opportunity_stage_history": (_stage, 20),
    "crm.opportunity_team": (_supporter, 12),
    "crm.service_requests": (_request, 24),
    "crm.surveys": (_survey, 14),
    "crm.deliveries": (_delivery, 10),
    "crm.account_health": (_health, 5),
    "crm.account_assignments": (_assignment, 6),
    "billing.contracts": (_contract, 16),
    "billing.payments": (_payment, 16),
    "billing.refunds": (_refund, 8),
    "billing.consumption": (_consumption, 6),
    "billing.account_costs": (_cost, 8),
    "hr.expenses": (_expense, 12),
    "hr.ratings": (_rating, 12),
    "hr.targets": (_target, 14),
    "hr.absences": (_absence, 5),
    "hr.grade_changes": (_grade_change, 2),
    "hr.plan_assignments": (_plan, 6),
}


def _people(numbers: list[int]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Employees and their jobs: some start late, leave, or change role or team in the middle."""
    employees, jobs = [], []
    for (employee, role), number in zip(STAFF.items(), numbers, strict=True):
        draw = Draw(number)
        hired = FIRST + dt.timedelta(days=draw.one_of([-200, -31, 0, 14, 100]))
        left = draw.one_of([None, None, None, FIRST + dt.timedelta(days=300)])
        moved = draw.one_of([None, None, hired + dt.timedelta(days=120)])
        job = {
            "employee_id": employee,
            "valid_from": hired,
            "valid_to": moved,
            "role": role,
            "grade": draw.one_of(GRADES[role]),
            "team_id": draw.one_of(list(TEAMS)),
            "region": draw.one_of(["east", "west"]),
            "monthly_base_salary": draw.one_of(["10000", "9999.99", "12345.67"]),
            "currency": draw.one_of(["CNY", "CNY", "CNY", "USD", "JPY"]),
        }
        employees.append({"employee_id": employee, "hire_date": hired, "leave_date": left})
        jobs.append(job)
        if moved:
            later = {**job, "valid_from": moved, "valid_to": left}
            later["team_id"] = draw.one_of(list(TEAMS))
            if draw.below(3) == 1:
                later["role"] = "account_manager"
            # By the month, so that no salary of a month is in two currencies.
            if role == "account_manager" and draw.below(3) == 1:
                job["valid_to"] = later["valid_from"] = month_after(moved.replace(day=1))
                later["currency"] = "JPY"
            jobs.append(later)
    return employees, jobs


def _quotas(numbers: list[int]) -> list[dict[str, Any]]:
    """Three payees' quotas of each quarter, but for some."""
    keys = [(employee, quarter) for employee in ("A1", "A2", "A3") for quarter in range(4)]
    quotas = []
    for (employee, quarter), number in zip(keys, numbers, strict=True):
        draw = Draw(number)
        amount = draw.one_of(["100000", "20000", "100000", "1000", None, "0"])
        if amount is not None:
            quotas.append(
                {
                    "employee_id": employee,
                    "valid_from": month_after(FIRST, 3 * quarter),
                    "valid_to": month_after(FIRST, 3 * quarter + 3),
                    "quota_amount": amount,
                    "currency": draw.one_of(["CNY", None, "CNY", None, "USD"]),
                }
            )
    return quotas


def _commission_plans(numbers: list[int]) -> list[dict[str, Any]]:
    """The demo's commission plans with another shape drawn for each."""
    plans = policy_rows("policy_commission_plans")
    for plan, number in zip(plans, numbers, strict=False):
        draw = Draw(number)
        plan["tier_mode"] = draw.one_of(
            ["retroactive", "marginal", "retroactive", "reached_tier", "retroactive"]
        )
        plan["bound_side"] = draw.one_of(["lower_inclusive", "upper_inclusive"])
        plan["accumulation"] = draw.one_of(
            ["year", plan["accumulation"], "half", "quarter", "month", "quota_window"]
        )
        plan["commission_basis"] = draw.one_of(
            ["booked", plan["commission_basis"], "collected", "consumed"]
        )
        plan["credit_kind"] = draw.one_of([plan["credit_kind"], plan["credit_kind"], "any"])
        if plan["commission_basis"] == "booked":
            plan["paid_when"] = draw.one_of(["collected", "collected", "earned"])
        plan["ownership"] = draw.one_of([plan["ownership"], plan["ownership"], "one_off"])
        plan["currency"] = draw.one_of(["", "", "", "CNY", "USD"])
        plan["sale_rate_day"] = draw.one_of(["transaction", "period_end", "payment"])
    return plans


def _commission_rates(numbers: list[int]) -> list[dict[str, Any]]:
    """The demo's rates, and a third tier where it is drawn; some sales lie exactly on its bound.

    An account manager's are mostly those of all sales alike: sales of one rate reach a tier together.
    """
    rates = policy_rows("policy_commission_rates")
    if numbers[0] % 4 < 3:
        first = {"product_class": "any", "customer_class": "any"}
        own = [row for row in rates if row["plan_id"] == "account_manager_standard"][:2]
        rates = [row for row in rates if row["plan_id"] != "account_manager_standard"]
        rates = [{**row, **first} for row in own] + rates
    of_shares = ["account_manager_standard", "account_manager_booked"]
    for plan_id, number in zip([*of_shares, "solution_expert_standard"], numbers, strict=False):
        draw = Draw(number)
        bounds = ["2", "1.5", "0.8"] if plan_id in of_shares else ["1000.00", "33333", "80000"]
        bound, rate = draw.one_of([None, *bounds]), draw.one_of(["0.05", "0.000333", "0.2"])
        if bound:
            first = next(row for row in rates if row["plan_id"] == plan_id)
            rates.append({**first, "tier_from": bound, "rate": rate})
    return rates


def _rates_of_contracts(number: int) -> list[dict[str, Any]]:
    """Rates for renewals, for what is mature, for both; none of them, some, or all."""
    draw = Draw(number)
    first = policy_rows("policy_commission_rates")[0]
    every = dict.fromkeys(("product_class", "customer_class", "contract_type"), "any")
    shared = {**first, **every, "product_maturity": "any", "tier_from": "0"}
    choices: list[dict[str, str]] = [
        {"contract_type": "renewal", "rate": "0.05"},
        {"product_maturity": "growth", "rate": "0.002"},
        {"contract_type": "renewal", "product_maturity": "mature", "rate": "0"},
        {"contract_type": "upsell", "product_class": "new", "rate": "0.111111"},
    ]
    starts = ["2000-01-01", FIRST + dt.timedelta(days=100)]
    return [
        {**shared, **choice, "plan_id": plan_id, "valid_from": draw.one_of(starts)}
        for plan_id in ("account_manager_standard", "account_manager_booked")
        for choice in choices
        if draw.below(3) == 1
    ]


def _credit_rules(number: int) -> list[dict[str, Any]]:
    """The demo's rules, and whose renewals, growing products and additions to mature ones are (S3-06)."""
    draw = Draw(number)
    rules = policy_rows("policy_credit_rules")
    choices = [
        ("renewals", "service_consultant", "renewal", ""),
        ("growing", "service_consultant", "", "growth"),
        ("more_of_mature", "delivery_lead", "upsell", "mature"),
        ("mature_renewals", "account_manager", "renewal", "mature"),
    ]
    for name, role, contract_type, maturity in choices:
        starts = draw.one_of(["2000-01-01", draw.day(0, 200)])
        ends = draw.one_of(["", FIRST + dt.timedelta(days=300)])
        if draw.below(4) == 1:
            rules.append(
                {
                    **rules[0],
                    "credit_rule_id": name,
                    "assignment_role": role,
                    "contract_type": contract_type,
                    "product_maturity": maturity,
                    "valid_from": starts,
                    "valid_to": ends,
                }
            )
    return rules


def _settings(number: int) -> list[dict[str, Any]]:
    draw = Draw(number)
    drawn = {
        "pay_rate_day": draw.one_of(["period_end", "payment"]),
        "payday": draw.one_of(["10", "1", "28"]),
    }
    rows = policy_rows("policy_settings")
    return [{**row, "value": drawn.get(row["setting"], row["value"])} for row in rows]


def _rates_of_exchange(number: int) -> list[dict[str, Any]]:
    """Some pairs are never quoted, some from a day of the year on."""
    draw = Draw(number)
    late = draw.one_of([FIRST + dt.timedelta(days=90), "2023-01-01"])
    quoted = [
        ("USD", "CNY", "2023-01-01", "7.1"),
        ("USD", "CNY", "2025-06-15", "6.95"),
        ("CNY", "USD", "2023-01-01", "0.14"),
        ("CNY", "USD", "2025-06-30", "0.14388489"),
        ("CNY", "JPY", late, "20.5"),
        ("CNY", "JPY", "2025-10-10", "21.3333"),
        ("USD", "JPY", "2023-01-01", "149.37"),
    ]
    if draw.below(2) == 1:
        quoted += [("EUR", "CNY", late, "7.9"), ("EUR", "USD", "2025-05-05", "1.1")]
    names = ("from_currency", "to_currency", "rate_date", "rate")
    return [dict(zip(names, row, strict=True)) for row in quoted]


def _caps(number: int) -> list[dict[str, Any]]:
    """Caps of sales and of periods of two plans, some of them for a while only."""
    draw = Draw(number)
    amounts = {"sale": ["100", "700.01"], "month": ["300", "2000"], "year": ["5000", "900"]}
    amounts |= {"quarter": ["500", "3000"], "half": ["1500", "4000"]}
    return [
        {
            "plan_id": plan_id,
            "cap_period": period,
            "cap_amount": draw.one_of(choices),
            "valid_from": draw.one_of(["2000-01-01", draw.day(0, 150)]),
            "valid_to": draw.one_of(["", FIRST + dt.timedelta(days=200)]),
        }
        for plan_id in ("account_manager_standard", "account_manager_booked")
        for period, choices in amounts.items()
        if draw.below(3) == 1
    ]


def _gates(number: int) -> list[dict[str, Any]]:
    """None, one or two gates of two plans: the quota reached to a share, a measure to a value."""
    draw = Draw(number)
    gates = []
    for plan_id in ("account_manager_standard", "account_manager_booked"):
        for measure in draw.one_of([[], [""], ["visits"], ["", "win_rate"], ["cost_control"]]):
            thresholds = {"": ["0.5", "1"], "visits": ["1", "2"], "win_rate": ["0.5"]}
            gates.append(
                {
                    "gate_id": f"{plan_id}-{measure}",
                    "plan_id": plan_id,
                    "measure": measure,
                    "threshold": draw.one_of(thresholds.get(measure, ["500", "2000"])),
                    "period_kind": draw.one_of(["month", "quarter", "year"]) if measure else "",
                    "valid_from": draw.one_of(["2000-01-01", draw.day(0, 150)]),
                    "valid_to": draw.one_of(["", FIRST + dt.timedelta(days=240)]),
                }
            )
    return gates


def _recoveries(number: int) -> list[dict[str, Any]]:
    draw = Draw(number)
    return [
        {
            "plan_id": plan_id,
            "recovery_months": draw.one_of(["", "0", "1", "3"]),
            "recovery_share": draw.one_of(["0.5", "1", "0.333333", "0"]),
            "valid_from": "2000-01-01",
            "valid_to": draw.one_of(["", FIRST + dt.timedelta(days=200)]),
        }
        for plan_id in ("account_manager_standard", "account_manager_booked")
    ]


def _ramps(number: int) -> list[dict[str, Any]]:
    draw = Draw(number)
    return [
        {
            "plan_id": plan_id,
            "employed_month": month,
            "quota_share": draw.one_of(["0.25", "0.3333", "0", "1"]),
            "valid_from": "2000-01-01",
            "valid_to": draw.one_of(["", FIRST + dt.timedelta(days=60)]),
        }
        for plan_id in ("account_manager_standard", "account_manager_booked")
        for month in ("1", "2", "5")
    ]


def _new_classes(number: int) -> list[dict[str, Any]]:
    """Other days from the middle of the year on."""
    draw = Draw(number)
    turn = FIRST + dt.timedelta(days=180)
    return [
        {"class_kind": kind, "new_days": days, "valid_from": valid_from, "valid_to": valid_to}
        for kind in ("product", "customer")
        for days, valid_from, valid_to in (
            (draw.one_of(["365", "30"]), "2000-01-01", turn),
            (draw.one_of(["90", "365", "0"]), turn, ""),
        )
    ]


def _draws(number: int) -> list[dict[str, Any]]:
    """Draws of two plans, the role's own among them, from a day of the year on."""
    draw = Draw(number)
    return [
        {
            "plan_id": plan_id,
            "draw_kind": draw.one_of(["recoverable", "recoverable", "non_recoverable"]),
            "monthly_amount": draw.one_of(["100", "2000.01", "100", "0.0001"]),
            "currency": draw.one_of(["CNY", "CNY", "USD"]),
            "recovery_period": draw.one_of(["month", "year", "quarter", "half"]),
            "valid_from": draw.day(-30, 90),
            "valid_to": draw.one_of(["", FIRST + dt.timedelta(days=240)]),
        }
        for plan_id in ("account_manager_standard", "account_manager_booked")
    ]


def _bonuses(number: int) -> list[dict[str, Any]]:
    draw = Draw(number)
    plan = draw.one_of(["account_manager_standard", "account_manager_booked"])
    empty = dict.fromkeys(("measure", "threshold", "period_kind", "market", "block_units"), "")
    shared = {**empty, "rate": "", "amount": "", "currency": "CNY", "valid_to": ""}
    measure = draw.one_of(["visits", "customer_retention", "cost_control", "satisfaction"])
    return [
        {
            **shared,
            "bonus_id": "measure",
            "plan_id": plan,
            "earned_when": "measure_reached",
            "measure": measure,
            "threshold": draw.one_of(["1", "0.5", "3", "1000"]),
            "period_kind": draw.one_of(["month", "quarter", "half", "year"]),
            "amount": "123.45",
            "currency": draw.one_of(["CNY", "USD", "EUR"]),
            "valid_from": "2000-01-01",
        },
        {
            **shared,
            "bonus_id": "delivered",
            "plan_id": plan,
            "earned_when": "delivered",
            "market": draw.one_of(["", "enterprise", "consumer"]),
            "rate": "0.010001",
            "valid_from": draw.day(-30, 100),
        },
        {
            **shared,
            "bonus_id": "units",
            "plan_id": "account_manager_standard",
            "earned_when": "units_sold",
            "market": draw.one_of(["", "enterprise"]),
            "block_units": draw.one_of(["1", "1.5", "2"]),
            "amount": "7.07",
            "valid_from": draw.day(-30, 100),
        },
    ]


def _holdbacks(number: int) -> list[dict[str, Any]]:
    draw = Draw(number)
    return [
        {
            "plan_id": plan_id,
            "holdback_share": draw.one_of(["0.1", "0.333333", "1"]),
            "release_months": draw.one_of(["2", "1", "11"]),
            "valid_from": "2000-01-01",
            "valid_to": draw.one_of(["", FIRST + dt.timedelta(days=100)]),
        }
        for plan_id in ("account_manager_standard", "solution_expert_standard")
    ]


def _unique(rows: list[dict[str, Any]], *key: str) -> list[dict[str, Any]]:
    """The first row of each key; an effective-dated one starts after the one before it has ended."""
    found = {tuple(row[name] for name in key): row for row in reversed(rows)}
    return list(reversed(found.values()))


def _never_overlapping(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda row: (row["employee_id"], row["valid_from"])):
        before = [other for other in kept if other["employee_id"] == row["employee_id"]]
        if all(other["valid_to"] <= row["valid_from"] for other in before):
            kept.append(row)
    return kept


@st.composite
def companies(draw: st.DrawFn) -> Rows:
    """Landed rows of a company of eight payees and a year."""
    numbers = st.integers(0, NUMBERS - 1)
    rows: dict[str, list[dict[str, Any]]] = {}
    for table, (make, most) in ROWS.items():
        drawn = draw(st.lists(numbers, min_size=most // 2, max_size=most))
        rows[table] = [make(Draw(value), position) for position, value in enumerate(drawn)]
    paid_on = {row["payment_id"]: row["paid_on"] for row in rows["billing.payments"]}
    for refund in rows["billing.refunds"]:
        on = refund["refunded_on"]
        refund["refunded_on"] = max(on, paid_on.get(refund["payment_id"], on))
    people = draw(st.lists(numbers, min_size=len(STAFF), max_size=len(STAFF)))
    rows["hr.employees"], rows["hr.job_history"] = _people(people)
    # The ladder's salaries are in yuan: no salary of a month is in two currencies.
    graded = {row["employee_id"] for row in rows["hr.grade_changes"]}
    for job in rows["hr.job_history"]:
        job["currency"] = "CNY" if job["employee_id"] in graded else job["currency"]
    rows["hr.quotas"] = _quotas(draw(st.lists(numbers, min_size=12, max_size=12)))
    shapes = draw(st.lists(numbers, min_size=7, max_size=7))
    rows["policy.policy_commission_plans"] = _commission_plans(shapes)
    steps = draw(st.lists(numbers, min_size=3, max_size=3))
    rows["policy.policy_commission_rates"] = _commission_rates(steps)
    rows["policy.policy_commission_rates"] += _rates_of_contracts(draw(numbers))
    rows["policy.policy_credit_rules"] = _credit_rules(draw(numbers))
    rows["policy.policy_settings"] = _settings(draw(numbers))
    rows["policy.policy_commission_caps"] = _caps(draw(numbers))
    rows["policy.policy_commission_gates"] = _gates(draw(numbers))
    rows["policy.policy_refund_recoveries"] = _recoveries(draw(numbers))
    rows["policy.policy_quota_ramps"] = _ramps(draw(numbers))
    rows["policy.policy_new_classes"] = _new_classes(draw(numbers))
    rows["policy.policy_draws"] = _draws(draw(numbers))
    rows["policy.policy_holdbacks"] = _holdbacks(draw(numbers))
    rows["policy.policy_bonuses"] = _bonuses(draw(numbers))
    # A little sold and paid early in each half of the year, and much late in it: tiers are reached late.
    for half, (day, amount) in enumerate(
        [(40, "9000"), (150, "400000"), (200, "9000"), (330, "90000")]
    ):
        sold = {
            "account_id": "C1",
            "contract_id": f"base-{half}",
            "amount": amount,
            "currency": "CNY",
        }
        on = FIRST + dt.timedelta(days=day)
        rows["billing.contracts"].append(
            sold | {"product_id": "P1", "contract_type": "new", "signed_on": on, "starts_on": on}
        )
        paid = {"payment_id": f"base-{half}", "payment_kind": "invoice", "paid_on": on}
        rows["billing.payments"].append(sold | paid)
    # Something to aim at and somebody in charge, wherever nothing else was drawn.
    rows["hr.targets"] += [
        {
            "target_id": f"base-{measure}",
            "scope_type": "company",
            "measure": measure,
            "valid_from": FIRST,
            "target_value": value,
        }
        for measure, value in BASE_TARGETS.items()
    ]
    rows["crm.account_assignments"] += [
        {
            "assignment_id": f"base-{account}-{employee}",
            "account_id": account,
            "employee_id": employee,
            "assignment_role": STAFF[employee],
            "valid_from": dt.date(2020, 1, 1),
        }
        for account, pair in zip(
            ACCOUNTS, (("A1", "V1"), ("A2", "V1"), ("A1", "V2"), ("A3", "V2")), strict=True
        )
        for employee in pair
    ]
    keys = {
        "crm.opportunity_stage_history": ("opportunity_id", "pipeline_stage", "entered_at"),
        "crm.opportunity_team": ("opportunity_id", "employee_id"),
        "crm.account_health": ("account_id", "measured_on"),
        "hr.grade_changes": ("employee_id", "effective_from"),
    }
    for table, key in keys.items():
        rows[table] = _unique(rows[table], *key)
    rows["hr.plan_assignments"] = _never_overlapping(rows["hr.plan_assignments"])
    rows["hr.teams"] = [
        {
            "team_id": team,
            "team_kind": "region",
            "parent_team_id": parent,
            "dotted_line_manager_id": {"T1": "M1", "T3": "A3"}.get(team),
        }
        for team, parent in TEAMS.items()
    ]
    rows["crm.accounts"] = [
        {"account_id": account, "designation": designation, "ownership_type": ownership}
        for account, designation, ownership in zip(
            ACCOUNTS,
            ["strategic", None, "key", None],
            ["commercial", "government", "commercial", None],
            strict=True,
        )
    ]
    rows["billing.products"] = [
        {
            "product_id": "P1",
            "market": "enterprise",
            "launched_on": "2020-01-01",
            "is_key_product": False,
            "maturity": "mature",
        },
        {
            "product_id": "P2",
            "launched_on": "2025-03-01",
            "is_key_product": True,
            "maturity": "growth",
        },
    ]
    rows["billing.fx_rates"] = _rates_of_exchange(draw(numbers))
    # What makes the company's year: something done on its first day.
    first_day = dt.datetime.combine(FIRST, dt.time(4), dt.UTC)
    rows["crm.activities"].append(
        {"activity_id": "first", "activity_type": "meeting", "occurred_at": first_day}
    )
    return {
        table: [
            {name: _text(value) for name, value in row.items()}
            | ({} if table.startswith("policy.") else {"_loaded_at": LOADED})
            for row in table_rows
        ]
        for table, table_rows in rows.items()
    }
