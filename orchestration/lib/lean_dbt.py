"""dbt in this process without what costs it most beside the work: messages nobody hears, and garbage."""

from __future__ import annotations

import functools
import gc
from collections.abc import Iterable
from typing import Any

from dbt_common.clients import agate_helper
from dbt_common.events.base_types import BaseEvent, DebugLevel
from dbt_common.events.event_manager import EventManager

# Python's own count of new objects between two looks for garbage is 700.
GARBAGE_THRESHOLDS = (20_000, 10, 10)


def make_lean() -> None:
    """Let dbt say nothing for its own debugging, and look for garbage seldom, in this process.

    dbt makes five protobuf messages of each statement whoever listens, and what it holds of a project is
    looked through for garbage again and again: four tenths of a build of the demo, and dbt has no switch
    for either (DECISIONS.md, 89).
    """
    make, fire = BaseEvent.__init__, EventManager.fire_event

    def make_if_heard(self: BaseEvent, *args: Any, **fields: Any) -> None:
        if not isinstance(self, DebugLevel):
            make(self, *args, **fields)

    def fire_if_heard(self: EventManager, e: BaseEvent, *args: Any, **more: Any) -> None:
        if not isinstance(e, DebugLevel):
            fire(self, e, *args, **more)

    BaseEvent.__init__ = make_if_heard
    EventManager.fire_event = fire_if_heard
    # Readers of dates that are made anew for each statement, and a table of no rows that nothing changes.
    tester = functools.cache(agate_helper.build_type_tester)

    def type_tester(
        text_columns: Iterable[str], string_null_values: Iterable[str] = ("null", "")
    ) -> Any:
        return tester(tuple(text_columns), tuple(string_null_values))

    agate_helper.build_type_tester = type_tester
    agate_helper.empty_table = functools.cache(agate_helper.empty_table)
    gc.set_threshold(*GARBAGE_THRESHOLDS)
