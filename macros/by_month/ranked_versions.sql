{#-
    The landed rows of `relation` in the months that are built, with `version_rank`: 1 for the newest version of
    a `key`. Only keys landed more than once are ranked, and of these only such whose newest version is not told
    by the instant it was loaded: ranking is dear. Older versions may be left out. `inside` is the condition
    for the months (in_months, in_months_utc); `then_by` as in version_rank.

    A version of another month that replaces one of these has its rank here too. All versions of keys that are
    not moved lie in the months that are built, and no file outside of these is read for them.
-#}
{% macro ranked_versions(relation, key, inside, then_by) -%}
    with

    relanded as (

        {{ keys_landed_again(relation, key, inside) }}

    )

    select
        landed.*,
        1 as version_rank
    from {{ relation }} as landed
    left join relanded
        on landed.{{ key }} = relanded.{{ key }}
    where
        {{ inside }}
        and (relanded.{{ key }} is null or landed.loaded_at = relanded.newest_loaded_at)
    union all
    select
        *,
        {{ version_rank(key=[key], then_by=then_by) }} as version_rank
    from (
        select *
        from {{ relation }}
        where
            {{ inside }}
            and {{ key }} in (
                select relanded.{{ key }}
                from relanded
                where
                    relanded.newest_loaded_at is null
                    and not relanded.is_moved
            )
        union all
        select *
        from {{ relation }}
        where {{ key }} in (
            select relanded.{{ key }}
            from relanded
            where
                relanded.newest_loaded_at is null
                and relanded.is_moved
        )
    ) as again
{%- endmacro %}
