"""The same marts with pandas, all in memory: ``python -m benchmarks.frames <landing> <folder>``.

Written as an analyst who knows pandas would: files read through pyarrow with the columns needed,
amounts as whole ten-thousandths (a column of ``Decimal`` would take minutes and gigabytes), joins on
whole tables, each mart written as one Parquet file. ``benchmarks/same.py`` compares the rows.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.script import CURRENCY, NEW_DAYS, POLICY, SETTINGS, ZONE

FAR = pd.Timestamp("2200-01-01")
PLACES = 10_000


def read(landing: Path, table: str, key: list[str]) -> pd.DataFrame:
    """The newest version of every row; deleted ones are gone. Days are timestamps at midnight."""
    folder = landing / table
    if any(folder.glob("*.csv")):
        rows = pd.concat([pd.read_csv(path, dtype=str) for path in sorted(folder.glob("*.csv"))])
    else:
        whole = pa.concat_tables(
            [pq.read_table(path) for path in sorted(folder.glob("*.parquet"))],
            promote_options="default",
        )
        for number, field in enumerate(whole.schema):
            if pa.types.is_decimal(field.type):
                scaled = pc.cast(pc.multiply(whole[field.name], PLACES), pa.int64(), safe=False)
                whole = whole.set_column(number, field.name, scaled)
            elif pa.types.is_date(field.type):
                whole = whole.set_column(
                    number, field.name, whole[field.name].cast(pa.timestamp("us"))
                )
        rows = whole.to_pandas()
    rows = rows.sort_values("_loaded_at", kind="stable").drop_duplicates(key, keep="last")
    if "_deleted" in rows:
        rows = rows[~rows["_deleted"].fillna(False).astype(bool)]
    return rows.drop(columns=["_loaded_at", "_deleted"], errors="ignore").reset_index(drop=True)


def local_day(instants: pd.Series) -> pd.Series:
    days: pd.Series = instants.dt.tz_convert(ZONE).dt.tz_localize(None).dt.normalize()
    return days


def utc(instants: pd.Series) -> pd.Series:
    times: pd.Series = instants.dt.tz_convert("UTC").dt.tz_localize(None)
    return times


def month(days: pd.Series) -> pd.Series:
    months: pd.Series = days.dt.to_period("M").dt.to_timestamp()
    return months


def rounded(scaled: pd.Series, divisor: int) -> pd.Series:
    """Half away from zero, of whole numbers."""
    whole: pd.Series = np.sign(scaled) * ((scaled.abs() * 2 + divisor) // (2 * divisor))
    return whole


def rate_of(rows: pd.DataFrame, rates: pd.DataFrame, day: str) -> pd.Series:
    """The newest rate on or before the day, times 10 ** 8; null where there is none."""
    dated = rows[["currency", day]].reset_index(drop=True)
    dated["place"] = dated.index
    joined = pd.merge_asof(
        dated.sort_values(day), rates.sort_values("rate_date"),
        left_on=day, right_on="rate_date", by="currency",
    ).sort_values("place")  # fmt: skip
    rate = joined["rate"].where(~joined["currency"].eq(CURRENCY), other=10**8)
    return pd.Series(rate.to_numpy(), index=rows.index)


def in_company_currency(rows: pd.DataFrame, rates: pd.DataFrame, day: str) -> pd.Series:
    """Amounts at the newest rate on or before the day; null where there is none."""
    rate = rate_of(rows, rates, day)
    amount = rounded(rows["amount"] * rate.fillna(0).astype("int64"), 10**8)
    amount = amount.where(rate.notna(), other=np.nan)
    return amount.where(~rows["currency"].eq(CURRENCY), rows["amount"])


def facts(landing: Path) -> dict[str, pd.DataFrame]:
    """Activities, deals, stages and requests."""
    activities = read(landing, "crm/activities", ["activity_id"])
    activities["activity_date"] = local_day(activities["occurred_at"])
    activities["occurred_at"] = utc(activities["occurred_at"])
    activities["is_recontactable"] = activities["is_recontactable"].fillna(False).astype(bool)
    activities["period_month"] = month(activities["activity_date"])

    deals = read(landing, "crm/opportunities", ["opportunity_id"])
    for name in ("created", "first_follow_up", "closed"):
        deals[f"{name}_date"] = local_day(deals.pop(f"{name}_at"))
    deals["outcome"] = deals["outcome"].fillna("open")
    deals["sales_cycle_days"] = (deals["closed_date"] - deals["first_follow_up_date"]).dt.days
    deals["period_month"] = month(deals["created_date"])

    key = ["opportunity_id", "pipeline_stage", "entered_at"]
    entries = read(landing, "crm/opportunity_stage_history", key)
    stages = entries.groupby(key[:2], as_index=False)["entered_at"].agg(
        entry_count="count", first_entered_at="min", last_entered_at="max"
    )
    stages["first_entered_date"] = local_day(stages["first_entered_at"])
    stages["first_entered_at"] = utc(stages["first_entered_at"])
    stages["last_entered_at"] = utc(stages["last_entered_at"])
    order = pd.read_csv(POLICY / "policy_pipeline_stages.csv")[["pipeline_stage", "stage_order"]]
    stages = stages.merge(
        deals[["opportunity_id", "account_id", "owner_id", "period_month"]], on="opportunity_id"
    ).merge(order, on="pipeline_stage", how="left")

    requests = read(landing, "crm/service_requests", ["request_id"])
    seconds = requests["first_responded_at"].dt.floor("s") - requests["requested_at"].dt.floor("s")
    requests["response_seconds"] = seconds.dt.total_seconds()
    requests["is_answered"] = requests["first_responded_at"].notna()
    requests["is_answered_fast"] = requests["response_seconds"].le(
        int(SETTINGS["fast_response_seconds"])
    )
    requests["requested_date"] = local_day(requests["requested_at"])
    requests["period_month"] = month(requests["requested_date"])
    for name in ("requested_at", "first_responded_at", "resolved_at"):
        requests[name] = utc(requests[name])
    return {
        "fct_activities": activities,
        "fct_opportunities": deals,
        "fct_opportunity_stages": stages,
        "fct_service_requests": requests,
    }


def exchange_rates(landing: Path) -> pd.DataFrame:
    rates = read(landing, "billing/fx_rates", ["from_currency", "to_currency", "rate_date"])
    # Eight places: what `read` scaled by 10 ** 4 has four more behind the point.
    whole = pa.concat_tables(
        [pq.read_table(path) for path in (landing / "billing/fx_rates").glob("*.parquet")]
    )
    exact = whole.to_pandas().set_index(["from_currency", "to_currency", "rate_date"])["rate"]
    rates["rate"] = [
        int(exact[given, wanted, day] * 10**8)
        for given, wanted, day in zip(
            rates["from_currency"], rates["to_currency"], rates["rate_date"].dt.date, strict=True
        )
    ]
    rates = rates[rates["to_currency"].eq(CURRENCY)]
    return rates.rename(columns={"from_currency": "currency"})[["currency", "rate_date", "rate"]]


def transactions(landing: Path, contracts: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
    """Booked, cancelled, collected, refunded, consumed."""
    columns = ["account_id", "contract_id", "currency", "amount"]
    payments = read(landing, "billing/payments", ["payment_id"])
    refunds = read(landing, "billing/refunds", ["refund_id"])
    unnamed = refunds[refunds["payment_id"].isna()].merge(
        payments[["contract_id", "payment_id", "paid_on"]], on="contract_id", suffixes=("", "_of")
    )
    unnamed = unnamed[unnamed["paid_on"] <= unnamed["refunded_on"]]
    newest = unnamed.sort_values(["paid_on", "payment_id_of"]).drop_duplicates(
        "refund_id", keep="last"
    )
    guessed = refunds["refund_id"].map(newest.set_index("refund_id")["payment_id_of"])
    refunds["reverses_transaction_id"] = "collected:" + refunds["payment_id"].fillna(guessed)
    paid = payments.set_index("payment_id")["paid_on"]
    refunds["rated_on"] = (
        refunds["payment_id"].fillna(guessed).map(paid).fillna(refunds["refunded_on"])
    )
    cancelled = contracts[contracts["cancelled_on"].notna()].assign(
        reverses_transaction_id=lambda rows: "booked:" + rows["contract_id"],
        rated_on=lambda rows: rows["signed_on"],
    )
    used = read(landing, "billing/consumption", ["consumption_id"])
    parts = []
    for kind, rows, key, day in (
        ("booked", contracts[contracts["signed_on"].notna()], "contract_id", "signed_on"),
        ("cancelled", cancelled, "contract_id", "cancelled_on"),
        ("collected", payments, "payment_id", "paid_on"),
        ("refunded", refunds, "refund_id", "refunded_on"),
        ("consumed", used, "consumption_id", "consumed_on"),
    ):  # fmt: skip
        part = rows[columns].copy()
        part["transaction_id"] = f"{kind}:" + rows[key]
        part["transaction_kind"] = kind
        part["reverses_transaction_id"] = rows.get("reverses_transaction_id")
        part["transaction_date"] = rows[day]
        part["rated_on"] = rows.get("rated_on", rows[day])
        parts.append(part)
    sold = pd.concat(parts, ignore_index=True)
    sold = sold.merge(
        contracts[
            ["contract_id", "opportunity_id", "product_id", "contract_type", "signed_on"]
        ].rename(columns={"signed_on": "contract_signed_on"}),
        on="contract_id",
        how="left",
    )
    sold["exchange_rate"] = rate_of(sold, rates, "rated_on")
    sold["company_amount"] = in_company_currency(sold, rates, "rated_on")
    products = read(landing, "billing/products", ["product_id"]).set_index("product_id")
    days = {kind: pd.Timedelta(days=int(count)) for kind, count in NEW_DAYS.items()}
    until = sold["product_id"].map(products["launched_on"]) + days["product"]
    sold["product_class"] = np.where(sold["transaction_date"] < until, "new", "established")
    first = contracts.groupby("account_id")["signed_on"].min()
    until = sold["account_id"].map(first) + days["customer"]
    sold["customer_class"] = np.where(sold["transaction_date"] < until, "new", "repeat")
    sold["product_maturity"] = sold["product_id"].map(products["maturity"])
    is_key = sold["product_id"].map(products["is_key_product"])
    sold["is_key_product"] = is_key.fillna(False).astype(bool)
    sold["period_month"] = month(sold["transaction_date"])
    return sold


def holders_of(landing: Path) -> pd.DataFrame:
    """Who holds a duty on an account, one at a time; of two the newer assignment counts."""
    rows = read(landing, "crm/account_assignments", ["assignment_id"])
    rows["valid_to"] = rows["valid_to"].fillna(FAR)
    rows = rows[rows["valid_to"] > rows["valid_from"]]
    key = ["account_id", "assignment_role"]
    turns = pd.concat([
        rows[[*key, "valid_from"]],
        rows[[*key, "valid_to"]].rename(columns={"valid_to": "valid_from"}),
    ]).drop_duplicates().sort_values([*key, "valid_from"])  # fmt: skip
    turns["valid_to"] = turns.groupby(key)["valid_from"].shift(-1)
    held = turns.dropna().merge(rows, on=key, suffixes=("", "_of"))
    held = held[
        held["valid_from_of"].le(held["valid_from"]) & held["valid_from"].lt(held["valid_to_of"])
    ]
    held = held.sort_values(["valid_from_of", "assignment_id"])
    return held.drop_duplicates([*key, "valid_from"], keep="last")[
        [*key, "valid_from", "valid_to", "employee_id", "team_id"]
    ]


def credits_of(
    landing: Path, sold: pd.DataFrame, holders: pd.DataFrame, deals: pd.DataFrame
) -> pd.DataFrame:
    links = ["account_id", "opportunity_id", "transaction_date"]
    own = sold[["transaction_id", "reverses_transaction_id", *links]]
    origins = own[own["reverses_transaction_id"].isna()]
    reversed_ = own[own["reverses_transaction_id"].notna()][
        ["transaction_id", "reverses_transaction_id"]
    ]
    taken = reversed_.merge(
        origins.drop(columns="reverses_transaction_id").rename(
            columns={"transaction_id": "reverses_transaction_id"}
        ),
        on="reverses_transaction_id",
    )
    credited = pd.concat([origins, taken])[["transaction_id", *links]]
    rules = pd.read_csv(POLICY / "policy_credit_rules.csv", dtype=str)
    rules = rules[rules["contract_type"].isna()]
    rules["credit_share"] = [round(float(share) * 10**6) for share in rules["credit_share"]]
    rule = ["credit_rule_id", "credit_kind", "assignment_role"]
    given = [*rule, "transaction_id", "employee_id", "team_id", "credit_share"]
    held = credited.merge(holders, on="account_id")
    held = held[
        held["valid_from"].le(held["transaction_date"])
        & held["transaction_date"].lt(held["valid_to"])
    ].merge(rules[[*rule, "credit_share"]], on="assignment_role")
    team = read(landing, "crm/opportunity_team", ["opportunity_id", "employee_id"])
    team = team[
        team["opportunity_id"].isin(deals.loc[deals["outcome"].eq("won"), "opportunity_id"])
    ]
    team = team[["opportunity_id", "employee_id", "team_role", "credit_share"]].merge(
        rules[rules["assignment_role"].eq("opportunity_team") & rules["credit_kind"].ne("direct")],
        on="team_role",
        suffixes=("_of_team", ""),
    )
    share = team["credit_share_of_team"].fillna(PLACES).astype("int64")
    team["credit_share"] = rounded(team["credit_share"] * share, PLACES)
    supported = credited.merge(team.assign(team_id=None), on="opportunity_id")
    credited = pd.concat([held[given], supported[given]], ignore_index=True)
    credited = credited.merge(sold[sold["company_amount"].notna()], on="transaction_id")
    credited["credit_amount"] = rounded(
        credited["company_amount"].astype("int64") * credited["credit_share"], 10**6
    )
    jobs = read(landing, "hr/job_history", ["employee_id", "valid_from"])
    leaves = read(landing, "hr/employees", ["employee_id"]).set_index("employee_id")["leave_date"]
    jobs["job_from"] = pd.to_datetime(jobs["valid_from"])
    left = pd.to_datetime(jobs["employee_id"].map(leaves)).fillna(FAR)
    jobs["job_to"] = np.minimum(pd.to_datetime(jobs["valid_to"]).fillna(FAR), left)
    regions = credited[
        ["transaction_id", "employee_id", "assignment_role", "transaction_date"]
    ].merge(jobs[["employee_id", "region", "job_from", "job_to"]], on="employee_id")
    regions = regions[
        regions["job_from"].le(regions["transaction_date"])
        & regions["transaction_date"].lt(regions["job_to"])
    ].drop(columns=["transaction_date", "job_from", "job_to"])
    return credited.merge(
        regions, on=["transaction_id", "employee_id", "assignment_role"], how="left"
    )


def renewals_of(contracts: pd.DataFrame, known_on: pd.Timestamp) -> pd.DataFrame:
    is_due = contracts["ends_on"].le(known_on) & (
        contracts["cancelled_on"].isna() | contracts["cancelled_on"].gt(contracts["ends_on"])
    )
    due = contracts[is_due].copy()
    due["grace_end"] = due["ends_on"] + pd.Timedelta(days=int(SETTINGS["renewal_grace_days"]))
    following = contracts[
        contracts["cancelled_on"].isna() & contracts["renews_contract_id"].notna()
    ]
    pairs = due[["contract_id", "grace_end"]].merge(
        following[["renews_contract_id", "signed_on", "amount"]],
        left_on="contract_id", right_on="renews_contract_id",
    )  # fmt: skip
    due["renewed_on"] = due["contract_id"].map(pairs.groupby("contract_id")["signed_on"].min())
    in_time = pairs[pairs["signed_on"] <= pairs["grace_end"]].groupby("contract_id")["amount"].sum()
    amount = due["contract_id"].map(in_time)
    due["is_renewed"] = amount.notna()
    amount = amount.fillna(0).astype("int64")
    due["is_partial"] = due["is_renewed"] & amount.lt(due["amount"])
    due["renewed_amount"] = np.minimum(amount, due["amount"])
    due["upsell_amount"] = np.maximum(amount - due["amount"], 0)
    due["renewal_status"] = np.select(
        [
            due["is_renewed"] & due["renewed_on"].lt(due["ends_on"]),
            due["is_renewed"] & due["renewed_on"].eq(due["ends_on"]),
            due["is_renewed"],
            due["renewed_on"].notna(),
            due["grace_end"].ge(known_on),
        ],
        ["early", "on_time", "late", "won_back", "pending"],
        "lost",
    )
    due["period_month"] = month(due["ends_on"])
    return due.rename(columns={"amount": "due_amount", "ends_on": "due_date"})


def measures_of(
    landing: Path, marts: dict[str, pd.DataFrame], holders: pd.DataFrame, contracts: pd.DataFrame,
    rates: pd.DataFrame,
) -> pd.DataFrame:  # fmt: skip
    key = ["employee_id", "period_month"]
    parts = []

    def add(measure: str, numerator: pd.Series, denominator: pd.Series | None = None) -> None:
        part = numerator.rename("numerator").to_frame()
        part["denominator"] = denominator
        parts.append(part.reset_index().assign(measure=measure))

    activities = marts["fct_activities"]
    for kind, measure in (("visit", "visits"), ("competitor_note", "competitor_notes")):
        of_kind = activities[activities["activity_type"].eq(kind)]
        add(measure, of_kind.groupby(key).size() * PLACES)
    asked = marts["fct_service_requests"]
    requests = asked[asked["request_type"].ne("complaint")].groupby(key)["is_answered_fast"]
    add("fast_response_rate", requests.sum() * PLACES, requests.size() * PLACES)
    credited = marts["fct_credits"]
    booked = credited[
        credited["transaction_kind"].isin(["booked", "cancelled"])
        & credited["credit_kind"].eq("direct")
        & credited["is_key_product"]
    ]
    signed = booked["credit_amount"].where(
        booked["transaction_kind"].eq("booked"), -booked["credit_amount"]
    )
    add("key_product_sales", signed.groupby([booked[name] for name in key]).sum())
    first = contracts.groupby("account_id")["signed_on"].min()
    won = credited[
        credited["transaction_kind"].eq("booked")
        & credited["credit_kind"].eq("direct")
        & credited["transaction_date"].eq(credited["account_id"].map(first))
    ]
    add("new_customers", won.groupby(key)["account_id"].nunique() * PLACES)
    managers = holders[holders["assignment_role"].eq("account_manager")]
    due = marts["fct_renewals"].merge(managers, on="account_id")
    due = due[due["valid_from"].le(due["due_date"]) & due["due_date"].lt(due["valid_to"])]
    customers = due.groupby([*key, "account_id"])["is_renewed"].max().groupby(key)
    add("customer_retention", customers.sum() * PLACES, customers.size() * PLACES)
    team = read(landing, "crm/opportunity_team", ["opportunity_id", "employee_id"])
    deals = marts["fct_opportunities"]
    wins = team[["opportunity_id", "employee_id"]].merge(
        deals[deals["outcome"].eq("won")], on="opportunity_id"
    )
    wins["period_month"] = month(wins["closed_date"])
    add("supported_wins", wins[wins["closed_date"].notna()].groupby(key).size() * PLACES)
    spent = read(landing, "hr/expenses", ["expense_id"]).reset_index(drop=True)
    spent["amount"] = [round(float(amount) * PLACES) for amount in spent["amount"]]
    spent["incurred_on"] = pd.to_datetime(spent["incurred_on"]).astype("datetime64[us]")
    spent["amount"] = in_company_currency(spent, rates, "incurred_on")
    spent["period_month"] = month(spent["incurred_on"])
    add("cost_control", spent.dropna(subset="amount").groupby(key)["amount"].sum().astype("int64"))
    measured = pd.concat(parts, ignore_index=True)
    share = rounded(measured["numerator"] * PLACES, 1) // 1
    divisor = measured["denominator"].fillna(1).astype("int64")
    quotient = (share.astype("int64") * 2 + divisor) // (2 * divisor)
    measured["value"] = quotient.where(measured["denominator"].notna(), measured["numerator"])
    return measured


def write(landing: Path, folder: Path) -> None:
    """Write every mart as ``<folder>/<mart>.parquet``; amounts are ten-thousandths."""
    folder.mkdir(parents=True, exist_ok=True)
    contracts = read(landing, "billing/contracts", ["contract_id"])
    rates = exchange_rates(landing)
    holders = holders_of(landing)
    newest = max(
        pd.to_datetime(pq.read_table(path, columns=["_loaded_at"])["_loaded_at"].to_pandas()).max()
        for path in landing.rglob("*.parquet")
    )
    known_on = newest.tz_convert(ZONE).tz_localize(None).normalize()
    marts = facts(landing)
    marts["fct_transactions"] = transactions(landing, contracts, rates)
    marts["fct_renewals"] = renewals_of(contracts, known_on)
    marts["fct_credits"] = credits_of(
        landing, marts["fct_transactions"], holders, marts["fct_opportunities"]
    )
    marts["fct_measures"] = measures_of(landing, marts, holders, contracts, rates)
    for name, rows in marts.items():
        rows.to_parquet(folder / f"{name}.parquet", index=False)


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
