"""What a close leaves beside the warehouse: a package per month that says what it is and never changes.

``<closes>/2026-06/`` holds the ledger rows of the close, the statements, commission lines and score items
behind them, the findings, the landing files and the policy it was computed from, and a manifest with the
SHA-256 of each file and of the package before it. The ledger can be made from the packages alone.

A package is written before the warehouse that it belongs to is published, and takes its name after it:
a close that is cut short in between is taken up by the next one (``settle``).
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import starmap
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.limits import memory_limit
from orchestration.lib.policy import csv_rows
from orchestration.lib.policy import policy_digest as digest_of_policy
from orchestration.lib.quoting import identifier, literal
from orchestration.lib.register import Register, sha256
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import WarehouseError, findings, open_read_only

FORMAT = 1
MANIFEST = "manifest.json"
PENDING = ".pending"
ROWS_AT_A_TIME = 10_000
# Python writes an amount below a millionth as 1E-8.
PLAIN_PLACES = 6
# File: the mart, the column that has the month, and the order of the rows.
TABLES = {
    "closes": ("fct_closes", "period_month", "period_month"),
    "pay_ledger": ("fct_pay_ledger", "posting_month", "ledger_entry_id"),
    "pay_statements": ("fct_pay_statements", "posting_month", "employee_id, currency"),
    "commission_lines": ("fct_commission_lines", "period_month", "commission_line_id"),
    "score_items": ("fct_score_items", "period_month", "employee_id, period_kind, measure, scope"),
    "scores": ("fct_scores", "period_month", "employee_id, period_kind"),
    "pay_disputes": ("fct_pay_disputes", "statement_month", "dispute_id"),
    "contract_costs": (
        "fct_contract_cost_movements",
        "period_month",
        "currency, contract_type, amortised_over",
    ),
}
# Of these other rows are kept: disputes that were open, or decided in the month; the roll-forward from the
# first month on, of which the next close books what has changed.
CHOSEN = {
    "pay_disputes": "is_open or decided_on >= ?",
    "contract_costs": "period_month <= ?",
}
# What stands behind the ledger is kept of the months that a close corrects too, as it was computed then.
BEHIND = ("commission_lines", "score_items", "scores")
# What a warehouse cannot compute anew: the ledger is made from these.
RECORDS = ("closes", "pay_ledger")


class PackageError(WarehouseError):
    """Ledger and packages do not agree, or a package was changed; nothing was done."""


@dataclass(frozen=True)
class Package:
    """A package on disk."""

    folder: Path

    @property
    def month(self) -> date:
        return date.fromisoformat(f"{self.folder.name.removesuffix(PENDING)}-01")

    @property
    def manifest(self) -> dict[str, Any]:
        """What the package says of itself. Raises ``PackageError`` where it cannot be read."""
        path = self.folder / MANIFEST
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise PackageError(f"{path} cannot be read: {error}") from error
        return found

    @property
    def digest(self) -> str:
        return sha256(self.folder / MANIFEST)

    @property
    def policy(self) -> Path:
        """The policy folder that the close used."""
        return self.folder / "policy"

    def rows(self, name: str) -> list[dict[str, str]]:
        """A table's rows as text, empty for null; none of a table that packages did not have yet."""
        path = self.folder / f"{name}.csv"
        return csv_rows(path) if path.exists() else []

    def faults(self) -> list[str]:
        """What is wrong with its files, by name; nothing where they are as they were written."""
        try:
            said: dict[str, str] = self.manifest["files"]
        except (PackageError, KeyError, TypeError) as error:
            return [f"{self.folder / MANIFEST}: {error}"]
        there = {
            str(path.relative_to(self.folder))
            for path in self.folder.rglob("*")
            if path.is_file() and path.name != MANIFEST
        }
        found = [f"{self.folder / name} is missing" for name in sorted(said.keys() - there)]
        found += [f"{self.folder / name} was added" for name in sorted(there - said.keys())]
        found += [
            f"{self.folder / name} was changed"
            for name in sorted(said.keys() & there)
            if sha256(self.folder / name) != said[name]
        ]
        return found


def sha256_of_rows(header: list[str], rows: Iterable[tuple[Any, ...]]) -> str:
    """The SHA-256 of the file that a package would keep these rows in."""
    return hashlib.sha256(as_csv(header, rows)).hexdigest()


def packages(settings: Settings) -> list[Package]:
    """The packages that have their names, oldest first."""
    return [
        Package(folder)
        for folder in sorted(settings.closes.glob("????-??"))
        if (folder / MANIFEST).exists()
    ]


