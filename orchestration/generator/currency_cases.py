"""Planted cases of currencies and of renewals: a plan in dollars paid in yen; who is paid for a renewal."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from orchestration.generator.case_builder import Cases


def write_currency_cases(cases: Cases) -> None:
    """Payees Z77 to Z81, and a product of a growing market, PZ."""
    _rates(cases)
    _dollars(cases)
    _one_person(cases)
    _renewals(cases)


def _rates(cases: Cases) -> None:
    """Of this month's first and last day; yuan into dollars of the last month, too."""
    last_day = cases.next - dt.timedelta(days=1)
    for from_currency, to_currency, day, rate in (
        ("CNY", "USD", cases.last_month, "0.14"),
        ("CNY", "USD", last_day, "0.15"),
        ("USD", "JPY", cases.month, "149"),
        ("USD", "JPY", last_day, "150.53"),
        ("CNY", "JPY", cases.month, "20.5"),
        ("GBP", "CNY", cases.month, "9"),
    ):
        cases.add(
            "billing.fx_rates",
            day,
            from_currency=from_currency,
            to_currency=to_currency,
            rate_date=day,
            rate=Decimal(rate),
        )


def _dollars(cases: Cases) -> None:
    payee = cases.payee(
        77,
        salary=300_000,
        currency="JPY",
        quota=50_000,
        quota_currency="USD",
        plan="account_manager_dollars",
    )
    cases.contract("K-Z77-1", "Z77-1", cases.last_month, 400_000)
    refunded = cases.payment("Z77-1", cases.last_month, 100_000, by_month=True)
    cases.payment("Z77-1", cases.day(5), 200_000)
    cases.refund("Z77-1", cases.day(8), refunded, 100_000)
    cases.payment("Z77-1", cases.day(10), 30_000, currency="USD")
    # No rate into dollars is quoted for it: it earns nothing, and is a finding.
    cases.payment("Z77-1", cases.day(12), 1_000, currency="GBP")
    cases.expect(
        "a_plan_in_dollars_is_paid_in_yen",
        "RULES 0 S0-07",
        payee,
        "14,000 USD of last month; 30,000, less the 14,000 at the rate they earned at, and 30,000: 50,000"
        " at 2 %, 10,000 at 4 %; 1,120 USD at 150.53 is 168,593.6 JPY",
        base="300000.00",
        commission="168594.00",
    )
    paid_in_yen = cases.payee(
        78,
        salary=300_000,
        currency="JPY",
        quota=None,
        plan="account_manager_guarantee",
        planned_on=cases.month,
    )
    cases.expect(
        "a_guarantee_in_yuan_is_paid_in_yen",
        "RULES 0",
        paid_in_yen,
        "2,000 CNY at 20.5",
        base="300000.00",
        guarantee="41000.00",
    )

    unpaid = cases.payee(81, currency="HKD", quota=None, plan="account_manager_renewals")
    cases.contract("K-Z81-1", "Z81-1", cases.day(4), 10_000)
    cases.expect(
        "without_a_rate_into_the_currency_of_the_pay_commission_waits",
        "RULES 0",
        unpaid,
        "2 % of 10,000 CNY, and no rate into HKD: a finding",
        base="10000.00",
    )


def _one_person(cases: Cases) -> None:
    """An adjustment approved by whoever asked for it."""
    cases.add(
        "hr.pay_adjustments",
        cases.day(20),
        adjustment_id="AJ-Z81",
        employee_id="Z81",
        period_month=cases.month,
        amount=Decimal(500),
        currency="HKD",
        reason="moving expenses",
        requested_by="M000001",
        approved_by="M000001",
    )


def _renewals(cases: Cases) -> None:
    cases.add(
        "billing.products",
        cases.last_month,
        product_id="PZ",
        product_name="边缘计算",
        product_line="edge",
        market="enterprise",
        launched_on=dt.date(2020, 1, 1),
        is_key_product=False,
        maturity="emerging",
    )
    seller = cases.payee(79, quota=None, plan="account_manager_renewals")
    server = cases.payee(
        80, quota=None, role="service_consultant", grade="C1", plan="service_after_sale"
    )
    cases.account("Z79-1", server, role="service_consultant")
    for number, (product, kind, amount) in enumerate(
        (
            ("P1", "new", 10_000),
            ("P1", "renewal", 20_000),
            ("P3", "renewal", 30_000),
            ("PZ", "renewal", 40_000),
        )
    ):
        cases.contract(
            f"K-Z79-{number}", "Z79-1", cases.day(4 + number), amount, product, contract_type=kind
        )
    cases.add(
        "billing.payments",
        cases.day(9),
        payment_id="PY-Z79",
        account_id="Z79-1",
        contract_id="K-Z79-3",
        payment_kind="invoice",
        paid_on=cases.day(9),
        amount=Decimal(40_000),
        currency="CNY",
    )
    cases.expect(
        "renewals_pay_where_they_are_hard_and_not_where_the_product_is_mature",
        "S3-05",
        seller,
        "2 % of 10,000; nothing of 20,000; 3 % of 30,000; the fourth is not the seller's",
        base="10000.00",
        commission="1100.00",
    )
    cases.expect(
        "renewals_in_a_growing_market_are_services",
        "S3-06",
        server,
        "1 % of the 40,000 paid for the renewal",
        base="10000.00",
        commission="400.00",
    )
