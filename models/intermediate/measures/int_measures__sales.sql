{#- Booked sales of key products (S1-02), and deals won with a solution expert's help (S0-09). -#}
with

key_product_sales as (

    select
        employee_id,
        period_month,
        sum(
            case transaction_kind
                when 'booked' then credit_amount
                else -credit_amount
            end
        ) as amount
    from {{ ref('fct_credits') }}
    where
        transaction_kind in ('booked', 'cancelled')
        and is_key_product
    group by employee_id, period_month

),

supported_wins as (

    select
        supporters.employee_id,
        {{ month_of('opportunities.closed_date') }} as period_month,
        count(*) as deal_count
    from {{ ref('stg_crm__opportunity_team') }} as supporters
    inner join {{ ref('fct_opportunities') }} as opportunities
        on supporters.opportunity_id = opportunities.opportunity_id
    where
        opportunities.outcome = 'won'
        and opportunities.closed_date is not null
    group by supporters.employee_id, {{ month_of('opportunities.closed_date') }}

),

final as (

    select
        employee_id,
        'key_product_sales' as measure,
        cast(amount as decimal(18, 4)) as numerator,
        cast(null as decimal(18, 4)) as denominator,
        period_month
    from key_product_sales
    union all
    select
        employee_id,
        'supported_wins' as measure,
        cast(deal_count as decimal(18, 4)) as numerator,
        cast(null as decimal(18, 4)) as denominator,
        period_month
    from supported_wins

)

select * from final
