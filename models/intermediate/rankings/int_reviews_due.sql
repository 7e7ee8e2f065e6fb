{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#- Whose grade is reviewed against the target at the end of which half or year (S0-08). -#}
with

periods as (

    {% for kind in ['half', 'year'] -%}
    select
        '{{ kind }}' as period_kind,
        period_month,
        {{ kind }}_start as period_start,
        next_{{ kind }} as period_end
    from {{ ref('dim_periods') }}
    where
        next_month = next_{{ kind }}
        and is_whole
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
),

final as (

    select
        payees.employee_id,
        payees.role,
        payees.grade,
        reviews.measure,
        periods.period_kind,
        periods.period_month,
        periods.period_start,
        periods.period_end
    from {{ ref('int_payee_months') }} as payees
    inner join {{ ref('policy_target_reviews') }} as reviews
        on
            payees.role = reviews.role
            and {{ holds_on('reviews', 'payees.last_day') }}
    inner join periods
        on
            payees.period_month = periods.period_month
            and reviews.period_kind = periods.period_kind
    where {{ in_months('payees.period_month') }}

)

select * from final
