"""Tables and JSON on the terminal."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

console = Console(highlight=False)
if not console.is_terminal:  # in a pipe or a file, each row of a table is one line
    console.width = 10_000


class Serializable(Protocol):
    def to_dict(self) -> dict[str, Any]: ...


def print_json(value: Serializable | Sequence[Serializable]) -> None:
    """Print one object, or a list of them, as the API returned them."""
    plain = value.to_dict() if hasattr(value, "to_dict") else [each.to_dict() for each in value]
    print(json.dumps(plain, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table. Texts of people are shown as they are, not read as markup."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def print_fields(fields: dict[str, str]) -> None:
    """Print the names and values of an object."""
    width = max(map(len, fields))
    for name, value in fields.items():
        console.print(Text(f"{name:{width}}  "), Text(value), sep="", soft_wrap=True)
