select
    cast(opportunity_id as {{ dbt.type_string() }}) as opportunity_id,
    cast(account_id as {{ dbt.type_string() }}) as account_id,
    cast(owner_id as {{ dbt.type_string() }}) as owner_id,
    cast(opportunity_type as {{ dbt.type_string() }}) as opportunity_type,
    cast(product_id as {{ dbt.type_string() }}) as product_id,
    cast(currency as {{ dbt.type_string() }}) as currency,
    cast(outcome as {{ dbt.type_string() }}) as outcome,
    cast(amount as decimal(18, 4)) as amount,
    cast(list_amount as decimal(18, 4)) as list_amount,
    {{ instant('created_at') }} as created_at,
    {{ instant('first_follow_up_at') }} as first_follow_up_at,
    {{ instant('closed_at') }} as closed_at,
    {{ landed_instant('created_at') }} as landed_created_at,
    {{ instant('_loaded_at') }} as loaded_at,
    coalesce(cast(_deleted as boolean), false) as is_deleted
from {{ source('crm', 'opportunities') }}
where {{ is_known() }}
