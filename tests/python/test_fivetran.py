"""Raw tables as Fivetran's connectors land them, with the faults that they really have, through the door.

The files are those of ``../shared/data`` (its README files name their faults); nothing of them is kept
here. What is no table of the contract is refused by name; mapped onto it, every row is accounted for.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.lib.contract import PROJECT_DIR, landing_tables
from orchestration.lib.gate import check_landing
from tests.python.conftest import Company

DATA = Path(
    os.environ.get("PLUMBLINE_SHARED_DATA", PROJECT_DIR.parent / "shared" / "data")
).resolve()
CONNECTORS = ("hubspot", "recurly", "salesforce", "stripe", "workday", "zendesk")
pytestmark = pytest.mark.skipif(
    not all((DATA / f"fivetran_{name}").is_dir() for name in CONNECTORS),
    reason=f"no connector tables at {DATA}; name the folder in PLUMBLINE_SHARED_DATA",
)
# Landing table -> the source's tables, and how a row of the one is made from a row of the other. What the
# source does not have is left out, and empty.
MAPPED = {
    "crm.accounts": [
        (
            "salesforce/sf_account",
            "select id as account_id, name as account_name, '2018-01-01' as created_at,"
            " _fivetran_synced as _loaded_at, is_deleted as _deleted from source",
        )
    ],
    "crm.opportunities": [
        (
            # Every one is marked as deleted in the source; they are landed all the same.
            "salesforce/sf_opportunity",
            "select id as opportunity_id, account_id, owner_id, amount, created_date as created_at,"
            " case when is_closed = 'true' then close_date end as closed_at,"
            " case when is_closed = 'true' then if(is_won = 'true', 'won', 'lost') end as outcome,"
            " _fivetran_synced as _loaded_at from source",
        ),
        (
            "hubspot/deal",
            "select deal_id as opportunity_id, owner_id, property_amount as amount,"
            " property_createdate as created_at, property_closedate as closed_at,"
            " '2020-07-09' as _loaded_at, is_deleted as _deleted from source",
        ),
    ],
    "crm.activities": [
        (
            "zendesk/ticket_field_history",
            "select concat_ws('/', ticket_id, field_name, updated, value) as activity_id,"
            " 'note' as activity_type, updated as occurred_at, _fivetran_synced as _loaded_at from source",
        ),
        (
            "hubspot/engagement_meeting",
            "select engagement_id as activity_id, 'visit' as activity_type, start_time as occurred_at,"
            " datediff('second', start_time::timestamp, end_time::timestamp)::text as duration_seconds,"
            " _fivetran_synced as _loaded_at from source",
        ),
    ],
    "crm.service_requests": [
        (
            "zendesk/ticket",
            "select id as request_id, organization_id as account_id, assignee_id as employee_id,"
            " 'question' as request_type, created_at as requested_at, (select min(created) from"
            " read_csv('{folder}/zendesk/ticket_comment_data.csv', all_varchar=true) as comments"
            " where comments.ticket_id = source.id) as first_responded_at,"
            " _fivetran_synced as _loaded_at, (status = 'deleted')::text as _deleted from source",
        )
    ],
    "billing.contracts": [
        (
            "recurly/subscription_history",
            "select id as contract_id, account_id, 'new' as contract_type,"
            " left(created_at, 10) as signed_on, left(current_period_started_at, 10) as starts_on,"
            " left(current_term_ends_at, 10) as ends_on,"
            " subtotal as amount, currency, left(canceled_at, 10) as cancelled_on,"
            " updated_at as _loaded_at from source",
        )
    ],
    "billing.payments": [
        (
            "stripe/charge",
            "select id as payment_id, customer_id as account_id, left(created, 10) as paid_on,"
            " (amount::decimal(18, 2) / 100)::decimal(18, 2)::text as amount, upper(currency) as currency,"
            " _fivetran_synced as _loaded_at from source",
        )
    ],
    "billing.refunds": [
        (
            "stripe/refund",
            "select id as refund_id, charge_id as payment_id, left(created, 10) as refunded_on,"
            " (amount::decimal(18, 2) / 100)::decimal(18, 2)::text as amount, upper(currency) as currency,"
            " _fivetran_synced as _loaded_at from source",
        )
    ],
    "hr.employees": [
        (
            "workday/workday_worker_history",
            "select id as employee_id, hire_date, end_employment_date as leave_date,"
            " _fivetran_synced as _loaded_at from source",
        ),
        (
            "hubspot/owner",
            "select owner_id as employee_id, left(created_at, 10) as hire_date,"
            " _fivetran_synced as _loaded_at from source",
        ),
    ],
    "hr.job_history": [
        (
            "workday/workday_worker_position_history",
            # Nobody's pay is in it.
            "select worker_id as employee_id, effective_date as valid_from, end_date as valid_to,"
            " 'account_manager' as role, '0' as monthly_base_salary, 'USD' as currency,"
            " _fivetran_synced as _loaded_at from source",
        )
    ],
}


def tables_of(connector: str) -> list[Path]:
    return sorted((DATA / f"fivetran_{connector}").glob("*.csv"))


def map_onto(landing: Path, folder: Path) -> None:
    """Land every table of ``MAPPED``; ``folder`` has the connectors' tables by connector."""
    for table, sources in MAPPED.items():
        contract = landing_tables()[table]
        place = landing / contract.system / contract.name
        place.mkdir(parents=True)
        for source, query in sources:
            with duckdb.connect() as connection:
                connection.read_csv(f"{folder}/{source}_data.csv", all_varchar=True).create_view(
                    "source"
                )
                found = connection.execute(query.replace("{folder}", str(folder)))
                names = [column[0] for column in found.description or []]
                rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
            with (place / f"{source.replace('/', '-')}.csv").open("w", encoding="utf-8") as file:
                writer = csv.DictWriter(
                    file, contract.column_names, restval="", lineterminator="\n"
                )
                writer.writeheader()
                writer.writerows(rows)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Company:
    company = Company(tmp_path_factory.mktemp("fivetran").resolve())
    folder = company.folder / "connectors"
    folder.mkdir()
    for name in CONNECTORS:
        (folder / name).symlink_to(DATA / f"fivetran_{name}")
    map_onto(company.landing, folder)
    company.must("build")
    return company


