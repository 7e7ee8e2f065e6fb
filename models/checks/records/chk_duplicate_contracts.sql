{#- What a customer signs twice on one day is now and then meant; it is for a person to look at. -#}
with

contracts as (

    select
        contract_id,
        account_id,
        product_id,
        contract_type,
        currency,
        amount,
        signed_on,
        ends_on,
        count(*) over (
            partition by
                account_id, product_id, contract_type, currency, amount, signed_on, ends_on,
                renews_contract_id
        ) as alike_count
    from {{ ref('stg_billing__contracts') }}
    where
        account_id is not null
        and product_id is not null
        and renews_contract_id is null

),

final as (

    select
        contract_id,
        account_id,
        product_id,
        currency,
        amount,
        cast(alike_count as integer) as alike_count,
        signed_on
    from contracts
    where alike_count > 1

)

select * from final
