{{ config(materialized='by_month') }}

{#-
    Which target was due from a payee when: of those that hold on a day, the narrowest. A change
    inside a period, a late start, a leave and a transfer each count for their days (S1-05).
-#}
{%- set keys = ['employee_id', 'period_month', 'period_kind', 'measure', 'scope', 'stretch_from'] -%}

with

held as (

    select *
    from {{ ref('int_held_targets') }}
    where {{ in_months('period_month') }}

),

-- Between two of these days the same targets hold.
turns as (

    select
        {{ keys | join(', ') }},
        held_from as turns_on
    from held
    union
    select
        {{ keys | join(', ') }},
        held_to as turns_on
    from held

),

between_turns as (

    select
        *,
        lead(turns_on) over (
            partition by {{ keys | join(', ') }}
            order by turns_on
        ) as turns_off
    from turns

),

ranked as (

    select
        held.*,
        between_turns.turns_on,
        between_turns.turns_off,
        row_number() over (
            partition by
                held.employee_id, held.period_month, held.period_kind, held.measure, held.scope,
                held.stretch_from, between_turns.turns_on
            order by held.scope_rank asc, held.valid_from desc, held.target_id asc
        ) as target_rank
    from between_turns
    inner join held
        on
            {% for key in keys -%}
            between_turns.{{ key }} = held.{{ key }}
            and {% endfor -%}
            between_turns.turns_on >= held.held_from
            and between_turns.turns_on < held.held_to

),

final as (

    select
        ranked.employee_id,
        ranked.period_kind,
        ranked.measure,
        ranked.scope,
        ranked.target_id,
        ranked.target_value,
        cast(
            case ranked.target_days
                when 'working_days'
                    then
                        last_days.working_days_through - first_days.working_days_through
                        + case when first_days.is_working_day then 1 else 0 end
                else {{ days_between('ranked.turns_on', 'ranked.turns_off') }}
            end as integer
        ) as day_count,
        ranked.period_month,
        ranked.turns_on as due_from,
        ranked.turns_off as due_to
    from ranked
    inner join {{ ref('int_days') }} as first_days
        on ranked.turns_on = first_days.calendar_day
    inner join {{ ref('int_days') }} as last_days
        on {{ add_days('ranked.turns_off', -1) }} = last_days.calendar_day
    where ranked.target_rank = 1

)

select * from final
