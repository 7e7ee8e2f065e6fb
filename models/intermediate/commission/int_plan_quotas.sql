{{ config(materialized='ephemeral') }}

{#-
    Quotas by the currency of the plans that they count for. Said here and not where credits are joined:
    a left join on what is made of both sides compares every row with every other.
-#}
with

currencies as (

    select currency
    from {{ ref('int_plan_currencies') }}
    group by currency

),

final as (

    select
        quotas.employee_id,
        currencies.currency,
        quotas.quota_amount,
        quotas.valid_from,
        quotas.valid_to
    from {{ ref('stg_hr__quotas') }} as quotas
    inner join currencies
        on coalesce(quotas.currency, currencies.currency) = currencies.currency

)

select * from final
