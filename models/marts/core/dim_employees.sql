with

-- Someone whose employee row has not been landed is known from the job.
known as (

    select employee_id
    from {{ ref('stg_hr__employees') }}
    union
    select employee_id
    from {{ ref('int_jobs') }}

),

newest_jobs as (

    select
        *,
        row_number() over (partition by employee_id order by valid_from desc) as job_rank
    from {{ ref('int_jobs') }}

),

final as (

    select
        known.employee_id,
        employees.full_name,
        newest_jobs.role,
        newest_jobs.grade,
        newest_jobs.team_id,
        teams.team_name,
        newest_jobs.manager_id,
        newest_jobs.region,
        employees.hire_date,
        employees.leave_date
    from known
    left join {{ ref('stg_hr__employees') }} as employees
        on known.employee_id = employees.employee_id
    left join newest_jobs
        on
            known.employee_id = newest_jobs.employee_id
            and newest_jobs.job_rank = 1
    left join {{ ref('stg_hr__teams') }} as teams
        on newest_jobs.team_id = teams.team_id

)

select * from final
