{{ config(materialized='by_month') }}

{#- Money of the contracts falling due, for whoever held the account on the due date (S3-02). -#}
with

settings as (

    select company_currency
    from {{ ref('stg_policy__settings') }}

),

due as (

    select
        renewals.account_id,
        renewals.period_month,
        renewals.due_date,
        renewals.currency,
        renewals.due_amount,
        renewals.renewed_amount,
        renewals.upsell_amount,
        case
            when renewals.currency = settings.company_currency then cast(1 as decimal(14, 8))
            else cast(rates.rate as decimal(14, 8))
        end as rate
    from {{ ref('fct_renewals') }} as renewals
    cross join settings
    left join {{ ref('int_exchange_rates') }} as rates
        on
            renewals.currency = rates.currency
            and {{ holds_on('rates', 'renewals.due_date') }}
    where {{ in_months('renewals.period_month') }}

),

converted as (

    select
        account_id,
        period_month,
        due_date,
        round({{ wide('due_amount') }} * rate, 4) as due_amount,
        round({{ wide('renewed_amount') }} * rate, 4) as renewed_amount,
        round({{ wide('upsell_amount') }} * rate, 4) as upsell_amount
    from due
    where rate is not null

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
