{#-
    Account managers with fewer or more accounts of a segment than the policy asks (S4-02), with what the
    accounts they held on the first day brought.
-#}
with

amiss as (

    select *
    from {{ ref('fct_owner_loads') }}
    where load_status <> 'within'

),

revenues as (

    select
        amiss.employee_id,
        amiss.team_id,
        amiss.segment,
        amiss.valid_from,
        min(coverage.currency) as currency,
        sum(coverage.revenue_amount) as revenue_amount
    from amiss
    inner join {{ ref('fct_account_coverage') }} as coverage
        on
            amiss.employee_id = coverage.employee_id
            and amiss.team_id = coverage.team_id
            and amiss.segment = coverage.segment
            and {{ holds_on('coverage', 'amiss.valid_from') }}
    group by amiss.employee_id, amiss.team_id, amiss.segment, amiss.valid_from

)

select
    amiss.employee_id,
    amiss.team_id,
    amiss.segment,
    amiss.account_count,
    amiss.account_minimum,
    amiss.account_maximum,
    amiss.load_status,
    revenues.currency,
    revenues.revenue_amount,
    amiss.valid_from,
    amiss.valid_to
from amiss
left join revenues
    on
        amiss.employee_id = revenues.employee_id
        and amiss.team_id = revenues.team_id
        and amiss.segment = revenues.segment
        and amiss.valid_from = revenues.valid_from
