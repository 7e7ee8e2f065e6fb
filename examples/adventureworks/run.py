"""``make example-adventureworks``: land, build and close AdventureWorks, and print its table."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from examples.adventureworks.land import land, write_policy
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.report import money, percent, table
from orchestration.lib.warehouse import open_read_only
from orchestration.terminal import make_console

CLOSE_MONTH = "2014-05"
BUILD = PROJECT_DIR / "build" / "adventureworks"

BY_SALESPERSON = """
with

attained as (

    select
        employee_id,
        sum(quota_amount) as quota_amount,
        sum(sales_amount) as sales_amount,
        count(*) as window_count,
        count(*) filter (is_reached) as reached_count
    from marts.fct_quota_attainment
    group by employee_id

),

paid as (

    select
        employee_id,
        sum(case when component = 'commission' then amount else 0 end) as commission_amount,
        sum(case when component = 'bonus' then amount else 0 end) as bonus_amount
    from marts.fct_pay_components
    group by employee_id

)

select
    rank() over (order by attained.sales_amount / attained.quota_amount desc) as place,
    employees.employee_id,
    employees.full_name,
    attained.sales_amount,
    attained.quota_amount,
    attained.sales_amount / attained.quota_amount as attainment,
    attained.reached_count,
    attained.window_count,
    paid.commission_amount,
    paid.bonus_amount
from attained
inner join marts.dim_employees as employees using (employee_id)
left join paid using (employee_id)
order by place, employees.employee_id
"""

BY_TERRITORY = """
select
    coalesce(region, '(none on record)') as territory,
    count(*) as order_count,
    sum(credit_amount) as sales_amount
from marts.fct_credits
group by territory
order by sales_amount desc
"""


def source_folder() -> Path:
    """``PLUMBLINE_ADVENTUREWORKS``, or the shared data beside the project."""
    given = os.environ.get("PLUMBLINE_ADVENTUREWORKS", "../shared/data/adventureworks")
    return (PROJECT_DIR / given).resolve()


def close_example(source: Path, build: Path) -> subprocess.CompletedProcess[str]:
    """Land, build and close into ``build``; what the command line printed comes back."""
    land(source, build / "landing")
    write_policy(source, build / "policy")
    environment = {
        **os.environ,
        "PLUMBLINE_LANDING": str(build / "landing"),
        "PLUMBLINE_POLICY": str(build / "policy"),
        "PLUMBLINE_WAREHOUSE": str(build / "plumbline.duckdb"),
    }
    command = [sys.executable, "-m", "orchestration.cli", "close", CLOSE_MONTH]
    return subprocess.run(command, env=environment, text=True, capture_output=True, check=False)


def rows_of(build: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query on the example's marts."""
    with open_read_only(build / "plumbline.duckdb") as connection:
        return connection.execute(query).fetchall()


def main() -> int:
    console = make_console(stderr=False)
    source = source_folder()
    if not (source / "Sales.SalesOrderHeader.csv").exists():
        console.print(
            f"AdventureWorks is not at {source}: name its folder in PLUMBLINE_ADVENTUREWORKS."
        )
        return 1
    done = close_example(source, BUILD)
    console.print(done.stdout.rstrip(), markup=False, highlight=False)
    if done.returncode:
        console.print(done.stderr, markup=False, highlight=False)
        return done.returncode
    people = [
        (
            place,
            name,
            money(sales),
            money(quota),
            percent(attained),
            f"{reached} of {windows}",
            money(commission),
            money(bonus),
        )
        for place, _, name, sales, quota, attained, reached, windows, commission, bonus in rows_of(
            BUILD, BY_SALESPERSON
        )
    ]
    headings = [
        "rank",
        "salesperson",
        "sales",
        "quota",
        "attained",
        "reached",
        "commission",
        "bonus",
    ]
    console.print(
        table(
            "AdventureWorks, 2011-05-31 to 2014-05-31, USD", headings, people, {0, 2, 3, 4, 5, 6, 7}
        )
    )
    places = [(name, count, money(sales)) for name, count, sales in rows_of(BUILD, BY_TERRITORY)]
    console.print(
        table(
            "By the salesperson's territory on the day of the order",
            ["territory", "orders", "sales"],
            places,
            {1, 2},
        )
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
