{{ config(materialized='by_month') }}

{#- Money of the contracts falling due, for whoever held the account on the due date (S3-02). -#}
with

settings as (

    select company_currency
    from {{ ref('stg_policy__settings') }}

),

converted as (

    select
        renewals.account_id,
        renewals.period_month,
        renewals.due_date,
        {{ in_company_currency('renewals', 'rates', 'settings', 'due_amount') }} as due_amount,
        {{ in_company_currency('renewals', 'rates', 'settings', 'renewed_amount') }} as renewed_amount,
        {{ in_company_currency('renewals', 'rates', 'settings', 'upsell_amount') }} as upsell_amount
    from {{ ref('fct_renewals') }} as renewals
    cross join settings
    left join {{ ref('int_exchange_rates') }} as rates
        on
            renewals.currency = rates.currency
            and {{ holds_on('rates', 'renewals.due_date') }}
    where {{ in_months('renewals.period_month') }}

),

held as (

    select
        holders.employee_id,
        converted.period_month,
        sum(converted.due_amount) as due_amount,
        sum(converted.renewed_amount) as renewed_amount,
        sum(converted.upsell_amount) as upsell_amount
    from converted
    inner join {{ ref('int_account_holders') }} as holders
        on
            converted.account_id = holders.account_id
            and holders.assignment_role = 'account_manager'
            and {{ holds_on('holders', 'converted.due_date') }}
    where converted.due_amount is not null
    group by holders.employee_id, converted.period_month

),

final as (

    {{ measure_of('amount_renewal_rate', 'renewed_amount', 'due_amount') }}
    from held
    union all
    {{ measure_of('net_retention_rate', 'renewed_amount + upsell_amount', 'due_amount') }}
    from held
    union all
    {{ measure_of('upsell_sales', 'upsell_amount') }}
    from held
    where upsell_amount <> 0

)

select * from final