def sound_package(settings: Settings, month: date) -> Package:
    """The package of a closed month. Raises ``PackageError`` where it is missing, or was changed."""
    package = Package(settings.closes / f"{month:%Y-%m}")
    if not package.folder.exists():
        raise PackageError(f"{month:%Y-%m} has no package in {settings.closes}: close it first")
    if faults := package.faults():
        raise PackageError("\n".join(faults))
    return package


def write_pending(settings: Settings, warehouse: Path, month: date, by: str) -> Path:
    """The package of a close that ``warehouse`` holds and ``by`` made, not yet under its name.

    Every file is on disk when this returns. Raises ``PackageError`` where the policy folder is not the
    one that the close used.
    """
    folder = settings.closes / f"{month:%Y-%m}{PENDING}"
    remove(folder)
    folder.mkdir(parents=True)
    with open_read_only(warehouse) as connection:
        connection.execute(f"set memory_limit = {literal(memory_limit())}")
        tables = {name: _write_table(connection, folder, name, month) for name in TABLES}
        found = sorted(findings(connection))
        (folder / "findings.csv").write_bytes(as_csv(["check", "rows"], found))
        totals = connection.execute(
            "select currency, sum(amount) from marts.fct_pay_ledger where posting_month = ?"
            " group by currency order by currency", [month]
        ).fetchall()  # fmt: skip
        [(known_at, closed_at, policy_digest)] = connection.execute(
            "select known_at, closed_at, policy_digest from marts.fct_closes where period_month = ?",
            [month],
        ).fetchall()
    if policy_digest not in (None, digest_of_policy(settings.policy)):
        remove(folder)
        raise PackageError(
            f"the close of {month:%Y-%m} used the policy {policy_digest}; {settings.policy} is now"
            f" {digest_of_policy(settings.policy)}: name the folder it used in PLUMBLINE_POLICY"
        )
    (folder / "policy").mkdir()
    for path in sorted(settings.policy.glob("*.csv")):
        shutil.copyfile(path, folder / "policy" / path.name)
    (folder / "inputs.json").write_text(
        json.dumps({"landing": landed_files(settings)}, indent=1) + "\n", encoding="utf-8"
    )
    before = [package for package in packages(settings) if package.month < month]
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {
        "format": FORMAT,
        "period_month": f"{month:%Y-%m}",
        "known_at": str(known_at),
        "closed_by": by,
        "closed_at": str(closed_at),
        "policy_digest": policy_digest,
        "code_version": code_version(),
        "previous": {"month": f"{before[-1].month:%Y-%m}", "sha256": before[-1].digest}
        if before
        else None,
        "totals": {currency: str(amount) for currency, amount in totals},
        "tables": tables,
        "files": {str(path.relative_to(folder)): sha256(path) for path in files},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    for path in (*files, folder / MANIFEST):
        path.chmod(0o444)
    for path in (*files, folder / MANIFEST, folder / "policy", folder, settings.closes):
        sync(path)
    return folder


def settle(settings: Settings, closed: Iterable[date]) -> list[date]:
    """Give pending packages of ``closed`` months their names, and drop those of closes that never were.

    Returns the months that were settled.
    """
    settled = []
    for folder in sorted(settings.closes.glob(f"*{PENDING}")):
        package = Package(folder)
        named = folder.with_name(folder.name.removesuffix(PENDING))
        if package.month in set(closed) and not named.exists() and not package.faults():
            folder.rename(named)
            sync(settings.closes)
            settled.append(package.month)
        else:
            remove(folder)
    return settled


def disagreements(settings: Settings, warehouse: Path) -> list[str]:
    """Where the packages are not as they were written, or not what the ledger says, each named."""
    found: list[str] = []
    closed = closed_in(warehouse)
    there = packages(settings)
    previous: Package | None = None
    for package in there:
        faults = package.faults()
        found += faults
        if not faults:
            said = package.manifest["previous"]
            expected = previous and {
                "month": f"{previous.month:%Y-%m}",
                "sha256": previous.digest,
            }
            if said != expected:
                found.append(f"{package.folder / MANIFEST} does not follow the package before it")
            if package.month in closed:
                found += _against_ledger(package, warehouse)
        if package.month not in closed:
            found.append(f"{package.month:%Y-%m} has a package and is not closed in {warehouse}")
        previous = package
    missing = closed - {package.month for package in there}
    found += [f"{month:%Y-%m} is closed and has no package" for month in sorted(missing)]
    return found


def closed_months(warehouse: Path) -> dict[date, datetime]:
    """The months that a warehouse has closed, with what each close knew; none without a warehouse."""
    query = "select period_month, known_at from marts.fct_closes order by 1"
    return dict(_rows_if_there(warehouse, "fct_closes", query))


def closed_in(warehouse: Path) -> set[date]:
    """The months of its closes, and those of its ledger: they are the same where nothing is amiss."""
    query = "select distinct posting_month from marts.fct_pay_ledger"
    posted = {row[0] for row in _rows_if_there(warehouse, "fct_pay_ledger", query)}
    return closed_months(warehouse).keys() | posted


def restore(settings: Settings, warehouse: Path) -> list[date]:
    """Make ledger and closes of ``warehouse`` from the packages; returns their months.

    Raises ``PackageError`` where a package was changed, or where a closed month has none: its rows
    would be lost.
    """
    there = packages(settings)
    faults = [fault for package in there for fault in package.faults()]
    missing = closed_months(warehouse).keys() - {package.month for package in there}
    faults += [f"{month:%Y-%m} is closed and has no package" for month in sorted(missing)]
    if not there:
        faults.append(f"there are no packages in {settings.closes}")
    if faults:
        raise PackageError("\n".join(faults))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("create schema if not exists marts")
        connection.begin()
        for name in RECORDS:
            mart = TABLES[name][0]
            columns: dict[str, str] = there[-1].manifest["tables"][name]["columns"]
            typed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
            connection.execute(f"create or replace table marts.{mart} ({typed})")
            for package in there:
                rows = connection.read_csv(
                    str(package.folder / f"{name}.csv"), header=True, all_varchar=True
                )
                casts = ", ".join(f'cast("{column}" as {kind})' for column, kind in columns.items())
                rows.select(casts).insert_into(f"marts.{mart}")
        connection.commit()
    return [package.month for package in there]


def landed_files(settings: Settings) -> list[dict[str, Any]]:
    """Every landing file with its table, size and SHA-256."""
    return Register(settings.landing, settings.register).digests()


def changed_inputs(settings: Settings, package: Package) -> list[str]:
    """Landing files that are no longer as the close found them, each with what became of it."""
    then = {
        row["file"]: row["sha256"]
        for row in json.loads((package.folder / "inputs.json").read_text())["landing"]
    }
    now = {row["file"]: row["sha256"] for row in landed_files(settings)}
    return [
        f"{file} is gone" if file not in now else f"{file} was changed"
        for file, digest in sorted(then.items())
        if now.get(file) != digest
    ]


def code_version() -> str | None:
    """The commit of the project, with ``+`` where files differ from it; None without git."""
    asked = [
        subprocess.run(
            ["git", *command], cwd=PROJECT_DIR, capture_output=True, text=True, check=False
        )
        for command in (["rev-parse", "HEAD"], ["status", "--porcelain"])
    ]
    if any(done.returncode for done in asked):
        return None
    return asked[0].stdout.strip() + ("+" if asked[1].stdout.strip() else "")


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove(folder: Path) -> None:
    """Remove a folder of packages that is not under its name."""
    shutil.rmtree(folder, ignore_errors=True)


def _write_table(
    connection: duckdb.DuckDBPyConnection, folder: Path, name: str, month: date
) -> dict[str, Any]:
    """Write a table's file, some rows at a time: a month of commission lines may be millions.

    DuckDB makes the lines, byte for byte as Python's ``csv`` would, in a fraction of the time. They lie one
    after another in the memory that Arrow has them in, and are not made texts of Python's.
    """
    columns = _select(connection, name, month, as_lines=True)
    count = 0
    with (folder / f"{name}.csv").open("wb") as file:
        file.write(as_csv(list(columns), []))
        for batch in connection.to_arrow_reader(ROWS_AT_A_TIME):
            lines = batch.column(0).cast("large_string")
            _, offsets, text = lines.buffers()
            begin, end = (memoryview(offsets).cast("q")[lines.offset + n] for n in (0, len(lines)))
            if text is not None:
                file.write(memoryview(text)[begin:end])
            count += len(lines)
    return {"file": f"{name}.csv", "rows": count, "columns": columns}


def _rows_of(
    connection: duckdb.DuckDBPyConnection, name: str, month: date
) -> list[tuple[Any, ...]]:
    _select(connection, name, month)
    return connection.fetchall()


def _select(
    connection: duckdb.DuckDBPyConnection, name: str, month: date, *, as_lines: bool = False
) -> dict[str, str]:
    """Ask for the rows of a table that a package keeps, as texts or each as a line of CSV.

    Returns its columns with their types.
    """
    mart, column, order = TABLES[name]
    columns = dict(
        connection.execute(
            "select column_name, data_type from duckdb_columns() where schema_name = 'marts'"
            " and table_name = ? order by column_index", [mart]
        ).fetchall()
    )  # fmt: skip
    months = [month]
    if name in BEHIND:
        months += [
            row[0]
            for row in connection.execute(
                "select distinct period_month from marts.fct_pay_ledger"
                " where posting_month = ? and is_correction order by period_month", [month]
            ).fetchall()
        ]  # fmt: skip
    is_kept = CHOSEN.get(name, f"list_contains(?, {column})")
    asked = csv_line(columns) if as_lines else ", ".join(starmap(as_written, columns.items()))
    connection.execute(
        f"select {asked} from marts.{mart} where {is_kept} order by {column}, {order}",
        [month if name in CHOSEN else months],
    )
    return columns


def csv_line(columns: dict[str, str]) -> str:
    """SQL: a row as a line of CSV, as Python's ``csv`` writes it; columns with their types."""
    return f"concat_ws(',', {', '.join(starmap(_as_field, columns.items()))}) || chr(13) || chr(10)"


def _as_field(column: str, kind: str) -> str:
    """SQL: a column as it stands in a line of CSV; nothing for null."""
    text = as_written(column, kind)
    if kind == "VARCHAR":
        text = (
            f"case when regexp_matches({text}, '[\",\\r\\n]')"
            f" then '\"' || replace({text}, '\"', '\"\"') || '\"' else {text} end"
        )
    return f"coalesce({text}, '')"


def as_written(column: str, kind: str) -> str:
    """SQL: a column as the text that Python makes of it.

    DuckDB's is another for true and false, for fractions of a second, and for amounts below a millionth,
    which are 1E-8 in Python. Kinds that no mart has are as DuckDB writes them.
    """
    name = identifier(column)
    text = f"cast({name} as varchar)"
    if kind == "BOOLEAN":
        return f"case when {name} then 'True' when not {name} then 'False' end"
    if kind == "TIMESTAMP":
        return (
            f"strftime({name}, '%Y-%m-%d %H:%M:%S')"
            f" || case when microsecond({name}) % 1000000 = 0 then '' else strftime({name}, '.%f') end"
        )
    if decimal := re.fullmatch(r"DECIMAL\(\d+,(\d+)\)", kind):
        scale = int(decimal[1])
        if scale > PLAIN_PLACES:
            digits = f"cast(cast(abs({name}) * 1{'0' * scale} as hugeint) as varchar)"
            return (
                f"case when abs({name}) >= 1e-{PLAIN_PLACES}::{kind} then {text}"
                f" else case when {name} < 0 then '-' else '' end || {digits}[1]"
                f" || case when length({digits}) > 1 then '.' || {digits}[2:] else '' end"
                f" || 'E' || (length({digits}) - 1 - {scale}) end"
            )
    return text


def _rows_if_there(warehouse: Path, mart: str, query: str) -> list[tuple[Any, ...]]:
    """A query's rows; none where the warehouse or the mart is not there."""
    if not warehouse.exists():
        return []
    with open_read_only(warehouse) as connection:
        present = connection.execute(
            "select count(*) from duckdb_tables() where schema_name = 'marts' and table_name = ?",
            [mart],
        ).fetchone()
        return connection.execute(query).fetchall() if present == (1,) else []


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """CSV that spreadsheets read as UTF-8: with a byte order mark, as they need for Chinese."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def _against_ledger(package: Package, warehouse: Path) -> list[str]:
    """Rows that only the package or only the ledger has."""
    found = []
    with open_read_only(warehouse) as connection:
        for name in RECORDS:
            with (package.folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
                kept = Counter(tuple(row) for row in list(csv.reader(file))[1:])
            held = Counter(
                tuple(text or "" for text in row)
                for row in _rows_of(connection, name, package.month)
            )
            for place, lacking in ((warehouse, kept - held), (package.folder, held - kept)):
                found += [
                    f"{place} lacks a row of {name}: {', '.join(row)}"
                    for row in sorted(lacking.elements())
                ]
    return found
