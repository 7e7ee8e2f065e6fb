select
    transaction_id,
    transaction_kind,
    account_id,
    currency,
    amount,
    period_month,
    transaction_date
from {{ ref('int_uncredited_transactions') }}
