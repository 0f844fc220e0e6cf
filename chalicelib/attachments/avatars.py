"""Avatars: PNG, JPEG or WebP images up to 2 MiB, verified by their first bytes."""

from datetime import datetime

from msgspec import Struct

from chalicelib.access.service import Access
from chalicelib.accounts.models import User, update_user_write
from chalicelib.attachments import models
from chalicelib.attachments.models import PENDING, READY, Avatar
from chalicelib.aws import s3
from chalicelib.aws.s3 import IMAGE_SECONDS, UploadForm
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.mapping.expressions import is_unchanged, set_or_remove
from chalicelib.dynamodb.table import get_item
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Write, transact
from chalicelib.errors import Conflict, FieldError, Invalid, require_found

MAX_AVATAR_BYTES = 2 * 1024 * 1024
# How long a response with a signed URL counts as unchanged. A URL from such a response stays valid
# for at least as long again.
SAME_URL_SECONDS = IMAGE_SECONDS // 2


class AnnouncedAvatar(Struct, frozen=True):
    """A pending avatar and the signed form that uploads its bytes."""

    avatar: Avatar
    upload: UploadForm


def announce_avatar(access: Access, *, content_type: str, size: int) -> AnnouncedAvatar:
    """Create a pending avatar of `size` bytes and sign its upload form."""
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
    """Make the uploaded image the user's avatar and discard the previous one.

    Raises `NotFound` when the user has no such avatar, `Conflict` while the bytes have not arrived
    or when the avatar changes concurrently, and `Invalid` when the bytes are not an image of the
    announced type.
    """
    user = access.user
    avatar = require_found(get_item(Avatar.key(user.id, avatar_id)))
    if avatar.status == READY and user.avatar == avatar.id:
        return user

    stored = s3.head_object(avatar.object_key)
    if avatar.status != PENDING or stored is None or stored.size != avatar.size:
        raise Conflict("The picture has not arrived as announced", code="upload_missing")
    if s3.detect_image_type(avatar.object_key, stored.version_id) != avatar.content_type:
        message = f"is {avatar.content_type} by name and not by its first bytes"
        raise Invalid(errors=(FieldError("content_type", message),))

    confirmed = models.confirm_upload_write(avatar, access.now, version_id=stored.version_id)
    _set_avatar(user, avatar.id, access.now, confirmed)
    user.avatar = avatar.id
    return user


def remove_avatar(access: Access) -> None:
    """Remove the user's avatar; without an avatar this has no effect.

    Raises `Conflict` when the avatar changes concurrently.
    """
    if access.user.avatar is not None:
        _set_avatar(access.user, None, access.now)


def _set_avatar(user: User, avatar_id: str | None, now: datetime, *writes: Write) -> None:
    """Commit `writes`, the new avatar id in the profile and the end of the previous avatar."""
    profile = update_user_write(
        user.id,
        set_or_remove(User, "avatar", avatar_id),
        condition=is_unchanged(user, "avatar"),
    )
    try:
        transact(*writes, profile, *_discard_writes(user, now))
    except ConditionFailed as failed:
        raise Conflict("A concurrent request has changed the avatar") from failed


def _discard_writes(user: User, now: datetime) -> tuple[Write, ...]:
    """Return the write that ends the avatar in the user's profile; none without an avatar."""
    if user.avatar is None:
        return ()
    object_key = models.avatar_object_key(user.id, user.avatar)
    return (models.close_upload_write(Avatar.key(user.id, user.avatar), object_key, now),)


def discard_avatar(user: User, now: datetime) -> None:
    """Discard the avatar of a deleted account; repeating it has no further effect."""
    if user.avatar is None:
        return
    try:
        transact(*_discard_writes(user, now))
    except ConditionFailed:
        return


def close_missing_avatar(avatar: Avatar, now: datetime) -> bool:
    """End an avatar whose object is missing and remove it from the user's profile.

    Returns False if it is no longer the user's avatar.
    """
    profile = update_user_write(
        avatar.user_id, User.avatar.remove(), condition=User.avatar == avatar.id
    )
    key = Avatar.key(avatar.user_id, avatar.id)
    try:
        transact(models.close_upload_write(key, avatar.object_key, now), profile)
    except ConditionFailed:
        return False
    return True


def get_avatar_url(user: User) -> str | None:
    """Return a URL of the user's avatar that is valid for ten minutes, or None."""
    if user.avatar is None:
        return None
    return s3.sign_image_url(models.avatar_object_key(user.id, user.avatar))


def get_avatar_version(user: User, now: datetime) -> str | None:
    """Return a text that is equal for all interchangeable URLs of the user's avatar, or None.

    The URLs themselves differ: each is signed at its own time with its process's credentials.
    """
    if user.avatar is None:
        return None
    return f"{user.avatar} {int(now.timestamp()) // SAME_URL_SECONDS}"
