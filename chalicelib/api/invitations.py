"""`/api/invitations` and `/api/projects/{id}/invitations`: asking in who has no account yet."""

from functools import partial

from chalice.app import Blueprint, Response
from msgspec import Struct

from chalicelib.api.answers import answer, created, nothing
from chalicelib.api.fields import Id, Page, Time, Token
from chalicelib.api.gate import route
from chalicelib.api.pages import PageQuery, page
from chalicelib.domain import invitations
from chalicelib.domain.access import Access, Action, ProjectAccess, Role
from chalicelib.domain.invitations import Offer
from chalicelib.store.invitations import Invitation as InvitationRow

bp = Blueprint(__name__)

INVITATIONS = "/api/projects/{project_id}/invitations"
INVITATION = INVITATIONS + "/{invitation_id}"
MINE = "/api/invitations"


class InvitationToken(Struct, forbid_unknown_fields=True):
    token: Token


class Invitation(Struct, tag_field="kind", tag="invitation"):
    """An address that is asked in, as the project's managers see it."""

    id: Id
    email: str
    role: Role
    invited_by: Id
    created_at: Time
    expires_at: Time


class ReceivedInvitation(Struct):
    """An invitation as the invited person sees it."""

    id: Id
    project: Id
    project_name: str
    role: Role
    invited_by: str
    expires_at: Time


class Joined(Struct):
    """The project that the caller is a member of now."""

    project: Id
    project_name: str
    role: Role


@route(bp, "GET", INVITATIONS, Action.READ_INVITATIONS, query=PageQuery, gives=Page[Invitation])
def listed(access: ProjectAccess, query: PageQuery) -> Response:
    find = partial(invitations.of_project, access)
    return page(access, query, f"invitations {access.project.id}", find, shown)


@route(bp, "POST", INVITATION + "/resend", Action.MANAGE_MEMBERS, gives=Invitation)
def resend(access: ProjectAccess, invitation_id: str) -> Response:
    return answer(shown(invitations.resend(access, invitation_id)))


@route(bp, "DELETE", INVITATION, Action.MANAGE_MEMBERS)
def revoke(access: ProjectAccess, invitation_id: str) -> Response:
    invitations.revoke(access, invitation_id)
    return nothing()


@route(bp, "GET", MINE, Action.USE_ACCOUNT, gives=Page[ReceivedInvitation])
def mine(access: Access) -> Response:
    return answer(Page([_received(offer) for offer in invitations.mine(access)]))


@route(
    bp, "POST", MINE + "/accept", Action.USE_ACCOUNT, body=InvitationToken, gives=Joined, status=201
)
def accept_token(access: Access, body: InvitationToken) -> Response:
    return _joined(invitations.accept_token(access, body.token))


@route(bp, "POST", MINE + "/{invitation_id}/accept", Action.USE_ACCOUNT, gives=Joined, status=201)
def accept(access: Access, invitation_id: str) -> Response:
    return _joined(invitations.accept(access, invitation_id))


@route(bp, "POST", MINE + "/{invitation_id}/decline", Action.USE_ACCOUNT)
def decline(access: Access, invitation_id: str) -> Response:
    invitations.decline(access, invitation_id)
    return nothing()


def _joined(offer: Offer) -> Response:
    project = offer.project
    joined = Joined(project.id, project.name, Role(offer.invitation.role))
    return created(joined, f"/api/projects/{project.id}/")


def _received(offer: Offer) -> ReceivedInvitation:
    invitation, project = offer.invitation, offer.project
    return ReceivedInvitation(
        invitation.id,
        project.id,
        project.name,
        Role(invitation.role),
        offer.inviter.username,
        invitation.valid_until,
    )


def shown(invitation: InvitationRow) -> Invitation:
    return Invitation(
        invitation.id,
        invitation.email,
        Role(invitation.role),
        invitation.inviter,
        invitation.created_at,
        invitation.valid_until,
    )
