"""The table of docs/privacy.md."""

import re
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parents[2] / "docs" / "privacy.md"
_NAME = re.compile(r"`(\w+)`")


class Row(NamedTuple):
    """A row of the table: the personal data in the items of an entity, and its deletion."""

    entity: str
    about: str
    rest: str
    kept: str
    export: str
    fate: str

    @property
    def is_personal(self) -> bool:
        return bool(self.about)

    @property
    def personal(self) -> list[str]:
        """The attributes that are about a person."""
        return _NAME.findall(self.about)

    @property
    def other(self) -> list[str]:
        return _NAME.findall(self.rest)

    @property
    def exported_as(self) -> list[str]:
        """The members of `account.json` that have the item."""
        return _NAME.findall(self.export)

    @property
    def is_removed(self) -> bool:
        return self.fate.startswith("removed")


def _read_rows() -> list[Row]:
    section = PAGE.read_text().partition("\n## What is stored\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [Row(*(cell.strip() for cell in line.strip("|").split("|"))) for line in lines[2:]]


ROWS = _read_rows()
