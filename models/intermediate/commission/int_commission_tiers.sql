{#-
    Commission rates for every product and customer class, with the upper bound of each tier: the
    lower bound of the next, or none. The most particular classes apply: product before customer, a
    name before `any`.
-#}
with

classes as (

    {% for product_class in ['new', 'established'] -%}
    {%- set is_last = loop.last -%}
    {%- for customer_class in ['new', 'repeat'] -%}
    select
        '{{ product_class }}' as product_class,
        '{{ customer_class }}' as customer_class
    {% if not (is_last and loop.last) -%}
    union all
    {% endif -%}
    {%- endfor -%}
    {%- endfor %}
),

bounded as (

    select
        *,
        lead(tier_from) over (
            partition by plan_id, product_class, customer_class, valid_from
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
        classes.product_class,
        classes.customer_class,
        bounded.tier_from,
        bounded.tier_to,
        bounded.rate,
        stretches.valid_from,
        stretches.valid_to,
        dense_rank() over (
            partition by
                bounded.plan_id, classes.product_class, classes.customer_class, stretches.valid_from
            order by
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
            bounded.product_class in (classes.product_class, 'any')
            and bounded.customer_class in (classes.customer_class, 'any')

),

final as (

    select
        plan_id,
        product_class,
        customer_class,
        tier_from,
        tier_to,
        rate,
        valid_from,
        valid_to
    from ranked
    where class_rank = 1

)

select * from final
