"""`/api/auth/profile` and what else one does to one's own account."""

from typing import Annotated, Literal

from chalice.app import Blueprint, Response
from msgspec import UNSET, Meta, Struct, UnsetType, structs

from chalicelib.api.answers import answer, created, nothing, weakly_conditional
from chalicelib.api.bodies import given
from chalicelib.api.fields import (
    AnyPassword,
    Email,
    Id,
    NewPassword,
    Time,
    Username,
    require_confirmed,
)
from chalicelib.api.gate import route
from chalicelib.api.limits import source_of
from chalicelib.domain import accounts, avatars, passwords, zones
from chalicelib.domain.access import Access, Action
from chalicelib.errors import FieldError, Invalid
from chalicelib.store.files import UploadForm
from chalicelib.store.users import User

bp = Blueprint(__name__)

AVATAR = "/api/auth/profile/avatar"


class Notifications(Struct, forbid_unknown_fields=True):
    """Which mails one wants; a kind that was never switched is on."""

    # The kinds that `letters.KINDS` calls switchable.
    assigned: bool | UnsetType = UNSET
    due_soon: bool | UnsetType = UNSET
    comment: bool | UnsetType = UNSET
    mentioned: bool | UnsetType = UNSET
    weekly_report: bool | UnsetType = UNSET
    reminder: bool | UnsetType = UNSET
    overdue: bool | UnsetType = UNSET


class ProfilePatch(Struct, forbid_unknown_fields=True):
    username: Username | UnsetType = UNSET
    display_name: Annotated[str, Meta(max_length=100)] | UnsetType = UNSET
    time_zone: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    notifications: Notifications | UnsetType = UNSET


class NewAvatar(Struct, forbid_unknown_fields=True):
    content_type: Literal["image/png", "image/jpeg", "image/webp"]
    size: Annotated[int, Meta(ge=1, le=avatars.MAX_BYTES)]


class PasswordChange(Struct, forbid_unknown_fields=True):
    password: AnyPassword
    new_password: NewPassword
    new_password_confirm: str


class EmailChange(Struct, forbid_unknown_fields=True):
    email: Email
    password: AnyPassword


class Account(Struct):
    """An account as its owner sees it."""

    id: Id
    username: str
    email: str
    is_verified: bool
    is_staff: bool
    display_name: str
    time_zone: str
    notifications: Notifications
    avatar_url: str | None
    created_at: Time


class AvatarUpload(Struct):
    """Where to post the picture."""

    id: Id
    upload: UploadForm


class Mailed(Struct):
    """What to tell the person who waits for a mail."""

    detail: str


@route(bp, "GET", "/api/auth/profile", Action.READ_ACCOUNT, gives=Account)
def read(access: Access) -> Response:
    account, picture = shown(access.user), avatars.likeness(access.user, access.now)
    known_by = structs.replace(account, avatar_url=picture)
    return weakly_conditional(account, known_by, bp.current_request)


@route(bp, "PATCH", "/api/auth/profile", Action.USE_ACCOUNT, body=ProfilePatch, gives=Account)
def change(access: Access, body: ProfilePatch) -> Response:
    fields = given(body)
    if "notifications" in fields:
        fields["notifications"] = given(fields["notifications"])
    if "time_zone" in fields and not zones.is_zone(fields["time_zone"]):
        message = "is no IANA time zone, such as Europe/Berlin"
        raise Invalid(errors=(FieldError("time_zone", message),))
    return answer(shown(accounts.change_profile(access, fields)))


@route(bp, "DELETE", "/api/auth/profile", Action.USE_ACCOUNT)
def leave(access: Access) -> Response:
    accounts.leave(access)
    return nothing()


@route(bp, "POST", AVATAR, Action.USE_ACCOUNT, body=NewAvatar, gives=AvatarUpload, status=201)
def announce_avatar(access: Access, body: NewAvatar) -> Response:
    announced = avatars.announce(access, content_type=body.content_type, size=body.size)
    return created(AvatarUpload(announced.avatar.id, announced.upload), "/api/auth/profile/")


@route(bp, "POST", AVATAR + "/{avatar_id}/complete", Action.USE_ACCOUNT, gives=Account)
def complete_avatar(access: Access, avatar_id: str) -> Response:
    return answer(shown(avatars.complete(access, avatar_id)))


@route(bp, "DELETE", AVATAR, Action.USE_ACCOUNT)
def remove_avatar(access: Access) -> Response:
    avatars.remove(access)
    return nothing()


@route(bp, "POST", "/api/auth/change-password", Action.USE_ACCOUNT, body=PasswordChange)
def change_password(access: Access, body: PasswordChange) -> Response:
    require_confirmed("new_password", body.new_password, body.new_password_confirm)
    passwords.change(
        access,
        password=body.password,
        new_password=body.new_password,
        source=source_of(bp),
    )
    return nothing()


@route(
    bp,
    "POST",
    "/api/auth/change-email",
    Action.USE_ACCOUNT,
    body=EmailChange,
    gives=Mailed,
    status=202,
)
def change_email(access: Access, body: EmailChange) -> Response:
    accounts.request_email_change(
        access, email=body.email, password=body.password, source=source_of(bp)
    )
    return answer(Mailed("A mail is on its way to the new address"), 202)


def shown(user: User) -> Account:
    switched = dict.fromkeys(Notifications.__struct_fields__, True) | (user.notifications or {})
    return Account(
        id=user.id,
        username=user.username,
        email=user.email,
        is_verified=user.is_verified,
        is_staff=user.is_staff,
        display_name=user.display_name,
        time_zone=user.time_zone,
        notifications=Notifications(**switched),
        avatar_url=avatars.url_of(user),
        created_at=user.created_at,
    )
