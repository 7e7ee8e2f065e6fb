"""Worked cases of commission, as they are published, from landed rows and plan rows to what is paid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.python.conftest import Company
from tests.python.in_memory import Models, Rows, policy_rows

LOADED = {"_loaded_at": "2026-12-31T00:00:00Z"}
PLAN = "account_manager_standard"
Tiers = list[tuple[str, str]]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    wanted = ["fct_draw_balances", "fct_credit_reconciliation"]
    return Models(Company(tmp_path_factory.mktemp("worked")), wanted)


def company(
    sales: list[tuple[str, str]],
    tiers: Tiers,
    *,
    team: dict[str, tuple[str, str]] | None = None,
    cancelled: dict[int, str] | None = None,
    **plan: str,
) -> dict[str, list[dict[str, Any]]]:
    """One account manager, B beside her, who hold an account each; sales are A's contracts.

    ``sales`` are days and amounts, ``tiers`` lower bounds and rates; ``team`` gives each member of
    every sale's deal a role and a share; ``cancelled`` the day a sale is cancelled on.
    """
    plans = [row for row in policy_rows("policy_commission_plans") if row["plan_id"] == PLAN]
    shape = {
        "commission_basis": "booked",
        "bound_kind": "amount",
        "credit_kind": "any",
        **plan,
    }
    rates = policy_rows("policy_commission_rates")[0]
    classes = {"product_class": "any", "customer_class": "any"}
    rows: dict[str, list[dict[str, Any]]] = {
        "policy.policy_commission_caps": [],
        "policy.policy_commission_plans": [{**plans[0], **shape}],
        "policy.policy_commission_rates": [
            {**rates, **classes, "tier_from": bound, "rate": rate} for bound, rate in tiers
        ],
        "hr.employees": [{"employee_id": name, "hire_date": "2026-01-01"} for name in "AB"],
        "hr.job_history": [
            {
                "employee_id": name,
                "valid_from": "2026-01-01",
                "role": "account_manager",
                "monthly_base_salary": "1000",
                "currency": "CNY",
            }
            for name in "AB"
        ],
        "hr.quotas": [
            {
                "employee_id": name,
                "valid_from": "2026-01-01",
                "valid_to": "2027-01-01",
                "quota_amount": "100000",
                "currency": "CNY",
            }
            for name in "AB"
        ],
        "crm.account_assignments": [
            {
                "assignment_id": name,
                "account_id": f"of-{name}",
                "employee_id": name,
                "assignment_role": "account_manager",
                "valid_from": "2026-01-01",
            }
            for name in "AB"
        ],
        "crm.accounts": [{"account_id": f"of-{name}"} for name in "AB"],
        "crm.opportunities": [
            {
                "opportunity_id": f"O{number}",
                "account_id": "of-A",
                "owner_id": "A",
                "amount": "1",
                "currency": "CNY",
                "created_at": f"{day}T04:00:00Z",
                "closed_at": f"{day}T04:00:00Z",
                "outcome": "won",
            }
            for number, (day, _) in enumerate(sales)
        ],
        "crm.opportunity_team": [
            {
                "opportunity_id": f"O{number}",
                "employee_id": name,
                "team_role": role,
                "credit_share": share,
            }
            for number in range(len(sales))
            for name, (role, share) in (team or {}).items()
        ],
        "billing.contracts": [
            {
                "contract_id": f"K{number}",
                "account_id": "of-A",
                "opportunity_id": f"O{number}",
                "contract_type": "new",
                "signed_on": day,
                "amount": amount,
                "currency": "CNY",
                "cancelled_on": (cancelled or {}).get(number),
            }
            for number, (day, amount) in enumerate(sales)
        ],
    }
    return {
        name: [row if name.startswith("policy.") else {**row, **LOADED} for row in table]
        for name, table in rows.items()
    }


def paid(models: Models, rows: Rows) -> dict[tuple[str, int], str]:
    """Commission by payee and month of the year; nothing where there is none."""
    with models.run(rows) as connection:
        found = connection.execute(
            "select employee_id, period_month, commission_amount from marts.fct_commissions"
            " where commission_amount <> 0"
        ).fetchall()
    return {(name, month.month): f"{amount:.2f}" for name, month, amount in found}


def total(models: Models, rows: Rows) -> dict[str, str]:
    sums: dict[str, Decimal] = {}
    for (name, _), amount in paid(models, rows).items():
        sums[name] = sums.get(name, Decimal(0)) + Decimal(amount)
    return {name: f"{amount:.2f}" for name, amount in sums.items()}


FIVE_SEVEN_TEN: Tiers = [("0", "0.05"), ("10000", "0.07"), ("25000", "0.10")]


def test_four_tiers_of_a_quota(models: Models) -> None:
    tiers = [("0", "0.05"), ("0.5", "0.10"), ("1", "0.15"), ("1.5", "0.20")]
    rows = company(
        [("2026-05-10", "140000")], tiers, bound_kind="share_of_quota", accumulation="year"
    )
    assert total(models, rows) == {"A": "13500.00"}


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("marginal", "2050.00"), ("retroactive", "3000.00"), ("reached_tier", "2500.00")],
)
@pytest.mark.parametrize(
    "sales",
    [
        [("2026-05-10", "30000")],
        [("2026-04-10", "9000"), ("2026-05-10", "16000"), ("2026-06-30", "5000")],
    ],
)
def test_thirty_thousand_in_each_mode(
    models: Models, mode: str, expected: str, sales: list[tuple[str, str]]
) -> None:
    rows = company(sales, FIVE_SEVEN_TEN, tier_mode=mode, accumulation="quarter")
    assert total(models, rows) == {"A": expected}


def test_a_tier_reached_later_is_paid_in_the_month_it_is_reached(models: Models) -> None:
    sales = [("2026-04-10", "9000"), ("2026-05-10", "16000"), ("2026-06-30", "5000")]
    rows = company(sales, FIVE_SEVEN_TEN, tier_mode="retroactive", accumulation="quarter")
    # 450; then 10 % of 25,000 less 450; then 10 % of 5,000
    assert paid(models, rows) == {("A", 4): "450.00", ("A", 5): "2050.00", ("A", 6): "500.00"}


@pytest.mark.parametrize(
    ("side", "mode", "expected"),
    [
        ("lower_inclusive", "retroactive", "2500.00"),
        ("upper_inclusive", "retroactive", "1750.00"),
        ("lower_inclusive", "marginal", "1550.00"),
        ("upper_inclusive", "marginal", "1550.00"),
        ("lower_inclusive", "reached_tier", "2000.00"),
        ("upper_inclusive", "reached_tier", "1550.00"),
    ],
)
def test_exactly_at_a_bound(models: Models, side: str, mode: str, expected: str) -> None:
    rows = company([("2026-05-10", "25000")], FIVE_SEVEN_TEN, tier_mode=mode, bound_side=side)
    assert total(models, rows) == {"A": expected}


def test_a_deal_split_seventy_to_thirty(models: Models) -> None:
    team = {"A": ("seller", "0.7"), "B": ("seller", "0.3")}
    rows = company([("2026-05-10", "80000")], [("0", "0.10")], team=team)
    assert paid(models, rows) == {("A", 5): "5600.00", ("B", 5): "2400.00"}


def test_an_overlay_comes_on_top_and_bookings_count_the_deal_once(models: Models) -> None:
    rows = company([("2026-05-10", "1000")], [("0", "0.10")])
    rows["crm.opportunity_team"] = [
        {
            "opportunity_id": "O0",
            "team_role": role,
            "employee_id": name,
            "credit_share": share,
            **LOADED,
        }
        for name, role, share in (
            ("A", "seller", "0.5"),
            ("B", "seller", "0.5"),
            ("C", "solution_expert", "0.2"),
        )
    ]
    with models.run(rows) as connection:
        found = connection.execute(
            "select company_amount, direct_amount, overlay_amount, difference_amount"
            " from marts.fct_credit_reconciliation where transaction_kind = 'booked'"
        ).fetchall()
    assert found == [(1000, 1000, 200, 0)]


def test_a_sale_cancelled_in_a_later_month_is_paid_and_taken_back(models: Models) -> None:
    for mode in ("marginal", "retroactive", "reached_tier"):
        rows = company(
            [("2026-04-10", "30000")],
            FIVE_SEVEN_TEN,
            cancelled={0: "2026-08-02"},
            tier_mode=mode,
            accumulation="quarter",
        )
        first, second = sorted(paid(models, rows).items())
        assert (first[0], second[0]) == (("A", 4), ("A", 8))
        assert Decimal(first[1]) == -Decimal(second[1]) > 0


@pytest.mark.parametrize(
    ("currency", "rate_day", "earned"),
    [
        ("", "transaction", "21000.00"),
        ("", "period_end", "21600.00"),
        ("", "payment", "22200.00"),
        ("USD", "period_end", "3000.00"),
        ("EUR", "transaction", "2700.00"),
    ],
)
def test_a_sale_in_dollars_and_its_cancellation_come_to_nothing_at_any_rate_by_then(
    models: Models, currency: str, rate_day: str, earned: str
) -> None:
    rows = company(
        [("2026-04-10", "30000")],
        [("0", "0.10")],
        cancelled={0: "2026-08-02"},
        currency=currency,
        sale_rate_day=rate_day,
    )
    for contract in rows["billing.contracts"]:
        contract["currency"] = "USD"
    quoted = [
        ("USD", "CNY", "2026-01-01", "7"),
        ("USD", "CNY", "2026-04-30", "7.2"),
        ("USD", "CNY", "2026-05-10", "7.4"),
        ("USD", "CNY", "2026-07-01", "9"),
        ("USD", "EUR", "2026-01-01", "0.9"),
        ("USD", "EUR", "2026-05-01", "0.8"),
    ]
    names = ("from_currency", "to_currency", "rate_date", "rate")
    rates = [dict(zip(names, row, strict=True)) | LOADED for row in quoted]
    found = paid(models, {**rows, "billing.fx_rates": rates})
    assert found == {("A", 4): earned, ("A", 8): f"-{earned}"}


def test_a_refund_in_the_same_period_lowers_the_tier_that_was_reached(models: Models) -> None:
    sales = [("2026-04-10", "20000"), ("2026-05-10", "10000")]
    rows = company(
        sales,
        FIVE_SEVEN_TEN,
        cancelled={1: "2026-06-02"},
        tier_mode="retroactive",
        accumulation="quarter",
    )
    # 20,000 at 7 %; 30,000 at 10 % less that; and back to 20,000 at 7 %
    assert paid(models, rows) == {("A", 4): "1400.00", ("A", 5): "1600.00", ("A", 6): "-1600.00"}


def test_another_accumulation_period_is_another_row_of_the_plan_and_nothing_else(
    models: Models,
) -> None:
    sales = [("2026-01-10", "20000"), ("2026-05-10", "20000")]
    paid_by = {
        period: total(models, company(sales, FIVE_SEVEN_TEN, accumulation=period))
        for period in ("quarter", "half", "year")
    }
    # 1,200 twice; 500 + 1,050 + 1,500 over both
    assert paid_by == {
        "quarter": {"A": "2400.00"},
        "half": {"A": "3050.00"},
        "year": {"A": "3050.00"},
    }


def test_the_day_of_a_sale_is_what_counts_not_the_order_of_rows(models: Models) -> None:
    sales = [(f"2026-0{4 + number % 3}-{10 + number}", str(3000 + number)) for number in range(9)]
    rows = company(sales, FIVE_SEVEN_TEN, accumulation="quarter")
    turned = {name: list(reversed(table)) for name, table in rows.items()}
    assert paid(models, rows) == paid(models, turned)


def test_a_recoverable_draw_of_two_thousand(models: Models) -> None:
    earned = [2750, 3000, 1500, 2375, 3000, 2750]
    sales = [(f"2026-0{month}-10", f"{amount}0") for month, amount in enumerate(earned, start=1)]
    rows = company(sales, [("0", "0.10")])
    rows["policy.policy_draws"] = [
        {
            "plan_id": PLAN,
            "draw_kind": "recoverable",
            "monthly_amount": "2000",
            "currency": "CNY",
            "recovery_period": "month",
            "valid_from": "2000-01-01",
            "valid_to": "",
        }
    ]
    with models.run(rows) as connection:
        found = connection.execute(
            "select paid_amount, owed_after_amount from marts.fct_draw_balances"
            " where employee_id = 'A' and period_month < date '2026-07-01' order by period_month"
        ).fetchall()
    assert [row[0] for row in found] == [2750, 3000, 2000, 2000, 2875, 2750]
    assert [row[1] for row in found] == [0, 0, 500, 125, 0, 0]


def plan_row(**values: str) -> dict[str, str]:
    return {"plan_id": PLAN, "valid_from": "2000-01-01", "valid_to": "", **values}


def test_caps_of_a_sale_a_month_and_a_year_each_cut_what_the_others_left(models: Models) -> None:
    sales = [("2026-01-10", "20000"), ("2026-01-20", "9000"), ("2026-02-10", "8000")]
    rows = company(sales, [("0", "0.10")])
    caps = (("sale", "1500"), ("month", "2000"), ("year", "2600"))
    rows["policy.policy_commission_caps"] = [
        plan_row(cap_period=period, cap_amount=amount) for period, amount in caps
    ]
    # 1,500 of 2,000, and 900: 2,000 of 2,400; 800: 600 more to 2,600
    assert paid(models, rows) == {("A", 1): "2000.00", ("A", 2): "600.00"}


def test_no_commission_below_half_the_quota_and_all_of_it_once_it_is_reached(
    models: Models,
) -> None:
    sales = [("2026-01-10", "40000"), ("2026-03-10", "10000"), ("2026-04-10", "5000")]
    rows = company(sales, [("0", "0.10")], accumulation="year")
    gate = plan_row(gate_id="half", measure="", threshold="0.5", period_kind="")
    rows["policy.policy_commission_gates"] = [gate]
    assert paid(models, rows) == {("A", 3): "5000.00", ("A", 4): "500.00"}
    rows["policy.policy_commission_gates"] = [{**gate, "threshold": "0.6"}]
    assert paid(models, rows) == {}


def test_commission_follows_the_cash_of_its_contract(models: Models) -> None:
    rows = company([("2026-01-10", "90000")], [("0", "0.10")], paid_when="collected")
    rows["billing.payments"] = [
        {
            "payment_id": f"P{number}",
            "account_id": "of-A",
            "contract_id": "K0",
            "payment_kind": "invoice",
            "paid_on": day,
            "amount": "30000",
            "currency": "CNY",
            **LOADED,
        }
        for number, day in enumerate(("2026-01-31", "2026-02-28", "2026-05-02"))
    ]
    assert paid(models, rows) == {("A", month): "3000.00" for month in (1, 2, 5)}


@pytest.mark.parametrize(
    ("cancelled_on", "kept"), [("2026-04-09", "1500.00"), ("2026-04-10", "3000.00")]
)
def test_a_cancellation_takes_back_its_share_within_the_window(
    models: Models, cancelled_on: str, kept: str
) -> None:
    rows = company([("2026-01-10", "30000")], [("0", "0.10")], cancelled={0: cancelled_on})
    recovery = plan_row(recovery_months="3", recovery_share="0.5")
    rows["policy.policy_refund_recoveries"] = [recovery]
    assert total(models, rows) == {"A": kept}
