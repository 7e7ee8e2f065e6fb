{{ config(
    materialized='compared',
    holds_from='valid_from',
) }}

{#-
    Who holds a duty on an account, one at a time: two holders of one duty on one day are a
    finding (S4-03), and the newer assignment counts. Where two overlap, the stretches between
    all their ends are looked at one by one.
-#}
with

assignments as (

    select *
    from {{ ref('stg_crm__account_assignments') }}
    where valid_to is null or valid_to > valid_from

),

ends as (

    select
        account_id,
        assignment_role,
        valid_from as turns_on
    from assignments
    union
    select
        account_id,
        assignment_role,
        valid_to as turns_on
    from assignments
    where valid_to is not null

),

stretches as (

    select
        account_id,
        assignment_role,
        turns_on as valid_from,
        lead(turns_on) over (
            partition by account_id, assignment_role
            order by turns_on
        ) as valid_to
    from ends

),

held as (

    select
        stretches.*,
        assignments.employee_id,
        assignments.team_id,
        count(*) over (
            partition by stretches.account_id, stretches.assignment_role, stretches.valid_from
        ) as holder_count,
        row_number() over (
            partition by stretches.account_id, stretches.assignment_role, stretches.valid_from
            order by assignments.valid_from desc, assignments.assignment_id desc
        ) as holder_rank
    from stretches
    inner join assignments
        on
            stretches.account_id = assignments.account_id
            and stretches.assignment_role = assignments.assignment_role
            and {{ holds_on('assignments', 'stretches.valid_from') }}

),

final as (

    select
        account_id,
        assignment_role,
        employee_id,
        team_id,
        holder_count,
        valid_from,
        valid_to
    from held
    where holder_rank = 1

)

select * from final
