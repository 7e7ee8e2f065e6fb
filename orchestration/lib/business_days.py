"""Business days by the plan's calendar (``policy_calendar``): holidays, and weekends that are worked."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from orchestration.lib.policy import csv_rows

SATURDAY = 5


def working_days(policy: Path) -> dict[date, bool]:
    """Whether a day is worked, of the days that are not as their weekday says."""
    path = policy / "policy_calendar.csv"
    rows = csv_rows(path) if path.exists() else []
    return {
        date.fromisoformat(row["calendar_day"]): row["is_working_day"] == "true" for row in rows
    }


def business_day(month: date, number: int, exceptions: dict[date, bool]) -> date:
    """The ``number``-th working day of a month; the first is 1."""
    day = month.replace(day=1)
    while True:
        if exceptions.get(day, day.weekday() < SATURDAY):
            number -= 1
            if number <= 0:
                return day
        day += timedelta(days=1)
