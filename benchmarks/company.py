"""The companies that are measured: generated once per size, and laid out as loads arrive.

Size 1 is a million activities of 100 payees in 36 months, 2.3 million landed rows in all; sizes 10
and 100 are ten and a hundred times that. The generator writes files by the month a deal began in; a
company's landing has them by load, so large tables are written anew by the month of load. The rows
loaded after the last but one month are laid apart, too: ``before`` is what a close of the last month finds
built, ``month`` is what it has to take up.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from orchestration.generator.columns import LOCAL_OFFSET
from orchestration.generator.generate import generate
from orchestration.generator.shape import Size
from orchestration.lib.contract import landing_tables

PAYEES, MONTHS, ACTIVITIES = 100, 36, 1_000_000
# Tables of fewer rows stay as they were generated.
LARGE = 100_000
LAST_MONTH = date(2026, 6, 1)
AFTER = date(2026, 7, 1)
# The company grows: the twelve months in the middle hold a third of its rows, as they are a third of its
# months. The last twelve hold two fifths of the activities and over half of the payments.
MIDDLE_YEAR = (date(2024, 7, 1), date(2025, 7, 1))


@dataclass(frozen=True)
class Landings:
    """Folders of one size: all rows; all but the last month's load; that load; the activities and
    payments of the middle year, and of the last month, landed once more."""

    whole: Path
    before: Path
    month: Path
    restated: Path
    late: Path


def landings(folder: Path, size: int, *, split: bool = True) -> Landings:
    """The landing folders of a size below ``folder``; made where they are not there.

    Without ``split`` the two that take a second copy of everything are left out.
    """
    place = folder / str(size)
    here = Landings(*(place / name for name in ("whole", "before", "month", "restated", "late")))
    if not (place / "complete").exists():
        shutil.rmtree(here.whole, ignore_errors=True)
        generate(Size(PAYEES * size, MONTHS, ACTIVITIES * size, LAST_MONTH), here.whole)
        lay_out_by_load(here.whole)
        (place / "complete").touch()
    if not here.restated.exists():
        _restate(here.whole, here.restated, *MIDDLE_YEAR)
    if not here.late.exists():
        _restate(here.whole, here.late, LAST_MONTH, AFTER)
    if split and not (place / "split").exists():
        for path in (here.before, here.month):
            shutil.rmtree(path, ignore_errors=True)
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute("set preserve_insertion_order = false")
            for path in sorted(here.whole.rglob("*")):
                if path.suffix in (".parquet", ".csv"):
                    _split(connection, path, here)
        (place / "split").touch()
    return here


def lay_out_by_load(whole: Path) -> None:
    """Write the large tables of a landing folder anew, in files by the month in which rows were loaded."""
    for table in landing_tables().values():
        folder = whole / table.system / table.name
        files = sorted(folder.glob("*.parquet"))
        if sum(pq.read_metadata(path).num_rows for path in files) < LARGE:
            continue
        draft = folder.with_name(f"{table.name}.writing")
        shutil.rmtree(draft, ignore_errors=True)
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute("set preserve_insertion_order = false")
            connection.read_parquet([str(path) for path in files], union_by_name=True).project(
                "*, strftime(_loaded_at, '%Y-%m') as load_month"
            ).write_parquet(str(draft), compression="zstd", partition_by=["load_month"])
        for path in files:
            path.unlink()
        for path in sorted(draft.rglob("*.parquet")):
            month = path.parent.name.partition("=")[2]
            path.rename(folder / f"{table.name}-{month}-{path.stem}.parquet")
        shutil.rmtree(draft)


def _split(connection: duckdb.DuckDBPyConnection, path: Path, here: Landings) -> None:
    """A file's rows by whether they were loaded before the last month's load began."""
    inside = path.relative_to(here.whole)
    rows = (
        connection.read_parquet(str(path))
        if path.suffix == ".parquet"
        else connection.read_csv(str(path), all_varchar=True)
    )
    cut = f"timestamptz '{LAST_MONTH} 16:00:00+00' + interval 2 days"
    loaded = "cast(_loaded_at as timestamptz)"
    for target, condition in (
        (here.before, f"{loaded} < {cut}"),
        (here.month, f"{loaded} >= {cut}"),
    ):
        part = rows.filter(condition)
        if not part.limit(1).fetchall():
            continue
        file = target / inside.with_stem(f"{inside.stem}-{target.name}")
        file.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".parquet":
            part.write_parquet(str(file), compression="zstd")
        else:
            part.write_csv(str(file), header=True)


def _restate(whole: Path, target: Path, first: date, after: date) -> None:
    """Activities and payments of some months, landed once more: later, and a little different."""
    days = 1 if target.name == "late" else 2
    draft = target.with_name(f"{target.name}.writing")
    shutil.rmtree(draft, ignore_errors=True)
    changes = {
        # Months are those of the company's clock.
        "crm.activities": (
            f"cast(occurred_at + interval {LOCAL_OFFSET} seconds as date)",
            "duration_seconds + 1 as duration_seconds",
        ),
        "billing.payments": ("paid_on", "cast(amount + 0.01 as decimal(18, 4)) as amount"),
    }
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set preserve_insertion_order = false")
        for name, (day, change) in changes.items():
            table = landing_tables()[name]
            for path in sorted((whole / table.system / table.name).glob("*.parquet")):
                inside = f"{day} >= '{first}' and {day} < '{after}'"
                if "_deleted" in pq.read_schema(path).names:
                    inside += " and not coalesce(_deleted, false)"
                rows = connection.read_parquet(str(path)).filter(inside)
                if not rows.limit(1).fetchall():
                    continue
                later = f"_loaded_at + interval {days} day as _loaded_at"
                file = draft / table.system / table.name / f"{path.stem}-{target.name}.parquet"
                file.parent.mkdir(parents=True, exist_ok=True)
                rows.project(f"* replace ({change}, {later})").write_parquet(
                    str(file), compression="zstd"
                )
    draft.rename(target)


def link(source: Path, target: Path) -> None:
    """Show the files of a landing folder in another one, without copying them."""
    for path in source.rglob("*"):
        if path.is_file():
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.hardlink_to(path)
