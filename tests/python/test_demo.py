"""The demo company: its figures are the ground truth's, and an independent reckoning's."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.generator.generate import generate
from orchestration.generator.reference_measures import value_of
from orchestration.generator.reference_pay import PayReference
from orchestration.generator.shape import Size
from orchestration.lib.contract import PROJECT_DIR, landing_tables
from tests.python.conftest import Company

POLICY = PROJECT_DIR / "seeds" / "policy"
JUNE = dt.date(2026, 6, 1)


@pytest.fixture(scope="module")
def reference(closed_demo: Company) -> PayReference:
    return PayReference(closed_demo.landing, POLICY)


def test_the_demo_lands_every_table_of_the_contract(closed_demo: Company) -> None:
    rows = json.loads((closed_demo.landing / "_generated.json").read_text())["rows"]
    assert set(rows) == set(landing_tables())


def test_the_ledgers_totals_are_the_ground_truths(
    closed_demo: Company, truth: dict[str, Any]
) -> None:
    posted = closed_demo.query(
        "select currency, component, sum(amount) from marts.fct_pay_ledger group by all"
    )
    shown: dict[str, dict[str, str]] = {}
    for currency, component, amount in posted:
        shown.setdefault(currency, {})[component] = f"{amount:.2f}"
    assert shown == truth["totals"]


def test_the_summary_shows_the_ground_truths_totals(
    closed_demo: Company, truth: dict[str, Any]
) -> None:
    shown = closed_demo.must("close", "2026-06")  # closed before: the summary again
    assert {"CNY", "JPY"} <= set(truth["totals"])
    for totals in truth["totals"].values():
        for amount in totals.values():
            assert f"{Decimal(amount):,.2f}" in shown


def test_every_planted_case_comes_out_as_reckoned_by_hand(
    closed_demo: Company, truth: dict[str, Any]
) -> None:
    assert len(truth["cases"]) >= 10
    for case in truth["cases"]:
        posted = closed_demo.query(
            "select component, amount from marts.fct_pay_ledger"
            " where employee_id = ? and period_month = ?",
            case["employee_id"],
            case["period_month"],
        )
        shown = {component: f"{amount:.2f}" for component, amount in posted}
        assert shown == case["components"], case["case"]
        if case["score"] is not None:
            scores = closed_demo.query(
                "select score from marts.fct_scores where employee_id = ? and period_month = ?",
                case["employee_id"],
                case["period_month"],
            )
            assert scores == [(Decimal(case["score"]),)], case["case"]


@pytest.mark.parametrize("month", [JUNE, dt.date(2026, 5, 1), dt.date(2025, 12, 1)])
def test_every_payees_pay_is_the_independent_reckonings_to_the_fourth_place(
    closed_demo: Company, reference: PayReference, month: dt.date
) -> None:
    computed = closed_demo.query(
        "select employee_id, component, amount from marts.fct_pay_components"
        " where period_month = ?",
        month,
    )
    assert len(computed) > 100
    shown = {(employee, component): amount for employee, component, amount in computed}
    reckoned = reference.pay(month)
    assert {key: reckoned[key] for key in shown} == shown
    assert all(amount == 0 for key, amount in reckoned.items() if key not in shown)


def test_every_measure_is_the_independent_reckonings_to_the_last_place(
    closed_demo: Company, reference: PayReference
) -> None:
    rows = closed_demo.query(
        "select employee_id, measure, period_month, numerator, denominator, value from marts.fct_measures"
    )
    shown = {(employee, measure, month): figures for employee, measure, month, *figures in rows}
    reckoned = {
        key: [top, bottom, value_of(top, bottom)]
        for key, (top, bottom) in reference.measured.items()
        if key[2] in reference.months
    }
    assert {key[1] for key in shown} == {
        row["measure"] for row in reference.policy["policy_measures"]
    }
    assert {key: figures for key, figures in shown.items() if reckoned.get(key) != figures} == {}
    assert reckoned.keys() == shown.keys()


def test_each_check_finds_its_planted_fault_and_no_other(
    closed_demo: Company, truth: dict[str, Any]
) -> None:
    keys = {
        "chk_transactions_without_owner": "transaction_id",
        "chk_splits_not_whole": "opportunity_id",
        "chk_sales_without_quota": "employee_id",
        "chk_payees_without_plan": "employee_id",
        "chk_overlapping_account_managers": "account_id",
        "chk_orphan_accounts": "account_id",
        "chk_designated_accounts_in_region_teams": "account_id",
        "chk_accounts_outside_policy": "account_id",
        "chk_owner_loads": "employee_id",
        "chk_transactions_without_rate": "transaction_id",
        "chk_pay_without_rate": "employee_id",
        "chk_adjustments_by_one_person": "adjustment_id",
        "chk_open_disputes": "dispute_id",
        "chk_unsound_disputes": "dispute_id",
        "chk_score_items_without_target": "measure",
        "chk_activity_stuffing": "employee_id",
        "chk_quarter_end_pull_in": "employee_id",
        "chk_hidden_pipeline": "owner_id",
        "chk_cherry_picking": "employee_id",
        "chk_discounting": "opportunity_id",
        "chk_negative_sales_cycles": "opportunity_id",
        "chk_requests_before_account": "request_id",
        "chk_requests_resolved_unanswered": "request_id",
        "chk_consumption_outside_contract": "transaction_id",
        "chk_duplicate_contracts": "contract_id",
        "chk_scores_on_one_measure": "plan_id",
        "chk_plans_without_team_element": "plan_id",
        "chk_plans_without_customer_measure": "plan_id",
        "chk_targets_unchanged": "target_id",
    }
    for check, expected in truth["findings"].items():
        found = closed_demo.query(f"select distinct {keys[check]} from checks.{check}")
        shown = sorted(row[0] for row in found)
        assert shown == sorted(expected), check


@pytest.mark.parametrize(
    ("employee", "says"),
    [
        ("Z73", ["capped (sale)", "deferred"]),
        ("Z75", ["forgiven", "gated (2026-05)"]),
    ],
)
def test_what_was_cut_is_said_beside_the_line(
    closed_demo: Company, employee: str, says: list[str]
) -> None:
    shown = closed_demo.must("pay", "2026-06", "--employee", employee)
    for words in says:
        assert words in shown


def test_each_component_is_traceable_to_lines(closed_demo: Company) -> None:
    """Commission is the sum of its lines, a score the sum of its items, to the last place."""
    assert (
        closed_demo.query(
            "select commission_amount, (select sum(commission_amount) from marts.fct_commission_lines as"
            " lines where lines.employee_id = commissions.employee_id"
            " and lines.period_month = commissions.period_month) as lines_amount"
            " from marts.fct_commissions as commissions where commission_amount <> lines_amount"
        )
        == []
    )
    assert (
        closed_demo.query(
            "select score from marts.fct_scores as scores where score <> (select sum(weighted_factor)"
            " from marts.fct_score_items as items where items.employee_id = scores.employee_id"
            " and items.period_month = scores.period_month and items.period_kind = scores.period_kind)"
            " and total_attainment is null"
        )
        == []
    )
    # where the curve applies to the total, the items add up to what goes through it
    totals = closed_demo.query(
        "select total_attainment, (select sum(weighted_factor) from marts.fct_score_items as items"
        " where items.employee_id = scores.employee_id and items.period_month = scores.period_month"
        " and items.period_kind = scores.period_kind) from marts.fct_scores as scores"
        " where total_attainment is not null"
    )
    assert totals
    assert all(round(total, 8) == round(parts, 8) for total, parts in totals)
    # every earning sale is cut into parts that add up to it
    assert (
        closed_demo.query(
            "select transaction_id from intermediate.int_earned_parts"
            " group by transaction_id, employee_id, assignment_role, credit_amount"
            " having sum(amount) <> credit_amount"
        )
        == []
    )


def test_the_four_amounts_stay_apart(closed_demo: Company) -> None:
    kinds = closed_demo.query(
        "select transaction_kind, count(*) from marts.fct_transactions group by 1 order by 1"
    )
    assert [kind for kind, _ in kinds] == [
        "booked",
        "cancelled",
        "collected",
        "consumed",
        "refunded",
    ]
    # a prepaid deposit is drawn down by consumption, never below nothing
    assert (
        closed_demo.query(
            "select contract_id from marts.fct_transactions group by contract_id having"
            " sum(case when transaction_kind = 'consumed' then amount else 0 end)"
            " > sum(case when transaction_kind = 'booked' then amount else 0 end) * 1.1"
        )
        == []
    )


def test_lifetime_values_are_those_of_the_raw_rows(
    closed_demo: Company, reference: PayReference
) -> None:
    """Recognised usage less the cost of winning and keeping, customer by customer (S2-05)."""
    values: dict[str, Decimal] = {}
    customers = {row["account_id"] for row in reference.rows("billing.contracts")}
    for event in reference.transactions.values():
        if event["kind"] == "consumed" and event["amount"] is not None:
            account = event["account"]
            values[account] = values.get(account, Decimal(0)) + event["amount"]
    for row in reference.rows("billing.account_costs"):
        if row["cost_type"] != "service":
            amount = reference.company(row, row["incurred_on"]) or Decimal(0)
            values[row["account_id"]] = values.get(row["account_id"], Decimal(0)) - amount
    shown = dict(
        closed_demo.query("select account_id, lifetime_value from marts.fct_lifetime_values")
    )
    assert shown == {account: values.get(account, Decimal(0)) for account in customers}


def test_the_health_before_a_renewal_is_the_last_one_that_could_be_acted_on(
    closed_demo: Company, reference: PayReference
) -> None:
    measured: dict[str, list[tuple[dt.date, Decimal]]] = {}
    for row in reference.rows("crm.account_health"):
        if row["health_score"] is not None:
            rows = measured.setdefault(row["account_id"], [])
            rows.append((row["measured_on"], row["health_score"]))
    shown = closed_demo.query(
        "select contract_id, account_id, due_date, measured_on, health_score"
        " from marts.fct_renewal_health"
    )
    assert {row[0] for row in shown} == {row["contract_id"] for row in reference.due_contracts}
    assert any(row[3] for row in shown)
    for contract, account, due, day, score in shown:
        acted = due - dt.timedelta(days=90)
        usable = [
            found
            for found in measured.get(account, [])
            if acted - dt.timedelta(days=60) <= found[0] <= acted
        ]
        assert (day, score) == max(usable, default=(None, None)), contract


def test_pay_is_explained_down_to_the_transactions(closed_demo: Company) -> None:
    shown = closed_demo.must("pay", "2026-06", "--employee", "Z06")
    for text in ("refunded:RF-Z06", "-20,000.00", "2,000.0000", "10,550.00"):
        assert text in shown
    shown = closed_demo.must("pay", "2026-06", "--employee", "Z15")
    assert "4 from 06-01, 8 from 06-16" in " ".join(shown.split())
    done = closed_demo.plumbline("pay", "2026-06", "--employee", "Z0")
    assert done.returncode == 1
    assert "Did you mean" in done.stderr


def test_top_shows_a_board_and_says_which_there_are(closed_demo: Company) -> None:
    shown = closed_demo.must("top", "2026-06", "--role", "account_manager", "--limit", "3")
    assert shown.count("account_manager") == 3
    # a volume is never shown without its measure of quality (S2-07)
    shown = closed_demo.must("top", "2026-06", "--board", "visits", "--limit", "3")
    assert "win_rate" in shown
    done = closed_demo.plumbline("top", "2026-06", "--board", "speed")
    assert done.returncode == 1
    for board in ("commission", "quota_attainment", "score", "visits"):
        assert board in done.stderr


def test_the_same_seed_gives_the_same_company_and_another_seed_another(tmp_path: Path) -> None:
    def content(folder: str, seed: int) -> dict[str, bytes]:
        generate(Size(payees=25, months=3, seed=seed), tmp_path / folder)
        return {
            str(path.relative_to(tmp_path / folder)): path.read_bytes()
            for path in sorted((tmp_path / folder).rglob("*.*"))
        }

    assert content("a", 1) == content("b", 1)
    assert content("a", 2) != content("b", 1)


def test_the_generator_never_overwrites_data_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "ours.csv").write_text("payroll")
    with pytest.raises(FileExistsError, match="did not make"):
        generate(Size(payees=25, months=1), tmp_path)
    assert (tmp_path / "ours.csv").read_text() == "payroll"


def test_a_company_too_small_for_every_role_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 20"):
        Size(payees=3)
