"""CSV that opens as it was meant, in a spreadsheet too.

UTF-8 behind a byte order mark, without which Excel takes it for the local code page; every cell
quoted; lines end in CRLF (RFC 4180). A text that a spreadsheet would take for a formula gets an
apostrophe in front (https://owasp.org/www-community/attacks/CSV_Injection).
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

BYTE_ORDER_MARK = "\ufeff"
# The wide ones mean the same in Japanese spreadsheets.
FORMULAS = tuple("=+-@\t\r\n＝＋－＠")


def csv_header(columns: Sequence[str]) -> bytes:
    return BYTE_ORDER_MARK.encode() + _lines([columns])


def csv_lines(columns: Sequence[str], records: Iterable[Mapping[str, Any]]) -> bytes:
    """A line for each record, with its values in the order of `columns`."""
    return _lines([[escape_cell(record[column]) for column in columns] for record in records])


def escape_cell(value: Any) -> Any:
    """`value`, as a cell that is never a formula; a list as one text."""
    if isinstance(value, list):
        value = ", ".join(value)
    if isinstance(value, str) and value.startswith(FORMULAS):
        return "'" + value
    return "" if value is None else value


def _lines(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()
