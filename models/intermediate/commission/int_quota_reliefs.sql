{{ config(
    materialized='compared',
    holds_from='reaches_from',
) }}

{#-
    What the plan of a hire takes off the quota in the first months (RULES 5): each month's days of the
    quota's window by the share that is not asked yet. The plan is that of the month of hire, so that the
    quota of a period is known from its first month on. An accumulation period has a year at most.
-#}
with

ranked as (

    select
        *,
        row_number() over (partition by employee_id, hired_on order by period_month) as month_number
    from {{ ref('int_payee_months') }}

),

hires as (

    select
        *,
        lead(hired_on) over (partition by employee_id order by hired_on) as hired_again_on
    from ranked
    where month_number = 1

),

ramped as (

    select
        hires.employee_id,
        {{ month_of('hires.hired_again_on') }} as next_hire_month,
        ramps.quota_share,
        {{ add_months(month_of('hires.hired_on'), 'ramps.employed_month - 1') }} as period_month,
        {{ add_months(month_of('hires.hired_on'), 'ramps.employed_month') }} as next_month
    from hires
    inner join {{ ref('policy_quota_ramps') }} as ramps
        on
            hires.plan_id = ramps.plan_id
            and {{ holds_on('ramps', 'hires.last_day') }}

),

final as (

    select
        ramped.employee_id,
        quotas.currency,
        quotas.valid_from as quota_from,
        cast(
            {{ quota_of_days(
                'quotas', 'ramped.period_month', 'ramped.next_month', '(1 - ramped.quota_share)'
            ) }} as decimal(18, 4)
        ) as relief_amount,
        ramped.period_month,
        least(quotas.valid_from, {{ add_months('ramped.period_month', -11) }}) as reaches_from
    from ramped
    inner join {{ ref('stg_hr__quotas') }} as quotas
        on
            ramped.employee_id = quotas.employee_id
            and ramped.next_month > quotas.valid_from
            and ramped.period_month < quotas.valid_to
            -- A rehire begins anew.
            and ramped.period_month < coalesce(ramped.next_hire_month, quotas.valid_to)

)

select * from final
where relief_amount <> 0
