"""The landing folder: which files there are, and how DuckDB sees them.

A table is a folder ``<landing>/<system>/<table>/`` of CSV or Parquet files. Each becomes a view
``<system>.<table>`` over exactly the files found, so that a build reads what was there when it
began. Paths reach DuckDB as arguments, never as pieces of SQL.
"""

from __future__ import annotations

import csv
import functools
import hashlib
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.lib.contract import Table, landing_tables
from orchestration.lib.limits import GIVEN_BACK, memory_limit, spill_folder
from orchestration.lib.quoting import identifier, literal
from orchestration.lib.row_rules import is_broken, readable_type

# The SHA-256 of a landed file may lie beside it: ``a.csv.sha256``.
CHECKSUM = ".sha256"
OPTIONAL_COLUMNS = frozenset({"_deleted"})
# Of so many files a process knows what their footers say.
FOOTERS_KEPT = 100_000


def scratch() -> duckdb.DuckDBPyConnection:
    """A DuckDB without a file, for looking at landing files: within the memory of a build, in UTC.

    Without a limit it would keep what it has read of the files, up to most of the machine.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit(),
        **GIVEN_BACK,
        "temp_directory": spill_folder(uuid.uuid4().hex),
    }
    connection = duckdb.connect(config=config)
    connection.execute("set TimeZone = 'UTC'")
    return connection


@dataclass(frozen=True)
class LandedTable:
    """A contract table and the files landed for it, in a fixed order.

    ``faulty`` are those of them with rows that break a rule of the contract: these rows are set aside.
    """

    table: Table
    csv_files: tuple[Path, ...]
    parquet_files: tuple[Path, ...]
    faulty: frozenset[Path] = frozenset()

    @property
    def files(self) -> tuple[Path, ...]:
        return self.csv_files + self.parquet_files

    @property
    def is_absent(self) -> bool:
        return not self.files

    def only(self, paths: Collection[Path]) -> LandedTable:
        """The same table with some of its files."""
        return replace(
            self,
            csv_files=tuple(path for path in self.csv_files if path in paths),
            parquet_files=tuple(path for path in self.parquet_files if path in paths),
        )


def find_files(landing: Path, faulty: frozenset[Path] = frozenset()) -> list[LandedTable]:
    """The files of every contract table below ``landing``; hidden and ``_`` names are skipped.

    Which files are ``faulty`` the gate has found out (``gate.faulty_files``).
    """
    found = []
    for table in landing_tables().values():
        folder = landing.resolve() / table.system / table.name
        files = [
            path
            for path in sorted(folder.rglob("*"))
            if path.is_file()
            and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
        ]
        found.append(
            LandedTable(
                table=table,
                csv_files=tuple(path for path in files if path.suffix == ".csv"),
                parquet_files=tuple(path for path in files if path.suffix == ".parquet"),
                faulty=faulty.intersection(files),
            )
        )
    return found


def unknown_paths(landing: Path) -> list[Path]:
    """Files and folders below ``landing`` that no contract table claims: likely misspelt names."""
    claimed = {path for landed in find_files(landing) for path in landed.files}
    systems = {table.system for table in landing_tables().values()}
    return sorted(
        path
        for path in landing.resolve().rglob("*")
        if path.is_file()
        and path.relative_to(landing.resolve()).parts[0] in systems
        and path not in claimed
        and path.suffix != CHECKSUM
        and not any(
            part.startswith((".", "_")) for part in path.relative_to(landing.resolve()).parts
        )
    )


def newest_loads(
    landing: Path,
    faulty: frozenset[Path],
    tables: Iterable[str] | None = None,
    until: datetime | None = None,
) -> dict[str, datetime]:
    """When each landed table was last loaded, UTC without a zone; up to ``until`` where it is given.

    ``tables`` are full names, by default all; one without rows is left out. Where Parquet files say it
    themselves, their rows are not read.
    """
    asked = None if tables is None else set(tables)
    found: dict[str, datetime] = {}
    with scratch() as connection:
        for landed in find_files(landing, faulty):
            name = landed.table.full_name
            if landed.is_absent or (asked is not None and name not in asked):
                continue
            told = [] if until else [path for path in landed.parquet_files if path not in faulty]
            newest_told = newest_in_footers(told)
            if newest_told is not None:
                landed = landed.only(set(landed.files) - set(told))
            loads = relation_of(connection, landed).project(
                "make_timestamp(epoch_us(cast(_loaded_at as timestamptz))) as loaded_at"
            )
            if until is not None:
                loads = loads.filter(
                    duckdb.ColumnExpression("loaded_at") <= duckdb.ConstantExpression(until)
                )
            [(newest_read,)] = loads.aggregate("max(loaded_at)").fetchall()
            newest = [load for load in (newest_told, newest_read) if load is not None]
            if newest:
                found[name] = max(newest)
    return found


def newest_in_footers(files: Iterable[Path]) -> datetime | None:
    """The latest ``_loaded_at`` that Parquet files state of their row groups, UTC without a zone.

    None where one of them does not state it: it may have been written without, or hold text.
    """
    told = [_newest_in_footer(path, *stamp(path)) for path in files]
    if not all(is_stated for is_stated, _ in told):
        return None
    return max((load for _, load in told if load is not None), default=None)


@functools.lru_cache(maxsize=FOOTERS_KEPT)
def _newest_in_footer(path: Path, _size: int, _modified: int) -> tuple[bool, datetime | None]:
    """Whether a file states it of all its row groups, and the latest; a close asks twice of every file."""
    import pyarrow.parquet as pq

    newest = []
    metadata = pq.read_metadata(path)
    place = metadata.schema.names.index("_loaded_at")
    for number in range(metadata.num_row_groups):
        stated = metadata.row_group(number).column(place).statistics
        if stated is None or not stated.has_min_max or type(stated.max) is not datetime:
            return False, None
        load: datetime = stated.max
        newest.append(load if load.tzinfo is None else load.astimezone(UTC).replace(tzinfo=None))
    return True, max(newest, default=None)


def stamp(path: Path) -> tuple[int, int]:
    """A file's size in bytes and time of change in nanoseconds: what tells that it was rewritten."""
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def fingerprint(paths: list[Path]) -> str:
    """A digest that changes when a file is added, removed or changed (by size and time)."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        size, modified = stamp(path)
        digest.update(f"{path}\0{size}\0{modified}\n".encode())
    return digest.hexdigest()


def file_columns(path: Path) -> dict[str, str]:
    """Column names of a landed file, with Arrow's name of the type where it is Parquet (else ``text``).

    Raises ``OSError`` or ``ValueError`` where it is no table.
    """
    if path.suffix == ".parquet":
        return dict(_parquet_columns(path))
    return dict.fromkeys(header_of(path), "text")


def header_of(path: Path) -> list[str]:
    """Column names of a landed file as they stand there, one that is there twice too.

    Raises ``OSError`` or ``ValueError`` where it is no table.
    """
    if path.suffix == ".parquet":
        return [name for name, _ in _parquet_columns(path)]
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            return next(csv.reader(file), [])
        except csv.Error as error:
            raise ValueError(str(error)) from error


def _parquet_columns(path: Path) -> list[tuple[str, str]]:
    """Names and Arrow's types of a Parquet file's columns."""
    # Arrow takes 40 MB, which the process that builds does not need: DuckDB reads for it.
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return [(field.name, str(field.type)) for field in pq.read_schema(path)]
    except pa.ArrowException as error:
        raise ValueError(str(error)) from error


@dataclass(frozen=True)
class Part:
    """Files of one table that DuckDB reads alike, and their rows; ``columns`` are the types it reads."""

    files: tuple[Path, ...]
    columns: dict[str, str]
    rows: duckdb.DuckDBPyRelation


def _listed(files: tuple[Path, ...]) -> str:
    """SQL: a list of files."""
    return f"[{', '.join(literal(str(path)) for path in files)}]"


def read_csv(
    connection: duckdb.DuckDBPyConnection,
    files: tuple[Path, ...],
    columns: tuple[str, ...],
    with_filename: bool,
) -> duckdb.DuckDBPyRelation:
    """CSV files that have these columns, as text.

    Nothing is sniffed: neither the values of one file nor a torn row decide how another is read.
    """
    # In SQL: DuckDB's Python function of the name loads pandas, which takes half a second and 40 MB.
    typed = ", ".join(f"{literal(name)}: 'varchar'" for name in columns)
    return connection.sql(
        f"from read_csv({_listed(files)}, auto_detect = false, columns = {{{typed}}}, header = true,"
        " delim = ',', quote = '\"', escape = '\"', encoding = 'utf-8',"
        f" filename = {str(with_filename).lower()})"
    )


def read_parquet(
    connection: duckdb.DuckDBPyConnection, files: tuple[Path, ...], with_filename: bool
) -> duckdb.DuckDBPyRelation:
    """Parquet files that have the same columns, with the types they carry.

    DuckDB is told how many rows they have: it would take each for as long as the first. After a small first
    load it would hold months of activities in memory, to look up the few that were landed again.
    """
    listed = _listed(files)
    [(row_count,)] = connection.execute(
        f"select cast(sum(num_rows) as bigint) from parquet_file_metadata({listed})"
    ).fetchall()
    return connection.sql(
        f"from read_parquet({listed}, filename = {str(with_filename).lower()},"
        f" hive_partitioning = false, explicit_cardinality = {max(row_count, 1)})"
    )


def alike(files: Iterable[Path]) -> list[tuple[str, dict[str, str], tuple[Path, ...]]]:
    """The files grouped: suffix, columns with their Parquet types, and the files that have these."""
    groups: dict[tuple[str, tuple[tuple[str, str], ...]], list[Path]] = {}
    for path in files:
        key = (path.suffix, tuple(file_columns(path).items()))
        groups.setdefault(key, []).append(path)
    return [(suffix, dict(typed), tuple(members)) for (suffix, typed), members in groups.items()]


def parts_of(
    connection: duckdb.DuckDBPyConnection,
    files: Iterable[Path],
    *,
    with_filename: bool = False,
) -> list[Part]:
    """The files as they are, grouped by columns and types as DuckDB reads them, a relation for each."""
    parts = []
    given = list(files)
    parquet_files = [path for path in given if path.suffix == ".parquet"]
    for _, header, paths in alike(path for path in given if path.suffix != ".parquet"):
        rows = read_csv(connection, paths, tuple(header), with_filename)
        parts.append(_part(paths, rows, with_filename))
    for paths in _read_alike(connection, parquet_files):
        rows = read_parquet(connection, paths, with_filename)
        parts.append(_part(paths, rows, with_filename))
    return parts


def _part(paths: tuple[Path, ...], rows: duckdb.DuckDBPyRelation, with_filename: bool) -> Part:
    columns = {name: str(kind) for name, kind in zip(rows.columns, rows.types, strict=True)}
    if with_filename:
        columns.popitem()
    return Part(paths, columns, rows)


def _read_alike(connection: duckdb.DuckDBPyConnection, files: list[Path]) -> list[tuple[Path, ...]]:
    """Parquet files grouped by what DuckDB makes of their footers, in the order of each group's first."""
    if not files:
        return []
    groups = connection.execute(
        "select list(file_name) from ("
        " select file_name, list((name, duckdb_type, num_children) order by column_id) as footer"
        f" from parquet_schema({_listed(tuple(files))}) group by file_name"
        ") group by footer"
    ).fetchall()
    place = {str(path): number for number, path in enumerate(files)}
    ordered = sorted(sorted(place[name] for name in names) for (names,) in groups)
    return [tuple(files[number] for number in numbers) for numbers in ordered]


