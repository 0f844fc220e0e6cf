"""Names of IANA time zones."""

from functools import cache
from importlib import resources


def is_time_zone(name: str) -> bool:
    """Return whether `name` is a time zone, such as Europe/Berlin.

    The list is that of the tzdata package: the list of the operating system differs between
    machines.
    """
    return name in _time_zone_names()


@cache
def _time_zone_names() -> frozenset[str]:
    return frozenset((resources.files("tzdata") / "zones").read_text().split())
