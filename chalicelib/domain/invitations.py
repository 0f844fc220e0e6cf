"""Invitations of addresses that no account has verified: made, sent again, revoked, accepted,
declined.

An invitation is over after seven days, with its project, and when its inviter may not let people in
any more. Whoever holds the token of its mail may accept it, and whoever is signed in with its
address, verified (see docs/decisions/0020-the-token-of-an-invitation-is-enough.md).
"""

import secrets
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.domain import notices, one_time, throttling
from chalicelib.domain.access import MANAGERS, Access, Action, ProjectAccess, Role, may
from chalicelib.domain.credentials import digest
from chalicelib.domain.full_pages import full_page
from chalicelib.errors import Conflict, NotFound
from chalicelib.store import invitations, members, projects, table
from chalicelib.store.ids import LENGTH as ID_LENGTH
from chalicelib.store.ids import new_id
from chalicelib.store.invitations import VALID_FOR, Invitation, Invited
from chalicelib.store.members import Member
from chalicelib.store.projects import Project
from chalicelib.store.table import Key, Page, Rows
from chalicelib.store.times import epoch, stamp
from chalicelib.store.transaction import ConditionFailed, Write, transact
from chalicelib.store.users import User


class Offer(NamedTuple):
    """An invitation that can be accepted: to what, and from whom."""

    invitation: Invitation
    project: Project
    inviter: User


def invite(access: ProjectAccess, *, email: str, role: Role) -> Invitation:
    """Invite an address; a mail goes out. Raises `Conflict` while it has an
    invitation to the project, `TooManyRequests` beyond a day's share of caller or address."""
    throttling.ration("invite", account=access.user_id, address=email, now=access.now)
    until = access.now + VALID_FOR
    key = Invitation.key(access.project.id, new_id(access.now))
    invitation = Invitation(
        key.pk,
        key.sk,
        email=email,
        role=str(role),
        inviter=access.user_id,
        created_at=stamp(access.now),
        valid_until=stamp(until),
        expires_at=epoch(until),
    )
    letter = notices.invitation(invitation, access.now)
    try:
        transact(*invitations.made(invitation, access.now), letter)
    except ConditionFailed as failed:
        detail = "This address is invited already; resend or revoke that invitation"
        raise Conflict(detail, code="already_invited") from failed
    return invitation


def of_project(
    access: ProjectAccess, *, limit: int, start: dict[str, Any] | None
) -> Page[Invitation]:
    """A page of the project's invitations that are not over."""

    def read(**which: Any) -> Page[Invitation]:
        page = invitations.of_project(access.project.id, **which)
        return Page([each for each in page.rows if each.is_open(access.now)], page.last_key)

    return full_page(read, limit=limit, start=start)


def resend(access: ProjectAccess, invitation_id: str) -> Invitation:
    """Send a new link, good for seven days, which voids the older; from now on the caller is who
    invites. Raises `NotFound`."""
    invitation = _one(access, invitation_id)
    throttling.ration("invite", account=access.user_id, address=invitation.email, now=access.now)
    again = invitations.sent_again(invitation, access.user_id, access.now)
    try:
        transact(*again, notices.invitation(invitation, access.now))
    except ConditionFailed as failed:
        raise Conflict("The invitation was changed at the same moment") from failed
    return invitation


def revoke(access: ProjectAccess, invitation_id: str) -> None:
    """Take an invitation back. Raises `NotFound`."""
    _end(_one(access, invitation_id), access)


def mine(access: Access) -> list[Offer]:
    """What the caller's address is invited to, once it is verified."""
    edges = _edges(access)
    in_already = table.read(*(Member.key(edge.project_id, access.user_id) for edge in edges))
    return [
        offer
        for offer in offers(
            [Invitation.key(e.project_id, e.invitation_id) for e in edges], access.now
        )
        if in_already.get(Member.key(offer.project.id, access.user_id)) is None
    ]


