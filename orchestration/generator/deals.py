"""Opportunities and what follows from the won ones: contracts, deposits, invoices, consumption."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from orchestration.generator.columns import (
    DAY,
    LOCAL_OFFSET,
    Bools,
    Ints,
    choices,
    constant,
    days,
    identifiers,
    instants,
    local_day,
    money,
)
from orchestration.generator.shape import DEALS, Company
from orchestration.generator.write import LandingWriter

STAGES = ["lead", "qualified", "proposal", "negotiation", "signed"]
# Product: id, name, line, market, days after the first month it was launched, key, maturity.
PRODUCTS = (
    ("P1", "云主机", "cloud", "enterprise", -2_000, False, "mature"),
    ("P2", "对象存储", "cloud", "enterprise", -1_500, False, "mature"),
    ("P3", "数据中台", "data", "enterprise", -800, True, "growth"),
    ("P4", "智能客服", "ai", "enterprise", 200, True, "launch"),
    ("P5", "安全管家", "security", "enterprise", -1_200, False, "growth"),
)
TERM_DAYS = 365
FOREIGN_SHARE = 0.01
SERIALS_PER_MONTH = 10_000_000


@dataclass
class Contracts:
    """Contracts as parallel arrays; ``renews`` is the serial of the contract renewed, or -1."""

    serial: Ints
    account: Ints
    opportunity: Ints
    product: Ints
    kind: Ints
    signed: Ints
    starts: Ints
    cents: Ints
    renews: Ints
    is_foreign: Bools

    def __len__(self) -> int:
        return len(self.serial)

    @property
    def ends(self) -> Ints:
        return self.starts + TERM_DAYS

    def take(self, rows: Ints | Bools) -> Contracts:
        return Contracts(**{name: values[rows] for name, values in vars(self).items()})


def _cents(random: np.random.Generator, count: int, median_yuan: float) -> Ints:
    cents: Ints = (random.lognormal(np.log(median_yuan), 0.7, count) * 100).astype(np.int64)
    return cents


def write_deals(company: Company, writer: LandingWriter, month: int) -> None:
    """Everything that begins with an opportunity created in the month."""
    random = company.random(DEALS, month)
    size = company.size
    total = round(size.total_activities / 10 * float(company.month_weights[month]))
    account = random.integers(0, size.accounts, total)
    owner = company.owner[month][account].astype(np.int64)
    product = random.choice(len(PRODUCTS), total, p=[0.30, 0.22, 0.20, 0.12, 0.16])
    first, after = int(company.month_days[month]), int(company.month_days[month + 1])
    created = (
        random.integers(first, after, total) * DAY
        + random.integers(9 * 3_600, 20 * 3_600, total)
        - LOCAL_OFFSET
    )
    follow_up = created + random.integers(600, 6 * DAY, total)
    follow_up[random.random(total) < 0.03] = -1
    closed = created + random.integers(8 * DAY, 120 * DAY, total)
    chance = 0.28 * np.clip(company.skill[owner], 0.5, 1.8)
    draw = random.random(total)
    outcome = np.where(draw < chance, 0, np.where(draw < chance + 0.38, 1, 2))
    outcome[closed >= company.end_day * DAY] = 2
    is_closed = outcome != 2
    cents = _cents(random, total, 28_000)
    listed = cents * 100 // random.integers(75, 101, total)
    serial = np.arange(total) + month * SERIALS_PER_MONTH
    kind = random.choice(3, total, p=[0.6, 0.25, 0.15])
    part = f"{company.months[month]:%Y-%m}"

    # Two versions of a closed opportunity: as created, and as closed.
    rows = np.concatenate([np.arange(total), np.flatnonzero(is_closed)])
    is_second = np.arange(len(rows)) >= total
    load = np.where(is_second, closed[rows] + 3_600, created[rows] + 3_600)
    writer.write(
        "crm.opportunities",
        {
            "opportunity_id": identifiers("O", serial[rows]),
            "account_id": identifiers("C", account[rows], 7),
            "owner_id": identifiers("A", owner[rows], 6),
            "opportunity_type": choices(["new", "upsell", "cross_sell"], kind[rows]),
            "product_id": choices([product[0] for product in PRODUCTS], product[rows]),
            "amount": money(cents[rows]),
            "list_amount": money(listed[rows]),
            "currency": constant("CNY", len(rows)),
            "created_at": instants(created[rows]),
            "first_follow_up_at": instants(follow_up[rows]),
            "closed_at": instants(np.where(is_second, closed[rows], -1)),
            "outcome": choices(["won", "lost", None], np.where(is_second, outcome[rows], 2)),
            "_loaded_at": instants(np.minimum(load, company.last_load)),
        },
        part,
    )
    _write_stages(company, writer, random, part, serial, created, closed, outcome)
    helped = np.flatnonzero((random.random(total) < 0.4) & is_closed)
    writer.write(
        "crm.opportunity_team",
        {
            "opportunity_id": identifiers("O", serial[helped]),
            "employee_id": identifiers(
                "S", random.integers(0, size.solution_experts, len(helped)), 6
            ),
            "team_role": constant("solution_expert", len(helped)),
            "credit_share": constant("1.000000", len(helped)),
            "_loaded_at": instants(np.minimum(closed[helped], company.last_load)),
        },
        part,
    )
    won = np.flatnonzero(outcome == 0)
    signed = local_day(closed[won])
    contracts = Contracts(
        serial=serial[won],
        account=account[won],
        opportunity=serial[won],
        product=product[won].astype(np.int64),
        kind=kind[won].astype(np.int64),
        signed=signed,
        starts=signed + 1,
        cents=cents[won],
        renews=np.full(len(won), -1),
        is_foreign=random.random(len(won)) < FOREIGN_SHARE,
    )
    generation = 0
    while len(contracts):
        _write_contracts(company, writer, random, f"{part}-{generation}", contracts)
        contracts = _renewals(company, random, contracts, generation)
        generation += 1


def _write_stages(
    company: Company,
    writer: LandingWriter,
    random: np.random.Generator,
    part: str,
    serial: Ints,
    created: Ints,
    closed: Ints,
    outcome: Ints,
) -> None:
    """Stages in order up to a last one; a few are skipped, a few entered twice."""
    total = len(serial)
    reached = np.where(outcome == 0, len(STAGES), random.integers(1, len(STAGES), total))
    opportunity = np.repeat(np.arange(total), reached)
    stage = np.arange(len(opportunity)) - np.repeat(np.cumsum(reached) - reached, reached)
    span = (closed - created)[opportunity]
    entered = created[opportunity] + span * stage // len(STAGES)
    entered = np.where(stage == len(STAGES) - 1, closed[opportunity], entered)
    skipped = (random.random(len(stage)) < 0.02) & (stage > 0) & (stage < len(STAGES) - 1)
    keep = ~skipped & (entered < company.end_day * DAY)
    opportunity, stage, entered = opportunity[keep], stage[keep], entered[keep]
    again = np.flatnonzero((random.random(len(stage)) < 0.02) & (stage > 0))
    opportunity = np.concatenate([opportunity, opportunity[again]])
    stage = np.concatenate([stage, stage[again]])
    entered = np.concatenate([entered, entered[again] + 7_200])
    writer.write(
        "crm.opportunity_stage_history",
        {
            "opportunity_id": identifiers("O", serial[opportunity]),
            "pipeline_stage": choices(STAGES, stage),
            "entered_at": instants(entered),
            "_loaded_at": instants(np.minimum(entered + 7_200, company.last_load)),
        },
        part,
    )


def _renewals(
    company: Company, random: np.random.Generator, due: Contracts, generation: int
) -> Contracts:
    """Contracts that renew those falling due: most, early, on time or late, more or less."""
    count = len(due)
    signed = due.ends + random.integers(-40, 30, count)
    late = random.random(count) < 0.12
    signed[late] = due.ends[late] + random.integers(30, 150, int(late.sum()))
    renewed = (random.random(count) < 0.72) & (signed < company.end_day)
    change = random.choice([60, 80, 100, 100, 110, 130], count)
    following = Contracts(
        serial=due.serial + SERIALS_PER_MONTH // 10 * (generation + 1),
        account=due.account,
        opportunity=np.full(count, -1),
        product=due.product,
        kind=np.full(count, 3),
        signed=signed,
        starts=np.maximum(due.ends, signed + 1),
        cents=due.cents * change // 100,
        renews=due.serial,
        is_foreign=due.is_foreign,
    )
    return following.take(renewed)


def _currency(is_foreign: Bools) -> pa.Array:
    return choices(["CNY", "USD"], is_foreign.astype(np.int64))


def _write_contracts(
    company: Company,
    writer: LandingWriter,
    random: np.random.Generator,
    part: str,
    contracts: Contracts,
) -> None:
    count = len(contracts)
    cancelled = contracts.signed + random.integers(20, 120, count)
    is_cancelled = (random.random(count) < 0.015) & (cancelled < company.end_day)
    rows = np.concatenate([np.arange(count), np.flatnonzero(is_cancelled)])
    is_second = np.arange(len(rows)) >= count
    known = np.where(is_second, cancelled[rows], contracts.signed[rows])
    writer.write(
        "billing.contracts",
        {
            "contract_id": identifiers("K", contracts.serial[rows]),
            "account_id": identifiers("C", contracts.account[rows], 7),
            "opportunity_id": identifiers("O", contracts.opportunity[rows]),
            "product_id": choices([item[0] for item in PRODUCTS], contracts.product[rows]),
            "contract_type": choices(
                ["new", "upsell", "cross_sell", "renewal"], contracts.kind[rows]
            ),
            "signed_on": days(contracts.signed[rows]),
            "starts_on": days(contracts.starts[rows]),
            "ends_on": days(contracts.ends[rows]),
            "amount": money(contracts.cents[rows]),
            "currency": _currency(contracts.is_foreign[rows]),
            "renews_contract_id": identifiers("K", contracts.renews[rows]),
            "cancelled_on": days(np.where(is_second, cancelled[rows], -1)),
            "_loaded_at": instants(np.minimum(known * DAY + DAY, company.last_load)),
        },
        part,
    )
    _write_payments(company, writer, random, part, contracts)
    _write_consumption(company, writer, random, part, contracts)
    delivered = contracts.signed + random.integers(5, 60, count)
    promised = contracts.signed + 45
    writer.write(
        "crm.deliveries",
        {
            "delivery_id": identifiers("D", contracts.serial),
            "contract_id": identifiers("K", contracts.serial),
            "account_id": identifiers("C", contracts.account, 7),
            "employee_id": identifiers(
                "V", contracts.account % company.size.service_consultants, 6
            ),
            "started_on": days(contracts.signed + 1),
            "due_on": days(promised),
            "delivered_on": days(np.where(delivered < company.end_day, delivered, -1)),
            "_loaded_at": instants(np.minimum(delivered * DAY + DAY, company.last_load)),
        },
        part,
    )


def _write_payments(
    company: Company,
    writer: LandingWriter,
    random: np.random.Generator,
    part: str,
    contracts: Contracts,
) -> None:
    """A prepaid deposit at signature, then invoices month by month; some of it is refunded."""
    count = len(contracts)
    invoices = random.integers(3, 10, count)
    contract = np.repeat(np.arange(count), invoices)
    place = np.arange(len(contract)) - np.repeat(np.cumsum(invoices) - invoices, invoices)
    total = contracts.cents[contract]
    deposit = total * 40 // 100
    rest = total - deposit
    each = rest // (invoices[contract] - 1)
    is_last = place == invoices[contract] - 1
    cents = np.where(place == 0, deposit, np.where(is_last, rest - each * (place - 1), each))
    paid = contracts.signed[contract] + random.integers(0, 12, len(contract)) + place * 30
    keep = paid < company.end_day
    contract, place, cents, paid = contract[keep], place[keep], cents[keep], paid[keep]
    serial = contracts.serial[contract] * 10 + place
    loads = (paid + 1) * DAY
    late = random.random(len(paid)) < 0.01
    loads[late] += 30 * DAY
    foreign = contracts.is_foreign[contract]
    writer.write(
        "billing.payments",
        {
            "payment_id": identifiers("PY", serial, 10),
            "account_id": identifiers("C", contracts.account[contract], 7),
            "contract_id": identifiers("K", contracts.serial[contract]),
            "payment_kind": choices(["invoice", "deposit"], (place == 0).astype(np.int64)),
            "paid_on": days(paid),
            "amount": money(cents),
            "currency": _currency(foreign),
            "_loaded_at": instants(np.minimum(loads, company.last_load)),
        },
        part,
    )
    back = paid + random.integers(5, 60, len(paid))
    refunded = np.flatnonzero((random.random(len(paid)) < 0.02) & (back < company.end_day))
    share = random.choice([25, 50, 100], len(refunded))
    writer.write(
        "billing.refunds",
        {
            "refund_id": identifiers("RF", serial[refunded], 10),
            "account_id": identifiers("C", contracts.account[contract][refunded], 7),
            "contract_id": identifiers("K", contracts.serial[contract][refunded]),
            "payment_id": identifiers("PY", serial[refunded], 10),
            "refunded_on": days(back[refunded]),
            "amount": money(np.maximum(cents[refunded] * share // 100, 1)),
            "currency": _currency(foreign[refunded]),
            "_loaded_at": instants(np.minimum((back[refunded] + 1) * DAY, company.last_load)),
        },
        part,
    )


def _write_consumption(
    company: Company,
    writer: LandingWriter,
    random: np.random.Generator,
    part: str,
    contracts: Contracts,
) -> None:
    """Usage month by month that draws the contract's amount down, never below nothing."""
    count = len(contracts)
    contract = np.repeat(np.arange(count), 12)
    place = np.arange(len(contract)) % 12
    share = random.integers(50, 110, len(contract))
    cents = contracts.cents[contract] * share // 1_200
    day = contracts.starts[contract] + place * 30 + 15
    keep = (day < company.end_day) & (cents > 0)
    contract, place, cents, day = contract[keep], place[keep], cents[keep], day[keep]
    writer.write(
        "billing.consumption",
        {
            "consumption_id": identifiers("CN", contracts.serial[contract] * 12 + place, 11),
            "account_id": identifiers("C", contracts.account[contract], 7),
            "contract_id": identifiers("K", contracts.serial[contract]),
            "product_id": choices([item[0] for item in PRODUCTS], contracts.product[contract]),
            "consumed_on": days(day),
            "quantity": money(cents // 10),
            "amount": money(cents),
            "currency": _currency(contracts.is_foreign[contract]),
            "_loaded_at": instants(np.minimum((day + 2) * DAY, company.last_load)),
        },
        part,
    )
