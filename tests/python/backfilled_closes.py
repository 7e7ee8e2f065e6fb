"""Every month of a demo closed by a backfill of Dagster's job, and by hand: the same ledger and packages.

``python -m tests.python.backfilled_closes FOLDER [--months N]``. A ``dagster-daemon`` of its own, with the
configuration of ``make ui``, is asked for a backfill as a person asks (``dagster job backfill``); the same
months are closed one after another on the command line. About three minutes a month on two cores.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from orchestration.lib.contract import PROJECT_DIR
from tests.python.conftest import Company

DAGSTER = Path(sys.executable).with_name("dagster")
DEFINITIONS = ["-m", "orchestration.definitions"]
COMPARED = {
    "ledger rows": "select * from marts.fct_pay_ledger order by all",
    "closes": "select period_month, known_at, entry_count from marts.fct_closes order by all",
    "statements": "select * from marts.fct_pay_statements order by all",
}
# What a package has of the pay; its manifest names the folder and the moment of the close.
FILES = ("pay_ledger.csv", "pay_statements.csv", "commission_lines.csv", "scores.csv",
         "score_items.csv", "contract_costs.csv")  # fmt: skip


def whole_months(company: Company) -> list[str]:
    """The months of a company's history that are over, as ``2026-06``, oldest first."""
    return [
        month
        for (month,) in company.query(
            "select strftime(period_month, '%Y-%m') from marts.dim_periods where is_whole order by 1"
        )
    ]


def environment_of(company: Company) -> dict[str, str]:
    """That of ``make ui`` for this company."""
    found = {**os.environ, **company.environment, "DAGSTER_HOME": str(company.folder)}
    found.pop("DBT_TARGET_PATH")
    return found


def backfill(company: Company, months: list[str]) -> None:
    """Close the months by a daemon's backfill. Raises ``AssertionError`` where a run of it failed."""
    shutil.copy(PROJECT_DIR / "orchestration" / "dagster.yaml", company.folder / "dagster.yaml")
    environment = environment_of(company)
    subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "parse", "--quiet"], cwd=PROJECT_DIR,
        env=environment, check=True,
    )  # fmt: skip
    with (company.folder / "daemon.log").open("w") as log:
        daemon = subprocess.Popen(
            [DAGSTER.with_name("dagster-daemon"), "run", *DEFINITIONS], cwd=PROJECT_DIR,
            env=environment, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            partitions = ",".join(f"{month}-01" for month in months)
            subprocess.run(
                [DAGSTER, "job", "backfill", "-j", "close", "--partitions", partitions,
                 "--noprompt", *DEFINITIONS],
                cwd=PROJECT_DIR, env=environment, check=True,
            )  # fmt: skip
            closed: list[str] = []
            while closed != months:
                time.sleep(10)
                assert daemon.poll() is None, "the daemon has ended"
                folder = company.folder / "closes"
                now = (
                    sorted(path.name for path in folder.glob("20??-??")) if folder.exists() else []
                )
                assert now == months[: len(now)], f"out of order: {now}"
                if now != closed:
                    print(f"backfill: {now[-1]} is closed", flush=True)
                closed = now
            # What is after the package: publishing.
            wait_for_success(environment, len(months))
        finally:
            daemon.terminate()
            daemon.wait()


def wait_for_success(environment: dict[str, str], count: int) -> None:
    """Until so many runs have succeeded. Raises ``AssertionError`` where one has failed."""
    look = (
        "from dagster import DagsterInstance as I, RunsFilter as F, DagsterRunStatus as S\n"
        "i = I.get()\n"
        "n = lambda *s: i.get_runs_count(F(statuses=list(s)))\n"
        "print(n(S.SUCCESS), n(S.FAILURE, S.CANCELED))"
    )
    while True:
        done = subprocess.run(
            [sys.executable, "-c", look], env=environment, cwd=PROJECT_DIR, check=True,
            capture_output=True, text=True,
        )  # fmt: skip
        succeeded, failed = map(int, done.stdout.split()[-2:])
        assert failed == 0, f"{failed} runs failed"
        if succeeded >= count:
            return
        time.sleep(5)


def compare(by_job: Company, by_hand: Company, months: list[str]) -> None:
    """Hold what both posted and left against each other. Raises ``AssertionError`` where it differs."""
    for what, query in COMPARED.items():
        ours, theirs = by_job.query(query), by_hand.query(query)
        assert ours == theirs, what
        print(f"{what}: {len(ours)}, the same")
    for month in months:
        for name in FILES:
            pair = [one.folder / "closes" / month / name for one in (by_job, by_hand)]
            assert pair[0].read_bytes() == pair[1].read_bytes(), (month, name)
    print(f"packages: {len(months)}, {len(FILES)} files of each the same to the byte")
    assert "the ledger is theirs" in by_job.must("verify")


def main() -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--months", type=int, default=24)
    arguments = parser.parse_args()
    by_job, by_hand = (Company(arguments.folder.resolve() / name) for name in ("job", "hand"))
    by_hand.folder.mkdir(parents=True)
    by_job.folder.mkdir()
    by_hand.must("demo", "--months", str(arguments.months))
    by_job.landing.symlink_to(by_hand.landing)
    by_hand.must("build")
    months = whole_months(by_hand)[-arguments.months :]
    by_hand.warehouse.unlink()
    backfill(by_job, months)
    for month in months:
        by_hand.must("close", month)
        print(f"by hand: {month} is closed", flush=True)
    compare(by_job, by_hand, months)


if __name__ == "__main__":
    main()
