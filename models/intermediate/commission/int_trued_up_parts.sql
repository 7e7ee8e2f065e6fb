{{ config(
    materialized='by_month',
    reach={'int_earned_parts': 'accumulation', 'int_reversed_parts': 'accumulation'},
) }}

{#-
    Where sales of a month reach another tier than the months before had, what those earned is trued
    up to its rate, in this month: up, or down after refunds (S0-07). So a closed month stays as it was.
-#}
with

turns as (

    select *
    from {{ ref('int_tier_turns') }}
    where
        opening_rate <> closing_rate
        and {{ in_months('period_month') }}

),

floating as (

    {% for source, rated_on in {
        'int_earned_parts': 'transaction_date', 'int_reversed_parts': 'earned_on',
    }.items() -%}
    select
        transaction_id,
        employee_id,
        assignment_role,
        plan_id,
        product_class,
        customer_class,
        cap_period,
        cap_amount,
        quota_amount,
        amount,
        period_month as earned_month,
        {{ rated_on }} as rated_on,
        accumulation_start
    from {{ ref(source) }}
    where is_floating
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor %}
),

final as (

    select
        floating.transaction_id,
        floating.employee_id,
        floating.assignment_role,
        floating.plan_id,
        floating.product_class,
        floating.customer_class,
        floating.cap_period,
        floating.cap_amount,
        floating.quota_amount,
        turns.closing_tier as tier_from,
        floating.amount,
        cast(turns.closing_rate - turns.opening_rate as decimal(9, 6)) as rate,
        cast(
            {{ commission_of('floating.amount', 'turns.closing_rate') }}
            - {{ commission_of('floating.amount', 'turns.opening_rate') }} as decimal(18, 4)
        ) as commission_amount,
        turns.period_month,
        floating.earned_month,
        floating.rated_on
    from floating
    inner join turns
        on
            floating.employee_id = turns.employee_id
            and floating.plan_id = turns.plan_id
            and floating.product_class = turns.product_class
            and floating.customer_class = turns.customer_class
            and floating.accumulation_start = turns.accumulation_start
            and floating.earned_month < turns.period_month
            and {{ holds_on('turns', 'floating.rated_on') }}

)

select * from final
