"""Read the bytes of an import file as CSV or JSON.

The file comes from the user and may be anything. Its size is limited before it is read, its cells
are never evaluated, and msgspec refuses JSON that is nested too deep. So the whole file may be in
memory: 25 MB of JSON need about 150 MB.
"""

import csv
import io
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from chalicelib.imports.formats.records import ParsedFile, UnreadableFile

LINES_MAX = 100_000
DELIMITERS = ",;\t"

T = TypeVar("T")


class Row(Struct, frozen=True):
    """A record of a CSV file: the line at which it begins, and its cells by column, in lower case.

    A column that the file lacks is an empty cell.
    """

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "").strip()


def read_csv(raw: bytes, parsed: ParsedFile, *, required: tuple[str, ...]) -> Iterator[Row]:
    """Yield the records of a CSV file (RFC 4180) that are not empty.

    Cells are separated by commas, semicolons or tabs. Raises `UnreadableFile` when the file is not
    CSV in UTF-8, lacks one of the `required` columns, or has too many lines.
    """
    text = _decode(raw)
    first = text[: text.find("\n")] if "\n" in text else text
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        columns = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in required if name not in columns]
        if missing:
            raise UnreadableFile("columns_missing", ", ".join(missing))
        line = reader.line_num + 1
        for cells in reader:
            if any(map(str.strip, cells)):
                if any(map(str.strip, cells[len(columns) :])):
                    parsed.report(line, "file", "too_many_cells")
                yield Row(line, dict(zip(columns, cells, strict=False)))
            line = reader.line_num + 1
            if line > LINES_MAX:
                raise UnreadableFile("too_many_lines", LINES_MAX, line)
    except csv.Error as error:
        raise UnreadableFile("not_csv", error, line) from error


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile("not_utf8", error.start) from error


def read_json(raw: bytes, model: type[T]) -> T:
    """Return a JSON document as `model`. Raises `UnreadableFile` when it is not one."""
    try:
        return msgspec.json.decode(raw.removeprefix(BOM_UTF8), type=model)
    except msgspec.ValidationError as error:
        raise UnreadableFile("other_format", error) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableFile("not_json", error) from error
    except RecursionError as error:
        raise UnreadableFile("not_json", "it is nested too deep") from error


def read_elements(
    elements: list[Raw], model: type[T], parsed: ParsedFile
) -> Iterator[tuple[int, T]]:
    """Yield the elements of a JSON list that have the form of `model`, each with its number.

    Of the others a problem is reported. Raises `UnreadableFile` when there are more than
    `LINES_MAX`.
    """
    if len(elements) > LINES_MAX:
        raise UnreadableFile("too_many_lines", LINES_MAX)
    decoder = msgspec.json.Decoder(model)
    for number, element in enumerate(elements, 1):
        try:
            yield number, decoder.decode(element)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            parsed.report(number, "file", "line_invalid", error)
