with

credited as (

    select transaction_id
    from {{ ref('int_credited_transactions') }}
    group by transaction_id

),

final as (

    select
        transactions.transaction_id,
        transactions.transaction_kind,
        transactions.account_id,
        transactions.currency,
        transactions.amount,
        transactions.period_month,
        transactions.transaction_date
    from {{ ref('fct_transactions') }} as transactions
    left join credited
        on transactions.transaction_id = credited.transaction_id
    where credited.transaction_id is null

)

select * from final
