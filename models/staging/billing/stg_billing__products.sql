with

typed as (

    select
        cast(product_id as {{ dbt.type_string() }}) as product_id,
        cast(product_name as {{ dbt.type_string() }}) as product_name,
        cast(product_line as {{ dbt.type_string() }}) as product_line,
        cast(market as {{ dbt.type_string() }}) as market,
        cast(maturity as {{ dbt.type_string() }}) as maturity,
        cast(is_key_product as boolean) as is_key_product,
        cast(launched_on as date) as launched_on,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('billing', 'products') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['product_id'],
            then_by=[
                'product_name', 'product_line', 'market', 'maturity', 'is_key_product',
                'launched_on',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.product_id,
        ranked.product_name,
        ranked.product_line,
        ranked.market,
        ranked.maturity,
        ranked.is_key_product,
        ranked.launched_on,
        ranked.loaded_at
    from ranked
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
