{{ config(
    materialized='by_month',
    is_light=true,
    reach={
        'fct_measures': 'year',
        'fct_credits': 'everything',
        'stg_billing__contracts': 'everything',
        'int_monthly_units': 'everything',
        'crm.deliveries': 'onward',
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
        earned.employee_id,
        earned.bonus_id,
        earned.plan_id,
        earned.earned_when,
        earned.subject_id,
        earned.currency,
        cast(earned.amount as decimal(18, 4)) as amount,
        payees.currency as pay_currency,
        {{ pay_rate('earned', 'payees', 'rates') }} as pay_rate,
        {{ pay_amount('earned.amount', 'earned', 'payees', 'rates') }} as pay_amount,
        earned.period_month
    from earned
    inner join {{ ref('int_payee_months') }} as payees
        on
            earned.employee_id = payees.employee_id
            and earned.period_month = payees.period_month
    left join {{ ref('int_pay_rates') }} as rates
        on
            earned.currency = rates.from_currency
            and payees.currency = rates.to_currency
            and earned.period_month = rates.period_month
    where {{ in_months('earned.period_month') }}

)

select * from final
