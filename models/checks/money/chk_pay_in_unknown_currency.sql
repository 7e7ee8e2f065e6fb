-- Pay in a currency of which the plan does not name the smallest unit: it cannot be paid, nor be taken back.
with

final as (

    select
        components.employee_id,
        components.component,
        components.currency,
        components.amount,
        components.period_month
    from {{ ref('fct_pay_components') }} as components
    left join {{ ref('policy_currencies') }} as currencies
        on components.currency = currencies.currency
    where currencies.currency is null

)

select * from final
