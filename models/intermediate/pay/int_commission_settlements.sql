{{ config(materialized='ephemeral') }}

{#- What draws, guarantees and holdbacks add to commission pay, and take from it. -#}
with

settled as (

    {% for component, amount in {
        'guarantee': 'guaranteed_amount',
        'draw': 'advanced_amount',
        'recovery': '-recovered_amount',
    }.items() -%}
    select
        employee_id,
        '{{ component }}' as component,
        currency,
        period_month,
        {{ amount }} as amount
    from {{ ref('fct_draw_balances') }}
    union all
    {% endfor -%}
    select
        employee_id,
        'holdback' as component,
        currency,
        period_month,
        -held_amount as amount
    from {{ ref('fct_holdbacks') }}
    union all
    select
        holdbacks.employee_id,
        'release' as component,
        holdbacks.currency,
        holdbacks.release_month as period_month,
        holdbacks.held_amount as amount
    from {{ ref('fct_holdbacks') }} as holdbacks
    -- What is released in a month that has not begun is not known yet.
    inner join {{ ref('dim_periods') }} as periods
        on holdbacks.release_month = periods.period_month

),

final as (

    select
        employee_id,
        component,
        currency,
        period_month,
        amount
    from settled
    where amount <> 0

)

select * from final
