{#- Unbroken employment: a transfer continues a stretch, a rehire after a gap begins another. -#}
with

jobs as (

    select
        employee_id,
        valid_from,
        valid_to,
        lag(valid_to) over (partition by employee_id order by valid_from) as previous_valid_to,
        row_number() over (partition by employee_id order by valid_from) as job_number
    from {{ ref('stg_hr__job_history') }}

),

numbered as (

    select
        *,
        sum(case when job_number = 1 or previous_valid_to < valid_from then 1 else 0 end) over (
            partition by employee_id
            order by valid_from
            rows between unbounded preceding and current row
        ) as spell_number
    from jobs

),

final as (

    select
        employee_id,
        cast(spell_number as integer) as spell_number,
        min(valid_from) as valid_from,
        case
            when count(*) = count(valid_to) then max(valid_to)
        end as valid_to
    from numbered
    group by employee_id, spell_number

)

select * from final
