{#-
    Credits that count for a payee's commission plan, signed: what the plan's basis earns on, and
    what it takes back. A reversal stays with the plan that the reversed credit earned under.
-#}
with

credits as (

    select *
    from {{ ref('fct_credits') }}

),

earning as (

    select
        credits.*,
        payees.plan_id,
        plans.commission_basis,
        plans.accumulation,
        plans.bound_kind,
        plans.cap_amount,
        plans.cap_period
    from credits
    inner join {{ ref('int_payee_months') }} as payees
        on
            credits.employee_id = payees.employee_id
            and credits.period_month = payees.period_month
    inner join {{ ref('policy_commission_plans') }} as plans
        on
            payees.plan_id = plans.plan_id
            and {{ holds_on('plans', 'credits.transaction_date') }}
    inner join {{ ref('policy_commission_bases') }} as bases
        on
            plans.commission_basis = bases.commission_basis
            and credits.transaction_kind = bases.transaction_kind
            and bases.sign > 0

),

reversing as (

    select
        credits.*,
        earning.plan_id,
        earning.commission_basis,
        earning.accumulation,
        earning.bound_kind,
        earning.cap_amount,
        earning.cap_period
    from credits
    inner join earning
        on
            credits.reverses_transaction_id = earning.transaction_id
            and credits.employee_id = earning.employee_id
            and credits.assignment_role = earning.assignment_role
    inner join {{ ref('policy_commission_bases') }} as bases
        on
            earning.commission_basis = bases.commission_basis
            and credits.transaction_kind = bases.transaction_kind
            and bases.sign < 0

),

signed as (

    select
        *,
        credit_amount as signed_amount
    from earning
    union all
    select
        *,
        -credit_amount as signed_amount
    from reversing

),

final as (

    select
        transaction_id,
        employee_id,
        assignment_role,
        reverses_transaction_id,
        plan_id,
        accumulation,
        bound_kind,
        cap_period,
        product_class,
        customer_class,
        cap_amount,
        signed_amount,
        period_month,
        transaction_date
    from signed

)

select * from final
