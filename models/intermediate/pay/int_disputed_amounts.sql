{{ config(materialized='ephemeral') }}

{#- What a dispute is about: what its statement posted and later closes corrected, its line, its score item. -#}
with

disputes as (

    select
        *,
        {{ month_of('statement_month') }} as disputed_month
    from {{ ref('stg_hr__pay_disputes') }}

),

posted as (

    select
        disputes.dispute_id,
        sum(
            case when ledger.posting_month = disputes.disputed_month then ledger.amount else 0 end
        ) as posted_amount,
        sum(
            case when ledger.posting_month > disputes.disputed_month then ledger.amount else 0 end
        ) as corrected_amount
    from disputes
    inner join {{ ref('fct_pay_ledger') }} as ledger
        on
            disputes.employee_id = ledger.employee_id
            and disputes.currency = ledger.currency
            and coalesce(disputes.component, ledger.component) = ledger.component
            -- the statement, and what later ones correct of its month
            and (
                disputes.disputed_month = ledger.posting_month
                or (
                    disputes.disputed_month < ledger.posting_month
                    and disputes.disputed_month = ledger.period_month
                )
            )
    group by disputes.dispute_id

),

lines as (

    select
        disputes.dispute_id,
        lines.pay_amount
    from disputes
    inner join {{ ref('fct_commission_lines') }} as lines
        on
            disputes.commission_line_id = lines.commission_line_id
            and disputes.employee_id = lines.employee_id

),

items as (

    select
        disputes.dispute_id,
        count(*) as item_count
    from disputes
    inner join {{ ref('fct_score_items') }} as items
        on
            disputes.employee_id = items.employee_id
            and disputes.measure = items.measure
            and disputes.disputed_month = items.period_month
    group by disputes.dispute_id

),

final as (

    select
        disputes.dispute_id,
        coalesce(posted.posted_amount, 0) as posted_amount,
        coalesce(posted.corrected_amount, 0) as corrected_amount,
        lines.pay_amount as line_amount,
        lines.dispute_id is not null as has_line,
        items.dispute_id is not null as has_item
    from disputes
    left join posted
        on disputes.dispute_id = posted.dispute_id
    left join lines
        on disputes.dispute_id = lines.dispute_id
    left join items
        on disputes.dispute_id = items.dispute_id

)

select * from final
