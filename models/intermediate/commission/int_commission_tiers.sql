{#-
    Commission rates for whatever can be sold, with the upper bound of each tier: the lower bound of the
    next, or none. The most particular rates apply: by contract type before the product's maturity, its
    class and the customer's (S0-07, S3-05), a name before `any`. `rate_class` names the rates as the
    plan has them.
-#}
{%- set kinds = ['contract_type', 'product_maturity', 'product_class', 'customer_class'] %}
with

classes as (

    select
        maturities.product_maturity,
        contract_type_values.contract_type,
        product_class_values.product_class,
        customer_class_values.customer_class
    from (
        select coalesce(maturity, 'none') as product_maturity
        from {{ ref('dim_products') }}
        union
        select 'none' as product_maturity
    ) as maturities
    {% for kind, values in {
        'contract_type': ['none', 'new', 'renewal', 'upsell', 'cross_sell'],
        'product_class': ['new', 'established'],
        'customer_class': ['new', 'repeat'],
    }.items() -%}
    cross join (
        {% for value in values -%}
        select '{{ value }}' as {{ kind }}
        {{ 'union all' if not loop.last }}
        {% endfor -%}
    ) as {{ kind }}_values
    {% endfor %}

),

bounded as (

    select
        *,
        {{ kinds | join(" || '/' || ") }} as rate_class,
        lead(tier_from) over (
            partition by plan_id, {{ kinds | join(', ') }}, valid_from
            order by tier_from
        ) as tier_to
    from {{ ref('policy_commission_rates') }}

),

-- Two rates of different classes may hold on different days: stretches in which nothing turns.
turns as (

    select
        plan_id,
        valid_from as turns_on
    from {{ ref('policy_commission_rates') }}
    union
    select
        plan_id,
        valid_to as turns_on
    from {{ ref('policy_commission_rates') }}
    where valid_to is not null

),

stretches as (

    select
        plan_id,
        turns_on as valid_from,
        lead(turns_on) over (partition by plan_id order by turns_on) as valid_to
    from turns

),

ranked as (

    select
        bounded.plan_id,
        {% for kind in kinds -%}
        classes.{{ kind }},
        {% endfor -%}
        bounded.rate_class,
        bounded.tier_from,
        bounded.tier_to,
        bounded.rate,
        stretches.valid_from,
        stretches.valid_to,
        dense_rank() over (
            partition by bounded.plan_id, classes.{{ kinds | join(', classes.') }}, stretches.valid_from
            order by
                case when bounded.contract_type = 'any' then 1 else 0 end asc,
                case when bounded.product_maturity = 'any' then 1 else 0 end asc,
                case when bounded.product_class = 'any' then 1 else 0 end asc,
                case when bounded.customer_class = 'any' then 1 else 0 end asc
        ) as class_rank
    from bounded
    inner join stretches
        on
            bounded.plan_id = stretches.plan_id
            and {{ holds_on('bounded', 'stretches.valid_from') }}
    inner join classes
        on
            bounded.contract_type in (classes.contract_type, 'any')
            and bounded.product_maturity in (classes.product_maturity, 'any')
            and bounded.product_class in (classes.product_class, 'any')
            and bounded.customer_class in (classes.customer_class, 'any')

),

final as (

    select
        plan_id,
        {% for kind in kinds -%}
        {{ kind }},
        {% endfor -%}
        rate_class,
        tier_from,
        tier_to,
        rate,
        valid_from,
        valid_to
    from ranked
    where class_rank = 1

)

select * from final
