{{ config(materialized='ephemeral') }}

{#-
    Transactions of won deals with sellers of their own, dealt out to them by their shares: by largest
    remainder, ties to the first seller, so that the parts are the amount (RULES 0).
-#}
with

sellers as (

    select *
    from {{ ref('int_deal_keepers') }}
    where credit_rule_id is not null

),

shared as (

    select
        sold.*,
        sellers.credit_rule_id,
        sellers.assignment_role,
        sellers.employee_id,
        sellers.credit_share,
        case when sold.company_amount < 0 then -1 else 1 end as sign,
        {{ scaled_integer('abs(sold.company_amount)', 4) }} as amount_units,
        {{ scaled_integer('sellers.credit_share', 6) }} as share_units,
        sum({{ scaled_integer('sellers.credit_share', 6) }}) over (
            partition by sold.transaction_id
        ) as whole_share
    from {{ ref('int_sold_transactions') }} as sold
    inner join sellers
        on sold.credited_opportunity_id = sellers.opportunity_id
    where
        sold.company_amount is not null
        and {{ in_months('sold.period_month') }}

),

parts as (

    select
        *,
        {{ floor_quotient('(amount_units * share_units)', 'whole_share') }} as whole_units,
        amount_units * share_units % whole_share as remainder
    from shared

),

ranked as (

    select
        *,
        sum(whole_units) over (partition by transaction_id) as dealt_units,
        row_number() over (
            partition by transaction_id
            order by remainder desc, employee_id asc
        ) as remainder_rank
    from parts

),

final as (

    select
        *,
        sign * (
            whole_units
            + case
                when remainder_rank <= amount_units - dealt_units then 1
                else 0
            end
        ) as units
    from ranked

)

select * from final
