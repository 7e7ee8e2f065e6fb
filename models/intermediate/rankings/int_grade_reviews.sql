{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#-
    The grade that the share of the target reached stands for: the highest one on the payee's track
    whose share is reached, compared by multiplying (S0-08).
-#}
with

reviews as (

    select
        reviews.*,
        ladder.track,
        ladder.grade_rank
    from {{ ref('int_target_reviews') }} as reviews
    left join {{ ref('policy_grade_ladder') }} as ladder
        on
            reviews.role = ladder.role
            and reviews.grade = ladder.grade
    where {{ in_months('reviews.period_month') }}

),

reached as (

    select
        reviews.employee_id,
        reviews.period_month,
        reviews.period_kind,
        max(ladder.grade_rank) as reached_grade_rank
    from reviews
    inner join {{ ref('policy_grade_ladder') }} as ladder
        on
            reviews.role = ladder.role
            and reviews.track = ladder.track
            -- A negative actual reaches nothing, which the lowest grade asks for.
            and greatest(reviews.actual_amount, 0) >= {{ wide('reviews.target_amount') }} * ladder.target_share
    where
        reviews.target_amount > 0
        and reviews.is_employed_throughout
    group by reviews.employee_id, reviews.period_month, reviews.period_kind

),

final as (

    select
        reviews.employee_id,
        reviews.period_kind,
        reviews.role,
        reviews.track,
        reviews.grade,
        case
            when reviews.grade_rank is null then 'grade is not on the ladder'
            when not reviews.is_employed_throughout then 'not employed for the whole period'
            when coalesce(reviews.target_amount, 0) <= 0 then 'no target'
            when reached.reached_grade_rank > reviews.grade_rank
                then 'reached the share of a higher grade'
            when reached.reached_grade_rank < reviews.grade_rank
                then 'reached the share of a lower grade only'
            else 'reached the share of the grade'
        end as reason,
        reviews.actual_amount,
        reviews.target_amount,
        reviews.grade_rank,
        coalesce(reached.reached_grade_rank, reviews.grade_rank) as proposed_grade_rank,
        reviews.period_month
    from reviews
    left join reached
        on
            reviews.employee_id = reached.employee_id
            and reviews.period_month = reached.period_month
            and reviews.period_kind = reached.period_kind

)

select * from final
