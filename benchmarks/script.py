"""The heavy marts by one hand-written script, some months at a time: what a build is measured against.

``python -m benchmarks.script <landing> <file.duckdb> <months at a time>`` writes the eight marts
that hold nearly all rows, as somebody would who knows the data: no framework, no tests, no log of
changes, no batches to work out, and keys looked at within their months only. ``benchmarks/same.py``
checks that the rows are those of a full build. Plan values come from ``seeds/policy``, as they do
there.
"""

from __future__ import annotations

import os
import sys
from itertools import pairwise
from pathlib import Path

import duckdb

from orchestration.lib.contract import PROJECT_DIR

POLICY = PROJECT_DIR / "seeds" / "policy"
SETTINGS = dict(
    line.split(",")
    for line in (POLICY / "policy_settings.csv").read_text(encoding="utf-8").splitlines()[1:]
)
NEW_DAYS = {
    line.split(",")[0]: line.split(",")[1]
    for line in (POLICY / "policy_new_classes.csv").read_text(encoding="utf-8").splitlines()[1:]
}
ZONE, CURRENCY = SETTINGS["company_time_zone"], SETTINGS["company_currency"]
# Local midnight as an instant; the offset of the company's zone has not changed since 1991.
OFFSET = "interval 8 hours"
NEWEST = "qualify row_number() over (partition by {key} order by _loaded_at desc) = 1"
# The same of millions of rows, in little memory: only what was landed again is ranked, found by its hash.
NEWEST_OF_MANY = (
    "with again as (select hash({key}) as hashed from {table} group by hashed having count(*) > 1)"
    " select * from {table} where hash({key}) not in (select hashed from again) union all"
    " (select * from {table} where hash({key}) in (select hashed from again) " + NEWEST + ")"
)

SMALL_TABLES = f"""
create table contracts as
select * exclude (_loaded_at) from (
    {NEWEST_OF_MANY.format(key="contract_id", table="landed_contracts")}
);
create table first_contracts as
select account_id, min(signed_on) as first_signed_on from contracts group by account_id;
create table products as select * from landed_products {NEWEST.format(key="product_id")};
create table rates as
select from_currency as currency, rate, rate_date as valid_from,
    lead(rate_date, 1, date '9999-12-31') over (partition by from_currency order by rate_date) as valid_to
from (select * from landed_fx_rates {NEWEST.format(key="from_currency, to_currency, rate_date")})
where to_currency = '{CURRENCY}';
create table assignments as
select * from (select * from landed_account_assignments {NEWEST.format(key="assignment_id")})
where valid_to is null or valid_to > valid_from;
create table holders as
with stretches as (
    select account_id, assignment_role, turns_on as valid_from,
        lead(turns_on, 1, date '9999-12-31')
            over (partition by account_id, assignment_role order by turns_on) as valid_to
    from (
        select account_id, assignment_role, valid_from as turns_on from assignments
        union
        select account_id, assignment_role, valid_to from assignments where valid_to is not null
    )
)
select s.account_id, s.assignment_role, a.employee_id, a.team_id, s.valid_from, s.valid_to
from stretches s
join assignments a using (account_id, assignment_role)
where a.valid_from <= s.valid_from and s.valid_from < coalesce(a.valid_to, date '9999-12-31')
qualify row_number() over (
    partition by s.account_id, s.assignment_role, s.valid_from
    order by a.valid_from desc, a.assignment_id desc
) = 1;
create table jobs as
with employees as (select * from landed_employees {NEWEST.format(key="employee_id")})
select j.employee_id, j.region, cast(j.valid_from as date) as valid_from,
    least(coalesce(cast(nullif(j.valid_to, '') as date), date '9999-12-31'),
        coalesce(cast(nullif(e.leave_date, '') as date), date '9999-12-31')) as ends_on
from (select * from landed_job_history {NEWEST.format(key="employee_id, valid_from")}) j
left join employees e using (employee_id);
create table team as
select opportunity_id, employee_id, team_role, coalesce(credit_share, 1) as credit_share
from ({NEWEST_OF_MANY.format(key="opportunity_id, employee_id", table="landed_opportunity_team")});
create table credit_rules as select * from landed_policy_credit_rules where contract_type is null;
create table stage_order as select * from landed_policy_pipeline_stages;
"""

