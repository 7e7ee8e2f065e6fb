"""Whether the same landing gives the same bytes: ``python -m benchmarks.identical compare <landing>``.

Builds it anew again and again: on one core and on all, one model at a time and two, and, where
``--other`` names a folder with another DuckDB in it (``pip install --target``), with that one. Each
mart is written in a fixed order as CSV, and its SHA-256 compared with the first build's.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.warehouse import RUN_TIMES


def digests(warehouse: Path) -> dict[str, str]:
    """SHA-256 of every public mart, its rows in the order of all their columns."""
    found = {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        names = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts' order by 1"
        ).fetchall()
        for (name,) in names:
            columns = f"* exclude ({', '.join(RUN_TIMES[name])})" if name in RUN_TIMES else "*"
            written = warehouse.with_name(f"{name}.csv")
            connection.sql(f"select {columns} from marts.{name} order by all").write_csv(
                str(written)
            )
            with written.open("rb") as file:
                found[name] = hashlib.file_digest(file, "sha256").hexdigest()
            written.unlink()
    return found


def build(landing: Path, folder: Path, cores: str | None, **environment: str) -> dict[str, str]:
    """Build from nothing in ``folder`` and digest the marts. Raises where the build fails."""
    shutil.rmtree(folder, ignore_errors=True)
    warehouse = folder / "plumbline.duckdb"
    told = {
        **os.environ,
        "PLUMBLINE_LANDING": str(landing.resolve()),
        "PLUMBLINE_WAREHOUSE": str(warehouse),
        **environment,
    }
    command = [sys.executable, "-m", "orchestration.cli", "build"]
    if cores:
        command = ["taskset", "-c", cores, *command]
    subprocess.run(command, cwd=PROJECT_DIR, check=True, stdout=subprocess.DEVNULL, env=told)
    # By a process of its own: this one's DuckDB may not read what another wrote.
    digested = subprocess.run(
        [sys.executable, "-m", "benchmarks.identical", "digests", str(warehouse)],
        cwd=PROJECT_DIR, check=True, capture_output=True, env=told,
    )  # fmt: skip
    found: dict[str, str] = json.loads(digested.stdout)
    return found


app = typer.Typer(add_completion=False)


@app.command("digests")
def print_digests(warehouse: Path) -> None:
    """The digests of one warehouse, as JSON."""
    print(json.dumps(digests(warehouse)))


@app.command()
def compare(
    landing: Annotated[Path, typer.Argument(help="A landing folder.")],
    runs: Annotated[int, typer.Option(help="Builds with all cores.")] = 5,
    other: Annotated[Path | None, typer.Option(help="A folder with another DuckDB.")] = None,
) -> None:
    """Build and compare; exit code 1 where any mart differs from the first build's."""
    folder = PROJECT_DIR / "build" / "identical"
    ways: dict[str, tuple[str | None, dict[str, str]]] = {
        f"all cores, run {number}": (None, {}) for number in range(1, runs + 1)
    }
    ways["one core"] = ("0", {})
    for number, models in {1: "one model", 3: "three models"}.items():
        ways[f"{models} at a time"] = (None, {"PLUMBLINE_THREADS": str(number)})
    if other:
        ways[f"DuckDB of {other.name}"] = (None, {"PYTHONPATH": str(other.resolve())})
    first: dict[str, str] = {}
    different = 0
    for way, (cores, environment) in ways.items():
        found = build(landing, folder, cores, **environment)
        first = first or found
        unlike = sorted(
            name for name in first.keys() | found.keys() if first.get(name) != found.get(name)
        )
        different += len(unlike)
        print(
            f"{way}: {len(found)} marts, {', '.join(unlike) or 'none'} unlike the first", flush=True
        )
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    app()
