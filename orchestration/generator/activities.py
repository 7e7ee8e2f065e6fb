"""Activities of a generated company: the table that grows to 100 million rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from orchestration.generator.columns import (
    DAY,
    LOCAL_OFFSET,
    Ints,
    choices,
    identifiers,
    instants,
)
from orchestration.generator.shape import ACTIVITIES, Company
from orchestration.generator.write import LandingWriter

ROWS_PER_FILE = 1_000_000
TYPES = ["call", "email", "visit", "demo", "competitor_note"]
TYPE_SHARES = [0.43, 0.24, 0.17, 0.08, 0.08]
OUTCOMES = ["connected", "no_answer", "left_message", "meeting_set"]


def _instants_of(random: np.random.Generator, first: int, after: int, count: int) -> Ints:
    """UTC seconds, mostly in local office hours; one in fifty at any hour of the day."""
    day = random.integers(first, after, count)
    hour = random.triangular(8.5, 11.0, 19.0, count)
    night = random.random(count) < 0.02
    hour[night] = random.uniform(0.0, 24.0, int(night.sum()))
    seconds: Ints = day * DAY + (hour * 3_600).astype(np.int64) - LOCAL_OFFSET
    return seconds


def _loads(random: np.random.Generator, at: Ints, last_load: int) -> Ints:
    """Loaded within a day and a half; one row in a hundred up to forty days late."""
    delay = random.integers(1_800, 36 * 3_600, len(at))
    late = random.random(len(at)) < 0.01
    delay[late] = random.integers(2 * DAY, 40 * DAY, int(late.sum()))
    loads: Ints = np.minimum(at + delay, last_load)
    return loads


def write_activities(company: Company, writer: LandingWriter, month: int) -> None:
    """The month's activities in files of at most a million rows, with corrections and deletions."""
    total = round(company.size.total_activities * float(company.month_weights[month]))
    first, after = int(company.month_days[month]), int(company.month_days[month + 1])
    # An account is worked on as its owner's skill goes; a new hire ramps up over half a year.
    owner = company.owner[month]
    tenure = np.clip((first - company.hire_day) / 180, 0.3, 1.0)
    weight = np.cumsum((company.skill * tenure)[owner])
    serial = month * 10_000_000
    for part in range(0, max(1, -(-total // ROWS_PER_FILE))):
        random = company.random(ACTIVITIES, month, part)
        count = min(ROWS_PER_FILE, total - part * ROWS_PER_FILE)
        account = np.searchsorted(weight, random.random(count) * weight[-1])
        at = _instants_of(random, first, after, count)
        kind = random.choice(len(TYPES), count, p=TYPE_SHARES)
        outcome = random.choice(len(OUTCOMES), count, p=[0.5, 0.25, 0.15, 0.10])
        loads = _loads(random, at, company.last_load)
        numbers = np.arange(count) + serial + part * ROWS_PER_FILE
        seconds = random.integers(60, 5_400, count)

        # Corrected rows are landed again later; so are deleted ones.
        again = np.flatnonzero(random.random(count) < 0.004)
        rows = np.concatenate([np.arange(count), again])
        is_again = np.arange(len(rows)) >= count
        is_deleted = is_again & (random.random(len(rows)) < 0.25)
        outcome = outcome[rows]
        outcome[is_again] = 0
        load = loads[rows]
        load[is_again] = np.minimum(load[is_again] + 3 * DAY, company.last_load + 1)
        writer.write(
            "crm.activities",
            {
                "activity_id": identifiers("AC", numbers[rows]),
                "employee_id": identifiers("A", owner[account][rows].astype(np.int64), 6),
                "account_id": identifiers("C", account[rows].astype(np.int64), 7),
                "activity_type": choices(TYPES, kind[rows]),
                "occurred_at": instants(at[rows]),
                "duration_seconds": pa.array(seconds[rows]),
                "outcome": choices(OUTCOMES, outcome),
                "is_recontactable": pa.array(outcome != 1),
                "_loaded_at": instants(load),
                "_deleted": pa.array(is_deleted),
            },
            f"{company.months[month]:%Y-%m}-{part:03d}",
        )
