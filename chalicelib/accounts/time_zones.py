"""Time zones by their IANA names, and what follows when somebody moves to another."""

from functools import cache
from importlib import resources


def is_time_zone(name: str) -> bool:
    """Whether `name` is a zone, such as Europe/Berlin. The list is tzdata's and not the system's,
    which differs from machine to machine."""
    return name in _time_zone_names()


@cache
def _time_zone_names() -> frozenset[str]:
    return frozenset((resources.files("tzdata") / "zones").read_text().split())
