select
    cast(account_id as {{ dbt.type_string() }}) as account_id,
    cast(account_name as {{ dbt.type_string() }}) as account_name,
    cast(industry as {{ dbt.type_string() }}) as industry,
    cast(region as {{ dbt.type_string() }}) as region,
    cast(country as {{ dbt.type_string() }}) as country,
    cast(ownership_type as {{ dbt.type_string() }}) as ownership_type,
    cast(designation as {{ dbt.type_string() }}) as designation,
    cast(parent_account_id as {{ dbt.type_string() }}) as parent_account_id,
    cast(employee_count as integer) as employee_count,
    cast(annual_revenue as decimal(18, 4)) as annual_revenue,
    {{ instant('created_at') }} as created_at,
    {{ instant('_loaded_at') }} as loaded_at,
    coalesce(cast(_deleted as boolean), false) as is_deleted
from {{ source('crm', 'accounts') }}
where {{ is_known() }}
