select
    transaction_id,
    transaction_kind,
    account_id,
    currency,
    amount,
    period_month,
    transaction_date
from {{ ref('fct_transactions') }}
where company_amount is null
