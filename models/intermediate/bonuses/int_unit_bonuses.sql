{{ config(materialized='ephemeral') }}

{#- A fixed amount for each whole block of units; what is left over carries into later months (S1-06). -#}
with

summed as (

    select
        *,
        sum(unit_count) over (
            partition by employee_id, bonus_id
            order by period_month
            rows between unbounded preceding and current row
        ) as units_after
    from {{ ref('int_monthly_units') }}

),

blocks as (

    select
        summed.employee_id,
        bonuses.*,
        summed.period_month,
        {{ floor_quotient(
            scaled_integer('greatest(summed.units_after, 0)', 4), scaled_integer('bonuses.block_units', 4)
        ) }} as blocks_after,
        {{ floor_quotient(
            scaled_integer('greatest(summed.units_after - summed.unit_count, 0)', 4),
            scaled_integer('bonuses.block_units', 4)
        ) }} as blocks_before
    from summed
    inner join {{ ref('policy_bonuses') }} as bonuses
        on summed.bonus_id = bonuses.bonus_id

),

final as (

    select
        employee_id,
        bonus_id,
        plan_id,
        earned_when,
        cast('units' as {{ dbt.type_string() }}) as subject_id,
        currency,
        cast(amount * cast(blocks_after - blocks_before as decimal(12, 0)) as decimal(18, 4))
            as amount,
        period_month
    from blocks
    where blocks_after <> blocks_before

)

select * from final
