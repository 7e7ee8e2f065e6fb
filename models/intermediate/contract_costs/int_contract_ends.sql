{{ config(
    materialized='by_month',
    is_light=true,
    reach={'stg_billing__contracts': 'everything'},
) }}

{#-
    When a contract was cancelled, and when its customer was lost: no contract of theirs ran any more, and
    none came within the days of grace. A customer who is won back later had been lost all the same. All contracts
    of a customer are looked at, where one of them was held until a day of the months that are built.
-#}
{#- Not a name of its own: DuckDB would write a copy of what is named twice. -#}
{%- set held %}
    select
        contract_id,
        account_id,
        signed_on,
        cancelled_on,
        coalesce(cancelled_on, grace_end, cast('9999-12-31' as date)) as held_until
    from (
        select
            contracts.contract_id,
            contracts.account_id,
            contracts.signed_on,
            case
                when contracts.cancelled_on < contracts.ends_on or contracts.ends_on is null
                    then contracts.cancelled_on
            end as cancelled_on,
            {{ add_days('contracts.ends_on', 'settings.renewal_grace_days') }} as grace_end
        from {{ ref('stg_billing__contracts') }} as contracts
        cross join {{ ref('stg_policy__settings') }} as settings
    ) as contracts
{% endset -%}

with

asked as (

    select coalesce(held.account_id, '') as account_id
    from ({{ held }}) as held
    cross join {{ ref('int_known_day') }} as known
    where
        {{ in_months('held.held_until') }}
        and held.held_until < known.known_on
    group by coalesce(held.account_id, '')

),

preceded as (

    select
        *,
        max(held_until) over (
            partition by account_id
            order by signed_on, contract_id
            rows between unbounded preceding and 1 preceding
        ) as held_before
    from ({{ held }}) as held
    where coalesce(account_id, '') in (select asked.account_id from asked)

),

-- A stretch begins with the first contract, and with one signed after the customer was lost.
stretched as (

    select
        *,
        sum(case when signed_on > held_before then 1 else 0 end) over (
            partition by account_id
            order by signed_on, contract_id
            rows between unbounded preceding and current row
        ) as stretch
    from preceded

),

ended as (

    select
        contract_id,
        'cancelled' as end_kind,
        cancelled_on as ended_on
    from stretched
    where cancelled_on is not null
    union all
    select
        contract_id,
        'lost' as end_kind,
        max(held_until) over (partition by account_id, stretch) as ended_on
    from stretched

),

final as (

    select
        ended.contract_id,
        ended.end_kind,
        {{ month_of('ended.ended_on') }} as period_month,
        ended.ended_on
    from ended
    cross join {{ ref('int_known_day') }} as known
    where
        ended.ended_on < known.known_on
        and {{ in_months('ended.ended_on') }}

)

select * from final
