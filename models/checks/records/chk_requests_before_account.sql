select
    requests.request_id,
    requests.account_id,
    requests.employee_id,
    accounts.created_date as account_created_date,
    requests.requested_date,
    requests.period_month
from {{ ref('fct_service_requests') }} as requests
inner join {{ ref('stg_crm__accounts') }} as accounts
    on
        requests.account_id = accounts.account_id
        and requests.requested_date < accounts.created_date
