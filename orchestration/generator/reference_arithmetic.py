"""The arithmetic of the independent reckoning: rounding, dates, and dealing out by largest remainder."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Row = dict[str, Any]
FAR = dt.date(9999, 1, 1)
FOUR = Decimal("0.0001")
SIX = Decimal("0.000001")
EIGHT = Decimal("0.00000001")
TEN = Decimal("0.0000000001")


def rounded(value: Decimal, places: Decimal) -> Decimal:
    """Half away from zero."""
    return value.quantize(places, rounding=ROUND_HALF_UP)


def cast(value: Any, data_type: str) -> Any:
    """A landed or policy value as the contract types it."""
    if value is None or value == "":
        return None
    if data_type == "date":
        return value if isinstance(value, dt.date) else dt.date.fromisoformat(value[:10])
    if data_type == "timestamp":
        at = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)
        return at if at.tzinfo else at.replace(tzinfo=dt.UTC)
    if data_type == "boolean":
        return value if isinstance(value, bool) else value.lower() == "true"
    if data_type == "integer" or data_type.startswith("decimal"):
        return Decimal(value)
    return value


def holds(row: Row, day: dt.date) -> bool:
    """Half-open: valid_from is in, valid_to is out, none means open."""
    return bool(row["valid_from"] <= day < (row["valid_to"] or FAR))


def month_after(month: dt.date, count: int = 1) -> dt.date:
    index = month.year * 12 + month.month - 1 + count
    return dt.date(index // 12, index % 12 + 1, 1)


def same_day_after(day: dt.date, months: int) -> dt.date:
    """The same day of a later month, or that month's last one."""
    month = month_after(day.replace(day=1), months)
    last = month_after(month) - dt.timedelta(days=1)
    return month.replace(day=min(day.day, last.day))


def deal(amount: Decimal, parts: list[Row]) -> list[Decimal]:
    """An amount dealt out in proportion to the parts: largest remainder, ties to the lowest tier."""
    whole = sum((part["amount"] for part in parts), Decimal(0))
    units = int(amount / FOUR)
    shares = [divmod(units * int(part["amount"] / FOUR), int(whole / FOUR)) for part in parts]
    dealt = [share for share, _ in shares]
    order = sorted(range(len(parts)), key=lambda i: (-shares[i][1], parts[i]["tier"]))
    for index in order[: units - sum(dealt)]:
        dealt[index] += 1
    return [Decimal(share) * FOUR for share in dealt]
