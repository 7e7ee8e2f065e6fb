with

assignments as (

    select *
    from {{ ref('stg_crm__account_assignments') }}
    where assignment_role = 'account_manager'

),

final as (

    select
        earlier.account_id,
        earlier.employee_id,
        later.employee_id as other_employee_id,
        greatest(earlier.valid_from, later.valid_from) as valid_from,
        least(earlier.valid_to, later.valid_to) as valid_to
    from assignments as earlier
    inner join assignments as later
        on
            earlier.account_id = later.account_id
            and (
                earlier.valid_from < later.valid_from
                or earlier.valid_from = later.valid_from
                and earlier.assignment_id < later.assignment_id
            )
            and (earlier.valid_to is null or earlier.valid_to > later.valid_from)

)

select
    final.*,
    coverage.currency,
    coverage.revenue_amount
from final
left join {{ ref('fct_account_coverage') }} as coverage
    on
        final.account_id = coverage.account_id
        and {{ holds_on('coverage', 'final.valid_from') }}
