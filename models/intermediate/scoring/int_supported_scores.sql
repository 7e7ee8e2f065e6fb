{{ config(
    materialized='by_month',
    is_light=true,
    reach={
        'int_support_links': 'quarter',
        'int_own_scores': 'quarter',
        'int_payee_months': 'quarter',
    },
) }}

{#-
    Whom a payee supported in a period, how much, and the mean of the scores of their own items in it
    (S0-09, S0-11).
-#}

with

items as (

    select *
    from {{ ref('int_upstream_items') }}
    where {{ in_months('period_month') }}

),

supported as (

    select
        items.employee_id,
        items.period_month,
        items.period_kind,
        items.period_start,
        items.upstream_role,
        items.link,
        links.supported_id,
        sum(links.support) as support
    from items
    inner join {{ ref('int_support_links') }} as links
        on
            items.employee_id = links.employee_id
            and items.link = links.link
            and items.period_start <= links.period_month
            and items.period_month >= links.period_month
            -- How many accounts are served is a state, as the period's last day has it.
            and (items.link = 'shared_deals' or items.period_month = links.period_month)
    group by
        items.employee_id, items.period_month, items.period_kind, items.period_start,
        items.upstream_role, items.link, links.supported_id
    having sum(links.support) > 0

),

-- Only as long as they had the role.
scores as (

    select
        own_scores.employee_id,
        payees.role,
        own_scores.own_score,
        own_scores.own_weight,
        own_scores.period_month
    from {{ ref('int_own_scores') }} as own_scores
    inner join {{ ref('int_payee_months') }} as payees
        on
            own_scores.employee_id = payees.employee_id
            and own_scores.period_month = payees.period_month
    where
        own_scores.period_month >= {{ add_months(window_start(), -2) }}
        and own_scores.period_month < {{ window_end() }}

),

final as (

    select
        supported.employee_id,
        supported.period_kind,
        supported.upstream_role,
        supported.link,
        supported.supported_id,
        supported.support,
        -- A hundred times both, because a quotient's terms carry 8 places.
        cast(
            {{ exact_quotient('sum(scores.own_score) * 100', 'sum(scores.own_weight) * 100', 10) }}
            as decimal(14, 10)
        ) as own_score,
        supported.period_month
    from supported
    inner join scores
        on
            supported.supported_id = scores.employee_id
            and supported.upstream_role = scores.role
            and supported.period_start <= scores.period_month
            and supported.period_month >= scores.period_month
    group by
        supported.employee_id, supported.period_month, supported.period_kind, supported.period_start,
        supported.upstream_role, supported.link, supported.supported_id, supported.support

)

select * from final
