"""Match events against the filter patterns of event source mappings.

Supports what the template uses: nested fields, values and `prefix`
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html).
"""

from typing import Any

Pattern = dict[str, Any]


class UnsupportedPattern(ValueError):
    """A pattern uses an operator that this module does not know."""


def matches_any(patterns: list[Pattern], event: Any) -> bool:
    """Return whether `event` matches one of `patterns`; without patterns, every event does."""
    return not patterns or any(_matches(pattern, event) for pattern in patterns)


def _matches(pattern: Pattern, event: Any) -> bool:
    """Return whether each field of `pattern` matches the same field of `event`."""
    if not isinstance(event, dict):
        return False
    return all(
        _matches(expected, event.get(name))
        if isinstance(expected, dict)
        else any(_matches_value(each, event.get(name)) for each in expected)
        for name, expected in pattern.items()
    )


def _matches_value(expected: Any, value: Any) -> bool:
    if not isinstance(expected, dict):
        return bool(expected == value)
    if set(expected) == {"prefix"}:
        return isinstance(value, str) and value.startswith(expected["prefix"])
    raise UnsupportedPattern(f"the operator of {expected} is not supported")
