{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#- The scores of the people a payee supported, weighted by how much; as a factor, without a curve. -#}
with

upstream as (

    select
        employee_id,
        period_month,
        period_kind,
        upstream_role,
        link,
        cast(sum(support * own_score) as decimal(30, 8)) as numerator,
        cast(sum(support) as decimal(30, 8)) as denominator
    from {{ ref('int_supported_scores') }}
    where {{ in_months('period_month') }}
    group by employee_id, period_month, period_kind, upstream_role, link

),

final as (

    select
        items.employee_id,
        items.plan_id,
        items.period_kind,
        items.upstream_role,
        items.link,
        case when upstream.denominator is null then 'nobody was supported' end as exception_reason,
        items.weight,
        upstream.numerator,
        upstream.denominator,
        cast(
            case
                when upstream.denominator is null then coalesce(items.factor_when_nothing_due, 0)
                else {{ exact_quotient('upstream.numerator', 'upstream.denominator', 10) }}
            end as decimal(14, 10)
        ) as factor,
        items.period_month
    from {{ ref('int_upstream_items') }} as items
    left join upstream
        on
            items.employee_id = upstream.employee_id
            and items.period_month = upstream.period_month
            and items.period_kind = upstream.period_kind
            and items.upstream_role = upstream.upstream_role
            and items.link = upstream.link
    where {{ in_months('items.period_month') }}

)

select * from final
