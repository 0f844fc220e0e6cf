"""Field types and the list type that several schemas share."""

from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Struct

from chalicelib.errors import FieldError, Invalid
from chalicelib.http.text_fields import email_address, new_password, typed_password, username

Username = Annotated[str, username(min_length=3, max_length=50)]
Email = Annotated[str, email_address()]
# Passwords have no composition rules (NIST SP 800-63B-4).
NewPassword = Annotated[str, new_password(min_length=8, max_length=256)]
RepeatedPassword = Annotated[str, new_password()]
# As typed, a password can have more code points than in its normalized form.
AnyPassword = Annotated[str, typed_password(max_length=1024)]
Token = Annotated[str, Meta(max_length=200)]
Limit = Annotated[int, Meta(ge=1, le=100)]
Id = Annotated[str, Meta(examples=["01m81fwkz2f3v7c9qe0xj4n5td"])]
# A string and not a datetime: responses contain the time as it is stored.
Time = Annotated[
    str,
    Meta(examples=["2026-11-22T09:00:00.000Z"], extra_json_schema={"format": "date-time"}),
]
# A string because responses return it as it was sent; `tasks.due_dates` parses it. The schema has
# `if` and not `anyOf`: client generators make a plain string of it. Of an `anyOf` some make a date,
# which loses the time.
DayOrTime = Annotated[
    str,
    Meta(
        description="A day, such as `2026-12-01`, or a time, such as `2026-12-01T17:00:00+01:00`.",
        examples=["2026-12-01"],
        extra_json_schema={
            "if": {"maxLength": len("2026-12-01")},
            "then": {"format": "date"},
            "else": {"format": "date-time"},
        },
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
