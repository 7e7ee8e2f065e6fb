{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#-
    The segment a payee looks after: the most important one among the accounts held on the last day
    of the month (S4-08); without an account the least important. Empty where no plan asks.
-#}
with

-- Whether any plan asks.
segmented as (

    select segment
    from {{ ref('policy_score_items') }}
    where segment is not null

),

least_important as (

    select max(rule_order) as rule_order
    from {{ ref('policy_segments') }}

),

held as (

    select
        payees.employee_id,
        payees.period_month,
        min(segments.rule_order) as rule_order
    from {{ ref('int_payee_months') }} as payees
    inner join {{ ref('int_account_holders') }} as holders
        on
            payees.employee_id = holders.employee_id
            and {{ holds_on('holders', 'payees.last_day') }}
    inner join {{ ref('int_account_segments') }} as segments
        on
            holders.account_id = segments.account_id
            and {{ holds_on('segments', 'payees.last_day') }}
    where
        {{ in_months('payees.period_month') }}
        and exists (select 1 from segmented)
    group by payees.employee_id, payees.period_month

),

final as (

    select
        payees.employee_id,
        segments.segment,
        payees.period_month
    from {{ ref('int_payee_months') }} as payees
    cross join least_important
    left join held
        on
            payees.employee_id = held.employee_id
            and payees.period_month = held.period_month
    inner join {{ ref('policy_segments') }} as segments
        on coalesce(held.rule_order, least_important.rule_order) = segments.rule_order
    where
        {{ in_months('payees.period_month') }}
        and exists (select 1 from segmented)

)

select * from final
