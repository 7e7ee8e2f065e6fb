"""dbt's templates, compiled once.

What tests say of their model is the same text for all tests of it, and what a project says is the same
from one run to the next: compiled templates are kept beside the project that has been read.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import marshal
import sys
from collections.abc import Callable
from importlib.metadata import version
from types import CodeType
from typing import Any

import jinja2
from dbt.clients import jinja as dbt_jinja
from dbt_common.clients import jinja as common_jinja
from dbt_common.clients.jinja import (
    BaseMacroGenerator,
    MacroFuzzTemplate,
    NativeSandboxTemplate,
    catch_jinja,
    get_environment,
    get_template,
)

from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.kept_file import keep, read_kept
from orchestration.lib.lean_contexts import Names

KEPT_AS = PROJECT_DIR / "target" / "parsed" / "templates.marshal"
# More than a project has of models, tests and macros; where there are more, those of this run are kept.
TEMPLATES_KEPT = 10_000
# What a template is compiled by, and for.
COMPILERS = [sys.implementation.cache_tag, *map(version, ("Jinja2", "dbt-common", "dbt-core"))]

_environment = functools.cache(lambda is_native: get_environment(native=is_native))


class Templates:
    """The compiled form of templates: of those that earlier runs kept, and of those compiled now."""

    def __init__(self) -> None:
        content = read_kept(KEPT_AS)
        compilers, kept = marshal.loads(content) if content else (None, {})
        self._kept: dict[bytes, bytes] = kept if compilers == COMPILERS else {}
        self._used: dict[bytes, CodeType] = {}

    def code(self, source: str, is_native: bool) -> CodeType:
        """The compiled form. Raises ``jinja2.TemplateSyntaxError``."""
        wanted = hashlib.sha256(f"{is_native} {source}".encode()).digest()
        found = self._used.get(wanted)
        if found is None:
            kept = self._kept.get(wanted)
            found = marshal.loads(kept) if kept else _environment(is_native).compile(source)
            self._used[wanted] = found
        return found

    def keep(self) -> None:
        """Write down what has been compiled, for the next run."""
        new = {name: code for name, code in self._used.items() if name not in self._kept}
        if not new:
            return
        known = self._kept | {name: marshal.dumps(code) for name, code in new.items()}
        if len(known) > TEMPLATES_KEPT:
            known = {name: known[name] for name in self._used}
        keep(KEPT_AS, marshal.dumps((COMPILERS, known)))


def compile_each_template_once() -> None:
    """Let dbt compile no template twice, in this process or, once it has ended, in the next."""
    templates = Templates()
    atexit.register(templates.keep)

    def template(
        string: str, ctx: Any, node: Any = None, capture_macros: bool = False, native: bool = False
    ) -> jinja2.Template:
        # Where dbt notes which macros are unknown, each node has an environment of its own.
        if capture_macros or common_jinja.MACRO_DEBUGGING:
            made: jinja2.Template = get_template(string, ctx, node, capture_macros, native)
            return made
        with catch_jinja(node):
            environment = _environment(native)
            names = environment.make_globals(ctx)
            code = templates.code(str(string), native)
            found: jinja2.Template = environment.template_class.from_code(environment, code, names)
            return found

    dbt_jinja.get_template = template
    common_jinja.get_template = template
    _copy_no_names()
    _make_each_macro_once()


def _copy_no_names() -> None:
    """A template takes ``Names`` as they are, which know Jinja's own, too; all else as dbt has it."""
    make = MacroFuzzTemplate.new_context

    def new_context(
        self: jinja2.Template, vars: Any = None, shared: bool = False, locals: Any = None
    ) -> jinja2.runtime.Context:
        if isinstance(vars, Names):
            return self.environment.context_class(self.environment, vars, self.name, self.blocks)
        made: jinja2.runtime.Context = make(self, vars, shared, locals)
        return made

    MacroFuzzTemplate.new_context = new_context
    NativeSandboxTemplate.new_context = new_context


def _make_each_macro_once() -> None:
    """A node has one context, and calls the same macros in it again and again."""
    make = BaseMacroGenerator.get_macro

    def macro(self: BaseMacroGenerator) -> Callable[..., Any]:
        if "made" not in self.__dict__:
            self.made = make(self)
        found: Callable[..., Any] = self.made
        return found

    BaseMacroGenerator.get_macro = macro
