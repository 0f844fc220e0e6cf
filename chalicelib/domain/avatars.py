"""Avatars: png, jpeg or webp up to 2 MB, checked by their first bytes."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.access import Access
from chalicelib.errors import Conflict, FieldError, Invalid, there
from chalicelib.store import avatars, files, uploads, users
from chalicelib.store.avatars import Avatar
from chalicelib.store.files import StoredObject, UploadForm
from chalicelib.store.ids import new_id
from chalicelib.store.table import as_read
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed, Write, transact
from chalicelib.store.uploads import PENDING, READY
from chalicelib.store.users import User

MAX_BYTES = 2 * 1024 * 1024
# So long one address does for another; whichever one has is good for as long again.
ALIKE_SECONDS = files.PICTURE_SECONDS // 2


@dataclass(frozen=True)
class Announced:
    avatar: Avatar
    upload: UploadForm


def announce(access: Access, *, content_type: str, size: int) -> Announced:
    """Reserve an avatar and sign the form that uploads it."""
    avatar_id = new_id(access.now)
    key = Avatar.key(access.user_id, avatar_id)
    avatar = Avatar(
        key.pk,
        key.sk,
        object_key=avatars.object_key(access.user_id, avatar_id),
        content_type=content_type,
        size=size,
        created_at=stamp(access.now),
    )
    transact(uploads.pending(avatar, access.now))
    form = files.upload_form(avatar.object_key, content_type=content_type, size=size)
    return Announced(avatar, form)


def complete(access: Access, avatar_id: str) -> User:
    """Show this picture from now on; the old one is deleted.

    Raises `Conflict` while the bytes have not arrived, `Invalid` when they are no such picture.
    """
    user, avatar = access.user, there(avatars.by_id(access.user_id, avatar_id))
    if avatar.status == READY and user.avatar == avatar.id:
        return user
    stored = _picture(avatar)
    try:
        transact(
            uploads.ready(avatar, access.now, version_id=stored.version_id),
            users.change(user.id, User.avatar.set(avatar.id), condition=as_read(user, "avatar")),
            *_outdated(user, access.now),
        )
    except ConditionFailed as failed:
        raise Conflict("The avatar was changed elsewhere at the same moment") from failed
    user.avatar = avatar.id
    return user


def remove(access: Access) -> None:
    """Show no picture; removing none is fine."""
    user = access.user
    if user.avatar is None:
        return
    gone = users.change(user.id, User.avatar.remove(), condition=as_read(user, "avatar"))
    try:
        transact(gone, *_outdated(user, access.now))
    except ConditionFailed as failed:
        raise Conflict("The avatar was changed elsewhere at the same moment") from failed


def let_go(user: User, now: datetime) -> None:
    """The picture of somebody who is erased goes too; doing it again changes nothing."""
    if user.avatar is None:
        return
    try:
        transact(*_outdated(user, now))
    except ConditionFailed:
        return


def lose(avatar: Avatar, now: datetime) -> bool:
    """End an avatar whose bytes are gone, and show none; False if it is not shown any more."""
    key = Avatar.key(avatar.user_id, avatar.id)
    hidden = users.change(avatar.user_id, User.avatar.remove(), condition=User.avatar == avatar.id)
    try:
        transact(uploads.unwanted(key, avatar.object_key, now), hidden)
    except ConditionFailed:
        return False
    return True


def url_of(user: User) -> str | None:
    """A short-lived address of the person's picture, or None."""
    if user.avatar is None:
        return None
    return files.picture_url(avatars.object_key(user.id, user.avatar))


def likeness(user: User, now: datetime) -> str | None:
    """The same for all addresses of the person's picture that do for each other. Each is another:
    it is signed at its own time, and with the credentials of its process."""
    if user.avatar is None:
        return None
    return f"{user.avatar} {int(now.timestamp()) // ALIKE_SECONDS}"


def _outdated(user: User, now: datetime) -> tuple[Write, ...]:
    if user.avatar is None:
        return ()
    key = Avatar.key(user.id, user.avatar)
    return (uploads.unwanted(key, avatars.object_key(user.id, user.avatar), now),)


def _picture(avatar: Avatar) -> StoredObject:
    stored = files.head(avatar.object_key)
    if avatar.status != PENDING or stored is None or stored.size != avatar.size:
        raise Conflict("The picture has not arrived as announced", code="upload_missing")
    if files.sniffed(avatar.object_key, stored.version_id) != avatar.content_type:
        message = f"is {avatar.content_type} by name and not by its first bytes"
        raise Invalid(errors=(FieldError("content_type", message),))
    return stored
