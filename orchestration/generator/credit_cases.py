"""Planted cases of crediting and of what settles commission: a deal split and supported, those above its
sellers, a one-off owner; a draw, a guarantee and a holdback;
a sale above its cap that waits for cash, a gate."""

from __future__ import annotations

from decimal import Decimal

from orchestration.generator.case_builder import CURRENCY, Cases, noon
from orchestration.generator.shape import next_month

TEAM = "T-key-east"


def write_credit_cases(cases: Cases) -> None:
    """Payees Z60 to Z69 and Z73 to Z76; the sellers in a team of their own, below the region's."""
    _split(cases)
    _one_off(cases)
    _settlements(cases)
    _cuts(cases)


def _team(cases: Cases, director: str) -> None:
    cases.add(
        "hr.teams",
        cases.last_month,
        team_id=TEAM,
        team_name="东区大客户组",
        team_kind="key",
        parent_team_id="T-east",
        region="east",
        dotted_line_manager_id=director,
    )


def _deal(cases: Cases, deal: str, owner: str, team: dict[str, tuple[str, str]]) -> None:
    """A won deal of last month; ``team`` gives each member's role and share."""
    cases.add(
        "crm.opportunities",
        cases.day(10),
        opportunity_id=deal,
        account_id="Z60-1",
        owner_id=owner,
        opportunity_type="new",
        product_id="P1",
        amount=Decimal(80_000),
        list_amount=Decimal(80_000),
        currency=CURRENCY,
        created_at=noon(cases.last_month),
        first_follow_up_at=noon(cases.last_month),
        closed_at=noon(cases.day(9)),
        outcome="won",
    )
    for employee, (team_role, share) in team.items():
        cases.add(
            "crm.opportunity_team",
            cases.day(10),
            opportunity_id=deal,
            employee_id=employee,
            team_role=team_role,
            credit_share=Decimal(share),
        )


def _split(cases: Cases) -> None:
    cases.account("Z60-1", None, designation="key")
    owner, partner = cases.payee(60, team=TEAM), cases.payee(61, team=TEAM)
    head = cases.payee(62, quota=None, role="team_manager", team=TEAM, plan="sales_head_override")
    director = cases.payee(63, quota=None, role="key_account_director", plan="key_account_number")
    expert = cases.payee(
        64, quota=None, role="solution_expert", grade="S1", plan="key_account_number"
    )
    _team(cases, director)
    sellers = {owner: ("seller", "0.7"), partner: ("seller", "0.3")}
    _deal(cases, "O-Z60", owner, {**sellers, expert: ("solution_expert", "1")})
    cases.contract("K-Z60-1", "Z60-1", cases.day(10), 80_000, opportunity_id="O-Z60")
    cases.payment("Z60-1", cases.day(12), 80_000)
    cases.contract("K-Z60-2", "Z60-1", cases.day(15), 50_000)
    # Shares of 110 %: a finding, and no sale hangs on it.
    uneven = {owner: ("seller", "0.7"), partner: ("seller", "0.4")}
    _deal(cases, "O-Z61", partner, uneven)
    new_customer = "one new customer, no visit"
    cases.expect(
        "the_larger_part_of_a_split_deal",
        "S4-06",
        owner,
        f"70 % of 80,000 at 2 %; {new_customer}",
        score="0.4500000000",
        base="7000.00",
        performance="1350.00",
        commission="1120.00",
    )
    cases.expect(
        "the_smaller_part_of_a_split_deal",
        "S4-06",
        partner,
        f"30 % of 80,000 at 2 %; {new_customer}",
        score="0.4500000000",
        base="7000.00",
        performance="1350.00",
        commission="480.00",
    )
    cases.expect(
        "what_a_team_sells_rolls_up",
        "S4-06",
        head,
        "80,000 of the split deal and 50,000 beside it: 100,000 at 0.1 % and 30,000 at 0.2 %",
        base="10000.00",
        commission="160.00",
    )
    cases.expect(
        "the_dotted_line_of_a_key_account",
        "S4-10",
        director,
        "130,000 at 0.2 %",
        base="10000.00",
        commission="260.00",
    )
    cases.expect(
        "a_supported_project",
        "S0-09 S4-06",
        expert,
        "80,000 at 0.2 %, beside the sellers",
        base="10000.00",
        commission="160.00",
    )


