{#- What the scores of each plan rest on now, by segment: the rows of the plan that hold when it is built. -#}
with

segments as (

    select segment
    from {{ ref('policy_segments') }}
    group by segment

),

weighing as (

    select
        items.plan_id,
        items.period_kind,
        items.segment,
        items.measure,
        items.scope,
        items.weight,
        measures.is_about_customers
    from {{ ref('policy_score_items') }} as items
    inner join {{ ref('policy_measures') }} as measures
        on items.measure = measures.measure
    cross join {{ ref('int_known_day') }} as known
    where
        {{ holds_on('items', 'known.known_on') }}
        and items.weight > 0
    union all
    select
        weights.plan_id,
        weights.period_kind,
        null as segment,
        weights.upstream_role || '_score' as measure,
        'upstream' as scope,
        weights.weight,
        false as is_about_customers
    from {{ ref('policy_upstream_weights') }} as weights
    cross join {{ ref('int_known_day') }} as known
    where
        {{ holds_on('weights', 'known.known_on') }}
        and weights.weight > 0

),

segmented as (

    select plan_id
    from weighing
    where segment is not null
    group by plan_id

),

-- A plan without items of segments is one; another is one for each segment.
scored as (

    select
        weighing.plan_id,
        weighing.period_kind,
        segments.segment
    from weighing
    inner join segmented
        on weighing.plan_id = segmented.plan_id
    cross join segments
    group by weighing.plan_id, weighing.period_kind, segments.segment
    union all
    select
        weighing.plan_id,
        weighing.period_kind,
        cast(null as {{ dbt.type_string() }}) as segment
    from weighing
    left join segmented
        on weighing.plan_id = segmented.plan_id
    where segmented.plan_id is null
    group by weighing.plan_id, weighing.period_kind

),

final as (

    select
        scored.plan_id,
        scored.period_kind,
        coalesce(scored.segment, 'every segment') as segment,
        weighing.measure,
        weighing.scope,
        weighing.weight,
        weighing.is_about_customers
    from scored
    inner join weighing
        on
            scored.plan_id = weighing.plan_id
            and scored.period_kind = weighing.period_kind
            and coalesce(weighing.segment, scored.segment, '') = coalesce(scored.segment, '')

)

select * from final
