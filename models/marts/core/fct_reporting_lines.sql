{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#-
    Whom each manager is above at the end of a month, directly or over others: the manager whom the
    job names, whom that one's job names, and so on. Someone without a job in the month manages nobody.
-#}
{%- set levels = 8 -%}

with

jobs as (

    select
        employee_id,
        manager_id,
        period_month
    from {{ ref('int_payee_months') }}
    where {{ in_months('period_month') }}

),

level_1 as (

    select
        jobs.employee_id,
        jobs.manager_id,
        jobs.period_month
    from jobs
    inner join jobs as managers
        on
            jobs.manager_id = managers.employee_id
            and jobs.period_month = managers.period_month

),

{% for level in range(2, levels + 1) -%}
level_{{ level }} as (

    select
        below.employee_id,
        above.manager_id,
        below.period_month
    from level_{{ level - 1 }} as below
    inner join level_1 as above
        on
            below.manager_id = above.employee_id
            and below.period_month = above.period_month

),

{% endfor -%}
everyone as (

    {% for level in range(1, levels + 1) -%}
    select
        employee_id,
        manager_id,
        {{ level }} as level_count,
        period_month
    from level_{{ level }}
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
),

-- Who manage each other in a ring are met more than once, and no one is above oneself.
final as (

    select
        manager_id,
        employee_id,
        min(level_count) as level_count,
        period_month
    from everyone
    where manager_id <> employee_id
    group by manager_id, employee_id, period_month

)

select * from final
