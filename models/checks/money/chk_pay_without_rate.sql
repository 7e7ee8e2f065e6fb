-- An amount that is converted and not quoted: a sale into the plan's currency, or pay into the payee's.
with

found as (

    select
        'sale' as converted,
        employee_id,
        plan_id,
        transaction_id,
        sale_currency as from_currency,
        currency as to_currency,
        period_month
    from {{ ref('int_commissionable_credits') }}
    where signed_amount is null
    union all
    select
        'commission' as converted,
        employee_id,
        plan_id,
        transaction_id,
        currency as from_currency,
        pay_currency as to_currency,
        period_month
    from {{ ref('fct_commission_lines') }}
    where pay_amount is null
    union all
    select
        'bonus' as converted,
        employee_id,
        plan_id,
        subject_id as transaction_id,
        currency as from_currency,
        pay_currency as to_currency,
        period_month
    from {{ ref('fct_bonuses') }}
    where pay_amount is null
    union all
    -- A draw is more than nothing.
    select
        'draw' as converted,
        months.employee_id,
        months.plan_id,
        cast(null as {{ dbt.type_string() }}) as transaction_id,
        draws.currency as from_currency,
        months.currency as to_currency,
        months.period_month
    from {{ ref('int_draw_months') }} as months
    inner join {{ ref('policy_draws') }} as draws
        on
            months.plan_id = draws.plan_id
            and {{ holds_on('draws', add_days(add_months('months.period_month', 1), -1)) }}
    where
        months.draw_kind is not null
        and months.draw_amount = 0

),

final as (

    select
        converted,
        employee_id,
        plan_id,
        from_currency,
        to_currency,
        cast(count(*) as integer) as amount_count,
        min(transaction_id) as first_transaction_id,
        period_month
    from found
    group by converted, employee_id, plan_id, from_currency, to_currency, period_month

)

select * from final
