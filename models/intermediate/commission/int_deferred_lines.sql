{{ config(
    materialized='compared',
    holds_from='period_month',
) }}

{#-
    Where a plan pays on what is booked as cash comes in (S0-02): what of a sale's commission waits for
    cash, and is released by it. Month after month the commission so far by the share of its contract
    that has been collected so far, less the commission so far.
-#}
with

earned as (

    select *
    from {{ ref('int_cash_paid_parts') }}

),

flows as (

    select
        *,
        0 as booked_amount,
        0 as collected_amount
    from earned
    union all
    select
        sales.employee_id,
        sales.plan_id,
        sales.credited_as,
        sales.assignment_role,
        0 as commission_amount,
        cash.period_month,
        sales.credited_on,
        sales.accumulation_start,
        cash.booked_amount,
        cash.collected_amount
    from {{ ref('int_cash_paid_sales') }} as sales
    inner join {{ ref('int_contract_cash') }} as cash
        on sales.contract_id = cash.contract_id

),

running as (

    select distinct
        employee_id,
        plan_id,
        credited_as,
        assignment_role,
        {% for amount in ['commission', 'booked', 'collected'] -%}
        sum({{ amount }}_amount) over (
            partition by employee_id, plan_id, credited_as, assignment_role
            order by period_month
            range between unbounded preceding and current row
        ) as {{ amount }}_amount,
        {% endfor -%}
        period_month,
        credited_on,
        accumulation_start
    from flows

),

waiting as (

    select
        *,
        case
            when booked_amount <= 0 or collected_amount >= booked_amount then 0
            else
                commission_amount
                - {{ exact_share('commission_amount', 'greatest(collected_amount, 0)', 'booked_amount') }}
        end as waiting_amount
    from running

),

final as (

    select
        'deferred' as line_kind,
        employee_id,
        plan_id,
        credited_as,
        assignment_role,
        cast(
            {{ fall_of('waiting_amount', 'employee_id, plan_id, credited_as, assignment_role') }}
            as decimal(18, 4)
        ) as commission_amount,
        period_month,
        credited_on,
        accumulation_start
    from waiting

)

select * from final
where commission_amount <> 0
