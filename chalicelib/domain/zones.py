"""Time zones by their IANA names."""

from functools import cache
from importlib import resources


def is_zone(name: str) -> bool:
    """Whether `name` is a zone, such as Europe/Berlin. The list is tzdata's and not the system's,
    which differs from machine to machine."""
    return name in _zones()


@cache
def _zones() -> frozenset[str]:
    return frozenset((resources.files("tzdata") / "zones").read_text().split())
