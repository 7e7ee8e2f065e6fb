{#- Commission rates with the upper bound of each tier: the lower bound of the next, or none. -#}
select
    plan_id,
    product_class,
    customer_class,
    tier_from,
    lead(tier_from) over (
        partition by plan_id, product_class, customer_class, valid_from
        order by tier_from
    ) as tier_to,
    rate,
    -- The most particular classes apply: product before customer, a name before `any`.
    case when product_class = 'any' then 0 else 2 end
    + case when customer_class = 'any' then 0 else 1 end as particularity,
    valid_from,
    valid_to
from {{ ref('policy_commission_rates') }}
