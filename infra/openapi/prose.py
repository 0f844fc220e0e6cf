"""What `docs/api.md` says about a route and about an error code."""

import re
from functools import cache

from infra.stage import ROOT

_SECTION = re.compile(r"^### `(.+?)`\n(.*?)(?=^#|\Z)", re.M | re.S)
_CODE_BLOCK = re.compile(r"^ *```.*?^ *```\n?", re.M | re.S)
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
# What is not there without the link: a picture, and a reason in brackets.
_ASIDE = re.compile(r"!\[[^\]]*\]\([^)]+\)| ?\(\[why[^\]]*\]\([^)]+\)\)")
_STATUS = re.compile(r"\b([45]\d\d)\b")


@cache
def _page() -> str:
    return (ROOT / "docs" / "api.md").read_text()


@cache
def _sections() -> dict[str, str]:
    return dict(_SECTION.findall(_page()))


def description(route: str) -> str:
    """The section of `METHOD /path` without examples and links; empty if it has none yet."""
    return plain(_CODE_BLOCK.sub("", _sections().get(route, ""))).strip()


def first_sentence(route: str) -> str:
    """What the route lets a caller do, and which headers count."""
    return description(route).partition(".")[0]


def statuses(route: str) -> set[int]:
    """The failures that the section names."""
    return {int(status) for status in _STATUS.findall(description(route))}


def plain(words: str) -> str:
    """`words` without links."""
    return _LINK.sub(r"\1", _ASIDE.sub("", words))
