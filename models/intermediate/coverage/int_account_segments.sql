{{ config(
    materialized='compared',
    holds_from='valid_from',
) }}

{#- The segment of every account, and since when: the first rule that fits what was known of it (S4-01). -#}
with

fitting as (

    select
        versions.account_id,
        versions.valid_from,
        segments.segment,
        segments.rule_order,
        row_number() over (
            partition by versions.account_id, versions.valid_from
            order by segments.rule_order
        ) as fit_rank
    from {{ ref('int_account_versions') }} as versions
    left join {{ ref('policy_segments') }} as segments
        on
            not versions.is_deleted
            and coalesce(segments.designation, versions.designation, '')
            = coalesce(versions.designation, '')
            and coalesce(segments.ownership_type, versions.ownership_type, '')
            = coalesce(versions.ownership_type, '')
            and coalesce(segments.minimum_employee_count, 0) <= coalesce(versions.employee_count, 0)

),

turns as (

    select
        account_id,
        segment,
        rule_order,
        valid_from,
        lag(valid_from) over (partition by account_id order by valid_from) as former_from,
        lag(rule_order) over (partition by account_id order by valid_from) as former_order
    from fitting
    where fit_rank = 1

),

sliced as (

    select
        account_id,
        segment,
        rule_order,
        valid_from,
        lead(valid_from) over (partition by account_id order by valid_from) as valid_to
    from turns
    where former_from is null or coalesce(rule_order, -1) <> coalesce(former_order, -1)

),

final as (

    select
        account_id,
        segment,
        rule_order,
        valid_from,
        valid_to
    from sliced
    where segment is not null

)

select * from final
