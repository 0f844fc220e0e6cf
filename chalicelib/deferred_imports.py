"""Import a library without those of its parts that only few requests need, or none.

Within `defer_imports(...)` the named modules are placeholders. A placeholder imports the real
module when it is used, and imports after the block find the real module
(docs/decisions/0046-a-client-without-botocore-on-lambda.md).
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


class Placeholder(ModuleType):
    """Stands for a module, and imports it when one of its attributes is needed."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(import_module(self.__name__), name)


@contextmanager
def defer_imports(modules: Mapping[str, Mapping[str, Any]]) -> Iterator[None]:
    """Defer modules that are not imported yet.

    `modules` has for each module what the importing code takes from it while it is imported, such
    as base classes.
    """
    placeholders = {}
    for name, attributes in modules.items():
        if name not in sys.modules:
            placeholders[name] = sys.modules[name] = Placeholder(name)
            vars(placeholders[name]).update(attributes)
            parent, _, own_name = name.rpartition(".")
            if parent in sys.modules:
                setattr(sys.modules[parent], own_name, placeholders[name])
    try:
        yield
    finally:
        for name in placeholders:
            if sys.modules.get(name) is placeholders[name]:
                del sys.modules[name]


@contextmanager
def hide_modules(*names: str) -> Iterator[None]:
    """Within the block, the named packages cannot be imported, unless they already are.

    For libraries that use another package, which this code does not need, if it is installed.
    """
    hidden = [name for name in names if name not in sys.modules]
    sys.modules |= dict.fromkeys(hidden)  # type: ignore[arg-type]  # None: it cannot be imported
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
