select
    cast(contract_id as {{ dbt.type_string() }}) as contract_id,
    cast(account_id as {{ dbt.type_string() }}) as account_id,
    cast(opportunity_id as {{ dbt.type_string() }}) as opportunity_id,
    cast(product_id as {{ dbt.type_string() }}) as product_id,
    cast(contract_type as {{ dbt.type_string() }}) as contract_type,
    cast(currency as {{ dbt.type_string() }}) as currency,
    cast(renews_contract_id as {{ dbt.type_string() }}) as renews_contract_id,
    cast(amount as decimal(18, 4)) as amount,
    cast(signed_on as date) as signed_on,
    cast(starts_on as date) as starts_on,
    cast(ends_on as date) as ends_on,
    cast(cancelled_on as date) as cancelled_on,
    {{ instant('_loaded_at') }} as loaded_at,
    coalesce(cast(_deleted as boolean), false) as is_deleted
from {{ source('billing', 'contracts') }}
where {{ is_known() }}
