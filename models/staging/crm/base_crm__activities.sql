select
    cast(activity_id as {{ dbt.type_string() }}) as activity_id,
    cast(employee_id as {{ dbt.type_string() }}) as employee_id,
    cast(account_id as {{ dbt.type_string() }}) as account_id,
    cast(contact_id as {{ dbt.type_string() }}) as contact_id,
    cast(opportunity_id as {{ dbt.type_string() }}) as opportunity_id,
    cast(activity_type as {{ dbt.type_string() }}) as activity_type,
    cast(outcome as {{ dbt.type_string() }}) as outcome,
    cast(duration_seconds as integer) as duration_seconds,
    cast(is_recontactable as boolean) as is_recontactable,
    {{ instant('occurred_at') }} as occurred_at,
    {{ landed_instant('occurred_at') }} as landed_occurred_at,
    {{ instant('_loaded_at') }} as loaded_at,
    coalesce(cast(_deleted as boolean), false) as is_deleted
from {{ source('crm', 'activities') }}
where {{ is_known() }}
