"""The documentation of routes and error codes in `docs/api.md`."""

import re
from functools import cache

from infra.stage import ROOT

_SECTION = re.compile(r"^### `(.+?)`\n(.*?)(?=^#|\Z)", re.M | re.S)
_CODE_BLOCK = re.compile(r"^ *```.*?^ *```\n?", re.M | re.S)
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
# Removed with their text: images, and links to reasons such as "([why](...))".
_IMAGE_OR_REASON = re.compile(r"!\[[^\]]*\]\([^)]+\)| ?\(\[why[^\]]*\]\([^)]+\)\)")
_ERROR_STATUS = re.compile(r"\b([45]\d\d)\b")


@cache
def _read_sections() -> dict[str, str]:
    return dict(_SECTION.findall((ROOT / "docs" / "api.md").read_text()))


def get_description(route: str) -> str:
    """Return the section of `METHOD /path` without examples and links; empty if there is none."""
    return remove_links(_CODE_BLOCK.sub("", _read_sections().get(route, ""))).strip()


def get_first_sentence(route: str) -> str:
    """Return the section's first sentence, which states the purpose, the access and the headers."""
    return get_description(route).partition(".")[0]


def find_error_statuses(route: str) -> set[int]:
    """Return the error statuses that the section mentions."""
    return {int(status) for status in _ERROR_STATUS.findall(get_description(route))}


def remove_links(text: str) -> str:
    """Return Markdown `text` without link targets, images and links to reasons."""
    return _LINK.sub(r"\1", _IMAGE_OR_REASON.sub("", text))
