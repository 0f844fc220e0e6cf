"""Cursors of task lists as an earlier version encoded them."""

from typing import Any

from chalicelib.http.pagination import encode_cursor
from tests.support import Person

# All parameters that cursors were bound to then, with the values that they have if they are absent.
_PARAMETERS: dict[str, Any] = {
    "project": None,
    "status": None,
    "priority": None,
    "assigned_to": None,
    "created_by": None,
    "label": None,
    "parent": None,
    "due": None,
    "due_before": None,
    "due_after": None,
    "overdue": None,
    "updated_since": None,
    "q": None,
    "ordering": "-created_at",
}


def encode_earlier_cursor(person: Person, after: str, **parameters: Any) -> str:
    """Return the cursor for a list with these parameters; its page begins behind `after`."""
    filters = f"tasks {_PARAMETERS | parameters}"
    return str(encode_cursor({"after": after}, caller=person.id, filters=filters))
