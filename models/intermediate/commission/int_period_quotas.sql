{{ config(
    materialized='by_month',
    is_light=true,
    reach={'int_quota_reliefs': 'accumulation'},
) }}

{#-
    The quota of each accumulation period in which something was sold, by the months of it: that of the
    quota's own window, or the quota windows by the days they share with it (S0-07), less what is not
    asked yet of hires (RULES 5).
-#}
with

placed as (

    select distinct
        employee_id,
        currency,
        window_quota,
        accumulation_start,
        accumulation_end,
        period_month
    from {{ ref('int_commissionable_credits') }}
    where {{ in_months('period_month') }}

),

shared as (

    select
        placed.employee_id,
        placed.currency,
        placed.accumulation_start,
        placed.accumulation_end,
        placed.period_month,
        sum(
            {{ quota_of_days('quotas', 'placed.accumulation_start', 'placed.accumulation_end') }}
        ) as quota_amount
    from placed
    inner join {{ ref('int_plan_quotas') }} as quotas
        on
            placed.employee_id = quotas.employee_id
            and placed.currency = quotas.currency
            and placed.accumulation_end > quotas.valid_from
            and placed.accumulation_start < quotas.valid_to
    group by
        placed.employee_id, placed.currency, placed.accumulation_start, placed.accumulation_end,
        placed.period_month

),

asked as (

    select
        employee_id,
        currency,
        quota_amount,
        accumulation_start,
        accumulation_end,
        period_month
    from shared
    union all
    select
        employee_id,
        currency,
        window_quota as quota_amount,
        accumulation_start,
        accumulation_end,
        period_month
    from placed
    where window_quota is not null

),

-- Of a quota's own window all that is taken off it, of a calendar period what is of its months.
less as (

    select
        *,
        cast(0 as decimal(18, 4)) as relief_amount
    from asked
    union all
    select
        asked.*,
        reliefs.relief_amount
    from asked
    inner join {{ ref('int_quota_reliefs') }} as reliefs
        on
            asked.employee_id = reliefs.employee_id
            and asked.currency = coalesce(reliefs.currency, asked.currency)
            and case
                when asked.accumulation_end is null then reliefs.quota_from
                else reliefs.period_month
            end >= asked.accumulation_start
            and case
                when asked.accumulation_end is null then reliefs.quota_from
                else {{ add_days('reliefs.period_month', 1) }}
            end <= coalesce(asked.accumulation_end, asked.accumulation_start)

),

final as (

    select
        employee_id,
        currency,
        cast(quota_amount - sum(relief_amount) as decimal(18, 4)) as quota_amount,
        accumulation_start,
        coalesce(accumulation_end, accumulation_start) as accumulation_end,
        period_month
    from less
    group by
        employee_id, currency, quota_amount, accumulation_start, accumulation_end, period_month

)

select * from final
