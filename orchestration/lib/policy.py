"""The policy folder as Python needs it: its digest, and single settings."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path


def digest_of(paths: Iterable[Path]) -> str:
    """Digest of files' names and content, whatever their order."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def digest_of_text(lines: Iterable[str]) -> str:
    """Digest of lines of text, in their order."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def policy_digest(policy: Path) -> str:
    """Digest of the policy folder's content; a close records it."""
    return digest_of(policy.glob("*.csv"))


def policy_setting(policy: Path, name: str, default: str) -> str:
    """A setting of the policy folder, or the default where the folder does not set it."""
    path = policy / "policy_settings.csv"
    if not path.exists():
        return default
    values = (row["value"] for row in csv_rows(path) if row["setting"] == name)
    return next(values, default)


def minor_units(policy: Path) -> dict[str, Decimal]:
    """The smallest amount that is paid in each currency: 0.01, for yen 1."""
    rows = csv_rows(policy / "policy_currencies.csv")
    return {row["currency"]: Decimal(row["unit_amount"]) for row in rows}


def csv_rows(path: Path) -> list[dict[str, str]]:
    """A CSV file's rows by column, as text; a byte order mark is no part of the first name."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
