{#-
    Who looks after each account beside who would by the policy, how much they look after, and the
    revenue at stake (S4-02, S4-03, S4-11): what the account brought in the twelve months up to the end
    of the stretch, or up to the last month known.
-#}
with

known as (

    select max(period_month) as last_month
    from {{ ref('dim_periods') }}

),

settings as (

    select company_currency as currency
    from {{ ref('stg_policy__settings') }}

),

dated as (

    select
        slices.*,
        least({{ month_of(add_days('slices.valid_to', -1)) }}, known.last_month) as last_month
    from {{ ref('int_coverage_slices') }} as slices
    cross join known

),

revenues as (

    select
        dated.account_id,
        dated.valid_from,
        sum(revenues.revenue_amount) as revenue_amount
    from dated
    inner join {{ ref('int_account_revenues') }} as revenues
        on
            dated.account_id = revenues.account_id
            and dated.last_month >= revenues.period_month
            and {{ add_months('dated.last_month', -11) }} <= revenues.period_month
    group by dated.account_id, dated.valid_from

),

final as (

    select
        dated.account_id,
        dated.segment,
        dated.employee_id,
        dated.team_id,
        dated.team_kind,
        cast(dated.holder_count as integer) as holder_count,
        dated.coverage_rule_id,
        dated.policy_team_id,
        dated.policy_team_kind,
        cast(dated.policy_team_count as integer) as policy_team_count,
        dated.coverage_status,
        dated.load_status,
        settings.currency,
        cast(coalesce(revenues.revenue_amount, 0) as decimal(18, 4)) as revenue_amount,
        dated.valid_from,
        dated.valid_to
    from dated
    cross join settings
    left join revenues
        on
            dated.account_id = revenues.account_id
            and dated.valid_from = revenues.valid_from

)

select * from final
