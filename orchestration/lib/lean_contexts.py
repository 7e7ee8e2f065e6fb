"""What dbt's templates may name, made when it is named.

Each node has a context of a thousand macros and eighty other names, twice: once to compile it, once to
run it. A node asks for some twenty of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dbt.clients.jinja import MacroGenerator
from dbt.context import providers
from dbt.context.base import BaseContext
from dbt.context.exceptions_jinja import CONTEXT_EXPORTS, wrapper
from dbt.context.macro_resolver import TestMacroNamespace
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt.context.manifest import ManifestContext
from dbt.contracts.graph.nodes import Macro
from jinja2.defaults import DEFAULT_NAMESPACE


def as_it_is(value: Any) -> Any:
    """The value."""
    return value


# What Jinja knows in every template, such as `range`.
JINJAS_OWN = (DEFAULT_NAMESPACE, as_it_is)


class Names(dict[str, Any]):
    """Values by name, each made when it is first asked for, by the first source that knows the name.

    A source is what its values are made of, by name, and what makes one. Who goes through all names has
    all of them made, and finds a dict like any other.
    """

    def __init__(self, *sources: tuple[Mapping[str, Any], Callable[[Any], Any]]) -> None:
        super().__init__()
        self.sources = list(sources)

    def __missing__(self, name: str) -> Any:
        if not self._is_made(name):
            raise KeyError(name)
        return self[name]

    def __contains__(self, name: object) -> bool:
        # Who asks for a name that is known asks for its value next.
        return super().__contains__(name) or self._is_made(name)

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a name, ``default`` where it is not known."""
        return self[name] if name in self else default  # noqa: SIM401 - this is what it would call

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.keys())

    def __bool__(self) -> bool:
        # Python would count them, and all would be made.
        return any(known for known, _ in self.sources) or super().__len__() > 0

    def keys(self) -> Any:
        """All names."""
        self._make_all()
        return super().keys()

    def values(self) -> Any:
        """All values."""
        self._make_all()
        return super().values()

    def items(self) -> Any:
        """All names and values."""
        self._make_all()
        return super().items()

    def _is_made(self, name: Any) -> bool:
        for known, make in self.sources:
            if name in known:
                self[name] = make(known[name])
                return True
        return False

    def _make_all(self) -> None:
        for known, _ in self.sources:
            for name in known:
                self[name]


def make_contexts_lazily() -> None:
    """Put ``Names`` in the place of dbt's dicts of all names; which of two values counts stays the same."""
    begin = BaseContext.__init__

    def begin_with_names(self: BaseContext, *given: Any, **more: Any) -> None:
        begin(self, *given, **more)
        self._ctx = Names(JINJAS_OWN)

    def exceptions(model: Any) -> Names:
        return Names((CONTEXT_EXPORTS, wrapper(model)))

    BaseContext.__init__ = begin_with_names
    providers.wrapped_exports = exceptions
    MacroNamespaceBuilder.build_namespace = _build_namespace
    ManifestContext.to_dict = _to_dict


def _build_namespace(
    self: MacroNamespaceBuilder, macros_by_package: Mapping[str, Mapping[str, Macro]], ctx: Any
) -> MacroNamespace:
    def generator(macro: Macro) -> MacroGenerator:
        return MacroGenerator(macro, ctx, self.node, self.thread_ctx)

    # Of dbt's own packages the first that has a macro of a name has it.
    internal = Names(
        *(
            (macros_by_package.get(package, {}), generator)
            for package in self.internal_package_names_order
        )
    )
    packages = {
        package: Names((macros, generator))
        for package, macros in macros_by_package.items()
        if package not in self.internal_package_names
    }
    is_root = self.root_package == self.search_package
    return MacroNamespace(
        global_namespace={} if is_root else packages.get(self.root_package, {}),
        local_namespace=packages.get(self.search_package, {}),
        global_project_namespace=internal,
        packages=packages,
    )


def _to_dict(self: ManifestContext) -> dict[str, Any]:
    """Those of ``BaseContext.to_dict``, and before them the macros: what dbt writes last comes first."""

    def bound(member: Any) -> Any:
        return member.__get__(self) if hasattr(member, "__get__") else member

    if isinstance(self, providers.ProviderContext):
        # dbt does it where it makes `var`, and counts on it elsewhere.
        self.config.load_dependencies()
    names: Names = self._ctx
    builtins = Names((self._context_members_, bound))
    if isinstance(self.namespace, TestMacroNamespace):
        macros = [self.namespace.project_namespace, self.namespace.local_namespace]
    else:
        macros = list(self.namespace._search_order())
    own = {"context": names, "builtins": builtins}
    names.sources[:0] = [(known, as_it_is) for known in (*macros, builtins, own)]
    return names