@pytest.mark.parametrize("connector", CONNECTORS)
def test_a_table_as_the_connector_has_it_is_refused_and_what_it_lacks_is_named(
    connector: str, tmp_path: Path
) -> None:
    place = tmp_path / "landing" / "crm" / "opportunities"
    place.mkdir(parents=True)
    for path in tables_of(connector):
        landed = place / path.name
        landed.write_bytes(path.read_bytes())
        problems = check_landing(tmp_path / "landing")
        assert problems and {problem.path for problem in problems} == {landed.resolve()}
        assert "_loaded_at" in {problem.column for problem in problems}, path.name
        assert not any(problem.is_set_aside for problem in problems)
        landed.unlink()
    assert len(tables_of(connector)) > 10


def test_nothing_is_refused_and_what_ended_before_it_began_is_set_aside(built: Company) -> None:
    problems = check_landing(built.landing)
    assert {(problem.path.name, problem.column) for problem in problems} == {
        ("workday-workday_worker_position_history.csv", "valid_to")
    }
    assert all(problem.is_set_aside and "2010-08-20" in problem.message for problem in problems)
    assert built.query("select count(*) from checks.chk_quarantined_rows") == [(2,)]


def test_every_row_is_accounted_for(built: Company) -> None:
    rows: dict[str, Any] = {
        table: counts
        for table, *counts in built.query(
            "select landing_table, rows_landed, rows_staged, rows_older, rows_deleted, rows_set_aside"
            " from marts.fct_landing_reconciliation where rows_landed > 0"
        )
    }
    assert rows == {
        "crm.accounts": [10, 1, 0, 9, 0],
        "crm.opportunities": [54, 54, 0, 0, 0],
        # Three lines of a ticket's history are there twice or more.
        "crm.activities": [138, 135, 3, 0, 0],
        "crm.service_requests": [10, 8, 0, 2, 0],
        # One subscription in two versions.
        "billing.contracts": [5, 4, 1, 0, 0],
        "billing.payments": [16, 16, 0, 0, 0],
        "billing.refunds": [4, 4, 0, 0, 0],
        # One worker in two versions.
        "hr.employees": [107, 106, 1, 0, 0],
        "hr.job_history": [7, 5, 0, 0, 2],
    }


def test_what_leads_nowhere_is_kept_and_found(built: Company) -> None:
    owners = built.query(
        "select length(opportunity_id) > 12, count(*), count(owner_id), count(employee_id)"
        " from marts.fct_opportunities as deals left join marts.dim_employees as owners"
        " on deals.owner_id = owners.employee_id group by 1 order by 1"
    )
    # HubSpot's 44 deals, of which 22 have an owner who is there; Salesforce's 10, whose owners are not.
    assert owners == [(False, 44, 22, 22), (True, 10, 10, 0)]
    kinds = dict(
        built.query(
            "select transaction_kind, count(*) from checks.chk_transactions_without_owner group by 1"
        )
    )
    # Charges and refunds whose customers are not there, in dollars where the source has cents.
    assert (kinds["collected"], kinds["refunded"]) == (16, 4)
    paid = built.query(
        "select sum(amount) from marts.fct_transactions where transaction_kind = 'collected'"
    )
    with (DATA / "fivetran_stripe" / "charge_data.csv").open(encoding="utf-8") as file:
        cents = sum(int(row["amount"]) for row in csv.DictReader(file))
    assert paid[0][0] * 100 == cents


def test_a_ticket_whose_comments_are_of_other_tickets_was_never_answered(built: Company) -> None:
    requests = built.query(
        "select count(*), count(*) filter (is_answered) from marts.fct_service_requests"
    )
    assert requests == [(8, 0)]
