"""Field types and the list type that several schemas share."""

from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Struct

from chalicelib.errors import FieldError, Invalid

# No white space and no control characters.
_PART = r"[^@\s.\x00-\x1f\x7f-\x9f]"
_ADDRESS = rf"^[^@\s\x00-\x1f\x7f-\x9f]+@{_PART}+(\.{_PART}+)+\Z"
Username = Annotated[str, Meta(min_length=3, max_length=50, pattern=r"^[\w.+-]+\Z")]
Email = Annotated[str, Meta(max_length=254, pattern=_ADDRESS)]
# Passwords are accepted as typed, without composition rules (NIST SP 800-63B-4).
NewPassword = Annotated[str, Meta(min_length=8, max_length=256)]
AnyPassword = Annotated[str, Meta(max_length=256)]
Token = Annotated[str, Meta(max_length=200)]
Limit = Annotated[int, Meta(ge=1, le=100)]
Id = Annotated[str, Meta(examples=["01m81fwkz2f3v7c9qe0xj4n5td"])]
# A string and not a datetime: responses contain the time as it is stored.
Time = Annotated[
    str,
    Meta(examples=["2026-11-22T09:00:00.000Z"], extra_json_schema={"format": "date-time"}),
]
# A string because responses return it as it was sent; `tasks.due_dates` parses it.
DayOrTime = Annotated[
    str,
    Meta(
        examples=["2026-12-01"],
        extra_json_schema={"anyOf": [{"format": "date"}, {"format": "date-time"}]},
    ),
]

T = TypeVar("T")


class Page(Struct, Generic[T]):
    """A list, or one page of it; `next_cursor` is the cursor of the next page."""

    items: list[T]
    next_cursor: str | None = None


def require_confirmed(field: str, password: str, confirmation: str) -> None:
    """Raises `Invalid` when the two entries of a new password differ.

    `field` is the name of the field with the password.
    """
    if password != confirmation:
        raise Invalid(errors=(FieldError(f"{field}_confirm", f"differs from {field}"),))
