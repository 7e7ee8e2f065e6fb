{{ config(
    materialized='by_month',
    is_light=true,
    changes_of=['billing.contracts.money'],
) }}

with

consumed as (

    select *
    from {{ ref('fct_transactions') }}
    where
        transaction_kind = 'consumed'
        and {{ in_months('period_month') }}

),

final as (

    select
        consumed.transaction_id,
        consumed.account_id,
        consumed.contract_id,
        case
            when consumed.transaction_date < contracts.starts_on then 'before it starts'
            else 'after it ends'
        end as fault,
        consumed.period_month,
        consumed.transaction_date,
        contracts.starts_on,
        contracts.ends_on
    from consumed
    inner join {{ ref('int_signed_contracts') }} as contracts
        on
            consumed.contract_id = contracts.contract_id
            and (
                consumed.transaction_date < contracts.starts_on
                or consumed.transaction_date > contracts.ends_on
            )

)

select * from final
