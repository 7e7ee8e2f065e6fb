{{ config(materialized='view') }}

{#- As int_measures__renewals adds them up, and customers as int_measures__customers counts them. -#}
with

settings as (

    select company_currency
    from {{ ref('stg_policy__settings') }}

),

held as (

    select
        holders.employee_id,
        'billing.contracts' as landing_table,
        renewals.contract_id as row_key,
        cast(null as date) as row_day,
        renewals.account_id,
        renewals.is_renewed,
        renewals.period_month,
        {{ in_company_currency('renewals', 'rates', 'settings', 'due_amount') }} as due_amount,
        {{ in_company_currency('renewals', 'rates', 'settings', 'renewed_amount') }} as renewed_amount,
        {{ in_company_currency('renewals', 'rates', 'settings', 'upsell_amount') }} as upsell_amount
    from {{ ref('fct_renewals') }} as renewals
    cross join settings
    inner join {{ ref('int_account_holders') }} as holders
        on
            renewals.account_id = holders.account_id
            and holders.assignment_role = 'account_manager'
            and {{ holds_on('holders', 'renewals.due_date') }}
    left join {{ ref('int_exchange_rates') }} as rates
        on
            renewals.currency = rates.currency
            and {{ holds_on('rates', 'renewals.due_date') }}

),

-- A customer counts once, by a contract that is renewed where there is one (S3-02).
customers_due as (

    select
        *,
        row_number() over (
            partition by employee_id, period_month, account_id
            order by case when is_renewed then 0 else 1 end, row_key
        ) = 1 as is_first
    from held

),

final as (

    {{ measure_row(
        'customer_retention', 'case when is_first and is_renewed then 1 else 0 end',
        'case when is_first then 1 else 0 end'
    ) }}
    from customers_due
    union all
    {{ measure_row('amount_renewal_rate', 'renewed_amount', 'due_amount') }}
    from held
    where due_amount is not null
    union all
    {{ measure_row('net_retention_rate', 'renewed_amount + upsell_amount', 'due_amount') }}
    from held
    where due_amount is not null
    union all
    {{ measure_row('upsell_sales', 'upsell_amount') }}
    from held
    where
        due_amount is not null
        and upsell_amount <> 0

)

select * from final
