"""Items and values that a newer release wrote and that this code does not know.

During a deployment, and after a rollback, both releases use one table. Older code leaves an unknown
item to the newer release, shows an unknown value as it is stored, and refuses it in requests.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar, cast

# The outcome of an item that is left.
UNKNOWN_KIND = "unknown_kind"
# Longer than any deployment or rollback takes.
LEFT_FOR = timedelta(days=1)

E = TypeVar("E", bound=StrEnum)


def is_left_to_newer_release(created_at: datetime, now: datetime) -> bool:
    """Return whether an item of an unknown kind is young enough to be left."""
    return now < created_at + LEFT_FOR


def as_stored(kind: type[E], value: str) -> E:
    """Return the member of `kind` with a stored value, or an unknown value itself.

    An unknown value equals no member, and a response shows it as it is.
    """
    try:
        return kind(value)
    except ValueError:
        return cast(E, value)
