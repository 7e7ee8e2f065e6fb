{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#-
    By which plan a payee's credits of a month count, kind by kind, and which of them take back. A table,
    so that the many credits are joined once with something small.
-#}
with

final as (

    select
        payees.employee_id,
        payees.plan_id,
        plans.credit_kind,
        earning_bases.transaction_kind as credited_kind,
        own_bases.transaction_kind,
        plans.accumulation,
        plans.tier_mode,
        plans.bound_kind,
        plans.bound_side,
        plans.sale_rate_day,
        coalesce(plans.currency, settings.company_currency) as currency,
        case when own_bases.sign > 0 then 1 else -1 end as sign,
        payees.period_month,
        plans.valid_from,
        plans.valid_to
    from {{ ref('int_payee_months') }} as payees
    cross join {{ ref('stg_policy__settings') }} as settings
    inner join {{ ref('policy_commission_plans') }} as plans
        on payees.plan_id = plans.plan_id
    inner join {{ ref('policy_commission_bases') }} as earning_bases
        on
            plans.commission_basis = earning_bases.commission_basis
            and earning_bases.sign > 0
    inner join {{ ref('policy_commission_bases') }} as own_bases
        on plans.commission_basis = own_bases.commission_basis
    where
        {{ in_months('payees.period_month') }}
        -- What a month has nothing of is left out: a plan of other days.
        and plans.valid_from < {{ add_months('payees.period_month', 1) }}
        and payees.period_month < coalesce(plans.valid_to, cast('9999-12-31' as date))

)

select * from final
