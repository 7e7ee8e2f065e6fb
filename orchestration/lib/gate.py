"""The gate: input that would be paid on is checked before anything is built.

Every problem names file, row, column and rule. Rows are counted as a spreadsheet shows them: in a
CSV file the header is row 1, in a Parquet file the first row is row 1.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.lib import contract
from orchestration.lib.landing import (
    OPTIONAL_COLUMNS,
    LandedTable,
    file_columns,
    find_files,
    fingerprint,
    numbered,
    parts_of,
    relation_of,
    stamp,
)
from orchestration.lib.policy_gate import check_policy
from orchestration.lib.problem import Problem

MOST_PROBLEMS_PER_COLUMN = 3


@dataclass(frozen=True)
class _Fault:
    """A condition on a column's text that makes a value unusable, and how to say so."""

    condition: str
    rule: str
    message: str
    is_about_nulls: bool = False


def check_once(landing: Path, policy: Path, remembered: Path) -> list[Problem]:
    """``check``, without what passed before: ``remembered`` names every file that did.

    A table whose rows must not overlap is looked at as a whole when one of its files is new.
    """
    contract_files = sorted((contract.PROJECT_DIR / "models").glob("**/_*.yml"))
    rules = fingerprint(contract_files)
    memory = json.loads(remembered.read_text()) if remembered.exists() else {}
    passed = memory.get("files", {}) if memory.get("rules") == rules else {}
    tables = find_files(landing)
    landed_files = {path for landed in tables for path in landed.files}
    stamps = {str(path): list(stamp(path)) for path in (*landed_files, *policy.glob("*.csv"))}
    if stamps == passed:
        return []
    fresh = {path for path in landed_files if passed.get(str(path)) != stamps[str(path)]}
    gone = {Path(path) for path in passed if path not in stamps}
    is_known_plan = not any(path.parent == policy for path in gone) and all(
        passed.get(str(path)) == stamps[str(path)] for path in policy.glob("*.csv")
    )
    problems = [] if is_known_plan else check_policy(policy)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for landed in tables:
            has_lost = any(_folder(landing, landed) in path.parents for path in gone)
            problems += _check_table(connection, landed, fresh, has_lost=has_lost)
    if not problems:
        remembered.parent.mkdir(parents=True, exist_ok=True)
        remembered.write_text(json.dumps({"rules": rules, "files": stamps}))
    return problems


def _folder(landing: Path, landed: LandedTable) -> Path:
    return landing.resolve() / landed.table.system / landed.table.name


def check(landing: Path, policy: Path) -> list[Problem]:
    """Every problem of the landing and policy folders; an empty list lets the build begin."""
    return check_policy(policy) + check_landing(landing)


def check_landing(landing: Path) -> list[Problem]:
    """Problems of the landing files: columns, types, allowed values, keys, overlaps."""
    problems: list[Problem] = []
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for landed in find_files(landing):
            problems += _check_table(connection, landed, set(landed.files), has_lost=False)
    return problems


def _check_table(
    connection: duckdb.DuckDBPyConnection, landed: LandedTable, fresh: set[Path], *, has_lost: bool
) -> list[Problem]:
    """Problems of a table's ``fresh`` files, and overlaps of all where there are any."""
    new = LandedTable(
        landed.table,
        tuple(path for path in landed.csv_files if path in fresh),
        tuple(path for path in landed.parquet_files if path in fresh),
    )
    problems = _check_columns(new)
    if not problems and not new.is_absent:
        problems = _check_values(connection, new)
    is_to_look_at = not landed.is_absent and (has_lost or not new.is_absent)
    if not problems and landed.table.no_overlap_by and is_to_look_at:
        problems = _check_overlaps(connection, landed)
    return problems


def _check_columns(landed: LandedTable) -> list[Problem]:
    problems = []
    for path in landed.files:
        try:
            present = file_columns(path)
        except (OSError, ValueError) as error:  # a torn Parquet file, bytes that are no UTF-8
            problems.append(Problem(path, None, None, "files can be read", str(error)))
            continue
        for name in landed.table.column_names:
            if name not in present and name not in OPTIONAL_COLUMNS:
                near = [other for other in present if other not in landed.table.column_names]
                hint = f"; unknown columns there: {', '.join(near)}" if near else ""
                message = f"the column is missing{hint}"
                problems.append(
                    Problem(
                        path, None, name, f"landing contract of {landed.table.full_name}", message
                    )
                )
    return problems


def _faults(column: contract.Column, name: str, *, is_key: bool) -> list[_Fault]:
    """What can be wrong with a column's values. ``name`` is the column's SQL expression."""
    faults = []
    data_type = column.data_type
    if data_type != "string":
        target = "timestamptz" if data_type == "timestamp" else data_type
        faults.append(
            _Fault(
                f"{name} is not null and try_cast({name} as {target}) is null",
                f"{column.name} is a {data_type}",
                f"is not a {data_type}",
            )
        )
    if data_type.startswith("decimal"):
        places = _scale(data_type)
        faults.append(
            _Fault(
                f"try_cast({name} as {data_type}) <> try_cast({name} as decimal(38, 16))",
                f"{column.name} carries at most {places} decimal places",
                f"has more than {places} decimal places",
            )
        )
    if column.one_of:
        allowed = ", ".join(f"'{value}'" for value in column.one_of)
        faults.append(
            _Fault(
                f"{name} not in ({allowed})",
                f"{column.name} is one of {', '.join(column.one_of)}",
                "is not allowed",
            )
        )
    if is_key or column.name == "_loaded_at":
        faults.append(_Fault(f"{name} is null", f"{column.name} is never empty", "is empty", True))
    return faults


