{{ config(
    materialized='by_month',
    is_light=true,
    reach={
        'fct_measures': 'year',
        'fct_credits': 'everything',
        'stg_billing__contracts': 'everything',
        'int_monthly_units': 'everything',
    },
) }}

with

earned as (

    {% for source in [
        'int_quota_bonuses', 'int_measure_bonuses', 'int_delivery_bonuses', 'int_unit_bonuses',
    ] -%}
    select *
    from {{ ref(source) }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor %}
),

final as (

    select
        employee_id,
        bonus_id,
        plan_id,
        earned_when,
        subject_id,
        currency,
        cast(amount as decimal(18, 4)) as amount,
        period_month
    from earned
    where {{ in_months('period_month') }}

)

select * from final