# Some months at a time: {month} is the first day, {next} the one after the last; {from} and {to} are
# the instants of their local midnights.
FACTS = {
    "fct_activities": """
with landed as (
    select * from landed_activities where occurred_at >= {from} and occurred_at < {to}
),
again as (select activity_id from landed group by activity_id having count(*) > 1),
newest as (
    select * from landed where activity_id not in (select activity_id from again)
    union all
    (select * from landed where activity_id in (select activity_id from again)
    qualify row_number() over (partition by activity_id order by _loaded_at desc) = 1)
)
select activity_id, employee_id, account_id, contact_id, opportunity_id, activity_type, outcome,
    cast(duration_seconds as integer) as duration_seconds,
    coalesce(is_recontactable, false) as is_recontactable,
    cast(date_trunc('month', activity_date) as date) as period_month, activity_date, occurred_at
from (
    select * replace (make_timestamp(epoch_us(occurred_at)) as occurred_at),
        cast(make_timestamp(epoch_us(occurred_at)) + {offset} as date) as activity_date
    from newest
) where not coalesce(_deleted, false)""",
    "fct_opportunities": """
with newest as (
    select * from landed_opportunities where created_at >= {from} and created_at < {to}
    qualify row_number() over (partition by opportunity_id order by _loaded_at desc) = 1
),
dated as (
    select *, cast(make_timestamp(epoch_us(created_at)) + {offset} as date) as created_date,
        cast(make_timestamp(epoch_us(first_follow_up_at)) + {offset} as date) as first_follow_up_date,
        cast(make_timestamp(epoch_us(closed_at)) + {offset} as date) as closed_date
    from newest
)
select opportunity_id, account_id, owner_id, opportunity_type, product_id, currency,
    coalesce(outcome, 'open') as outcome, amount, list_amount,
    cast(closed_date - first_follow_up_date as integer) as sales_cycle_days,
    cast(date_trunc('month', created_date) as date) as period_month, created_date,
    first_follow_up_date, closed_date
from dated""",
    "fct_opportunity_stages": """
with deals as (select * from fct_opportunities where {these}),
entries as (
    select distinct opportunity_id, pipeline_stage, entered_at
    from landed_opportunity_stage_history where opportunity_id in (select opportunity_id from deals)
),
stages as (
    select opportunity_id, pipeline_stage, cast(count(*) as integer) as entry_count,
        make_timestamp(epoch_us(min(entered_at))) as first_entered_at,
        make_timestamp(epoch_us(max(entered_at))) as last_entered_at
    from entries group by all
)
select s.opportunity_id, s.pipeline_stage, d.account_id, d.owner_id,
    cast(o.stage_order as integer) as stage_order, s.entry_count, d.period_month,
    cast(s.first_entered_at + {offset} as date) as first_entered_date, s.first_entered_at,
    s.last_entered_at
from stages s join deals d using (opportunity_id) left join stage_order o using (pipeline_stage)""",
    "fct_service_requests": """
with newest as (
    select * from landed_service_requests where requested_at >= {from} and requested_at < {to}
    qualify row_number() over (partition by request_id order by _loaded_at desc) = 1
),
timed as (
    select *, cast(date_diff('second', requested_at, first_responded_at) as bigint) as seconds,
        cast(make_timestamp(epoch_us(requested_at)) + {offset} as date) as requested_date
    from newest
)
select request_id, account_id, employee_id, request_type, seconds as response_seconds,
    first_responded_at is not null as is_answered,
    coalesce(seconds <= {fast}, false) as is_answered_fast,
    cast(date_trunc('month', requested_date) as date) as period_month, requested_date,
    make_timestamp(epoch_us(requested_at)) as requested_at,
    make_timestamp(epoch_us(first_responded_at)) as first_responded_at,
    make_timestamp(epoch_us(resolved_at)) as resolved_at
from timed""",
    "fct_transactions": """
with paid as (
    select * from landed_payments where paid_on >= {month} and paid_on < {next}
    qualify row_number() over (partition by payment_id order by _loaded_at desc) = 1
),
used as (
    select * from landed_consumption where consumed_on >= {month} and consumed_on < {next}
    qualify row_number() over (partition by consumption_id order by _loaded_at desc) = 1
),
refunded as (
    select * from landed_refunds where refunded_on >= {month} and refunded_on < {next}
    qualify row_number() over (partition by refund_id order by _loaded_at desc) = 1
),
collected as (
    select contract_id, substr(transaction_id, 11) as payment_id, transaction_date as paid_on
    from fct_transactions where transaction_kind = 'collected'
        and contract_id in (
            select contract_id from refunded where payment_id is null or currency <> '{currency}'
        )
    union all
    select contract_id, payment_id, paid_on from paid
    where contract_id in (
        select contract_id from refunded where payment_id is null or currency <> '{currency}'
    )
),
guessed as (
    select r.refund_id, arg_max(c.payment_id, (c.paid_on, c.payment_id)) as payment_id,
        max(c.paid_on) as paid_on
    from refunded r join collected c on r.contract_id = c.contract_id
        and case when r.payment_id is null then c.paid_on <= r.refunded_on
            else r.payment_id = c.payment_id end
    where r.payment_id is null or r.currency <> '{currency}' group by r.refund_id
),
events as (
    select 'booked:' || contract_id as transaction_id, 'booked' as transaction_kind,
        cast(null as varchar) as reverses_transaction_id, account_id, contract_id, currency, amount,
        signed_on as transaction_date, signed_on as rated_on
    from contracts where signed_on >= {month} and signed_on < {next}
    union all
    select 'cancelled:' || contract_id, 'cancelled', 'booked:' || contract_id, account_id,
        contract_id, currency, amount, cancelled_on, signed_on
    from contracts where cancelled_on >= {month} and cancelled_on < {next}
    union all
    select 'collected:' || payment_id, 'collected', null, account_id, contract_id, currency, amount,
        paid_on, paid_on
    from paid
    union all
    select 'refunded:' || refund_id, 'refunded',
        'collected:' || coalesce(r.payment_id, g.payment_id), account_id, contract_id, currency,
        amount, refunded_on, coalesce(g.paid_on, refunded_on)
    from refunded r left join guessed g using (refund_id)
    union all
    select 'consumed:' || consumption_id, 'consumed', null, account_id, contract_id, currency,
        amount, consumed_on, consumed_on
    from used
)
select e.transaction_id, e.transaction_kind, e.reverses_transaction_id, e.account_id, e.contract_id,
    c.opportunity_id, c.product_id, c.contract_type, p.maturity as product_maturity,
    case when e.transaction_date < cast(p.launched_on + interval ({new_product}) days as date)
        then 'new' else 'established' end as product_class,
    case when e.transaction_date < cast(f.first_signed_on + interval ({new_customer}) days as date)
        then 'new' else 'repeat' end as customer_class,
    e.currency, e.amount,
    cast(case when e.currency = '{currency}' then 1 else r.rate end as decimal(18, 8)) as exchange_rate,
    case when e.currency = '{currency}' then e.amount
        else cast(round(cast(e.amount as decimal(28, 4)) * cast(r.rate as decimal(14, 8)), 4)
            as decimal(18, 4)) end as company_amount,
    coalesce(p.is_key_product, false) as is_key_product,
    cast(date_trunc('month', e.transaction_date) as date) as period_month, e.transaction_date,
    c.signed_on as contract_signed_on
from events e
left join contracts c using (contract_id)
left join rates r on e.currency = r.currency and r.valid_from <= e.rated_on
    and e.rated_on < r.valid_to
left join products p on c.product_id = p.product_id
left join first_contracts f on e.account_id = f.account_id""",
    "fct_renewals": """
with due as (
    select * from contracts
    where ends_on >= {month} and ends_on < {next} and (cancelled_on is null or cancelled_on > ends_on)
        and ends_on <= {known_on}
),
renewing as (
    select d.contract_id, min(r.signed_on) as renewed_on,
        sum(r.amount) filter (r.signed_on <= cast(d.ends_on + interval ({grace}) days as date)) as in_time
    from due d join contracts r on d.contract_id = r.renews_contract_id
    where r.cancelled_on is null group by d.contract_id
)
select d.contract_id, d.account_id, d.product_id, d.currency,
    case when in_time is not null and renewed_on < ends_on then 'early'
        when in_time is not null and renewed_on = ends_on then 'on_time'
        when in_time is not null then 'late'
        when renewed_on is not null then 'won_back'
        when {known_on} <= cast(ends_on + interval ({grace}) days as date) then 'pending'
        else 'lost' end as renewal_status,
    d.amount as due_amount,
    cast(least(coalesce(in_time, 0), d.amount) as decimal(18, 4)) as renewed_amount,
    cast(greatest(coalesce(in_time, 0) - d.amount, 0) as decimal(18, 4)) as upsell_amount,
    in_time is not null as is_renewed, in_time is not null and in_time < d.amount as is_partial,
    cast(date_trunc('month', d.ends_on) as date) as period_month,
    d.ends_on as due_date, r.renewed_on
from due d left join renewing r using (contract_id)""",
    "fct_credits": """
with sold as (select * from fct_transactions where {these}),
origins as (
    select s.transaction_id, o.account_id, o.opportunity_id, o.transaction_date as credited_on
    from fct_transactions o join sold s on s.reverses_transaction_id = o.transaction_id
    where o.reverses_transaction_id is null
    union all
    select transaction_id, account_id, opportunity_id, transaction_date
    from sold where reverses_transaction_id is null
),
credited as (
    select o.transaction_id, h.employee_id, h.team_id, r.*, cast(r.credit_share as decimal(9, 6)) as share
    from origins o
    join holders h on o.account_id = h.account_id and h.valid_from <= o.credited_on
        and o.credited_on < h.valid_to
    join credit_rules r on h.assignment_role = r.assignment_role
    union all
    select o.transaction_id, d.employee_id, null, r.*,
        cast(round(cast(r.credit_share as decimal(9, 6)) * d.credit_share, 6) as decimal(9, 6))
    from origins o
    join team d using (opportunity_id)
    join fct_opportunities won on d.opportunity_id = won.opportunity_id and won.outcome = 'won'
    join credit_rules r on r.assignment_role = 'opportunity_team' and r.team_role = d.team_role
    where r.credit_kind <> 'direct'
)
select s.transaction_id, c.employee_id, c.credit_rule_id, c.credit_kind, c.assignment_role, c.team_id,
    j.region, s.transaction_kind, s.reverses_transaction_id, s.account_id, s.contract_id, s.product_id,
    s.contract_type, s.product_maturity, s.product_class, s.customer_class, c.share as credit_share,
    cast(round(cast(s.company_amount as decimal(28, 4)) * c.share, 4) as decimal(18, 4)) as credit_amount,
    s.is_key_product, s.period_month, s.transaction_date
from sold s
join credited c using (transaction_id)
left join jobs j on c.employee_id = j.employee_id and j.valid_from <= s.transaction_date
    and s.transaction_date < j.ends_on
where s.company_amount is not null""",
}
# Deals are won in other months than they were created in, so this comes when all facts are there.
MEASURES = """
with measured as (
    select employee_id, 'visits' as measure, count(*) as numerator, null as denominator, period_month
    from fct_activities where activity_type = 'visit' and {these} group by all
    union all
    select employee_id, 'competitor_notes', count(*), null, period_month
    from fct_activities where activity_type = 'competitor_note' and {these} group by all
    union all
    select employee_id, 'fast_response_rate', count(*) filter (is_answered_fast), count(*), period_month
    from fct_service_requests where request_type <> 'complaint' and {these} group by all
    union all
    select employee_id, 'key_product_sales',
        sum(case transaction_kind when 'booked' then credit_amount else -credit_amount end), null,
        period_month
    from fct_credits
    where transaction_kind in ('booked', 'cancelled') and is_key_product and credit_kind = 'direct'
        and {these} group by all
    union all
    select employee_id, 'new_customers', count(distinct account_id), null, period_month
    from fct_credits join first_contracts using (account_id)
    where transaction_kind = 'booked' and credit_kind = 'direct'
        and transaction_date = first_signed_on and {these} group by all
    union all
    select employee_id, 'customer_retention', count(*) filter (renewed), count(*), period_month
    from (
        select h.employee_id, r.account_id, r.period_month, bool_or(r.is_renewed) as renewed
        from fct_renewals r join holders h on r.account_id = h.account_id
            and h.assignment_role = 'account_manager' and h.valid_from <= r.due_date
            and r.due_date < h.valid_to
        where {these} group by all
    ) group by all
    union all
    select employee_id, 'supported_wins', count(*), null, date_trunc('month', closed_date)
    from team join fct_opportunities using (opportunity_id)
    where outcome = 'won' and closed_date >= {month} and closed_date < {next} group by all
    union all
    select employee_id, 'cost_control', sum(amount), null, date_trunc('month', incurred_on) from (
        select employee_id, cast(incurred_on as date) as incurred_on,
            case when e.currency = '{currency}' then cast(amount as decimal(18, 4))
            else cast(round(cast(amount as decimal(28, 4)) * cast(rate as decimal(14, 8)), 4)
                as decimal(18, 4)) end as amount
        from (select * from landed_expenses
            qualify row_number() over (partition by expense_id order by _loaded_at desc) = 1) e
        left join rates r on e.currency = r.currency and valid_from <= cast(incurred_on as date)
            and cast(incurred_on as date) < valid_to
        where cast(incurred_on as date) >= {month} and cast(incurred_on as date) < {next}
    ) where amount is not null group by all
)
select employee_id, measure, cast(numerator as decimal(18, 4)) as numerator,
    cast(denominator as decimal(18, 4)) as denominator,
    cast(case when denominator is null then numerator else
        (cast(numerator as bigint) * 20000 // cast(denominator as bigint) + 1) // 2 * 0.0001 end
        as decimal(18, 4)) as value,
    cast(period_month as date) as period_month
from measured where employee_id is not null"""


