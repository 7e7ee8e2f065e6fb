select
    cast(consumption_id as {{ dbt.type_string() }}) as consumption_id,
    cast(account_id as {{ dbt.type_string() }}) as account_id,
    cast(contract_id as {{ dbt.type_string() }}) as contract_id,
    cast(product_id as {{ dbt.type_string() }}) as product_id,
    cast(currency as {{ dbt.type_string() }}) as currency,
    cast(quantity as decimal(18, 4)) as quantity,
    cast(amount as decimal(18, 4)) as amount,
    cast(consumed_on as date) as consumed_on,
    {{ instant('_loaded_at') }} as loaded_at,
    coalesce(cast(_deleted as boolean), false) as is_deleted
from {{ source('billing', 'consumption') }}
where {{ is_known() }}
