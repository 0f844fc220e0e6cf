"""Request and response types of `/api/projects/{id}/labels`."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType

from chalicelib.http.fields import Id, Time
from chalicelib.http.text_fields import line, matching
from chalicelib.labels import models

Name = Annotated[str, line(max_length=models.NAME_MAX)]
Color = Annotated[
    str,
    matching("#[0-9a-f]{6}", "must be # and six hexadecimal digits in lower case, as in #c02020"),
]


class NewLabel(Struct, forbid_unknown_fields=True):
    name: Name
    color: Color = models.DEFAULT_COLOR


class LabelPatch(Struct, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    color: Color | UnsetType = UNSET


class Label(Struct):
    """A label for tasks of the project."""

    id: Id
    name: str
    color: str
    created_at: Time
    version: int


def present_label(label: models.Label) -> Label:
    """Return the label as clients see it."""
    return Label(
        id=label.id,
        name=label.name,
        color=label.color,
        created_at=label.created_at,
        version=int(label.version),
    )
