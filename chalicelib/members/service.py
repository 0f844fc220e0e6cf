"""Projects: start, see, change, archive, delete."""

from datetime import datetime
from typing import NamedTuple

from chalicelib.access.permissions import Role
from chalicelib.access.service import ProjectAccess
from chalicelib.accounts.models import User, active_user_check, get_user, get_users
from chalicelib.accounts.user_lookup import find_verified_user_by_email
from chalicelib.dynamodb.transactions import ConditionFailed, Write, transact
from chalicelib.errors import Conflict, FieldError, Invalid, NotFound, require_found
from chalicelib.members import invitation_models, invitations, jobs, models
from chalicelib.members.invitation_models import Invitation
from chalicelib.members.models import Member
from chalicelib.projects.models import Project, update_live_project_write, update_project_write
from chalicelib.reports.models import schedule_owner_write
from chalicelib.sessions.throttling import count_attempt


class MemberProfile(NamedTuple):
    member: Member
    person: User


def list_members(access: ProjectAccess) -> list[MemberProfile]:
    """The project's members."""
    found = list(models.list_members(access.project.id))
    known = get_users(member.user_id for member in found)
    return [MemberProfile(m, known[m.user_id]) for m in found if m.user_id in known]


def add_member(
    access: ProjectAccess, *, user_id: str | None, email: str | None, role: Role
) -> MemberProfile | Invitation:
    """Let somebody in, found by id or by exact address; invite an address that nobody has shown to
    be theirs.

    Raises `Invalid` when nobody has the id, `Conflict` for somebody who is in, or invited, already.
    """
    count_attempt("find", account=access.user_id, source=None, now=access.now)
    person = find_verified_user_by_email(email) if email else get_user(user_id or "")
    if person is not None and person.is_active:
        member = models.new_member(access.project.id, person.id, role, access.now)
        _join(member, person)
        return MemberProfile(member, person)
    if email is None:
        raise Invalid(errors=(FieldError("user_id", "is nobody's here"),))
    return invitations.create_invitation(access, email=email, role=role)


def _join(member: Member, person: User) -> None:
    """Write both sides of a membership; what the person was invited by is over. Raises `Conflict`
    for somebody who is in already."""
    counting = update_live_project_write(member.project_id, Project.members_count.add(1))
    try:
        transact(
            counting, *models.add_member_writes(member), *_uninvited(member.project_id, person)
        )
    except ConditionFailed as failed:
        if failed.write is counting:
            raise NotFound() from failed
        raise invitations.already_member_error() from failed


def _uninvited(project_id: str, person: User) -> tuple[Write, ...]:
    edge = invitation_models.find_invitation_to_project(person.email, project_id)
    return () if edge is None else invitation_models.withdraw_invitation_writes(edge)


def change_role(access: ProjectAccess, user_id: str, *, role: Role) -> MemberProfile:
    """Give a member another role, in force at their next request. Raises `NotFound`, `Conflict`
    for the owner, who hands the project over instead."""
    member = require_found(models.get_member(access.project.id, user_id))
    person = require_found(get_user(user_id))
    _require_not_owner(member)
    if member.role != role:
        try:
            transact(*models.change_role_writes(access.project.id, user_id, role, member.role))
        except ConditionFailed as failed:
            raise Conflict("The member was changed at the same moment") from failed
        member.role = role
    return MemberProfile(member, person)


def remove_member(access: ProjectAccess, user_id: str, *, reassign_to: str | None) -> None:
    """End a membership, in force at the next request; the person's open tasks go to
    `reassign_to`, or to nobody. Doing it again finishes what was left.

    Raises `Conflict` for the owner, `Invalid` when `reassign_to` is no other member.
    """
    _require_heir(access, user_id, reassign_to)
    member = models.get_member(access.project.id, user_id)
    if member is not None:
        _require_not_owner(member)
    end_membership(access.project.id, user_id, reassign_to=reassign_to, now=access.now)


def leave_project(access: ProjectAccess) -> None:
    """End one's own membership. Raises `Conflict` for the owner."""
    remove_member(access, access.user_id, reassign_to=None)


def end_membership(
    project_id: str, user_id: str, *, reassign_to: str | None, now: datetime
) -> None:
    """End a membership if it is there, then hand the tasks on: first the door, then the desk."""
    departure = jobs.defer_reassignment_write(project_id, user_id, reassign_to, now)
    membership, *others = models.remove_member_writes(project_id, user_id, now)
    try:
        transact(membership, *others, departure)
    except ConditionFailed as failed:
        if failed.write is not membership:  # the project itself is gone
            raise NotFound() from failed
    jobs.reassign_first_tasks(project_id, user_id, reassign_to, now)


def transfer_project(access: ProjectAccess, *, user_id: str) -> Project:
    """Make another member the owner; the old one stays as admin. Raises `Invalid` when they are no
    member, `Conflict` when ownership moved at the same moment."""
    project, old = access.project, access.user_id
    heir, stays = models.get_member(project.id, user_id), active_user_check(user_id)
    if heir is None or user_id == old:
        raise _no_heir()
    project.owner_id = user_id
    try:
        transact(
            update_project_write(project, {"owner_id": user_id}),
            *models.change_role_writes(project.id, user_id, Role.OWNER, heir.role),
            *models.change_role_writes(project.id, old, Role.ADMIN, Role.OWNER),
            stays,
            schedule_owner_write(user_id, access.now),
        )
    except ConditionFailed as failed:
        if failed.write is stays:
            raise _no_heir() from failed
        raise Conflict("The project was changed at the same moment; read it again") from failed
    project.version += 1
    return project


def _no_heir() -> Invalid:
    message = "must be another member of the project who is not about to leave"
    return Invalid(errors=(FieldError("user_id", message),))


def _require_not_owner(member: Member) -> None:
    if member.role == Role.OWNER:
        raise Conflict("The owner cannot go; transfer the project first", code="last_owner")


def _require_heir(access: ProjectAccess, user_id: str, reassign_to: str | None) -> None:
    if reassign_to is None:
        return
    if reassign_to == user_id or models.get_member(access.project.id, reassign_to) is None:
        message = "must be another member of the project"
        raise Invalid(errors=(FieldError("reassign_to", message),))
