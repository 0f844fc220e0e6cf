"""Avatars: png, jpeg or webp up to 2 MB, checked by their first bytes."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.access.service import Access
from chalicelib.accounts.models import User, update_user_write
from chalicelib.attachments import models
from chalicelib.attachments.models import PENDING, READY, Avatar
from chalicelib.aws import s3
from chalicelib.aws.s3 import IMAGE_SECONDS, StoredObject, UploadForm
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.table import is_unchanged
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Write, transact
from chalicelib.errors import Conflict, FieldError, Invalid, require_found

MAX_AVATAR_BYTES = 2 * 1024 * 1024
# So long one address does for another; whichever one has is good for as long again.
SAME_URL_SECONDS = IMAGE_SECONDS // 2


@dataclass(frozen=True)
class AnnouncedAvatar:
    avatar: Avatar
    upload: UploadForm


def announce_avatar(access: Access, *, content_type: str, size: int) -> AnnouncedAvatar:
    """Reserve an avatar and sign the form that uploads it."""
    avatar_id = new_id(access.now)
    key = Avatar.key(access.user_id, avatar_id)
    avatar = Avatar(
        key.pk,
        key.sk,
        object_key=models.avatar_object_key(access.user_id, avatar_id),
        content_type=content_type,
        size=size,
        created_at=format_timestamp(access.now),
    )
    transact(models.announce_upload_write(avatar, access.now))
    form = s3.sign_upload_form(avatar.object_key, content_type=content_type, size=size)
    return AnnouncedAvatar(avatar, form)


def complete_avatar(access: Access, avatar_id: str) -> User:
    """Show this picture from now on; the old one is deleted.

    Raises `Conflict` while the bytes have not arrived, `Invalid` when they are no such picture.
    """
    user, avatar = access.user, require_found(models.get_avatar(access.user_id, avatar_id))
    if avatar.status == READY and user.avatar == avatar.id:
        return user
    stored = _picture(avatar)
    try:
        transact(
            models.confirm_upload_write(avatar, access.now, version_id=stored.version_id),
            update_user_write(
                user.id, User.avatar.set(avatar.id), condition=is_unchanged(user, "avatar")
            ),
            *_outdated(user, access.now),
        )
    except ConditionFailed as failed:
        raise Conflict("The avatar was changed elsewhere at the same moment") from failed
    user.avatar = avatar.id
    return user


def remove_avatar(access: Access) -> None:
    """Show no picture; removing none is fine."""
    user = access.user
    if user.avatar is None:
        return
    gone = update_user_write(user.id, User.avatar.remove(), condition=is_unchanged(user, "avatar"))
    try:
        transact(gone, *_outdated(user, access.now))
    except ConditionFailed as failed:
        raise Conflict("The avatar was changed elsewhere at the same moment") from failed


def discard_avatar(user: User, now: datetime) -> None:
    """The picture of somebody who is erased goes too; doing it again changes nothing."""
    if user.avatar is None:
        return
    try:
        transact(*_outdated(user, now))
    except ConditionFailed:
        return


def close_missing_avatar(avatar: Avatar, now: datetime) -> bool:
    """End an avatar whose bytes are gone, and show none; False if it is not shown any more."""
    key = Avatar.key(avatar.user_id, avatar.id)
    hidden = update_user_write(
        avatar.user_id, User.avatar.remove(), condition=User.avatar == avatar.id
    )
    try:
        transact(models.discard_upload_write(key, avatar.object_key, now), hidden)
    except ConditionFailed:
        return False
    return True


def get_avatar_url(user: User) -> str | None:
    """A short-lived address of the person's picture, or None."""
    if user.avatar is None:
        return None
    return s3.sign_image_url(models.avatar_object_key(user.id, user.avatar))


def get_avatar_version(user: User, now: datetime) -> str | None:
    """The same for all addresses of the person's picture that do for each other. Each is another:
    it is signed at its own time, and with the credentials of its process."""
    if user.avatar is None:
        return None
    return f"{user.avatar} {int(now.timestamp()) // SAME_URL_SECONDS}"


def _outdated(user: User, now: datetime) -> tuple[Write, ...]:
    if user.avatar is None:
        return ()
    key = Avatar.key(user.id, user.avatar)
    return (models.discard_upload_write(key, models.avatar_object_key(user.id, user.avatar), now),)


def _picture(avatar: Avatar) -> StoredObject:
    stored = s3.head_object(avatar.object_key)
    if avatar.status != PENDING or stored is None or stored.size != avatar.size:
        raise Conflict("The picture has not arrived as announced", code="upload_missing")
    if s3.detect_image_type(avatar.object_key, stored.version_id) != avatar.content_type:
        message = f"is {avatar.content_type} by name and not by its first bytes"
        raise Invalid(errors=(FieldError("content_type", message),))
    return stored
