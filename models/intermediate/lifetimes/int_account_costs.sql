{{ config(materialized='when_changed') }}

{#- What winning, keeping and serving each customer cost, in the company's currency (S2-05). -#}
with

settings as (

    select company_currency
    from {{ ref('stg_policy__settings') }}

),

converted as (

    select
        costs.account_id,
        costs.cost_type,
        {{ in_company_currency('costs', 'rates', 'settings') }} as amount
    from {{ ref('stg_billing__account_costs') }} as costs
    cross join settings
    left join {{ ref('int_exchange_rates') }} as rates
        on
            costs.currency = rates.currency
            and {{ holds_on('rates', 'costs.incurred_on') }}
    where costs.account_id is not null

),

final as (

    select
        account_id,
        cast(sum(case when cost_type = 'acquisition' then amount else 0 end) as decimal(18, 4))
            as acquisition_cost,
        cast(sum(case when cost_type = 'retention' then amount else 0 end) as decimal(18, 4))
            as retention_cost,
        cast(sum(case when cost_type = 'service' then amount else 0 end) as decimal(18, 4))
            as service_cost
    from converted
    where amount is not null
    group by account_id

)

select * from final
