"""`/api/auth/profile` and what else one does to one's own account."""

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
    return created_response(
        AvatarUpload(announced.avatar.id, announced.upload), "/api/auth/profile/"
    )


@route(bp, "POST", AVATAR + "/{avatar_id}/complete", Action.USE_ACCOUNT, returns=Account)
def complete_avatar(access: Access, avatar_id: str) -> Response:
    """Complete the upload of your avatar."""
    return json_response(present_account(avatars.complete_avatar(access, avatar_id)))


@route(bp, "DELETE", AVATAR, Action.USE_ACCOUNT)
def delete_avatar(access: Access) -> Response:
    """Delete your avatar."""
    avatars.remove_avatar(access)
    return no_content_response()
