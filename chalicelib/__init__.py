"""The packages of the app."""

from typing import NotRequired, Required, get_type_hints

from chalicelib.deferred_imports import defer_imports

# msgspec prefers these names of typing_extensions, where they are the same.
_NAMES = {"NotRequired": NotRequired, "Required": Required, "get_type_hints": get_type_hints}
with defer_imports({"typing_extensions": _NAMES}):
    import msgspec  # noqa: F401