def _one_off(cases: Cases) -> None:
    seller = cases.payee(65, quota=None, plan="account_manager_one_off")
    server = cases.payee(
        66, quota=None, role="service_consultant", grade="C1", plan="service_after_sale"
    )
    cases.account("Z65-1", server, role="service_consultant")
    cases.contract("K-Z65-1", "Z65-1", cases.last_month, 50_000)
    cases.payment("Z65-1", cases.day(14), 10_000)
    cases.payment("Z65-1", cases.day(15), 20_000)
    cases.add(
        "crm.deliveries",
        cases.day(15),
        delivery_id="D-Z65",
        contract_id="K-Z65-1",
        account_id="Z65-1",
        employee_id=server,
        started_on=cases.day(1),
        due_on=cases.day(20),
        delivered_on=cases.day(15),
    )
    for number, score in enumerate((4, 5)):
        cases.add(
            "crm.surveys",
            cases.day(20),
            survey_id=f"SV-Z66-{number}",
            account_id="Z65-1",
            employee_id=server,
            survey_type="csat",
            score=Decimal(score),
            responded_at=noon(cases.day(19)),
        )
    cases.expect(
        "the_day_before_the_delivery_under_one_off_ownership",
        "S0-03",
        seller,
        "10,000 at 2 %; the delivery releases 1 % of the 50,000 booked",
        base="10000.00",
        commission="200.00",
        bonus="500.00",
    )
    cases.expect(
        "from_the_day_of_the_delivery_on_service_is_credited",
        "S0-03",
        server,
        "20,000 at 1 %; 300 for a rating of 4.5",
        base="10000.00",
        commission="200.00",
        bonus="300.00",
    )


def _settlements(cases: Cases) -> None:
    """Collected in April, May and June at 2 %; the plans hold since April."""
    april = cases.quarter
    sold = {
        "account_manager_draw": (67, (75_000, 118_750, 150_000)),
        "account_manager_guarantee": (68, (0, 0, 60_000)),
        "account_manager_holdback": (69, (50_000, 0, 100_000)),
    }
    for plan, (number, amounts) in sold.items():
        payee = cases.payee(number, quota=None, plan=plan, planned_on=april)
        cases.contract(f"K-{payee}-1", f"{payee}-1", april, 500_000)
        month = april
        for amount in amounts:
            if amount:
                cases.payment(f"{payee}-1", month.replace(day=5), amount, by_month=True)
            month = next_month(month)
    for number, (day, units) in enumerate(((5, 30), (9, 89), (20, 1))):
        cases.add(
            "billing.consumption",
            cases.day(day),
            consumption_id=f"CN-Z68-{number}",
            account_id="Z68-1",
            contract_id="K-Z68-1",
            product_id="P1",
            consumed_on=cases.day(day),
            quantity=Decimal(units),
            amount=Decimal(1),
            currency=CURRENCY,
        )
    cases.expect(
        "a_draw_is_recovered",
        "RULES 8",
        "Z67",
        "1,500, 2,375 and 3,000 earned against 2,000 a month: 500 owed, then 125, then none",
        base="10000.00",
        commission="3000.00",
        recovery="-125.00",
    )
    cases.expect(
        "a_guaranteed_commission",
        "RULES 8",
        "Z68",
        "1,200 earned of 2,000; 120 units are two whole blocks of 50, at 40 each",
        base="10000.00",
        commission="1200.00",
        guarantee="800.00",
        bonus="80.00",
    )
    cases.expect(
        "a_tenth_is_held_back_for_two_months",
        "RULES 8",
        "Z69",
        "200 of 2,000 is held back, and 100 of April's 1,000 released",
        base="10000.00",
        commission="2000.00",
        holdback="-200.00",
        release="100.00",
    )


def _cuts(cases: Cases) -> None:
    """A contract above the cap of a sale, paid for in part; and a gate that one payee opens."""
    waiting = cases.payee(73, quota=None, plan="account_manager_cash")
    cases.contract(f"K-{waiting}-1", f"{waiting}-1", cases.day(3), 100_000)
    cases.payment(f"{waiting}-1", cases.day(8), 40_000)
    for number, amount in ((74, 49_999), (75, 50_000)):
        payee = cases.payee(number, plan="account_manager_gated")
        cases.contract(f"K-{payee}-1", f"{payee}-1", cases.last_month, 200_000)
        cases.payment(f"{payee}-1", cases.day(5), amount)
    refunded = cases.payment("Z75-1", cases.last_month, 10_000, by_month=True)
    cases.refund("Z75-1", cases.day(20), refunded, 4_000)
    ramped = cases.payee(76, hired=cases.quarter, quota=91_000, plan="account_manager_ramp")
    cases.contract(f"K-{ramped}-1", f"{ramped}-1", cases.last_month, 200_000)
    cases.payment(f"{ramped}-1", cases.day(6), 50_000)
    cases.expect(
        "a_quota_that_grows_in_the_first_months",
        "RULES 5",
        ramped,
        "7,500 + 15,500 + 22,500 = 45,500 is the quota; 45,500 at 2 % and 4,500 at 4 %",
        base="10000.00",
        commission="1090.00",
    )
    cases.expect(
        "commission_waits_for_cash",
        "S0-02 S0-07",
        waiting,
        "2 % of 100,000 is 2,000; the cap of a sale is 1,800; 40 % of the contract is paid for",
        base="10000.00",
        commission="720.00",
    )
    cases.expect(
        "one_yuan_short_of_the_gate",
        "RULES 5",
        "Z74",
        "49,999 of 100,000 is not half",
        base="10000.00",
    )
    cases.expect(
        "a_gate_is_opened_and_pays_what_it_withheld",
        "RULES 5",
        "Z75",
        "1,000 in June and last month's 200, which the gate held back; of 80 taken back 40 are left",
        base="10000.00",
        commission="1160.00",
    )
