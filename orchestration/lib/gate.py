"""The gate: input that would be paid on is checked before anything is built.

A file that is no table of the contract stops a build; a row that breaks a rule is set aside, and the build
goes on without it (``orchestration.lib.quarantine``). Every problem names file, row, column and rule. Rows
are counted as a spreadsheet shows them: in a CSV file the header is row 1, in a Parquet file the first row
is row 1.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import duckdb

from orchestration.lib import contract
from orchestration.lib.gate_worker import READER, ReaderDiedError
from orchestration.lib.landing import (
    OPTIONAL_COLUMNS,
    LandedTable,
    Part,
    alike,
    file_columns,
    find_files,
    fingerprint,
    header_of,
    numbered,
    parts_of,
    read_parquet,
    relation_of,
    scratch,
    stamp,
)
from orchestration.lib.limits import memory_limit
from orchestration.lib.policy_gate import check_policy
from orchestration.lib.problem import Problem
from orchestration.lib.quarantine import broken_rows
from orchestration.lib.register import REGISTER, Register
from orchestration.lib.row_rules import has_other_type, row_rules
from orchestration.lib.state_file import read_state, write_state

MOST_PROBLEMS_PER_RULE = 3
CAN_BE_READ = "files can be read as tables"
# A column of which so many values cannot be read, and none can, has another type than it had.
FEWEST_VALUES_OF_A_TYPE = 10


def check_once(
    landing: Path, policy: Path, remembered: Path, *, is_thorough: bool = False
) -> list[Problem]:
    """What stops a build, without what passed before: ``remembered`` names every file that did.

    Files are held against the register beside it; with ``is_thorough`` every byte of them. A table whose
    rows must not overlap is looked at as a whole when one of its files is new. Which files have rows that
    are set aside is remembered too (``faulty_files``).
    """
    contract_files = sorted((contract.PROJECT_DIR / "models").glob("**/_*.yml"))
    rules = fingerprint([*contract_files, Path(__file__).with_name("row_rules.py")])
    memory = read_state(remembered)
    if memory.get("rules") != rules:
        memory = {}
    passed = memory.get("files", {})
    register = Register(landing, remembered.with_name(REGISTER))
    try:
        if altered := register.problems(is_thorough=is_thorough):
            return altered
        tables = find_files(landing)
        landed_files = {path for landed in tables for path in landed.files}
        stamps = {str(path): list(stamp(path)) for path in (*landed_files, *policy.glob("*.csv"))}
    except FileNotFoundError as error:
        return [_vanished(Path(error.filename))]
    if stamps == passed:
        register.remember()
        return []
    fresh = {path for path in landed_files if passed.get(str(path)) != stamps[str(path)]}
    gone = {Path(path) for path in passed if path not in stamps}
    is_known_plan = not any(path.parent == policy for path in gone) and all(
        passed.get(str(path)) == stamps[str(path)] for path in policy.glob("*.csv")
    )
    problems = [] if is_known_plan else check_policy(policy)
    faulty = {Path(path) for path in memory.get("faulty", [])} & landed_files - fresh
    with scratch() as connection:
        for landed in tables:
            has_lost = any(_folder(landing, landed) in path.parents for path in gone)
            if has_lost or fresh.intersection(landed.files):
                found, with_faults = _look_safely(connection, landing, landed, fresh, faulty)
                problems += found
                faulty |= with_faults
    if not problems:
        names = sorted(map(str, faulty))
        write_state(remembered, {"rules": rules, "files": stamps, "faulty": names})
        register.remember()
    return problems


def faulty_files(remembered: Path) -> frozenset[Path]:
    """Landed files that passed ``check_once`` and have rows that are set aside."""
    return frozenset(map(Path, read_state(remembered).get("faulty", [])))


def _vanished(path: Path) -> Problem:
    return Problem(path, None, None, "a landed file stays", "it vanished while it was looked at")


def _folder(landing: Path, landed: LandedTable) -> Path:
    return landing.resolve() / landed.table.system / landed.table.name


def check(landing: Path, policy: Path) -> list[Problem]:
    """Every problem of the landing and policy folders."""
    return check_policy(policy) + (missing_folder(landing) or check_landing(landing))


def missing_folder(landing: Path) -> list[Problem]:
    """A landing folder that is not there: its name is wrong, or what it lies on is not mounted."""
    if landing.is_dir():
        return []
    message = "there is no such folder: PLUMBLINE_LANDING says where the landing is"
    return [Problem(landing, None, None, "the landing folder is there", message)]


def check_landing(landing: Path) -> list[Problem]:
    """Problems of the landing files: columns, types, allowed values, keys, overlaps; rows set aside."""
    problems: list[Problem] = []
    with scratch() as connection:
        for landed in find_files(landing):
            found, faulty = _look_safely(connection, landing, landed, set(landed.files), set())
            problems += found
            for path in landed.files:
                if path in faulty:
                    problems += _rows_set_aside(connection, landed, path)
    return problems


def look(
    connection: duckdb.DuckDBPyConnection,
    landed: LandedTable,
    fresh: set[Path],
    faulty: set[Path],
) -> tuple[list[Problem], set[Path]]:
    """Look at the ``fresh`` files of a table, and at the whole of it where its rows must not overlap.

    ``faulty`` are those of its other files with rows that are set aside. What makes files unusable, and
    the fresh ones with rows that break a rule.
    """
    problems, with_faults = _check_files(connection, landed.only(fresh))
    return problems or _check_overlaps(connection, landed, faulty | with_faults), with_faults


def _look_safely(
    connection: duckdb.DuckDBPyConnection,
    landing: Path,
    landed: LandedTable,
    fresh: set[Path],
    faulty: set[Path],
) -> tuple[list[Problem], set[Path]]:
    """``look``; at Parquet files in another process, and where one ends that, the file is named."""
    try:
        if not fresh.intersection(landed.parquet_files):
            return look(connection, landed, fresh, faulty)
        name = landed.table.full_name
        here = fresh.intersection(landed.files)
        try:
            return READER.look(landing, name, here, faulty.intersection(landed.files))
        except ReaderDiedError as died:
            deadly = [path for path in sorted(here) if _ends_its_reader(landing, name, path)]
            if not deadly:
                message = f"reading them ended the process that read them ({died})"
                return [Problem(sorted(here)[0].parent, None, None, CAN_BE_READ, message)], set()
            message = f"reading it ends the process that reads it ({died})"
            return [Problem(path, None, None, CAN_BE_READ, message) for path in deadly], set()
    except FileNotFoundError as error:
        return [_vanished(Path(error.filename))], set()


def _ends_its_reader(landing: Path, table: str, path: Path) -> bool:
    try:
        READER.look(landing, table, [path], [], is_alone=True)
    except ReaderDiedError:
        return True
    return False


def drift(landing: Path) -> list[str]:
    """Files that have a column more than the contract, or lack an optional one that others of their table
    have; they are read all the same.
    """
    found: dict[str, list[Path]] = {}
    for landed in find_files(landing):
        name = landed.table.full_name
        headers: dict[Path, list[str]] = {}
        for path in landed.files:
            # What cannot be read is refused by name.
            with contextlib.suppress(OSError, ValueError):
                headers[path] = header_of(path)
        known = OPTIONAL_COLUMNS.intersection(*[itertools.chain(*headers.values())])
        for path, header in headers.items():
            for column in [column for column in header if column not in landed.table.column_names]:
                found.setdefault(f"{name} has a column {column}, which is not read", []).append(
                    path
                )
            for column in known.difference(header):
                found.setdefault(f"{name} lacks {column}, which is empty then", []).append(path)
    return [
        f"{says}: {paths[0].name}" + (f" and {len(paths) - 1} more files" if paths[1:] else "")
        for says, paths in sorted(found.items())
    ]


def _check_files(
    connection: duckdb.DuckDBPyConnection, landed: LandedTable
) -> tuple[list[Problem], set[Path]]:
    """What makes files unusable, and the files with rows that break a rule."""
    problems = _check_columns(landed)
    if problems or landed.is_absent:
        return problems, set()
    return _check_values(connection, landed)


def _check_columns(landed: LandedTable) -> list[Problem]:
    problems = []
    for path in landed.files:
        try:
            header, present = header_of(path), file_columns(path)
        except FileNotFoundError:
            raise
        # A torn Parquet file, bytes that are no UTF-8.
        except (OSError, ValueError, MemoryError) as error:
            problems.append(Problem(path, None, None, "files can be read", str(error)))
            continue
        rule = f"landing contract of {landed.table.full_name}"
        twice = [name for name, count in Counter(header).items() if count > 1]
        problems += [Problem(path, None, name, rule, "the column is there twice") for name in twice]
        for column in landed.table.columns:
            name = column.name
            if name not in present and name not in OPTIONAL_COLUMNS:
                near = [other for other in present if other not in landed.table.column_names]
                hint = f"; unknown columns there: {', '.join(near)}" if near else ""
                problems.append(Problem(path, None, name, rule, f"the column is missing{hint}"))
            elif path.suffix == ".parquet" and has_other_type(column, present.get(name, "null")):
                message = f"the column is a {present[name]}"
                problems.append(
                    Problem(path, None, name, f"{name} is a {column.data_type}", message)
                )
    return problems


def _check_values(
    connection: duckdb.DuckDBPyConnection, landed: LandedTable
) -> tuple[list[Problem], set[Path]]:
    """Columns of which no value can be read, and the files with rows that break a rule."""
    problems: list[Problem] = []
    faulty: set[Path] = set()
    for stated, part in _readable_parts(connection, landed, problems):
        contradictory = _check_decimals(connection, part, stated)
        if contradictory:
            problems += contradictory
            continue
        rules = row_rules(landed.table, stated)
        counted = [f"count(*) filter ({rule.condition})" for rule in rules]
        filled = [f"count({rule.column})" for rule in rules]
        # Every value is read once here: what cannot be is named now, and not half way through a build.
        read = [f"max({name})" for name in landed.table.column_names if name in part.columns]
        try:
            found = part.rows.aggregate(
                ", ".join(["filename", *counted, *filled, *read])
            ).fetchall()
        except duckdb.Error as error:
            if part.files[1:]:  # DuckDB does not always say which of them it is
                for path in part.files:
                    found_here, faulty_here = _check_values(connection, landed.only({path}))
                    problems += found_here
                    faulty |= faulty_here
            else:
                problems.append(_unreadable(part.files, error))
            continue
        for name, *counts in found:
            broken, values = counts[: len(rules)], counts[len(rules) : 2 * len(rules)]
            if any(broken):
                faulty.add(Path(name))
            problems += [
                Problem(
                    Path(name), None, rule.column, rule.rule,
                    f"every one of its {of} values {rule.message}: the column has another type",
                )
                for rule, count, of in zip(rules, broken, values, strict=True)
                if rule.is_of_type and count == of >= FEWEST_VALUES_OF_A_TYPE
            ]  # fmt: skip
    return problems, faulty


def _check_decimals(
    connection: duckdb.DuckDBPyConnection, part: Part, stated: Mapping[str, str]
) -> list[Problem]:
    """A Parquet file says twice how many places its decimals have; damaged, it may say two things.

    One reader takes the one and another the other: amounts would be off by powers of ten.
    """
    decimals = {name: kind for name, kind in stated.items() if kind.startswith("decimal")}
    if not decimals:
        return []
    problems = []
    for path in part.files:
        rows = read_parquet(connection, (path,), with_filename=False)
        for name, kind in zip(rows.columns, rows.types, strict=True):
            said = decimals.get(name, "")
            places = said[said.find("(") :].replace(" ", "")
            is_decimal = str(kind).startswith("DECIMAL")
            if said and is_decimal and str(kind) != f"DECIMAL{places}":
                message = f"the column is a {said}, and a {kind} as well"
                problems.append(Problem(path, None, name, CAN_BE_READ, message))
    return problems


def _readable_parts(
    connection: duckdb.DuckDBPyConnection, landed: LandedTable, problems: list[Problem]
) -> Iterator[tuple[dict[str, str], Part]]:
    """A table's files as relations, with what Arrow makes of their columns; what DuckDB cannot even open is
    a problem.
    """
    for _, stated, files in alike(landed.files):
        try:
            for part in parts_of(connection, files, with_filename=True):
                yield stated, part
        except duckdb.Error as error:
            if files[1:]:
                for path in files:
                    yield from _readable_parts(connection, landed.only({path}), problems)
            else:
                problems.append(_unreadable(files, error))


def _unreadable(files: tuple[Path, ...], error: duckdb.Error) -> Problem:
    """A file that is no table: DuckDB names file and line; or one that takes more memory than there is."""
    if isinstance(error, duckdb.OutOfMemoryException):
        message = (
            f"reading it takes more than the {memory_limit()} of memory that PLUMBLINE_MEMORY allows: "
            "allow more, or land it anew if it is damaged and asks for too much"
        )
        return Problem(files[0], None, None, CAN_BE_READ, message)
    text = str(error)
    path = next((path for path in files if str(path) in text), files[0])
    line = re.search(r"CSV Error on Line: (\d+)", text)
    lines = [part.strip() for part in text.splitlines() if part.strip()]
    message = " ".join(lines[:3])
    return Problem(path, int(line.group(1)) if line else None, None, CAN_BE_READ, message)


def _rows_set_aside(
    connection: duckdb.DuckDBPyConnection, landed: LandedTable, path: Path
) -> list[Problem]:
    """The first rows of a file that break each rule, and how many there are."""
    problems: list[Problem] = []
    seen: Counter[tuple[str, str]] = Counter()
    broken = broken_rows(connection, landed, path).order("row_in_file, column_name, rule")
    for row in broken.project("row_in_file, column_name, value, rule, message").fetchall():
        number, column, value, rule, message = row
        seen[column, rule] += 1
        if seen[column, rule] <= MOST_PROBLEMS_PER_RULE:
            shown = "it" if value is None else f"'{value}'"
            text = f"{shown} {message}"
            problems.append(Problem(path, number, column, rule, text, is_set_aside=True))
    for (column, rule), count in seen.items():
        if count > MOST_PROBLEMS_PER_RULE:
            text = f"so in {count - MOST_PROBLEMS_PER_RULE} more rows"
            problems.append(Problem(path, None, column, rule, text, is_set_aside=True))
    return problems


def _check_overlaps(
    connection: duckdb.DuckDBPyConnection, landed: LandedTable, faulty: set[Path]
) -> list[Problem]:
    """Two current rows of one entity that hold on the same day (RULES 0, half-open intervals)."""
    table = landed.table
    if not table.no_overlap_by or landed.is_absent:
        return []
    landed = replace(landed, faulty=frozenset(faulty))
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
        limit {MOST_PROBLEMS_PER_RULE}
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
                " cast(try_cast(valid_from as date) as varchar) as day,"
                " cast(try_cast(_loaded_at as timestamptz) as varchar) as loaded, row_in_file"
            )
            .filter(duckdb.ColumnExpression("entity") == duckdb.ConstantExpression(name))
            .filter(duckdb.ColumnExpression("day") == duckdb.ConstantExpression(day))
            .order("loaded desc")
            .limit(1)
            .fetchall()
        )
        for _, _, loaded, row in found:
            if loaded and loaded > best[0]:
                best = (loaded, path, row)
    return best[1], best[2]
