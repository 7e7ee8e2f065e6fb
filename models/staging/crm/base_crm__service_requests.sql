select
    cast(request_id as {{ dbt.type_string() }}) as request_id,
    cast(account_id as {{ dbt.type_string() }}) as account_id,
    cast(employee_id as {{ dbt.type_string() }}) as employee_id,
    cast(request_type as {{ dbt.type_string() }}) as request_type,
    {{ instant('requested_at') }} as requested_at,
    {{ instant('first_responded_at') }} as first_responded_at,
    {{ instant('resolved_at') }} as resolved_at,
    {{ landed_instant('requested_at') }} as landed_requested_at,
    {{ instant('_loaded_at') }} as loaded_at,
    coalesce(cast(_deleted as boolean), false) as is_deleted
from {{ source('crm', 'service_requests') }}
where {{ is_known() }}
