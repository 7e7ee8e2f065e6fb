{{ config(
    materialized='by_month',
    is_light=true,
    reach={
        'stg_billing__contracts': 'everything',
        'int_known_day': 'grace',
    },
) }}

{#- Only what has fallen due, and of that what is asked for: it is held while renewals are added up. -#}
{%- set due %}
    select
        contracts.contract_id,
        contracts.account_id,
        contracts.product_id,
        contracts.currency,
        contracts.amount,
        contracts.ends_on,
        {{ add_days('contracts.ends_on', 'settings.renewal_grace_days') }} as grace_end,
        known.known_on
    from {{ ref('stg_billing__contracts') }} as contracts
    cross join {{ ref('stg_policy__settings') }} as settings
    cross join {{ ref('int_known_day') }} as known
    where
        contracts.ends_on <= known.known_on
        and (contracts.cancelled_on is null or contracts.cancelled_on > contracts.ends_on)
        and {{ in_months('contracts.ends_on') }}
{% endset -%}

with

-- A contract may be renewed by several; those in time are added up (S3-02).
renewing as (

    select
        due.contract_id,
        min(renewals.signed_on) as renewed_on,
        sum(case when renewals.signed_on <= due.grace_end then renewals.amount end)
            as amount_in_time
    from ({{ due }}) as due
    inner join {{ ref('stg_billing__contracts') }} as renewals
        on due.contract_id = renewals.renews_contract_id
    where renewals.cancelled_on is null
    group by due.contract_id

),

judged as (

    select
        due.contract_id,
        due.account_id,
        due.product_id,
        due.currency,
        due.amount as due_amount,
        due.ends_on as due_date,
        renewing.renewed_on,
        coalesce(renewing.amount_in_time, 0) as amount_in_time,
        renewing.amount_in_time is not null as is_renewed,
        due.grace_end,
        due.known_on
    from ({{ due }}) as due
    left join renewing
        on due.contract_id = renewing.contract_id

),

final as (

    select
        judged.contract_id,
        judged.account_id,
        judged.product_id,
        judged.currency,
        case
            when judged.is_renewed and judged.renewed_on < judged.due_date then 'early'
            when judged.is_renewed and judged.renewed_on = judged.due_date then 'on_time'
            when judged.is_renewed then 'late'
            when judged.renewed_on is not null then 'won_back'
            when judged.known_on <= judged.grace_end then 'pending'
            else 'lost'
        end as renewal_status,
        judged.due_amount,
        -- Above the amount due it is upsell, not renewal (S3-02).
        cast(least(judged.amount_in_time, judged.due_amount) as decimal(18, 4)) as renewed_amount,
        cast(greatest(judged.amount_in_time - judged.due_amount, 0) as decimal(18, 4))
            as upsell_amount,
        judged.is_renewed,
        judged.is_renewed and judged.amount_in_time < judged.due_amount as is_partial,
        {{ month_of('judged.due_date') }} as period_month,
        judged.due_date,
        judged.renewed_on
    from judged

)

select * from final
