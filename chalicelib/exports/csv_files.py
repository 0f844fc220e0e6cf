"""CSV files that spreadsheets open correctly and safely.

The encoding is UTF-8 with a byte order mark; without it Excel assumes the local code page. Every
cell is quoted, and lines end in CRLF (RFC 4180). A text that a spreadsheet would read as a formula
gets an apostrophe in front (https://owasp.org/www-community/attacks/CSV_Injection).
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

BYTE_ORDER_MARK = "\ufeff"
# Japanese spreadsheets also read the full-width characters as the beginning of a formula.
FORMULA_PREFIXES = tuple("=+-@\t\r\n＝＋－＠")


def csv_file(columns: Sequence[str], records: Iterable[Mapping[str, Any]] = ()) -> bytes:
    """Return a file, or its beginning: the byte order mark, the column names and the records."""
    return BYTE_ORDER_MARK.encode() + _encode_lines([columns]) + csv_lines(columns, records)


def csv_lines(columns: Sequence[str], records: Iterable[Mapping[str, Any]]) -> bytes:
    """Return a line for each record, with its values in the order of `columns`."""
    lines = ([_to_cell(record[column]) for column in columns] for record in records)
    return _encode_lines(lines)


def _to_cell(value: Any) -> Any:
    """Return `value` as a cell that is never a formula; a list becomes one comma-separated text."""
    if isinstance(value, list):
        value = ", ".join(value)
    if isinstance(value, str) and value.startswith(FORMULA_PREFIXES):
        return "'" + value
    return "" if value is None else value


def _encode_lines(lines: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(lines)
    return text.getvalue().encode()
