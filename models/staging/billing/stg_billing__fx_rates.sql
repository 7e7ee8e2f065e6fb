with

typed as (

    select
        cast(from_currency as {{ dbt.type_string() }}) as from_currency,
        cast(to_currency as {{ dbt.type_string() }}) as to_currency,
        cast(rate as decimal(18, 8)) as rate,
        cast(rate_date as date) as rate_date,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('billing', 'fx_rates') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['from_currency', 'to_currency', 'rate_date'],
            then_by=[
                'rate',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.from_currency,
        ranked.to_currency,
        ranked.rate,
        ranked.rate_date,
        ranked.loaded_at
    from ranked
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
