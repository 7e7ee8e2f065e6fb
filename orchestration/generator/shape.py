"""The shape of a company: its size, its months, its people and who owns which account when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from orchestration.generator.columns import Bools, Ints, day_number

ACCOUNTS_PER_ACCOUNT_MANAGER = 40
REGIONS = ("north", "east", "south", "west")
# Sales of a month against the average month: a slow Spring Festival, strong quarter ends.
SEASON = (0.85, 0.60, 1.15, 0.95, 1.00, 1.20, 0.90, 0.95, 1.10, 0.95, 1.05, 1.30)
# Of the accounts, so many change hands in a month without a reason.
MOVED_SHARE = 0.0005
FAR = 2**31 - 1

# Streams of random numbers, one per purpose, so that one table's size never moves another's rows.
PEOPLE, OWNERS, ACCOUNTS, ACTIVITIES, DEALS, SERVICE, HEALTH, EXPENSES, RATINGS, DECISIONS = range(
    10
)


@dataclass(frozen=True)
class Size:
    """What is asked for: payees, months up to and including ``last_month``, activities in all."""

    payees: int = 60
    months: int = 24
    activities: int | None = None
    last_month: dt.date = dt.date(2026, 6, 1)
    seed: int = 1

    def __post_init__(self) -> None:
        if self.payees < 20:
            raise ValueError(
                f"at least 20 payees make a company with every role, not {self.payees}"
            )
        if self.months < 1:
            raise ValueError(f"at least one month is needed, not {self.months}")

    @property
    def account_managers(self) -> int:
        return self.payees - self.solution_experts - self.service_consultants - self.managers

    @property
    def solution_experts(self) -> int:
        return max(5, self.payees * 13 // 100)

    @property
    def service_consultants(self) -> int:
        return max(6, self.payees * 17 // 100)

    @property
    def managers(self) -> int:
        return len(REGIONS)

    @property
    def accounts(self) -> int:
        return self.account_managers * ACCOUNTS_PER_ACCOUNT_MANAGER

    @property
    def total_activities(self) -> int:
        return self.activities or self.account_managers * self.months * 45


def next_month(month: dt.date) -> dt.date:
    return (month.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def month_starts(size: Size) -> list[dt.date]:
    """First days of the generated months."""
    starts = [size.last_month.replace(day=1)]
    while len(starts) < size.months:
        starts.insert(0, (starts[0] - dt.timedelta(days=1)).replace(day=1))
    return starts


class Company:
    """People and ownership drawn for a size; every draw depends on the seed alone."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.months = month_starts(size)
        self.month_days = np.array(
            [day_number(month) for month in [*self.months, next_month(self.months[-1])]]
        )
        self.end_day = int(self.month_days[-1])
        # The last load: two days after the last month, at noon UTC.
        self.last_load = (self.end_day + 2) * 86_400 + 12 * 3_600
        self._draw_people()
        self._draw_owners()

    def random(self, stream: int, *path: int) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64([self.size.seed, stream, *path]))

    @cached_property
    def month_weights(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        weights = np.array([SEASON[month.month - 1] for month in self.months])
        growth = 1.01 ** np.arange(len(self.months))
        shares: np.ndarray[tuple[int], np.dtype[np.float64]] = (
            weights * growth / (weights * growth).sum()
        )
        return shares

    def _draw_people(self) -> None:
        """Hire and leave days of account managers; the other roles are there throughout."""
        random = self.random(PEOPLE)
        count = self.size.account_managers
        start = int(self.month_days[0])
        self.hire_day: Ints = start - random.integers(200, 2_000, count)
        self.leave_day: Ints = np.full(count, FAR, dtype=np.int64)
        if self.size.months > 3:
            hires = random.permutation(count)[: count // 6]
            self.hire_day[hires] = random.integers(start + 31, self.end_day - 31, len(hires))
            stayers = np.flatnonzero(self.hire_day < start)
            leavers = random.permutation(stayers)[: count // 10]
            months = random.integers(2, len(self.months), len(leavers))
            self.leave_day[leavers] = self.month_days[months]
        self.skill = random.lognormal(0.0, 0.35, count)

    def active(self, month: int) -> Bools:
        """Account managers who are there on the first of a month and stay through it."""
        first = self.month_days[month]
        here: Bools = (self.hire_day <= first) & (self.leave_day > first)
        return here

    def _draw_owners(self) -> None:
        """``owner[month, account]``: the account manager's number, constant within a month.

        An account passes on within its region (the number of a manager modulo the regions), but for the
        few that are moved by whim: those the policy would give to another team.
        """
        size = self.size
        owner = np.empty((len(self.months), size.accounts), dtype=np.int32)
        current: np.ndarray[tuple[int], np.dtype[np.int32]] | None = None
        for month in range(len(self.months)):
            random = self.random(OWNERS, month)
            here = np.flatnonzero(self.active(month))
            if current is None:
                current = here[np.arange(size.accounts) % len(here)].astype(np.int32)
            current = current.copy()
            orphaned = np.flatnonzero(~np.isin(current, here))
            for region in range(len(REGIONS)):
                left = orphaned[current[orphaned] % len(REGIONS) == region]
                colleagues = here[here % len(REGIONS) == region]
                current[left] = random.choice(colleagues if len(colleagues) else here, len(left))
            newcomers = np.setdiff1d(here, current)
            share = ACCOUNTS_PER_ACCOUNT_MANAGER // 2
            for newcomer in newcomers:
                near = np.flatnonzero(current % len(REGIONS) == newcomer % len(REGIONS))
                current[random.choice(near, min(share, len(near)))] = newcomer
            moved = random.random(size.accounts) < MOVED_SHARE
            current[moved] = random.choice(here, int(moved.sum()))
            owner[month] = current
        self.owner = owner
