"""What `docs/api.md` says about a route and about an error code."""

import re
from functools import cache

from infra.stage import ROOT

_SECTION = re.compile(r"^### `(.+?)`\n(.*?)(?=^#|\Z)", re.M | re.S)
_CODE_BLOCK = re.compile(r"^ *```.*?^ *```\n?", re.M | re.S)
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
_STATUS = re.compile(r"\b([45]\d\d)\b")
_ROW = re.compile(r"^\| ([45]\d\d) \| (.+?) \| (.+?) \|$", re.M)


@cache
def _page() -> str:
    return (ROOT / "docs" / "api.md").read_text()


@cache
def _sections() -> dict[str, str]:
    return dict(_SECTION.findall(_page()))


def description(route: str) -> str:
    """The section of `METHOD /path` without examples and links; empty if it has none yet."""
    return _LINK.sub(r"\1", _CODE_BLOCK.sub("", _sections().get(route, ""))).strip()


def first_sentence(route: str) -> str:
    """What the route lets a caller do, and which headers count."""
    return description(route).partition(".")[0]


def statuses(route: str) -> set[int]:
    """The failures that the section names."""
    return {int(status) for status in _STATUS.findall(description(route))}


@cache
def codes() -> dict[int, dict[str, str]]:
    """status -> code -> when, from the table of errors."""
    found: dict[int, dict[str, str]] = {}
    for status, names, when in _ROW.findall(_page()):
        for code in re.findall(r"`(\w+)`", names):
            found.setdefault(int(status), {})[code] = _LINK.sub(r"\1", when)
    return found
