"""`/api/projects/{id}/members`: who belongs to a project."""

from typing import Literal

from msgspec import Struct

from chalicelib.access.permissions import Role
from chalicelib.http.fields import Email, Id, Time, Token
from chalicelib.members import invitation_models
from chalicelib.members.invitations import OpenInvitation
from chalicelib.members.service import MemberProfile

# A project has one owner, who hands it over with `transfer`.
GivenRole = Literal["admin", "member", "viewer"]


class NewMember(Struct, forbid_unknown_fields=True):
    user_id: str | None = None
    email: Email | None = None
    role: GivenRole = "member"


class NewRole(Struct, forbid_unknown_fields=True):
    role: GivenRole


class NewOwner(Struct, forbid_unknown_fields=True):
    user_id: str


class RemovalQuery(Struct, forbid_unknown_fields=True):
    reassign_to: str | None = None


class Member(Struct, tag_field="kind", tag="member"):
    user_id: Id
    username: str
    display_name: str
    role: Role
    joined_at: Time


class Ownership(Struct):
    """Whose project it is now."""

    id: Id
    owner: Id


def present_member(membership: MemberProfile) -> Member:
    member, person = membership
    return Member(
        user_id=member.user_id,
        username=person.username,
        display_name=person.display_name,
        role=Role(member.role),
        joined_at=member.joined_at,
    )


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


def present_received_invitation(offer: OpenInvitation) -> ReceivedInvitation:
    invitation, project = offer.invitation, offer.project
    return ReceivedInvitation(
        invitation.id,
        project.id,
        project.name,
        Role(invitation.role),
        offer.inviter.username,
        invitation.valid_until,
    )


def present_invitation(invitation: invitation_models.Invitation) -> Invitation:
    return Invitation(
        invitation.id,
        invitation.email,
        Role(invitation.role),
        invitation.inviter,
        invitation.created_at,
        invitation.valid_until,
    )
