with

final as (

    select
        accounts.account_id,
        accounts.account_name,
        accounts.industry,
        accounts.region,
        accounts.country,
        accounts.ownership_type,
        accounts.designation,
        segments.segment,
        accounts.parent_account_id,
        accounts.employee_count,
        accounts.annual_revenue,
        accounts.created_date,
        first_contracts.first_signed_on
    from {{ ref('stg_crm__accounts') }} as accounts
    left join {{ ref('int_first_contracts') }} as first_contracts
        on accounts.account_id = first_contracts.account_id
    left join {{ ref('int_account_segments') }} as segments
        on
            accounts.account_id = segments.account_id
            and segments.valid_to is null

)

select * from final
