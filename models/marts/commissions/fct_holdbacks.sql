{{ config(
    materialized='by_month',
    is_light=true,
) }}

with

earned as (

    select
        employee_id,
        pay_currency,
        period_month,
        sum(pay_amount) as commission_amount
    from {{ ref('fct_commissions') }}
    where {{ in_months('period_month') }}
    group by employee_id, pay_currency, period_month

),

final as (

    -- What a refund takes back is held back in part as well: the part that had not been paid.
    select
        earned.employee_id,
        payees.plan_id,
        earned.pay_currency as currency,
        cast(earned.commission_amount as decimal(18, 4)) as commission_amount,
        cast(
            {{ rounded_product('earned.commission_amount', 'holdbacks.holdback_share') }} as decimal(18, 4)
        ) as held_amount,
        earned.period_month,
        {{ add_months('earned.period_month', 'holdbacks.release_months') }} as release_month
    from earned
    inner join {{ ref('int_payee_months') }} as payees
        on
            earned.employee_id = payees.employee_id
            and earned.period_month = payees.period_month
    inner join {{ ref('policy_holdbacks') }} as holdbacks
        on
            payees.plan_id = holdbacks.plan_id
            and {{ holds_on('holdbacks', 'payees.last_day') }}
    where {{ in_months('payees.period_month') }}

)

select * from final
