"""Every mart in plain SQL, without dbt: what a full build is measured against.

``python -m benchmarks.everything prepare <built warehouse> <landing> <folder>`` once; then, which is what
is timed, ``python -m benchmarks.everything <landing> <folder> <file.duckdb> <months at a time>``. The six
facts that hold nearly all landed rows are those of the hand-written script (benchmarks/script.py). The rest
is the models' own SQL, some months at a time where a model is built by months: no framework, no tests, no
log of changes, nothing compared with what was there. ``same`` holds every mart against the build's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.same import rows_apart
from benchmarks.script import FACTS, write
from orchestration.lib.changes import STATE
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.landing import create_views

BY_HAND = tuple(name for name in FACTS if name != "fct_credits")
# What tells of landing files and of findings, and not of the company.
LEFT_OUT = (
    "fct_landing_reconciliation",
    "fct_landing_volumes",
    "fct_quarantined_rows",
    "fct_findings",
)
# What a build of before has written down, of its files, by Python, and what closes posted.
KEPT = (
    "orchestration.landed_again",
    "orchestration.landing_months",
    "marts.fct_promotion_cuts",
    "marts.fct_pay_ledger",
    "marts.fct_closes",
)
GIVEN = (*BY_HAND, *(name.split(".")[1] for name in KEPT))
ENDS = ("1000-01-01", "9999-01-01")


def prepare(built: Path, landing: Path, folder: Path) -> None:
    """Compile the models, put them in order, and keep what a run needs beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    dbt = str(Path(sys.executable).with_name("dbt"))
    places = {"PLUMBLINE_WAREHOUSE": str(built), "PLUMBLINE_LANDING": str(landing)}
    subprocess.run(
        [dbt, "compile", "--quiet", "--target-path", str(folder / "target")],
        cwd=PROJECT_DIR, env={**os.environ, **places}, check=True,
    )  # fmt: skip
    manifest = json.loads((folder / "target" / "manifest.json").read_text())
    nodes = manifest["nodes"]
    wanted = [
        name for name, node in nodes.items()
        if node["resource_type"] == "model" and node["fqn"][1] == "marts"
        and node["name"] not in (*LEFT_OUT, *GIVEN)
    ]  # fmt: skip
    order: list[str] = []

    def visit(name: str) -> None:
        node = nodes.get(name)
        if name in order or node is None or node["name"] in GIVEN:
            return
        for parent in node["depends_on"].get("nodes", []):
            visit(parent)
        order.append(name)

    for name in sorted(wanted):
        visit(name)
    steps = [
        {
            "name": nodes[name]["name"],
            "relation": nodes[name]["relation_name"],
            "kind": nodes[name]["config"]["materialized"],
            "is_light": bool(nodes[name]["config"].get("is_light")),
            "sql": nodes[name].get("compiled_code", ""),
            "types": nodes[name]["config"].get("column_types", {}),
            "path": nodes[name]["original_file_path"],
        }
        for name in order
        if nodes[name]["config"]["materialized"] != "ephemeral"
    ]
    (folder / "steps.json").write_text(json.dumps(steps, indent=1))
    kept = folder / "kept.duckdb"
    kept.unlink(missing_ok=True)
    with duckdb.connect(str(kept)) as connection:
        connection.execute(f"attach '{built}' as built (read_only)")
        for name in KEPT:
            connection.execute(f"create table {name.split('.')[1]} as select * from built.{name}")


