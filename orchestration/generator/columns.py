"""Arrow columns made from numpy arrays, without a Python object per value."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

DAY = 86_400
EPOCH = dt.date(1970, 1, 1)
# The company works in Asia/Shanghai, which has had no summer time since 1991.
LOCAL_OFFSET = 8 * 3_600


def day_number(day: dt.date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def identifiers(prefix: str, numbers: Ints, width: int = 9) -> pa.Array:
    """``prefix`` and the zero-padded number; null where the number is negative."""
    padded = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")
    joined = pc.binary_join_element_wise(prefix, padded, "")
    return pc.if_else(pa.array(numbers < 0), pa.scalar(None, pa.string()), joined)


def choices(values: list[Any], indexes: npt.NDArray[Any]) -> pa.Array:
    """The values at the given positions."""
    return pa.array(values).take(pa.array(indexes))


def money(cents: Ints) -> pa.Array:
    """Whole cents as decimal(18, 2)."""
    words = np.empty((len(cents), 2), dtype=np.int64)
    words[:, 0] = cents
    words[:, 1] = cents >> 63
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(cents), [None, pa.py_buffer(words)])


def instants(seconds: Ints) -> pa.Array:
    """Seconds since the epoch as UTC instants; null where negative."""
    values = pa.array(seconds * 1_000_000).cast(pa.timestamp("us", tz="UTC"))
    return pc.if_else(pa.array(seconds < 0), pa.scalar(None, values.type), values)


def days(numbers: Ints) -> pa.Array:
    """Days since the epoch as dates; null where negative."""
    values = pa.array(numbers.astype(np.int32)).cast(pa.date32())
    return pc.if_else(pa.array(numbers < 0), pa.scalar(None, pa.date32()), values)


def local_day(seconds: Ints) -> Ints:
    """The local day of UTC seconds, as days since the epoch."""
    return (seconds + LOCAL_OFFSET) // DAY


def constant(value: Any, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(value), count)
