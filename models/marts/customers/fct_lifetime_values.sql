with

revenues as (

    select
        account_id,
        sum(revenue_amount) as revenue_amount
    from {{ ref('int_account_revenues') }}
    group by account_id

),

final as (

    select
        lives.account_id,
        segments.segment,
        settings.company_currency as currency,
        cast(coalesce(revenues.revenue_amount, 0) as decimal(18, 4)) as revenue_amount,
        coalesce(costs.acquisition_cost, 0) as acquisition_cost,
        coalesce(costs.retention_cost, 0) as retention_cost,
        coalesce(costs.service_cost, 0) as service_cost,
        cast(
            coalesce(revenues.revenue_amount, 0)
            - coalesce(costs.acquisition_cost, 0)
            - coalesce(costs.retention_cost, 0) as decimal(18, 4)
        ) as lifetime_value,
        lives.is_living,
        lives.first_signed_on,
        lives.ended_on
    from {{ ref('int_customer_lives') }} as lives
    cross join {{ ref('stg_policy__settings') }} as settings
    left join {{ ref('int_account_segments') }} as segments
        on
            lives.account_id = segments.account_id
            and segments.valid_to is null
    left join revenues
        on lives.account_id = revenues.account_id
    left join {{ ref('int_account_costs') }} as costs
        on lives.account_id = costs.account_id

)

select * from final