def accept(access: Access, invitation_id: str) -> Offer:
    """Become a member by an invitation of one's own verified address. Raises `NotFound`,
    `Conflict` for who is a member and for a project that is archived."""
    offer = _of_mine(access, invitation_id)
    return _join(access, offer, invitations.ended(offer.invitation, access.now))


def accept_token(access: Access, token: str) -> Offer:
    """Become a member by the link of a mail, whatever address the caller's account has: who holds
    the token has read that mail. Raises `Invalid` for a token that is wrong, used, replaced or
    over, else as `accept`."""
    invitation_id, project_id = (token[:ID_LENGTH], token[ID_LENGTH : 2 * ID_LENGTH])
    found = offers([Invitation.key(project_id, invitation_id)], access.now)
    expected = found[0].invitation.token if found else None
    if expected is None or not secrets.compare_digest(expected, digest(token)):
        raise one_time.refused()
    try:
        return _join(access, found[0], invitations.ended(found[0].invitation, access.now, expected))
    except NotFound as error:
        raise one_time.refused() from error


def decline(access: Access, invitation_id: str) -> None:
    """Refuse an invitation of one's own verified address. Raises `NotFound`."""
    _end(_of_mine(access, invitation_id).invitation, access)


def offers(keys: list[Key[Invitation]], now: datetime) -> list[Offer]:
    """Those invitations that can be accepted: they are not over, the project is there, and who
    invited may still let people in."""
    rows = table.read(*keys)
    found = [each for key in keys if (each := rows.get(key)) and each.is_open(now)]
    around = table.read(*(key for each in found for key in _around(each)))
    return [offer for each in found if (offer := _standing(each, around))]


def _around(invitation: Invitation) -> tuple[Key[Project], Key[Member], Key[User]]:
    project_id, inviter = invitation.project_id, invitation.inviter
    return Project.key(project_id), Member.key(project_id, inviter), User.key(inviter)


def _standing(invitation: Invitation, rows: Rows) -> Offer | None:
    project_key, member_key, inviter_key = _around(invitation)
    project, member, inviter = rows.get(project_key), rows.get(member_key), rows.get(inviter_key)
    if project is None or project.deleted_at is not None or inviter is None:
        return None
    holds = member is not None and may(member.role, Action.MANAGE_MEMBERS) and inviter.may_enter
    return Offer(invitation, project, inviter) if holds else None


def _join(access: Access, offer: Offer, ending: tuple[Write, ...]) -> Offer:
    invitation, project_id = offer.invitation, offer.project.id
    if offer.project.archived_at is not None:
        raise Conflict("The project is archived; unarchive it first", code="archived")
    if members.by_id(project_id, access.user_id) is not None:
        raise already_member()
    joining = members.joining(members.new(project_id, access.user_id, invitation.role, access.now))
    counting = projects.live(project_id, Project.members_count.add(1))
    entitled = members.still(project_id, invitation.inviter, MANAGERS)
    try:
        transact(*ending, *joining, counting, entitled)
    except ConditionFailed as failed:
        if failed.write in joining:
            raise already_member() from failed
        raise NotFound() from failed
    return offer


def already_member() -> Conflict:
    return Conflict("This person is a member already", code="already_member")


def _end(invitation: Invitation, access: Access) -> None:
    try:
        transact(*invitations.ended(invitation, access.now))
    except ConditionFailed as failed:
        raise NotFound() from failed


def _one(access: ProjectAccess, invitation_id: str) -> Invitation:
    invitation = invitations.by_id(access.project.id, invitation_id)
    if invitation is None or not invitation.is_open(access.now):
        raise NotFound()
    return invitation


def _edges(access: Access) -> list[Invited]:
    """What the caller's address is invited to. One that is not verified may be anybody's."""
    return list(invitations.of_address(access.user.email)) if access.user.is_verified else []


def _of_mine(access: Access, invitation_id: str) -> Offer:
    keys = [
        Invitation.key(edge.project_id, edge.invitation_id)
        for edge in _edges(access)
        if edge.invitation_id == invitation_id
    ]
    found = offers(keys, access.now)
    if not found:
        raise NotFound()
    return found[0]