def as_read(rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Rows of a faulty file whose values DuckDB has to look at.

    It leaves out a condition that a column seems to fulfil by what the file says of its least and greatest
    value; a damaged Parquet file says what was true before. Through text nothing is known of them.
    """
    through_text = []
    for column, kind in zip(rows.columns, rows.types, strict=True):
        name = identifier(column)
        if str(kind) == "VARCHAR":
            through_text.append(f"{name} || '' as {name}")
        elif str(kind).startswith(("DATE", "TIMESTAMP", "DECIMAL")):
            through_text.append(f"try_cast(cast({name} as varchar) as {kind}) as {name}")
    return rows.project(f"* replace ({', '.join(through_text)})") if through_text else rows


def sound_parts(
    connection: duckdb.DuckDBPyConnection, landed: LandedTable, *, with_filename: bool = False
) -> list[Part]:
    """``parts_of`` a table's files, without the rows that break a rule of the contract."""
    faulty = [path for path in landed.files if path in landed.faulty]
    sound = [path for path in landed.files if path not in landed.faulty]
    parts = parts_of(connection, sound, with_filename=with_filename)
    for part in parts_of(connection, faulty, with_filename=with_filename):
        # DuckDB may look at a condition of a query above before it looks at this one: what cannot be
        # read is null there, and no error.
        readable = [
            f"case when try_cast({column.name} as {readable_type(column)}) is not null"
            f" then {column.name} end as {column.name}"
            for column in landed.table.columns
            if column.name in part.columns and column.data_type != "string"
        ]
        stated = file_columns(part.files[0])
        rows = as_read(part.rows).filter(f"not ({is_broken(landed.table, stated)})")
        parts.append(replace(part, rows=rows.project(f"* replace ({', '.join(readable)})")))
    return parts


def numbered(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    """A file's rows with the number a spreadsheet shows for them, as ``row_in_file``."""
    first = 0 if path.suffix == ".parquet" else 1
    rows = parts_of(connection, (path,))[0].rows
    return rows.project(f"*, row_number() over () + {first} as row_in_file")


def projection(table: Table, present: Collection[str], *, as_text: bool) -> list[str]:
    """Contract columns in contract order, as SQL: null where a file lacks one."""
    columns = []
    for column in table.columns:
        if column.name not in present:
            columns.append(f"cast(null as string) as {column.name}")
        elif as_text:
            columns.append(f"cast({column.name} as string) as {column.name}")
        else:
            columns.append(column.name)
    return columns


def relation_of(
    connection: duckdb.DuckDBPyConnection, landed: LandedTable
) -> duckdb.DuckDBPyRelation:
    """The rows landed for a table: contract columns in contract order; empty where absent."""
    table = landed.table
    if landed.is_absent:
        nulls = ", ".join(projection(table, set(), as_text=True))
        return connection.sql(f"select {nulls} where false")
    parts = sound_parts(connection, landed)
    # Parts of different types (CSV text, Parquet of several makes) meet as text.
    as_text = any(part.columns != parts[0].columns for part in parts)
    whole: duckdb.DuckDBPyRelation | None = None
    for part in parts:
        rows = part.rows.project(", ".join(projection(table, part.columns, as_text=as_text)))
        whole = rows if whole is None else whole.union(rows)
    assert whole is not None
    return whole


def tables_of_warehouse(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Its tables, by schema and name: one of a landing table's name was landed by another tool."""
    named = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables()"
        " where database_name = current_database()"
    )
    return {name for (name,) in named.fetchall()}


def create_views(
    connection: duckdb.DuckDBPyConnection, landing: Path, faulty: frozenset[Path] = frozenset()
) -> list[LandedTable]:
    """Make ``crm.*``, ``billing.*`` and ``hr.*`` show the landing files.

    A table of that name in the database (landed there by another tool) is left alone where the
    folder has no files for it.
    """
    found = find_files(landing, faulty)
    in_database = tables_of_warehouse(connection)
    before = connection.execute("select current_schema()").fetchone()
    for system in sorted({landed.table.system for landed in found}):
        connection.execute(f"create schema if not exists {system}")
        connection.execute(f"set schema = '{system}'")
        for landed in found:
            table = landed.table
            if table.system != system:
                continue
            if table.full_name in in_database:
                if landed.is_absent:
                    continue
                raise ValueError(
                    f"{table.full_name} is both a table in the database and files in "
                    f"{landed.files[0].parent}: drop one of them"
                )
            relation_of(connection, landed).create_view(table.name, replace=True)
    connection.execute(f"set schema = '{before[0] if before else 'main'}'")
    return found
