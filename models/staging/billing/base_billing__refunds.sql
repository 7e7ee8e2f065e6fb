select
    cast(refund_id as {{ dbt.type_string() }}) as refund_id,
    cast(account_id as {{ dbt.type_string() }}) as account_id,
    cast(contract_id as {{ dbt.type_string() }}) as contract_id,
    cast(payment_id as {{ dbt.type_string() }}) as payment_id,
    cast(currency as {{ dbt.type_string() }}) as currency,
    cast(amount as decimal(18, 4)) as amount,
    cast(refunded_on as date) as refunded_on,
    {{ instant('_loaded_at') }} as loaded_at,
    coalesce(cast(_deleted as boolean), false) as is_deleted
from {{ source('billing', 'refunds') }}
where {{ is_known() }}
