"""Builds the warehouse on Spark, and closes months there, as ``orchestration.lib.build`` does on DuckDB.

``python -m orchestration.spark.build [--cluster] [--close 2026-05[@known_at] ...]``
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date

import pandas as pd
from dbt.cli.main import dbtRunner

from orchestration.lib.build import AFTER_CUTS, GateError, Request, require_sound_input, seed_folder
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.dbt_run import FOLDERS
from orchestration.lib.gate import faulty_files
from orchestration.lib.lean_dbt import make_lean
from orchestration.lib.settings import Settings
from orchestration.lib.tables import CUTS_COLUMNS, CUTS_TABLE, cut_pools
from orchestration.lib.warehouse import BuildError
from orchestration.spark.cluster import cluster
from orchestration.spark.landing import load_landing
from orchestration.spark.session import SparkTables, open_session

# What dbt itself writes: beside the one of DuckDB, whose parsed project it would replace.
TARGET = PROJECT_DIR / "target" / "spark"


def build(settings: Settings, requests: Sequence[Request], *, with_unit_tests: bool) -> None:
    """Load what is landed, and build once for each request, the last time with every data test.

    Unit tests, where they are wanted, come last: they take their types from tables that are there.
    Raises ``GateError`` for refused input and ``BuildError`` where dbt fails.
    """
    make_lean()
    require_sound_input(settings)
    session = open_session()
    session.sparkContext.setLogLevel("ERROR")
    tables = SparkTables(session)
    with _told("loading the landing"):
        load_landing(session, settings.landing, settings.policy, faulty_files(settings.remembered))
    if not session.catalog.tableExists(CUTS_TABLE):
        tables.replace(CUTS_TABLE, pd.DataFrame(columns=list(CUTS_COLUMNS)), CUTS_COLUMNS)
    os.environ["PLUMBLINE_POLICY"] = seed_folder(settings.policy)
    for request in requests:
        month = request.close_month
        # What the last build leaves is tested: each of the tests is a Spark job.
        skipped = ["unit_test"] if request is requests[-1] else ["unit_test", "test"]
        with _told(f"closing {month:%Y-%m}" if month else "building"):
            request.tell(os.environ, settings.policy)
            build = ["build", "--exclude-resource-types", *skipped]
            _dbt(*build, "--exclude", *AFTER_CUTS)
            cut_pools(tables)
            _dbt(*build, "--select", *AFTER_CUTS)
    if with_unit_tests:
        with _told("unit tests"):
            _dbt("test", "--select", "test_type:unit")
    session.stop()


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Say what is done, and how long it took."""
    start = time.monotonic()
    print(f"{what} ...", flush=True)
    yield
    print(f"{what}: {time.monotonic() - start:.0f} s", flush=True)


def _dbt(*arguments: str) -> None:
    """dbt in this process, so that it uses the session that is open."""
    result = dbtRunner().invoke(
        ["--quiet", *arguments, "--target", "spark", "--target-path", str(TARGET), *FOLDERS]
    )
    if not result.success:
        raise BuildError(f"dbt {arguments[0]} failed on Spark: {result.exception or 'see above'}")


def requested(closes: Sequence[str]) -> list[Request]:
    """``2026-05`` or ``2026-05@2026-06-03 00:00:00`` as requests; none asked for is one build."""
    requests = []
    for close in closes:
        month, _, known_at = close.partition("@")
        requests.append(
            Request(known_at=known_at or None, close_month=date.fromisoformat(f"{month}-01"))
        )
    return requests or [Request()]


def main() -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(description="Build Plumbline on Spark.")
    parser.add_argument(
        "--cluster",
        action="store_true",
        help="start a master and two workers on loopback and build there; otherwise Spark is where"
        " PLUMBLINE_SPARK_MASTER says, by default in this process",
    )
    parser.add_argument(
        "--close",
        nargs="*",
        default=[],
        metavar="MONTH[@KNOWN_AT]",
        help="close these months one after another, each with what was known at an instant",
    )
    parser.add_argument(
        "--unit-tests", action="store_true", help="run dbt's unit tests on Spark as well"
    )
    arguments = parser.parse_args()
    with ExitStack() as running:
        if arguments.cluster:
            url = running.enter_context(cluster(PROJECT_DIR / "build" / "spark" / "cluster"))
            os.environ["PLUMBLINE_SPARK_MASTER"] = url
            os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
            print(f"a master and two workers at {url}", flush=True)
        try:
            build(
                Settings.from_environment(),
                requested(arguments.close),
                with_unit_tests=arguments.unit_tests,
            )
        except GateError as error:
            sys.exit("\n".join(["The input was refused.", *map(str, error.problems)]))
        except BuildError as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
