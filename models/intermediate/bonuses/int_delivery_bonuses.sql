{{ config(materialized='ephemeral') }}

{#-
    Bonuses released by the first delivery of a contract, not by its signature (S1-07): a share of
    what was credited directly for the booking, to those who are on the plan when it is delivered.
-#}
with

delivered as (

    select
        contract_id,
        min(delivered_on) as delivered_on
    from {{ ref('stg_crm__deliveries') }}
    where
        delivered_on is not null
        and contract_id is not null
    group by contract_id

),

booked as (

    select
        credits.employee_id,
        credits.contract_id,
        credits.product_id,
        credits.credit_amount,
        delivered.delivered_on,
        {{ month_of('delivered.delivered_on') }} as period_month
    from delivered
    inner join {{ ref('fct_credits') }} as credits
        on delivered.contract_id = credits.contract_id
    where
        credits.transaction_kind = 'booked'
        and credits.credit_kind = 'direct'
        and {{ in_months('delivered.delivered_on') }}
        -- Of those who ever were on a plan that asks.
        and credits.employee_id in (
            select payees.employee_id
            from {{ ref('int_payee_months') }} as payees
            inner join {{ ref('policy_bonuses') }} as asked
                on payees.plan_id = asked.plan_id
            where asked.earned_when = 'delivered'
        )

),

final as (

    select
        booked.employee_id,
        bonuses.bonus_id,
        bonuses.plan_id,
        bonuses.earned_when,
        booked.contract_id as subject_id,
        settings.company_currency as currency,
        {{ commission_of('booked.credit_amount', 'bonuses.rate') }} as amount,
        booked.period_month
    from booked
    cross join {{ ref('stg_policy__settings') }} as settings
    inner join {{ ref('int_payee_months') }} as payees
        on
            booked.employee_id = payees.employee_id
            and booked.period_month = payees.period_month
    inner join {{ ref('policy_bonuses') }} as bonuses
        on
            payees.plan_id = bonuses.plan_id
            and bonuses.earned_when = 'delivered'
            and {{ holds_on('bonuses', 'booked.delivered_on') }}
    left join {{ ref('dim_products') }} as products
        on booked.product_id = products.product_id
    -- What was cancelled before it was delivered is nobody's success.
    inner join {{ ref('stg_billing__contracts') }} as contracts
        on booked.contract_id = contracts.contract_id
    where
        coalesce(bonuses.market, products.market, '') = coalesce(products.market, '')
        and coalesce(contracts.cancelled_on, cast('9999-12-31' as date)) > booked.delivered_on

)

select * from final
