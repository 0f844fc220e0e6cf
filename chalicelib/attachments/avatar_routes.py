"""Routes of the caller's avatar: `/api/auth/profile/avatar`."""

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.access.service import Access
from chalicelib.accounts.schemas import Account, present_account
from chalicelib.attachments import avatars
from chalicelib.attachments.schemas import AvatarUpload, NewAvatar
from chalicelib.http.gate import route
from chalicelib.http.responses import created_response, json_response, no_content_response

bp = Blueprint(__name__)

AVATAR = "/api/auth/profile/avatar"


@route(bp, "POST", AVATAR, Action.USE_ACCOUNT, body=NewAvatar, returns=AvatarUpload, status=201)
def create_avatar(access: Access, body: NewAvatar) -> Response:
    """Request an upload form for your avatar."""
    announced = avatars.announce_avatar(access, content_type=body.content_type, size=body.size)
    upload = AvatarUpload(announced.avatar.id, announced.upload)
    return created_response(upload, "/api/auth/profile/")


@route(bp, "POST", AVATAR + "/{avatar_id}/complete", Action.USE_ACCOUNT, returns=Account)
def complete_avatar(access: Access, avatar_id: str) -> Response:
    """Complete the upload of your avatar."""
    user = avatars.complete_avatar(access, avatar_id)
    return json_response(present_account(user))


@route(bp, "DELETE", AVATAR, Action.USE_ACCOUNT)
def delete_avatar(access: Access) -> Response:
    """Delete your avatar."""
    avatars.remove_avatar(access)
    return no_content_response()
