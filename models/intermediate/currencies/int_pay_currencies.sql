{{ config(
    materialized='compared',
    holds_from='valid_from',
) }}

{#-
    The currency a payee is paid in: that of the salary, before the first job and after the last one as
    well, so that what is taken back of somebody who has left is in the currency it was paid in.
-#}
with

ordered as (

    select
        employee_id,
        currency,
        valid_from,
        row_number() over (partition by employee_id order by valid_from) as job_number,
        lead(valid_from) over (partition by employee_id order by valid_from) as valid_to
    from {{ ref('int_jobs') }}

),

final as (

    select
        employee_id,
        currency,
        case when job_number = 1 then cast('0001-01-01' as date) else valid_from end as valid_from,
        valid_to
    from ordered

)

select * from final
