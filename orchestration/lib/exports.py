"""Files for one audience: the rows and columns of the marts that ``policy_mart_access`` lets it see.

With pseudonyms a copy to develop on: who somebody is becomes a word that is the same in every copy made
with the same key and tells nothing without it, and what is personal is empty.
"""

from __future__ import annotations

import hashlib
import hmac
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import duckdb

from orchestration.lib.access import PERSONAL_AUDIENCES, Grant, condition, grants
from orchestration.lib.mart_files import FILE, Selection, write_files
from orchestration.lib.marts import LINES, described_marts
from orchestration.lib.quoting import identifier, literal
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import WarehouseError

PSEUDONYM = "pseudonym"
# 64 bits: of a million people two share one once in some 40 million copies.
HEX_DIGITS = 16


class ExportError(WarehouseError):
    """Nothing was exported."""


def export(
    settings: Settings,
    audience: str,
    folder: Path,
    employee: str | None = None,
    pseudonym_key: str | None = None,
) -> Path:
    """Write what an audience may see into a new folder; the DuckDB file in it.

    Raises ``ExportError`` where the folder is there already, or the audience reads as somebody and
    nobody is named.
    """
    if (employee is not None) != (audience in PERSONAL_AUDIENCES):
        needs = "reads as somebody: name the employee" if employee is None else "reads as nobody"
        raise ExportError(f"audience {audience} {needs}")
    if not settings.warehouse.exists():
        raise ExportError(f"there is no warehouse at {settings.warehouse}: run `plumbline build`")
    if folder.exists():
        raise ExportError(f"{folder} is there already: an export is a folder of its own")
    draft = folder.with_name(f".{folder.name}")
    shutil.rmtree(draft, ignore_errors=True)
    now = datetime.now(UTC)
    try:
        select = _selection(settings.policy, audience, employee, pseudonym_key is not None)
        functions = {} if pseudonym_key is None else {PSEUDONYM: _pseudonyms(pseudonym_key)}
        version = f"{audience} {now:%Y%m%dT%H%M%SZ}"
        write_files(settings.warehouse, draft, version, now, select, functions)
        draft.replace(folder)
    except (OSError, duckdb.Error) as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise ExportError(f"nothing was exported: {error}") from error
    return folder / FILE


def _selection(
    policy: Path, audience: str, employee: str | None, has_pseudonyms: bool
) -> Selection:
    own = {g.mart.name: g for g in grants(policy, described_marts()) if g.audience == audience}
    reader = "null" if employee is None else literal(employee)

    def select(mart: str, schema: str) -> str | None:
        if mart not in own:
            return None
        grant = own[mart]
        columns = ", ".join(_column(grant, name, has_pseudonyms) for name in grant.columns)
        which = condition(grant, reader, f"{schema}.{LINES}")
        return f"select {columns} from {schema}.{identifier(mart)} where {which}"

    return select


def _column(grant: Grant, name: str, has_pseudonyms: bool) -> str:
    column = next(column for column in grant.mart.columns if column.name == name)
    if has_pseudonyms and column.sensitivity == "identity":
        return f"{PSEUDONYM}({identifier(name)}) as {identifier(name)}"
    if has_pseudonyms and column.sensitivity == "personal":
        # Empty, of the type that it has.
        return f"case when false then {identifier(name)} end as {identifier(name)}"
    return identifier(name)


def _pseudonyms(key: str) -> Callable[[str], str]:
    @lru_cache(maxsize=1_000_000)
    def pseudonym(value: str) -> str:
        digest = hmac.new(key.encode(), value.encode(), hashlib.sha256).hexdigest()
        return f"P{digest[:HEX_DIGITS]}"

    return pseudonym
