{{ config(
    materialized='by_month',
    reach={'int_opportunity_owners': 'deals'},
) }}

with

final as (

    select
        credited.transaction_id,
        credited.employee_id,
        credited.assignment_role,
        credited.team_id,
        jobs.region,
        credited.transaction_kind,
        credited.reverses_transaction_id,
        credited.account_id,
        credited.contract_id,
        credited.product_id,
        credited.product_class,
        credited.customer_class,
        credited.credit_share,
        -- Most sales are credited whole, and the product of two wide decimals is dear.
        case
            when credited.credit_share = 1 then credited.company_amount
            else cast(
                round({{ wide('credited.company_amount') }} * credited.credit_share, 4)
                as decimal(18, 4)
            )
        end as credit_amount,
        credited.is_key_product,
        credited.period_month,
        credited.transaction_date
    from {{ ref('int_credited_transactions') }} as credited
    -- The payee's region as of the day, not today's.
    left join {{ ref('int_job_months') }} as jobs
        on
            credited.employee_id = jobs.employee_id
            and credited.period_month = jobs.period_month
            and credited.transaction_date >= jobs.slice_from
            and credited.transaction_date < jobs.slice_to
    where
        credited.company_amount is not null
        and {{ in_months('credited.period_month') }}

)

select * from final
