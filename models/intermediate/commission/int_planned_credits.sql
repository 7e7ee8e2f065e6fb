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
        rules.plan_id,
        rules.accumulation,
        rules.tier_mode,
        rules.bound_kind,
        rules.bound_side,
        rules.sale_rate_day,
        rules.sign,
        rules.currency
    from credits
    inner join {{ ref('int_payee_commission_rules') }} as rules
        on
            credits.employee_id = rules.employee_id
            and credits.credited_month = rules.period_month
            and credits.credited_kind = rules.credited_kind
            and credits.transaction_kind = rules.transaction_kind
            and case when credits.reverses_transaction_id is null then 1 else -1 end = rules.sign
            and rules.credit_kind in (credits.credit_kind, 'any')
            and {{ holds_on('rules', 'credits.credited_on') }}

)

select * from final
