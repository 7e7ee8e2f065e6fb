select
    cast(payment_id as {{ dbt.type_string() }}) as payment_id,
    cast(account_id as {{ dbt.type_string() }}) as account_id,
    cast(contract_id as {{ dbt.type_string() }}) as contract_id,
    cast(payment_kind as {{ dbt.type_string() }}) as payment_kind,
    cast(currency as {{ dbt.type_string() }}) as currency,
    cast(amount as decimal(18, 4)) as amount,
    cast(paid_on as date) as paid_on,
    {{ instant('_loaded_at') }} as loaded_at,
    coalesce(cast(_deleted as boolean), false) as is_deleted
from {{ source('billing', 'payments') }}
where {{ is_known() }}