def run(landing: Path, folder: Path, file: Path, months_at_a_time: int) -> None:
    """Write every mart of ``landing`` into a new DuckDB file."""
    steps = json.loads((folder / "steps.json").read_text())
    memory = os.environ.get("PLUMBLINE_MEMORY", "400MB")
    write(landing, file, months_at_a_time, memory, BY_HAND)
    with duckdb.connect() as connection:
        connection.execute(f"set TimeZone = 'UTC'; set memory_limit = '{memory}'")
        connection.execute(
            f"set temp_directory = '{file}.tmp'; set preserve_insertion_order = false;"
            " set max_vacuum_tasks = 0"
        )
        # The name that models know their catalog by.
        connection.execute(f"attach '{file}' as plumbline; use plumbline")
        for schema in ("policy", "staging", "intermediate", "marts"):
            connection.execute(f"create schema {schema}")
        connection.execute(STATE)
        connection.execute(f"attach '{folder / 'kept.duckdb'}' as kept (read_only)")
        for name in KEPT:
            connection.execute(f"create or replace table {name} as from kept.{name.split('.')[1]}")
        for name in BY_HAND:
            connection.execute(f"create view marts.{name} as from plumbline.main.{name}")
        create_views(connection, landing, frozenset())
        months = [
            str(month)
            for (month,) in connection.sql(
                "select distinct period_month from plumbline.main.fct_transactions union"
                " select distinct period_month from plumbline.main.fct_activities order by 1"
            ).fetchall()
        ]
        bounds = [ENDS[0], *months[months_at_a_time::months_at_a_time], ENDS[1]]
        for step in steps:
            _take(connection, step, bounds)


def _take(connection: duckdb.DuckDBPyConnection, step: dict[str, Any], bounds: list[str]) -> None:
    relation = step["relation"].split(".", 1)[1]
    if step["kind"] == "seed":
        columns = ", ".join(f"'{name}': '{kind}'" for name, kind in step["types"].items())
        connection.execute(
            f"create table {relation} as from read_csv('{PROJECT_DIR / step['path']}', header = true,"
            f" columns = {{{columns}}})"
        )
    elif step["kind"] == "view":
        connection.execute(f"create view {relation} as {step['sql']}")
    elif step["kind"] == "by_month":
        ends = [bounds[0], bounds[-1]] if step["is_light"] else bounds
        for number, (first, after) in enumerate(pairwise(ends)):
            rows = f"select * from ({_months(step['sql'], first, after)})"
            if number == 0:
                connection.execute(f"create table {relation} as {rows} where false")
            within = f" where period_month >= '{first}' and period_month < '{after}'"
            connection.execute(f"insert into {relation} by name {rows}{within}")
    else:
        connection.execute(f"create table {relation} as {step['sql']}")


def _months(sql: str, first: str, after: str) -> str:
    """The bounds of some months in the place of the ends of time, as macros/by_month writes them."""
    for text, day in (("'1000-01-01'", first), ("'9999-01-01'", after)):
        sql = sql.replace(text, f"'{day}'")
    for text, day, shift in (("'0999-12-31'", first, "- 1"), ("'9999-01-02'", after, "+ 1")):
        [(moved,)] = duckdb.sql(f"select cast(date '{day}' {shift} as varchar)").fetchall()
        sql = sql.replace(text, f"'{moved}'")
    return sql


def differences(built: Path, file: Path) -> dict[str, tuple[int, int]]:
    """Rows that only the build has and that only the file has, by mart, where there are any."""
    with duckdb.connect() as connection:
        memory = os.environ.get("PLUMBLINE_MEMORY", "4GB")
        connection.execute(f"set TimeZone = 'UTC'; set memory_limit = '{memory}'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute(f"attach '{built}' as built (read_only)")
        connection.execute(f"attach '{file}' as other (read_only)")
        marts = connection.sql(
            "select table_name from duckdb_tables() where database_name = 'built'"
            " and schema_name = 'marts' order by 1"
        ).fetchall()
        return rows_apart(
            connection,
            {
                name: (
                    f"from built.marts.{name}",
                    f"from other.{'main' if name in BY_HAND else 'marts'}.{name}",
                )
                for (name,) in marts
                if name not in LEFT_OUT
            },
        )


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare(*(Path(argument).resolve() for argument in sys.argv[2:5]))
    elif sys.argv[1] == "same":
        different = differences(Path(sys.argv[2]), Path(sys.argv[3]))
        print(different or "every row of every mart is the same")
        sys.exit(bool(different))
    else:
        source, made, target = (Path(argument).resolve() for argument in sys.argv[1:4])
        run(source, made, target, int(sys.argv[4]))
