{#-
    A dispute beside what it is about and what came of it. What it names is looked up while it is open:
    once it is decided, the correction may have changed the line.
-#}
with

disputes as (

    select
        dispute_id,
        employee_id,
        component,
        commission_line_id,
        measure,
        currency,
        reason,
        outcome,
        outcome_reason,
        decided_by,
        adjustment_id,
        claimed_amount,
        outcome is null as is_open,
        {{ month_of('statement_month') }} as statement_month,
        raised_on,
        decided_on
    from {{ ref('stg_hr__pay_disputes') }}

),

final as (

    select
        disputes.dispute_id,
        disputes.employee_id,
        disputes.component,
        disputes.commission_line_id,
        disputes.measure,
        disputes.currency,
        disputes.reason,
        disputes.outcome,
        disputes.outcome_reason,
        disputes.decided_by,
        disputes.adjustment_id,
        case
            when closes.period_month is null then 'no_such_statement'
            when
                disputes.is_open
                and disputes.commission_line_id is not null
                and not amounts.has_line
                then 'no_such_line'
            when
                disputes.is_open
                and disputes.measure is not null
                and not amounts.has_item
                then 'no_such_item'
            when
                not disputes.is_open
                and (disputes.decided_by is null or disputes.decided_on is null)
                then 'nobody_decided'
            -- Four eyes: who is paid does not decide, but may withdraw.
            when disputes.outcome <> 'withdrawn' and disputes.decided_by = disputes.employee_id
                then 'decided_by_the_payee'
            when disputes.adjustment_id is not null and adjustments.adjustment_id is null
                then 'no_such_adjustment'
        end as fault,
        disputes.claimed_amount,
        cast(amounts.posted_amount as decimal(18, 4)) as posted_amount,
        cast(amounts.line_amount as decimal(18, 4)) as line_amount,
        cast(adjustments.amount as decimal(18, 4)) as adjusted_amount,
        cast(amounts.corrected_amount as decimal(18, 4)) as corrected_amount,
        {{ days_between('disputes.raised_on', 'coalesce(disputes.decided_on, known.known_on)') }}
            as open_days,
        disputes.is_open,
        disputes.statement_month,
        disputes.raised_on,
        disputes.decided_on
    from disputes
    cross join {{ ref('int_known_day') }} as known
    left join {{ ref('fct_closes') }} as closes
        on disputes.statement_month = closes.period_month
    inner join {{ ref('int_disputed_amounts') }} as amounts
        on disputes.dispute_id = amounts.dispute_id
    left join {{ ref('stg_hr__pay_adjustments') }} as adjustments
        on
            disputes.adjustment_id = adjustments.adjustment_id
            and disputes.employee_id = adjustments.employee_id
            and disputes.currency = adjustments.currency
            and adjustments.approved_by <> adjustments.requested_by

)

select * from final
