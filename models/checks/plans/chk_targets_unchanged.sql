{#- Only targets of measures that weigh in a plan: nobody is misled by the others. -#}
with

thresholds as (

    select targets_unchanged_days
    from {{ ref('stg_policy__check_thresholds') }}

),

final as (

    select
        targets.target_id,
        targets.scope_type,
        targets.scope_id,
        targets.measure,
        targets.target_value,
        {{ days_between('targets.valid_from', 'known.known_on') }} as unchanged_days,
        targets.valid_from
    from {{ ref('stg_hr__targets') }} as targets
    cross join {{ ref('int_known_day') }} as known
    cross join thresholds
    where
        {{ holds_on('targets', 'known.known_on') }}
        and {{ days_between('targets.valid_from', 'known.known_on') }} > thresholds.targets_unchanged_days
        and targets.measure in (select weights.measure from {{ ref('int_plan_weights') }} as weights)

)

select * from final