def landed(connection: duckdb.DuckDBPyConnection, landing: Path) -> None:
    """``landed_<table>`` for every folder of the landing, and ``landed_<plan table>``."""
    for folder in sorted(path for path in landing.glob("*/*") if path.is_dir()):
        parquet = [str(path) for path in sorted(folder.glob("*.parquet"))]
        rows = (
            connection.read_parquet(parquet, union_by_name=True)
            if parquet
            else connection.read_csv(str(folder / "*.csv"), all_varchar=True)
        )
        rows.create_view(f"landed_{folder.name}")
    for path in POLICY.glob("*.csv"):
        connection.read_csv(str(path), all_varchar=True).create_view(f"landed_{path.stem}")


def months(connection: duckdb.DuckDBPyConnection, known_on: str) -> list[str]:
    """First days of the months from the first activity or signature to ``known_on``, and one more."""
    found = connection.sql(
        "select cast(unnest(range(date_trunc('month', first), date_trunc('month', date '"
        f"{known_on}') + interval 2 month, interval 1 month)) as date) from (select min(day) as first"
        " from (select cast(min(occurred_at) as date) as day from landed_activities"
        " union all select min(signed_on) from landed_contracts))"
    ).fetchall()
    return [str(row[0]) for row in found]


def write(
    landing: Path,
    file: Path,
    months_at_a_time: int,
    memory: str = "400MB",
    only: tuple[str, ...] = (),
) -> None:
    """Write the marts of ``landing`` into a new DuckDB file, all or ``only`` some."""
    # In the format of the build's warehouse (profiles.yml).
    with duckdb.connect(
        str(file), config={"storage_compatibility_version": "v1.4.0"}
    ) as connection:
        connection.execute(f"set TimeZone = 'UTC'; set memory_limit = '{memory}'")
        connection.execute("set preserve_insertion_order = false; set max_vacuum_tasks = 0")
        landed(connection, landing)
        connection.execute(SMALL_TABLES)
        newest = " union all ".join(
            f"select cast(max(_loaded_at) as timestamptz) as loaded from landed_{path.name}"
            for path in sorted(landing.glob("*/*"))
            if path.is_dir()
        )
        known_on = connection.sql(
            f"select cast(make_timestamp(epoch_us(max(loaded))) + {OFFSET} as date) from ({newest})"
        ).fetchall()[0][0]
        every = months(connection, str(known_on))
        run = [*every[:-1:months_at_a_time], every[-1]]
        for which in (FACTS, {"fct_measures": MEASURES}):
            for month, after in pairwise(run):
                words = {
                    "month": f"date '{month}'", "next": f"date '{after}'", "offset": OFFSET,
                    "from": f"timestamptz '{month} 00:00:00+08'",
                    "to": f"timestamptz '{after} 00:00:00+08'",
                    "these": f"period_month >= date '{month}' and period_month < date '{after}'",
                    "currency": CURRENCY,
                    "known_on": f"date '{known_on}'", "fast": SETTINGS["fast_response_seconds"],
                    "grace": SETTINGS["renewal_grace_days"],
                    "new_customer": NEW_DAYS["customer"],
                    "new_product": NEW_DAYS["product"],
                }  # fmt: skip
                for name, query in which.items():
                    if only and name not in only:
                        continue
                    if month == run[0]:
                        empty = query.replace(f"from {name}", "from nothing_yet")
                        _create(connection, name, empty.format(**words))
                    connection.execute(f"insert into {name} {query.format(**words)}")


def _create(connection: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    """An empty table with the query's columns; one that reads itself finds nothing there."""
    connection.execute(
        "create or replace temp table nothing_yet (transaction_id varchar, transaction_kind varchar,"
        " contract_id varchar, transaction_date date)"
    )
    connection.execute(f"create table {name} as select * from ({query}) where false")


if __name__ == "__main__":
    limit = os.environ.get("PLUMBLINE_MEMORY", "400MB")
    write(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), limit)
