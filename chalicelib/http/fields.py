"""Types of fields, and of lists, that several bodies share."""

from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Struct

from chalicelib.errors import FieldError, Invalid

# Nothing that is invisible, nor a control character.
_PART = r"[^@\s.\x00-\x1f\x7f-\x9f]"
_ADDRESS = rf"^[^@\s\x00-\x1f\x7f-\x9f]+@{_PART}+(\.{_PART}+)+\Z"
Username = Annotated[str, Meta(min_length=3, max_length=50, pattern=r"^[\w.+-]+\Z")]
Email = Annotated[str, Meta(max_length=254, pattern=_ADDRESS)]
# Received as typed, no rules of composition (NIST 800-63B-4).
NewPassword = Annotated[str, Meta(min_length=8, max_length=256)]
AnyPassword = Annotated[str, Meta(max_length=256)]
Token = Annotated[str, Meta(max_length=200)]
Limit = Annotated[int, Meta(ge=1, le=100)]
Id = Annotated[str, Meta(examples=["01m81fwkz2f3v7c9qe0xj4n5td"])]
# Sent as it is stored, so it is a text to us.
Time = Annotated[
    str,
    Meta(examples=["2026-11-22T09:00:00.000Z"], extra_json_schema={"format": "date-time"}),
]
# Given back as it came; `domain.due_dates` reads it.
DayOrTime = Annotated[
    str,
    Meta(
        examples=["2026-12-01"],
        extra_json_schema={"anyOf": [{"format": "date"}, {"format": "date-time"}]},
    ),
]

T = TypeVar("T")


class Page(Struct, Generic[T]):
    """A list, or one page of it: the next one begins at `next_cursor`."""

    items: list[T]
    next_cursor: str | None = None


def require_confirmed(field: str, password: str, confirmation: str) -> None:
    """A new password is typed twice, alike. Raises `Invalid`."""
    if password != confirmation:
        raise Invalid(errors=(FieldError(f"{field}_confirm", f"differs from {field}"),))
