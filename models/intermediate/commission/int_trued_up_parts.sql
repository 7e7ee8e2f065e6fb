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

    {% for source, rated_on, reverses in [
        ('int_earned_parts', 'transaction_date', 'cast(null as ' ~ dbt.type_string() ~ ')'),
        ('int_reversed_parts', 'earned_on', 'reverses_transaction_id'),
    ] -%}
    select
        transaction_id,
        employee_id,
        assignment_role,
        {{ reverses }} as reverses_transaction_id,
        plan_id,
        product_class,
        customer_class,
        rate_class,
        quota_amount,
        amount,
        period_month as earned_month,
        {{ rated_on }} as rated_on,
        transaction_date,
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
        floating.reverses_transaction_id,
        floating.plan_id,
        floating.product_class,
        floating.customer_class,
        floating.rate_class,
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
        floating.rated_on,
        floating.transaction_date,
        floating.accumulation_start
    from floating
    inner join turns
        on
            floating.employee_id = turns.employee_id
            and floating.plan_id = turns.plan_id
            and floating.rate_class = turns.rate_class
            and floating.accumulation_start = turns.accumulation_start
            and floating.earned_month < turns.period_month
            and {{ holds_on('turns', 'floating.rated_on') }}

)

select * from final
