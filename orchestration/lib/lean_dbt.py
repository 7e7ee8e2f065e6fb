"""dbt in this process without what costs it most beside the work: messages nobody hears, garbage, and
what it makes anew for each node although it is the same for all."""

from __future__ import annotations

import contextlib
import functools
import gc
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from dbt import compilation
from dbt.contracts.graph import nodes
from dbt.contracts.graph.nodes import InjectedCTE
from dbt_common.clients import agate_helper
from dbt_common.events.base_types import BaseEvent, DebugLevel
from dbt_common.events.event_manager import EventManager

from orchestration.lib.lean_contexts import make_contexts_lazily
from orchestration.lib.lean_templates import compile_each_template_once

# Python's own count of new objects between two looks for garbage is 700.
GARBAGE_THRESHOLDS = (20_000, 10, 10)
# SQL that begins with CTEs, but for comments and space.
BEGINS_WITH = re.compile(
    r"(?:\s|--[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)*with\s+(?!recursive\b)", re.IGNORECASE
)


def make_lean() -> None:
    """Let dbt work lean in this process; what it builds, and what it says to people, is the same.

    These are dbt's own functions, of the version that is pinned, and dbt has no switch for any of it
    (DECISIONS.md, 89 and 93).
    """
    _say_nothing_for_debugging()
    _make_readers_of_dates_once()
    _parse_no_sql_to_inject()
    _write_no_file_twice()
    make_contexts_lazily()
    compile_each_template_once()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


@contextlib.contextmanager
def reading_what_stays() -> Iterator[None]:
    """What is read within stays as long as the process: it is never looked through for garbage."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _say_nothing_for_debugging() -> None:
    """dbt makes five protobuf messages of each statement, whoever listens."""
    make, fire = BaseEvent.__init__, EventManager.fire_event

    def make_if_heard(self: BaseEvent, *args: Any, **fields: Any) -> None:
        if not isinstance(self, DebugLevel):
            make(self, *args, **fields)

    def fire_if_heard(self: EventManager, e: BaseEvent, *args: Any, **more: Any) -> None:
        if not isinstance(e, DebugLevel):
            fire(self, e, *args, **more)

    BaseEvent.__init__ = make_if_heard
    EventManager.fire_event = fire_if_heard


def _make_readers_of_dates_once() -> None:
    """They are made anew for each statement; and so is a table of no rows, which nothing changes."""
    tester = functools.cache(agate_helper.build_type_tester)

    def type_tester(
        text_columns: Iterable[str], string_null_values: Iterable[str] = ("null", "")
    ) -> Any:
        return tester(tuple(text_columns), tuple(string_null_values))

    agate_helper.build_type_tester = type_tester
    agate_helper.empty_table = functools.cache(agate_helper.empty_table)


def _write_no_file_twice() -> None:
    """What is compiled is mostly what was compiled before; to write over a file takes a millisecond."""
    write = nodes.write_file

    def write_if_new(path: str, contents: str = "") -> bool:
        file = Path(path)
        with contextlib.suppress(OSError, ValueError):
            if file.read_text(encoding="utf-8") == contents:
                return True
            file.unlink()
        written: bool = write(path, contents)
        return written

    nodes.write_file = write_if_new


def _parse_no_sql_to_inject() -> None:
    """dbt parses all SQL of a model that has ephemeral ones before it, to find where its CTEs begin."""
    inject = compilation.inject_ctes_into_sql

    def inject_after_with(sql: str, ctes: list[InjectedCTE]) -> str:
        begun = BEGINS_WITH.match(sql)
        if begun is None or not ctes:
            injected: str = inject(sql, ctes)
            return injected
        return f"{begun[0]}{', '.join(cte.sql for cte in ctes)}, {sql[begun.end() :]}"

    compilation.inject_ctes_into_sql = inject_after_with