def _scale(data_type: str) -> int:
    """4 of ``decimal(18,4)`` or ``decimal128(18, 4)``."""
    return int(data_type.rstrip(")").split(",")[1])


def _needs_look(column: contract.Column, physical: str) -> bool:
    """Whether a value can be wrong at all: a Parquet column may have the contract's type already."""
    if column.one_of:
        return True
    if column.data_type.startswith("decimal") and physical.startswith("decimal"):
        return _scale(physical) > _scale(column.data_type)
    kinds = {"timestamp": "timestamp", "date": "date32", "boolean": "bool"}
    wanted = kinds.get(column.data_type, column.data_type.split("(")[0])
    return not physical.startswith((wanted, "large_string" if wanted == "string" else wanted))


def _check_values(connection: duckdb.DuckDBPyConnection, landed: LandedTable) -> list[Problem]:
    problems: list[Problem] = []
    for part in parts_of(connection, landed.files, with_filename=True):
        physical = file_columns(part.files[0])
        faults = [
            (column, fault)
            for column in landed.table.columns
            if column.name in physical
            for fault in _faults(column, column.name, is_key=column.name in landed.table.key)
            if fault.is_about_nulls or _needs_look(column, physical[column.name])
        ]
        counts = ", ".join(f"count(*) filter ({fault.condition})" for _, fault in faults)
        try:
            found = part.rows.aggregate(counts).fetchall()[0]
        except duckdb.Error as error:
            problems.append(_unreadable(part.files, error))
            continue
        for (column, fault), count in zip(faults, found, strict=True):
            if count:
                problems.extend(_locate(connection, part.files, column, fault))
    return problems


def _unreadable(files: tuple[Path, ...], error: duckdb.Error) -> Problem:
    """A CSV file that is no table: DuckDB's message names file and line."""
    text = str(error)
    path = next((path for path in files if str(path) in text), files[0])
    line = re.search(r"CSV Error on Line: (\d+)", text)
    lines = [part.strip() for part in text.splitlines() if part.strip()]
    message = " ".join(lines[:3])
    return Problem(
        path, int(line.group(1)) if line else None, None, "files can be read as tables", message
    )


def _locate(
    connection: duckdb.DuckDBPyConnection,
    files: tuple[Path, ...],
    column: contract.Column,
    fault: _Fault,
) -> list[Problem]:
    problems: list[Problem] = []
    for path in files:
        bad = (
            numbered(connection, path)
            .filter(fault.condition)
            .project(f"row_in_file, cast({column.name} as varchar)")
            .order("1")
            .limit(MOST_PROBLEMS_PER_COLUMN)
            .fetchall()
        )
        for row, value in bad:
            shown = "it" if value is None else f"'{value}'"
            problems.append(Problem(path, row, column.name, fault.rule, f"{shown} {fault.message}"))
        if len(problems) >= MOST_PROBLEMS_PER_COLUMN:
            break
    return problems[:MOST_PROBLEMS_PER_COLUMN]


def _check_overlaps(connection: duckdb.DuckDBPyConnection, landed: LandedTable) -> list[Problem]:
    """Two current rows of one entity that hold on the same day (RULES 0, half-open intervals)."""
    table = landed.table
    (entity,) = table.no_overlap_by
    key = ", ".join(table.key)
    overlaps = relation_of(connection, landed).query(
        "landed",
        f"""
        with newest as (
            select *, row_number() over (
                partition by {key} order by cast(_loaded_at as timestamptz) desc
            ) as version_rank
            from landed
        ),
        intervals as (
            select {entity}, cast(valid_from as date) as valid_from, cast(valid_to as date) as valid_to
            from newest
            where version_rank = 1 and not coalesce(cast(_deleted as boolean), false)
        )
        select earlier.{entity}, earlier.valid_from, later.valid_from
        from intervals as earlier
        inner join intervals as later
            on earlier.{entity} = later.{entity}
            and earlier.valid_from < later.valid_from
            and (earlier.valid_to is null or later.valid_from < earlier.valid_to)
        order by 1, 2, 3
        limit {MOST_PROBLEMS_PER_COLUMN}
        """,
    )
    problems = []
    for name, first, second in overlaps.fetchall():
        places = [_find(connection, landed, name, str(day)) for day in (first, second)]
        other = f"{places[0][0].name}, row {places[0][1]}"
        problems.append(
            Problem(
                places[1][0],
                places[1][1],
                "valid_from",
                f"rows of one {entity} in {table.full_name} never overlap (RULES 0)",
                f"{name} has a row from {second} that overlaps its row from {first} ({other})",
            )
        )
    return problems


def _find(
    connection: duckdb.DuckDBPyConnection, landed: LandedTable, name: str, day: str
) -> tuple[Path, int | None]:
    """File and row of the newest version of an entity's interval."""
    best: tuple[str, Path, int | None] = ("", landed.files[0], None)
    for path in landed.files:
        found = (
            numbered(connection, path)
            .project(
                f"cast({landed.table.no_overlap_by[0]} as varchar) as entity,"
                " cast(cast(valid_from as date) as varchar) as day,"
                " cast(cast(_loaded_at as timestamptz) as varchar) as loaded, row_in_file"
            )
            .filter(duckdb.ColumnExpression("entity") == duckdb.ConstantExpression(name))
            .filter(duckdb.ColumnExpression("day") == duckdb.ConstantExpression(day))
            .order("loaded desc")
            .limit(1)
            .fetchall()
        )
        for _, _, loaded, row in found:
            if loaded > best[0]:
                best = (loaded, path, row)
    return best[1], best[2]
