"""What clients may write into a task, beyond the types of the fields."""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.domain import keys
from chalicelib.domain.access import ProjectAccess
from chalicelib.domain.due_dates import due_at
from chalicelib.errors import FieldError, Invalid

DESCRIPTION_MAX_BYTES = 20_000


def read(access: ProjectAccess, fields: Mapping[str, Any]) -> dict[str, Any]:
    """`fields` as they are stored: each label once, the parent by its id. Raises `Invalid` naming
    all that cannot be stored."""
    errors = tuple(_errors(fields))
    if errors:
        raise Invalid(errors=errors)
    wanted = dict(fields)
    if "labels" in wanted:
        wanted["labels"] = list(dict.fromkeys(wanted["labels"] or ())) or None
    if "parent" in wanted:
        wanted["parent"] = keys.resolved(access, wanted["parent"])
    return wanted


def _errors(fields: Mapping[str, Any]) -> Iterator[FieldError]:
    try:
        due_at(fields.get("due_date"), None)
    except ValueError as error:
        yield FieldError("due_date", str(error))
    if len(fields.get("description", "").encode()) > DESCRIPTION_MAX_BYTES:
        message = f"has at most {DESCRIPTION_MAX_BYTES} bytes in UTF-8"
        yield FieldError("description", message)
