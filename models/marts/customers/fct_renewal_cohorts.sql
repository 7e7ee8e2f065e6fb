{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#- What fell due in a month and what became of it, by segment: amounts and customers (S3-02). -#}
with

settings as (

    select company_currency
    from {{ ref('stg_policy__settings') }}

),

due as (

    select
        renewals.*,
        coalesce(segments.segment, 'none') as segment,
        settings.company_currency,
        {{ in_company_currency('renewals', 'rates', 'settings', 'due_amount') }} as company_due,
        {{ in_company_currency('renewals', 'rates', 'settings', 'renewed_amount') }} as company_renewed,
        {{ in_company_currency('renewals', 'rates', 'settings', 'upsell_amount') }} as company_upsell
    from {{ ref('fct_renewals') }} as renewals
    cross join settings
    left join {{ ref('int_account_segments') }} as segments
        on
            renewals.account_id = segments.account_id
            and {{ holds_on('segments', 'renewals.due_date') }}
    left join {{ ref('int_exchange_rates') }} as rates
        on
            renewals.currency = rates.currency
            and {{ holds_on('rates', 'renewals.due_date') }}
    where {{ in_months('renewals.period_month') }}

),

summed as (

    select
        period_month,
        segment,
        company_currency,
        count(*) as contract_count,
        {% for status in ['early', 'on_time', 'late', 'won_back', 'pending', 'lost'] -%}
        sum(case when renewal_status = '{{ status }}' then 1 else 0 end) as {{ status }}_count,
        {% endfor -%}
        sum(case when is_partial then 1 else 0 end) as partial_count,
        count(distinct account_id) as customers_due,
        count(distinct case when is_renewed then account_id end) as customers_renewed,
        coalesce(sum(company_due), 0) as due_amount,
        coalesce(sum(company_renewed), 0) as renewed_amount,
        coalesce(sum(company_upsell), 0) as upsell_amount
    from due
    group by period_month, segment, company_currency

),

final as (

    select
        segment,
        company_currency as currency,
        cast(contract_count as integer) as contract_count,
        {% for name in ['early', 'on_time', 'late', 'won_back', 'pending', 'lost', 'partial'] -%}
        cast({{ name }}_count as integer) as {{ name }}_count,
        {% endfor -%}
        cast(customers_due as integer) as customers_due,
        cast(customers_renewed as integer) as customers_renewed,
        cast(due_amount as decimal(18, 4)) as due_amount,
        cast(renewed_amount as decimal(18, 4)) as renewed_amount,
        cast(upsell_amount as decimal(18, 4)) as upsell_amount,
        {{ measure_value('customers_renewed', 'customers_due') }} as customer_renewal_rate,
        {{ measure_value('renewed_amount', 'due_amount') }} as gross_retention_rate,
        {{ measure_value('renewed_amount + upsell_amount', 'due_amount') }} as net_retention_rate,
        period_month
    from summed

)

select * from final
