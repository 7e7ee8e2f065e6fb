"""One month closed on histories of several lengths: whether what lies before it makes its close dearer.

``python -m benchmarks.history --size 10`` cuts the company's landing off in front. What happened before a
day is left out, and so are the contracts that had ended by then; people, accounts and everything of the
last months, the restated month with them, are the same at every length.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from benchmarks.company import LAST_MONTH, MONTHS, link
from benchmarks.run import Bench
from orchestration.generator.shape import Size, month_starts

# What is cut off, and by which day of a row.
CUT_BY = {
    "billing/account_costs": "incurred_on",
    "billing/consumption": "consumed_on",
    "billing/contracts": "ends_on",
    "billing/payments": "paid_on",
    "billing/refunds": "refunded_on",
    "crm/account_health": "measured_on",
    "crm/activities": "occurred_at",
    "crm/deliveries": "started_on",
    "crm/opportunities": "created_at",
    "crm/opportunity_stage_history": "entered_at",
    "crm/opportunity_team": "_loaded_at",
    "crm/service_requests": "requested_at",
    "crm/surveys": "responded_at",
    "hr/expenses": "incurred_on",
}


class History(Bench):
    """The tasks on the last months of a company's landing, in a folder of their own."""

    def __init__(self, folder: Path, size: int, months: int) -> None:
        super().__init__(folder, size)
        self.place = self.work.with_name(f"last-{months}")
        self.work = self.place / "work"
        shutil.rmtree(self.place, ignore_errors=True)
        short = self.place / "whole"
        _cut_off(self.company.whole, short, first_of_last(months))
        self.company = replace(self.company, whole=short)

    def rows(self) -> int:
        """Landed rows that lie in Parquet files, which all large tables do."""
        with duckdb.connect() as connection:
            files = f"from parquet_file_metadata('{self.company.whole}/**/*.parquet')"
            [(found,)] = connection.execute(f"select sum(num_rows) {files}").fetchall()
        return int(found)


def first_of_last(months: int) -> date:
    """The first day of the last so many months."""
    return month_starts(Size(months=months, last_month=LAST_MONTH))[0]


def _cut_off(whole: Path, target: Path, first: date) -> None:
    """A landing folder without what was over before a day."""
    link(whole, target)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'; set preserve_insertion_order = false")
        for table, column in CUT_BY.items():
            for path in sorted((target / table).glob("*.parquet")):
                rows = connection.read_parquet(str(path)).filter(f"{column} >= '{first}'")
                draft = path.with_suffix(".writing")
                if rows.limit(1).fetchall():
                    rows.write_parquet(str(draft), compression="zstd")
                    draft.replace(path)  # the file itself is the whole landing's, too
                else:
                    path.unlink()


def main(
    size: Annotated[int, typer.Option(help="Millions of activities in 36 months.")] = 10,
    months: Annotated[
        list[int] | None, typer.Option(help="Lengths; by default 6, 12, 24, 36.")
    ] = None,
    runs: Annotated[int, typer.Option(help="Closes at each length.")] = 3,
    folder: Annotated[Path, typer.Option(help="Where companies and warehouses lie.")] = Path(
        "build/benchmarks"
    ),
) -> None:
    """Print, by length of history: landed rows, what a full build took, what each close took."""
    for length in months or [6, 12, 24, MONTHS]:
        history = History(folder.resolve(), size, length)
        built = history.build()
        closes = [history.late() for _ in range(runs)]
        said = ", ".join(f"{close.wall:.1f} s and {close.cpu:.1f} CPU" for close in closes)
        print(
            f"{length} months from {first_of_last(length)} to {LAST_MONTH}, {history.rows():,} rows:"
            f" built in {built.wall:.1f} s, {built.cpu:.1f} CPU seconds; closed in {said}",
            flush=True,
        )
        shutil.rmtree(history.place)


if __name__ == "__main__":
    typer.run(main)
