{{ config(materialized='ephemeral') }}

{#-
    Credits by the commission plan that they count for: what the plan's basis earns on, and what it
    takes back. A reversal stays with the plan that the reversed credit earned under.
-#}
with

credits as (

    select
        *,
        transaction_kind as credited_kind,
        period_month as credited_month,
        transaction_date as credited_on
    from {{ ref('fct_credits') }}
    where
        reverses_transaction_id is null
        and {{ in_months('period_month') }}
    union all
    select
        reversals.*,
        origins.credited_kind,
        origins.credited_month,
        origins.credited_on
    from {{ ref('fct_credits') }} as reversals
    inner join {{ ref('int_reversal_origins') }} as origins
        on reversals.transaction_id = origins.transaction_id
    where
        {{ in_months('reversals.period_month') }}
        and {{ in_months('origins.period_month') }}

),

-- A credit's sign is its own kind's; its plan is that of the day it was first credited on.
final as (

    select
        credits.*,
        payees.plan_id,
        plans.accumulation,
        plans.tier_mode,
        plans.bound_kind,
        plans.bound_side,
        plans.sale_rate_day,
        case when own_bases.sign > 0 then 1 else -1 end as sign,
        coalesce(plans.currency, settings.company_currency) as currency
    from credits
    cross join {{ ref('stg_policy__settings') }} as settings
    inner join {{ ref('int_payee_months') }} as payees
        on
            credits.employee_id = payees.employee_id
            and credits.credited_month = payees.period_month
    inner join {{ ref('policy_commission_plans') }} as plans
        on
            payees.plan_id = plans.plan_id
            and plans.credit_kind in (credits.credit_kind, 'any')
            and {{ holds_on('plans', 'credits.credited_on') }}
    inner join {{ ref('policy_commission_bases') }} as earning_bases
        on
            plans.commission_basis = earning_bases.commission_basis
            and credits.credited_kind = earning_bases.transaction_kind
            and earning_bases.sign > 0
    inner join {{ ref('policy_commission_bases') }} as own_bases
        on
            plans.commission_basis = own_bases.commission_basis
            and credits.transaction_kind = own_bases.transaction_kind
    where
        case when credits.reverses_transaction_id is null then 1 else -1 end
        = case when own_bases.sign > 0 then 1 else -1 end

)

select * from final
