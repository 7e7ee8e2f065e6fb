"""Planted cases of coverage: two banks, one of them designated; a bank that changes teams; an orphan."""

from __future__ import annotations

from decimal import Decimal

from orchestration.generator.case_builder import CURRENCY, Cases

TEAM = "T-key-banks"
# A payee who does nothing scores 0.25 (cases.py).
IDLE = {"base": "7000.00", "performance": "750.00"}
CASES = (
    ("Z70", "the_key_team_owns_the_bank", "S4-03 S4-05"),
    ("Z71", "the_region_owns_the_rural_co_operative", "S4-03 S4-05"),
    ("Z72", "a_bank_comes_to_the_key_team", "S4-03 S4-11"),
)


def write_coverage_cases(cases: Cases) -> None:
    """Payees Z70 to Z72 and their accounts; the findings are in the ground truth."""
    cases.add(
        "hr.teams",
        cases.last_month,
        team_id=TEAM,
        team_name="银行客户组",
        team_kind="key",
        industry="banking",
    )
    # Three key accounts are a load as the policy asks, one is too small a load.
    _bank(cases, "Z70-1", "华东股份制商业银行")
    cases.payee(70, quota=None, team=TEAM)
    for account_id, name in (("Z70-2", "长江城市商业银行"), ("Z70-3", "东海发展银行")):
        _bank(cases, account_id, name)
        cases.account(account_id, "Z70", team=TEAM)
    # In the same trade, but small and not designated: the region's.
    cases.account("Z71-1", None, industry="banking", name="青浦农村信用合作社")
    cases.payee(71, quota=None)
    # Designated, run by the region to the middle of last month, then by the team for banks.
    handed_over = cases.day(15)
    _bank(cases, "Z72-1", "浦江合众银行")
    cases.account("Z72-1", "Z71", None, handed_over)
    cases.payee(72, quota=None, team=TEAM, account_from=handed_over)
    cases.contract("K-Z72-1", "Z72-1", cases.last_month, 90_000)
    cases.add(
        "billing.consumption",
        cases.day(2),
        consumption_id="CN-Z72",
        account_id="Z72-1",
        contract_id="K-Z72-1",
        product_id="P1",
        consumed_on=cases.day(1),
        quantity=Decimal(1),
        amount=Decimal(30_000),
        currency=CURRENCY,
    )
    # Nobody's since the tenth.
    cases.account("Z71-2", "Z71", None, cases.day(10))
    for employee_id, case, rule in CASES:
        cases.expect(case, rule, employee_id, "no result", score="0.2500000000", **IDLE)


def _bank(cases: Cases, account_id: str, name: str) -> None:
    cases.account(account_id, None, designation="key", industry="banking", name=name)
