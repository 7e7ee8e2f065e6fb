"""Generate a company into a landing folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from orchestration.generator.accounts import write_accounts, write_service
from orchestration.generator.activities import write_activities
from orchestration.generator.cases import write_cases
from orchestration.generator.deals import write_deals
from orchestration.generator.people import (
    write_decisions,
    write_expenses,
    write_people,
    write_ratings,
)
from orchestration.generator.reference_pay import PayReference
from orchestration.generator.shape import Company, Size
from orchestration.generator.write import LandingWriter
from orchestration.lib.contract import PROJECT_DIR

MARK = "_generated.json"
TRUTH = "_ground_truth.json"
DEMO_POLICY = PROJECT_DIR / "seeds" / "policy"
# The reckoning holds a company in memory, row by row; larger ones have the planted cases only.
MOST_ROWS_RECKONED = 500_000


def generate(
    size: Size, landing: Path, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> dict[str, int]:
    """Write a whole company into ``landing`` and return the rows written per table.

    An earlier generated company is replaced; a folder with anything else in it is refused
    (``FileExistsError``), for it may be real data. Memory stays bounded: one month's million rows
    at a time. ``progress`` is told months done and months in all.
    """
    if landing.exists() and any(landing.iterdir()):
        if not (landing / MARK).exists():
            raise FileExistsError(f"{landing} holds data that this generator did not make")
        shutil.rmtree(landing)
    landing.mkdir(parents=True, exist_ok=True)
    # Marked first: a run cut short leaves a folder that the next run may replace.
    (landing / MARK).write_text(json.dumps({"is_complete": False}))
    company = Company(size)
    writer = LandingWriter(landing)
    write_people(company, writer)
    write_accounts(company, writer)
    for month in range(len(company.months)):
        write_activities(company, writer, month)
        write_deals(company, writer, month)
        write_service(company, writer, month)
        write_expenses(company, writer, month)
        write_ratings(company, writer, month)
        write_decisions(company, writer, month)
        progress(month + 1, len(company.months))
    truth = write_cases(company, writer)
    if sum(writer.rows.values()) <= MOST_ROWS_RECKONED:
        truth["totals"] = PayReference(landing, DEMO_POLICY).totals(company.months[-1])
    (landing / TRUTH).write_text(json.dumps(truth, ensure_ascii=False, indent=2) + "\n")
    summary = {
        "is_complete": True,
        "payees": size.payees,
        "months": size.months,
        "last_month": f"{size.last_month:%Y-%m}",
        "seed": size.seed,
        "rows": dict(sorted(writer.rows.items())),
    }
    (landing / MARK).write_text(json.dumps(summary, indent=2) + "\n")
    return dict(writer.rows)
