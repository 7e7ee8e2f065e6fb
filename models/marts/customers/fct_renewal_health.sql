{{ config(
    materialized='by_month',
    reach={'crm.account_health': 'next_half'},
) }}

{#- The last measurement that was there when something could still be done, beside the outcome (S3-03). -#}
with

settings as (

    select
        company_currency,
        health_lead_days,
        health_valid_days
    from {{ ref('stg_policy__settings') }}

),

due as (

    select
        renewals.*,
        {{ add_days('renewals.due_date', '-settings.health_lead_days') }} as looked_on,
        {{ add_days(
            'renewals.due_date', '-settings.health_lead_days - settings.health_valid_days'
        ) }} as looked_from,
        {{ in_company_currency('renewals', 'rates', 'settings', 'due_amount') }} as due_amount_converted,
        {{ in_company_currency('renewals', 'rates', 'settings', 'renewed_amount') }}
            as renewed_amount_converted
    from {{ ref('fct_renewals') }} as renewals
    cross join settings
    left join {{ ref('int_exchange_rates') }} as rates
        on
            renewals.currency = rates.currency
            and {{ holds_on('rates', 'renewals.due_date') }}
    where {{ in_months('renewals.period_month') }}

),

-- At most half a year and a day of a month lie between a measurement and a due date.
measured as (

    select
        due.contract_id,
        health.health_score,
        health.measured_on,
        row_number() over (
            partition by due.contract_id
            order by health.measured_on desc
        ) as newness
    from due
    inner join {{ ref('stg_crm__account_health') }} as health
        on
            due.account_id = health.account_id
            and due.looked_from <= health.measured_on
            and due.looked_on >= health.measured_on
    where
        health.health_score is not null
        and health.measured_on >= {{ add_months(window_start(), -7) }}
        and health.measured_on < {{ window_end() }}

),

banded as (

    select
        measured.contract_id,
        bands.band,
        row_number() over (
            partition by measured.contract_id
            order by bands.score_from desc
        ) as band_rank
    from measured
    inner join {{ ref('policy_health_bands') }} as bands
        on measured.health_score >= bands.score_from
    where measured.newness = 1

),

final as (

    select
        due.contract_id,
        due.account_id,
        case
            when measured.health_score is null then 'not_measured'
            else coalesce(banded.band, 'below_every_band')
        end as health_band,
        due.renewal_status,
        cast(measured.health_score as decimal(18, 4)) as health_score,
        cast(due.due_amount_converted as decimal(18, 4)) as due_amount,
        cast(due.renewed_amount_converted as decimal(18, 4)) as renewed_amount,
        due.is_renewed,
        due.period_month,
        due.due_date,
        measured.measured_on
    from due
    left join measured
        on
            due.contract_id = measured.contract_id
            and measured.newness = 1
    left join banded
        on
            due.contract_id = banded.contract_id
            and banded.band_rank = 1

)

select * from final
