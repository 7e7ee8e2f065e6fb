{#-
    The team that the policy would give each account to, and when (S4-03): of the rules that fit what
    was known of the account and its segment, the first that names a team there is.
-#}
with

turns as (

    select valid_from as turns_on
    from {{ ref('policy_coverage_rules') }}
    union
    select valid_to as turns_on
    from {{ ref('policy_coverage_rules') }}
    where valid_to is not null

),

policy_stretches as (

    select
        turns_on as valid_from,
        lead(turns_on) over (order by turns_on) as valid_to
    from turns

),

-- What of the account must be the team's; null where the rule does not ask.
owned as (

    select
        stretches.valid_from,
        stretches.valid_to,
        rules.coverage_rule_id,
        rules.rule_order,
        rules.segment,
        rules.ownership_type,
        rules.industry,
        case when rules.matched_by in ('region', 'industry_and_region') then teams.region end
            as team_region,
        case when rules.matched_by in ('industry', 'industry_and_region') then teams.industry end
            as team_industry,
        min(teams.team_id) as team_id,
        count(*) as team_count
    from policy_stretches as stretches
    inner join {{ ref('policy_coverage_rules') }} as rules
        on {{ holds_on('rules', 'stretches.valid_from') }}
    inner join {{ ref('stg_hr__teams') }} as teams
        on rules.team_kind = teams.team_kind
    where
        not (rules.matched_by in ('region', 'industry_and_region') and teams.region is null)
        and not (rules.matched_by in ('industry', 'industry_and_region') and teams.industry is null)
    group by
        stretches.valid_from, stretches.valid_to, rules.coverage_rule_id, rules.rule_order,
        rules.segment, rules.ownership_type, rules.industry, rules.matched_by,
        case when rules.matched_by in ('region', 'industry_and_region') then teams.region end,
        case when rules.matched_by in ('industry', 'industry_and_region') then teams.industry end

),

-- What was known of an account while it was in one segment.
placed as (

    select
        versions.account_id,
        versions.industry,
        versions.region,
        versions.ownership_type,
        segments.segment,
        greatest(versions.valid_from, segments.valid_from) as valid_from,
        least(versions.valid_to, segments.valid_to) as valid_to
    from {{ ref('int_account_versions') }} as versions
    inner join {{ ref('int_account_segments') }} as segments
        on
            versions.account_id = segments.account_id
            and {{ overlap('versions', 'segments') }}
    where not versions.is_deleted

),

fitting as (

    select
        placed.account_id,
        owned.coverage_rule_id,
        owned.team_id,
        owned.team_count,
        greatest(placed.valid_from, owned.valid_from) as valid_from,
        least(placed.valid_to, owned.valid_to) as valid_to,
        row_number() over (
            partition by placed.account_id, greatest(placed.valid_from, owned.valid_from)
            order by owned.rule_order
        ) as fit_rank
    from placed
    inner join owned
        on
            coalesce(owned.segment, placed.segment) = placed.segment
            and coalesce(owned.ownership_type, placed.ownership_type, '')
            = coalesce(placed.ownership_type, '')
            and coalesce(owned.industry, placed.industry, '') = coalesce(placed.industry, '')
            and coalesce(owned.team_region, placed.region, '') = coalesce(placed.region, '')
            and coalesce(owned.team_industry, placed.industry, '') = coalesce(placed.industry, '')
            and {{ overlap('placed', 'owned') }}

)

select
    account_id,
    coverage_rule_id,
    team_id,
    team_count,
    valid_from,
    valid_to
from fitting
where fit_rank = 1
