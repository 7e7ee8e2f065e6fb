"""``make example-ravenstack``: land and build RavenStack, and print renewals, retention and response."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from examples.adventureworks.land import read
from examples.ravenstack.land import land, source_faults
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.report import money, percent, table
from orchestration.lib.warehouse import open_read_only
from orchestration.terminal import make_console

BUILD = PROJECT_DIR / "build" / "ravenstack"
POLICY = Path(__file__).resolve().parent / "policy"

FIRST_RENEWALS = """
select
    products.product_name,
    products.product_line,
    count(*) as due_count,
    count(*) filter (renewals.is_renewed) as renewed_count,
    count(*) filter (renewals.is_renewed) / count(*) as renewed_share,
    sum(renewals.due_amount) as due_amount
from marts.fct_renewals as renewals
inner join marts.dim_products as products using (product_id)
where renewals.contract_id like '%/1' and renewals.renewal_status <> 'pending'
group by products.product_name, products.product_line
order by products.product_name, products.product_line
"""

RETENTION = """
select
    period_month,
    sum(contract_count) as contract_count,
    sum(customers_due) as customers_due,
    sum(customers_renewed) as customers_renewed,
    sum(due_amount) as due_amount,
    sum(renewed_amount) as renewed_amount,
    sum(renewed_amount) / nullif(sum(due_amount), 0) as gross_retention
from marts.fct_renewal_cohorts
group by period_month
having sum(pending_count) = 0
order by period_month
"""

REQUESTS = """
select request_id, account_id, response_seconds, is_answered_fast
from marts.fct_service_requests
order by request_id
"""

FINDINGS = (
    "chk_requests_before_account",
    "chk_requests_resolved_unanswered",
    "chk_consumption_outside_contract",
    "chk_duplicate_contracts",
)


def source_folder() -> Path:
    """``PLUMBLINE_RAVENSTACK``, or the shared data beside the project."""
    given = os.environ.get("PLUMBLINE_RAVENSTACK", "../shared/data/ravenstack")
    return (PROJECT_DIR / given).resolve()


def build_example(source: Path, build: Path) -> subprocess.CompletedProcess[str]:
    """Land and build into ``build``; what the command line printed comes back."""
    land(source, build / "landing")
    environment = {
        **os.environ,
        "PLUMBLINE_LANDING": str(build / "landing"),
        "PLUMBLINE_POLICY": str(POLICY.relative_to(PROJECT_DIR)),
        "PLUMBLINE_WAREHOUSE": str(build / "plumbline.duckdb"),
    }
    command = [sys.executable, "-m", "orchestration.cli", "build"]
    return subprocess.run(
        command, cwd=PROJECT_DIR, env=environment, text=True, capture_output=True, check=False
    )


def rows_of(build: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query on the example's marts."""
    with open_read_only(build / "plumbline.duckdb") as connection:
        return connection.execute(query).fetchall()


def response_by_priority(source: Path, build: Path) -> list[tuple[str, int, float, float, float]]:
    """(priority, tickets, minutes to the answer per customer, share within the hour, after a day)."""
    priorities = {
        row["ticket_id"]: row["priority"] for row in read(source, "ravenstack_support_tickets")
    }
    groups: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows_of(build, REQUESTS):
        groups.setdefault(priorities[row[0]], []).append(row)
    found = []
    for priority, rows in groups.items():
        customers = len({account for _, account, _, _ in rows})
        seconds = sum(seconds for _, _, seconds, _ in rows)
        fast = sum(is_fast for *_, is_fast in rows)
        slow = sum(seconds > 86_400 for _, _, seconds, _ in rows)
        found.append(
            (priority, len(rows), seconds / customers / 60, fast / len(rows), slow / len(rows))
        )
    order = ["urgent", "high", "medium", "low"]
    return sorted(found, key=lambda row: order.index(row[0]))


def findings(source: Path, build: Path) -> list[tuple[str, int]]:
    """(what is wrong, rows): what the checks found, and what only the source can show."""
    found = [
        (name, int(rows_of(build, f"select count(*) from checks.{name}")[0][0]))
        for name in FINDINGS
    ]
    return found + source_faults(source)


def main() -> int:
    console = make_console(stderr=False)
    source = source_folder()
    if not (source / "ravenstack_subscriptions.csv").exists():
        console.print(f"RavenStack is not at {source}: name its folder in PLUMBLINE_RAVENSTACK.")
        return 1
    done = build_example(source, BUILD)
    if done.returncode:
        console.print(done.stdout + done.stderr, markup=False, highlight=False)
        return done.returncode
    renewals = [
        (plan, billing, due, renewed, percent(share), money(amount))
        for plan, billing, due, renewed, share, amount in rows_of(BUILD, FIRST_RENEWALS)
    ]
    headings = ["plan", "billed", "due", "renewed", "rate", "amount due, USD"]
    console.print(table("First renewals", headings, renewals, {2, 3, 4, 5}))
    months = [
        (f"{month:%Y-%m}", count, customers, renewed, money(due), money(kept), percent(share))
        for month, count, customers, renewed, due, kept, share in rows_of(BUILD, RETENTION)
    ]
    headings = ["due in", "contracts", "customers", "renewed", "amount due", "kept", "retention"]
    console.print(table("Retention by month", headings, months, {1, 2, 3, 4, 5, 6}))
    response = [
        (priority, count, f"{minutes:,.1f}", percent(fast), percent(slow))
        for priority, count, minutes, fast, slow in response_by_priority(source, BUILD)
    ]
    headings = ["priority", "tickets", "minutes a customer", "within 1 hour", "after 24 hours"]
    console.print(table("Response by priority", headings, response, {1, 2, 3, 4}))
    console.print(table("Findings", ["what", "rows"], findings(source, BUILD), {1}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
