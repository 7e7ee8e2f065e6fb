with

typed as (

    select
        cast(rating_id as {{ dbt.type_string() }}) as rating_id,
        cast(rater_id as {{ dbt.type_string() }}) as rater_id,
        cast(ratee_id as {{ dbt.type_string() }}) as ratee_id,
        cast(dimension as {{ dbt.type_string() }}) as dimension,
        cast(score as decimal(18, 4)) as score,
        cast(period_month as date) as period_month,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('hr', 'ratings') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['rating_id'],
            then_by=[
                'rater_id', 'ratee_id', 'dimension', 'score', 'period_month',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.rating_id,
        ranked.rater_id,
        ranked.ratee_id,
        ranked.dimension,
        ranked.score,
        ranked.period_month,
        ranked.loaded_at
    from ranked
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
