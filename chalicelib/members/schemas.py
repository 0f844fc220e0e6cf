"""Request and response types of the members and invitations of projects."""

from enum import StrEnum

from msgspec import Struct

from chalicelib.access.permissions import Role
from chalicelib.http.fields import Email, Id, Time, Token
from chalicelib.members import invitation_models
from chalicelib.members.invitations import OpenInvitation
from chalicelib.members.service import MemberProfile
from chalicelib.newer_releases import as_stored


class GivenRole(StrEnum):
    """A role that a manager gives. A project has one owner; `transfer` changes the owner."""

    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


class NewMember(Struct, forbid_unknown_fields=True):
    user_id: str | None = None
    email: Email | None = None
    role: GivenRole = GivenRole.MEMBER


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
    """The project and its new owner."""

    id: Id
    owner: Id


class InvitationToken(Struct, forbid_unknown_fields=True):
    token: Token


class Invitation(Struct, tag_field="kind", tag="invitation"):
    """An invitation of an address, as the project's managers see it."""

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
    """The project that the caller has joined."""

    project: Id
    project_name: str
    role: Role


def present_member(profile: MemberProfile) -> Member:
    """Return the member as the other members see it."""
    return Member(
        user_id=profile.member.user_id,
        username=profile.user.username,
        display_name=profile.user.display_name,
        role=as_stored(Role, profile.member.role),
        joined_at=profile.member.joined_at,
    )


def present_invitation(invitation: invitation_models.Invitation) -> Invitation:
    """Return the invitation as the project's managers see it."""
    return Invitation(
        id=invitation.id,
        email=invitation.email,
        role=as_stored(Role, invitation.role),
        invited_by=invitation.inviter,
        created_at=invitation.created_at,
        expires_at=invitation.valid_until,
    )


def present_received_invitation(found: OpenInvitation) -> ReceivedInvitation:
    """Return the invitation as the invited person sees it."""
    return ReceivedInvitation(
        id=found.invitation.id,
        project=found.project.id,
        project_name=found.project.name,
        role=as_stored(Role, found.invitation.role),
        invited_by=found.inviter.username,
        expires_at=found.invitation.valid_until,
    )


def present_joined_project(found: OpenInvitation) -> Joined:
    """Return the project that the caller has joined by the invitation."""
    return Joined(
        project=found.project.id,
        project_name=found.project.name,
        role=as_stored(Role, found.invitation.role),
    )
