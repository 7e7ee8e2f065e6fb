{#- Averages of segments: those of ended lives are whole, those of all customers have some cut short. -#}
with

members as (

    select
        *,
        'all' as cohort
    from {{ ref('fct_lifetime_values') }}
    union all
    select
        *,
        'ended' as cohort
    from {{ ref('fct_lifetime_values') }}
    where not is_living

),

summed as (

    select
        coalesce(segment, 'none') as segment,
        cohort,
        currency,
        count(*) as customer_count,
        sum(case when is_living then 1 else 0 end) as living_count,
        sum(revenue_amount) as revenue_amount,
        sum(acquisition_cost + retention_cost) as cost_amount
    from members
    group by coalesce(segment, 'none'), cohort, currency

),

averaged as (

    select
        *,
        cast({{ exact_quotient('revenue_amount', 'customer_count', 4) }} as decimal(18, 4))
            as average_revenue,
        cast({{ exact_quotient('cost_amount', 'customer_count', 4) }} as decimal(18, 4))
            as average_cost
    from summed

),

final as (

    select
        segment,
        cohort,
        currency,
        cast(customer_count as integer) as customer_count,
        cast(living_count as integer) as living_count,
        cast(revenue_amount as decimal(18, 4)) as revenue_amount,
        cast(cost_amount as decimal(18, 4)) as cost_amount,
        average_revenue,
        average_cost,
        cast(average_revenue - average_cost as decimal(18, 4)) as lifetime_value
    from averaged

)

select * from final
