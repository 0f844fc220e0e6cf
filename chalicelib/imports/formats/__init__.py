"""The formats of import files: each parser makes the same records of its format."""

from collections.abc import Callable

from chalicelib.imports.formats.asana import parse_asana
from chalicelib.imports.formats.github import parse_github
from chalicelib.imports.formats.project_export import parse_project_export
from chalicelib.imports.formats.records import ParsedFile, ReadingContext
from chalicelib.imports.formats.todoist import parse_todoist
from chalicelib.imports.formats.trello import parse_trello

# Each takes the bytes of a file and raises `UnreadableFile` when nothing of it can be imported.
PARSERS: dict[str, Callable[[bytes, ReadingContext], ParsedFile]] = {
    "todoist_csv": parse_todoist,
    "trello_json": parse_trello,
    "asana_csv": parse_asana,
    "github_csv": parse_github,
    "project_json": parse_project_export,
}
