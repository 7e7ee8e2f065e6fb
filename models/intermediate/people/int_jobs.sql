{{ config(
    materialized='compared',
    holds_from='valid_from',
) }}

{#-
    Jobs with the grades that HR approved since: a change counts from its day to the end of the job,
    with the salary that the ladder gives the grade (S0-13). A job that begins on that day or later
    says its own grade.
-#}
with

jobs as (

    select *
    from {{ ref('stg_hr__job_history') }}

),

changes as (

    select
        jobs.employee_id,
        jobs.valid_from as job_from,
        changes.grade,
        ladder.monthly_base_salary,
        ladder.currency,
        changes.effective_from
    from {{ ref('stg_hr__grade_changes') }} as changes
    inner join jobs
        on
            changes.employee_id = jobs.employee_id
            and changes.effective_from > jobs.valid_from
            and changes.effective_from < coalesce(jobs.valid_to, cast('9999-12-31' as date))
    left join {{ ref('policy_grade_ladder') }} as ladder
        on
            jobs.role = ladder.role
            and changes.grade = ladder.grade
    where changes.approved_by is not null

),

parts as (

    select
        employee_id,
        valid_from as job_from,
        grade,
        monthly_base_salary,
        currency,
        valid_from
    from jobs
    union all
    select
        employee_id,
        job_from,
        grade,
        monthly_base_salary,
        currency,
        effective_from as valid_from
    from changes

),

ended as (

    select
        *,
        lead(valid_from) over (partition by employee_id, job_from order by valid_from) as next_from
    from parts

),

final as (

    select
        jobs.employee_id,
        jobs.role,
        ended.grade,
        jobs.team_id,
        jobs.manager_id,
        jobs.region,
        coalesce(ended.currency, jobs.currency) as currency,
        coalesce(ended.monthly_base_salary, jobs.monthly_base_salary) as monthly_base_salary,
        ended.valid_from,
        coalesce(ended.next_from, jobs.valid_to) as valid_to
    from ended
    inner join jobs
        on
            ended.employee_id = jobs.employee_id
            and ended.job_from = jobs.valid_from

)

select * from final
