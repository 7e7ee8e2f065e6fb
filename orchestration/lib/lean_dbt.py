"""dbt in this process without what costs it most beside the work: messages nobody hears, garbage, and
what it makes anew for each node although it is the same for all."""

from __future__ import annotations

import functools
import gc
from collections.abc import Iterable, Mapping
from types import CodeType
from typing import Any

import jinja2
from dbt.clients import jinja as dbt_jinja
from dbt.clients.jinja import MacroGenerator
from dbt.context.base import BaseContext
from dbt.context.macro_resolver import TestMacroNamespace
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt.context.manifest import ManifestContext
from dbt.contracts.graph.nodes import Macro
from dbt_common.clients import agate_helper
from dbt_common.clients.jinja import catch_jinja, get_environment, get_template
from dbt_common.events.base_types import BaseEvent, DebugLevel
from dbt_common.events.event_manager import EventManager

# Python's own count of new objects between two looks for garbage is 700.
GARBAGE_THRESHOLDS = (20_000, 10, 10)
# Templates of which the compiled form is kept: more than a project has of models and tests.
TEMPLATES_KEPT = 10_000


def make_lean() -> None:
    """Let dbt work lean in this process; what it builds, and what it says to people, is the same.

    These are dbt's own functions, of the version that is pinned, and dbt has no switch for any of it
    (DECISIONS.md, 89 and 93).
    """
    _say_nothing_for_debugging()
    _make_readers_of_dates_once()
    _make_macros_in_one_go()
    _compile_each_template_once()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


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


def _make_macros_in_one_go() -> None:
    """Each node has a context with a thousand macros, twice: once to compile it, once to run it."""

    def build_namespace(
        self: MacroNamespaceBuilder, macros_by_package: Mapping[str, Mapping[str, Macro]], ctx: Any
    ) -> MacroNamespace:
        def generators(macros: Mapping[str, Macro]) -> dict[str, MacroGenerator]:
            node, stack = self.node, self.thread_ctx
            return {name: MacroGenerator(macro, ctx, node, stack) for name, macro in macros.items()}

        # Of dbt's own packages the first that has a macro of a name has it.
        internal: dict[str, Macro] = {}
        for package in reversed(self.internal_package_names_order):
            internal.update(macros_by_package.get(package, {}))
        packages = {
            package: generators(macros)
            for package, macros in macros_by_package.items()
            if package not in self.internal_package_names
        }
        is_root = self.root_package == self.search_package
        return MacroNamespace(
            global_namespace={} if is_root else packages.get(self.root_package, {}),
            local_namespace=packages.get(self.search_package, {}),
            global_project_namespace=generators(internal),
            packages=packages,
        )

    def to_dict(self: ManifestContext) -> dict[str, Any]:
        names: dict[str, Any] = BaseContext.to_dict(self)
        if isinstance(self.namespace, TestMacroNamespace):
            names.update(self.namespace.local_namespace)
            names.update(self.namespace.project_namespace)
        else:
            for found in reversed(list(self.namespace._search_order())):
                names.update(found)
        return names

    MacroNamespaceBuilder.build_namespace = build_namespace
    ManifestContext.to_dict = to_dict


def _compile_each_template_once() -> None:
    """What tests say of their model is the same text for all tests of it."""
    environment = functools.cache(lambda is_native: get_environment(native=is_native))

    @functools.lru_cache(TEMPLATES_KEPT)
    def code(source: str, is_native: bool) -> CodeType:
        compiled: CodeType = environment(is_native).compile(source)
        return compiled

    def template(
        string: str, ctx: Any, node: Any = None, capture_macros: bool = False, native: bool = False
    ) -> jinja2.Template:
        # Where dbt notes which macros are unknown, each node has an environment of its own.
        if capture_macros:
            made: jinja2.Template = get_template(string, ctx, node, capture_macros, native)
            return made
        with catch_jinja(node):
            known = environment(native)
            names = known.make_globals(ctx)
            found: jinja2.Template = known.template_class.from_code(
                known, code(str(string), native), names
            )
            return found

    dbt_jinja.get_template = template
