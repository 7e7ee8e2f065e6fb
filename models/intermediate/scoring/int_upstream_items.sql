{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#- What of a payee's score comes from the scores of others, by period (S0-09, S0-11). -#}
with

final as (

    select
        payees.employee_id,
        payees.plan_id,
        lengths.period_kind,
        weights.upstream_role,
        weights.link,
        weights.weight,
        weights.factor_when_nothing_due,
        payees.period_month,
        lengths.period_start
    from {{ ref('int_payee_months') }} as payees
    inner join {{ ref('policy_upstream_weights') }} as weights
        on
            payees.plan_id = weights.plan_id
            and {{ holds_on('weights', 'payees.last_day') }}
    inner join {{ ref('dim_periods') }} as periods
        on
            payees.period_month = periods.period_month
            and (weights.period_kind = 'month' or periods.is_quarter_end)
    inner join {{ ref('int_period_lengths') }} as lengths
        on
            payees.period_month = lengths.period_month
            and weights.period_kind = lengths.period_kind
    where {{ in_months('payees.period_month') }}

)

select * from final
