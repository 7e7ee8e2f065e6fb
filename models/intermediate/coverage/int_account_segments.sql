{#- The segment of every account: the first rule that fits (S4-01). -#}
with

fitting as (

    select
        accounts.account_id,
        segments.segment,
        segments.rule_order,
        row_number() over (
            partition by accounts.account_id
            order by segments.rule_order
        ) as fit_rank
    from {{ ref('stg_crm__accounts') }} as accounts
    inner join {{ ref('policy_segments') }} as segments
        on
            coalesce(segments.designation, accounts.designation, '') = coalesce(accounts.designation, '')
            and coalesce(segments.ownership_type, accounts.ownership_type, '')
            = coalesce(accounts.ownership_type, '')
            and coalesce(segments.minimum_employee_count, 0) <= coalesce(accounts.employee_count, 0)

),

final as (

    select
        account_id,
        segment,
        rule_order
    from fitting
    where fit_rank = 1

)

select * from final
