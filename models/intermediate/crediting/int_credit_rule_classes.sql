{#-
    Which credit rules apply to a sale, by the type of its contract and the maturity of its product
    (S3-06). Of the duties that are credited directly the most particular rules apply: a contract type
    before a maturity, a name before none. Those above are credited through the direct rule.
-#}
with

classes as (

    {% for contract_type in ['none', 'new', 'renewal', 'upsell', 'cross_sell'] -%}
    select
        '{{ contract_type }}' as contract_type,
        coalesce(maturity, 'none') as product_maturity
    from {{ ref('dim_products') }}
    union
    select
        '{{ contract_type }}' as contract_type,
        'none' as product_maturity
    {% if not loop.last -%}
    union
    {% endif -%}
    {%- endfor %}
),

rules as (

    select *
    from {{ ref('policy_credit_rules') }}

),

-- Stretches in which no rule begins or ends.
turns as (

    select valid_from as turns_on
    from rules
    union
    select valid_to as turns_on
    from rules
    where valid_to is not null

),

stretches as (

    select
        turns_on as valid_from,
        lead(turns_on) over (order by turns_on) as valid_to
    from turns

),

fitting as (

    select
        classes.contract_type,
        classes.product_maturity,
        rules.credit_rule_id,
        rules.credit_kind,
        rules.assignment_role,
        rules.team_role,
        rules.credit_share,
        rules.dated_by,
        stretches.valid_from,
        stretches.valid_to,
        rules.assignment_role in ('team_manager', 'dotted_line_manager') as is_head,
        case
            when
                rules.credit_kind = 'direct'
                and rules.assignment_role not in ('opportunity_owner', 'opportunity_team')
                then dense_rank() over (
                    partition by
                        classes.contract_type, classes.product_maturity, stretches.valid_from,
                        rules.credit_kind, rules.assignment_role in ('opportunity_owner', 'opportunity_team')
                    order by
                        case when rules.contract_type is null then 1 else 0 end asc,
                        case when rules.product_maturity is null then 1 else 0 end asc
                )
        end as direct_rank
    from rules
    inner join stretches
        on {{ holds_on('rules', 'stretches.valid_from') }}
    inner join classes
        on
            classes.contract_type = coalesce(rules.contract_type, classes.contract_type)
            and classes.product_maturity = coalesce(rules.product_maturity, classes.product_maturity)

),

applying as (

    select *
    from fitting
    where coalesce(direct_rank, 1) = 1

),

final as (

    select
        applying.contract_type,
        applying.product_maturity,
        applying.credit_rule_id,
        directs.credit_rule_id as through_rule_id,
        applying.credit_kind,
        applying.assignment_role,
        applying.team_role,
        applying.credit_share,
        applying.dated_by,
        applying.valid_from,
        applying.valid_to
    from applying
    left join applying as directs
        on
            applying.is_head
            and applying.contract_type = directs.contract_type
            and applying.product_maturity = directs.product_maturity
            and applying.valid_from = directs.valid_from
            and directs.direct_rank = 1

)

select * from final
