"""Request and response bodies of account routes."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from chalicelib.accounts.models import User
from chalicelib.attachments.avatars import get_avatar_url
from chalicelib.http.fields import (
    AnyPassword,
    Email,
    Id,
    NewPassword,
    RepeatedPassword,
    Time,
    Token,
    Username,
)
from chalicelib.http.pagination import PageQuery
from chalicelib.http.text_fields import line, matching

Hour = Annotated[int, Meta(ge=0, le=23)]
LocalTime = Annotated[
    str, matching("([01][0-9]|2[0-3]):[0-5][0-9]", "must be a local time, such as 22:00")
]


class Registration(Struct, forbid_unknown_fields=True):
    username: Username
    email: Email
    password: NewPassword
    password_confirm: RepeatedPassword


class EmailAddress(Struct, forbid_unknown_fields=True):
    email: Email


class OneTimeToken(Struct, forbid_unknown_fields=True):
    token: Token


class PasswordReset(Struct, forbid_unknown_fields=True):
    token: Token
    password: NewPassword
    password_confirm: RepeatedPassword


class Notifications(Struct, forbid_unknown_fields=True):
    """The kinds of notification that a user can switch off; a kind is on by default."""

    # The switchable kinds of `MAIL_KINDS` in mail/kinds.py; a test compares the two.
    assigned: bool | UnsetType = UNSET
    due_soon: bool | UnsetType = UNSET
    comment: bool | UnsetType = UNSET
    mentioned: bool | UnsetType = UNSET
    weekly_report: bool | UnsetType = UNSET
    reminder: bool | UnsetType = UNSET
    overdue: bool | UnsetType = UNSET


class QuietHours(Struct, forbid_unknown_fields=True):
    """The local times between which no mails are sent; `end` may be on the next day."""

    start: LocalTime
    end: LocalTime


class ProfilePatch(Struct, forbid_unknown_fields=True):
    username: Username | UnsetType = UNSET
    display_name: Annotated[str, line(max_length=100, required=False)] | UnsetType = UNSET
    time_zone: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    notifications: Notifications | UnsetType = UNSET
    inbox: Notifications | UnsetType = UNSET
    digest_hour: Hour | None | UnsetType = UNSET
    quiet_hours: QuietHours | None | UnsetType = UNSET


class PasswordChange(Struct, forbid_unknown_fields=True):
    password: AnyPassword
    new_password: NewPassword
    new_password_confirm: RepeatedPassword


class EmailChange(Struct, forbid_unknown_fields=True):
    email: Email
    password: AnyPassword


class Account(Struct):
    """An account, as its owner sees it.

    `notifications` are the kinds that are sent by mail, `inbox` those that the inbox gets.
    `digest_hour` is the local hour of the daily digest; null without one.
    """

    id: Id
    username: str
    email: str
    is_verified: bool
    is_staff: bool
    display_name: str
    time_zone: str
    notifications: Notifications
    inbox: Notifications
    digest_hour: Hour | None
    quiet_hours: QuietHours | None
    avatar_url: str | None
    created_at: Time


class Mailed(Struct):
    """A message for a user who has requested an email."""

    detail: str


def present_account(user: User) -> Account:
    """Return the response body of the caller's own account."""
    quiet_hours = None
    if user.quiet_start is not None and user.quiet_end is not None:
        quiet_hours = QuietHours(user.quiet_start, user.quiet_end)
    return Account(
        id=user.id,
        username=user.username,
        email=user.email,
        is_verified=user.is_verified,
        is_staff=user.is_staff,
        display_name=user.display_name,
        time_zone=user.time_zone,
        notifications=_present_switches(user.notifications),
        inbox=_present_switches(user.inbox),
        digest_hour=None if user.digest_hour is None else int(user.digest_hour),
        quiet_hours=quiet_hours,
        avatar_url=get_avatar_url(user),
        created_at=user.created_at,
    )


def _present_switches(stored: dict[str, bool] | None) -> Notifications:
    return Notifications(**dict.fromkeys(Notifications.__struct_fields__, True) | (stored or {}))


class PersonQuery(Struct, forbid_unknown_fields=True):
    email: str | None = None
    username: str | None = None


class StaffQuery(PageQuery):
    email: Annotated[str, Meta(max_length=254)] = ""


class StaffPatch(Struct, forbid_unknown_fields=True):
    is_disabled: bool | UnsetType = UNSET
    is_staff: bool | UnsetType = UNSET


class Person(Struct):
    """A user, as other users see them."""

    id: Id
    username: str
    display_name: str


class StaffAccount(Person):
    """An account, as site staff see it."""

    email: str
    is_verified: bool
    is_staff: bool
    is_disabled: bool
    has_second_factor: bool
    created_at: Time


def present_person(user: User) -> Person:
    """Return the response body of a user for other users."""
    return Person(id=user.id, username=user.username, display_name=user.display_name)


def present_staff_account(user: User) -> StaffAccount:
    """Return the response body of an account for site staff."""
    return StaffAccount(
        **asdict(present_person(user)),
        email=user.email,
        is_verified=user.is_verified,
        is_staff=user.is_staff,
        is_disabled=user.disabled_at is not None,
        has_second_factor=bool(user.second_factors),
        created_at=user.created_at,
    )
