"""Who belongs to a project: let in, change role, remove, leave, hand over."""

from datetime import datetime

from chalicelib.domain import assignments, invitations, people, throttling
from chalicelib.domain.access import ProjectAccess, Role
from chalicelib.domain.projects import Membership
from chalicelib.errors import Conflict, FieldError, Invalid, NotFound, there
from chalicelib.store import invitations as invited
from chalicelib.store import members, projects, users, weekly
from chalicelib.store.invitations import Invitation
from chalicelib.store.members import Member
from chalicelib.store.projects import Project
from chalicelib.store.transaction import ConditionFailed, Write, transact
from chalicelib.store.users import User


def add(
    access: ProjectAccess, *, user_id: str | None, email: str | None, role: Role
) -> Membership | Invitation:
    """Let somebody in, found by id or by exact address; invite an address that nobody has shown to
    be theirs.

    Raises `Invalid` when nobody has the id, `Conflict` for somebody who is in, or invited, already.
    """
    throttling.charge("find", account=access.user_id, source=None, now=access.now)
    person = people.of_address(email) if email else users.by_id(user_id or "")
    if person is not None and person.may_enter:
        member = members.new(access.project.id, person.id, role, access.now)
        _join(member, person)
        return Membership(member, person)
    if email is None:
        raise Invalid(errors=(FieldError("user_id", "is nobody's here"),))
    return invitations.invite(access, email=email, role=role)


def _join(member: Member, person: User) -> None:
    """Write both sides of a membership; what the person was invited by is over. Raises `Conflict`
    for somebody who is in already."""
    counting = projects.live(member.project_id, Project.members_count.add(1))
    try:
        transact(counting, *members.joining(member), *_uninvited(member.project_id, person))
    except ConditionFailed as failed:
        if failed.write is counting:
            raise NotFound() from failed
        raise invitations.already_member() from failed


def _uninvited(project_id: str, person: User) -> tuple[Write, ...]:
    edge = invited.to_project(person.email, project_id)
    return () if edge is None else invited.withdrawn(edge)


def change_role(access: ProjectAccess, user_id: str, *, role: Role) -> Membership:
    """Give a member another role, in force at their next request. Raises `NotFound`, `Conflict`
    for the owner, who hands the project over instead."""
    member = there(members.by_id(access.project.id, user_id))
    person = there(users.by_id(user_id))
    _require_not_owner(member)
    if member.role != role:
        try:
            transact(*members.with_role(access.project.id, user_id, role, member.role))
        except ConditionFailed as failed:
            raise Conflict("The member was changed at the same moment") from failed
        member.role = role
    return Membership(member, person)


def remove(access: ProjectAccess, user_id: str, *, reassign_to: str | None) -> None:
    """End a membership, in force at the next request; the person's open tasks go to
    `reassign_to`, or to nobody. Doing it again finishes what was left.

    Raises `Conflict` for the owner, `Invalid` when `reassign_to` is no other member.
    """
    _require_heir(access, user_id, reassign_to)
    member = members.by_id(access.project.id, user_id)
    if member is not None:
        _require_not_owner(member)
    end(access.project.id, user_id, reassign_to=reassign_to, now=access.now)


def leave(access: ProjectAccess) -> None:
    """End one's own membership. Raises `Conflict` for the owner."""
    remove(access, access.user_id, reassign_to=None)


def end(project_id: str, user_id: str, *, reassign_to: str | None, now: datetime) -> None:
    """End a membership if it is there, then hand the tasks on: first the door, then the desk."""
    departure = assignments.owed(project_id, user_id, reassign_to, now)
    membership, *others = members.leaving(project_id, user_id, now)
    try:
        transact(membership, *others, departure)
    except ConditionFailed as failed:
        if failed.write is not membership:  # the project itself is gone
            raise NotFound() from failed
    assignments.release(project_id, user_id, reassign_to, now)


def transfer(access: ProjectAccess, *, user_id: str) -> Project:
    """Make another member the owner; the old one stays as admin. Raises `Invalid` when they are no
    member, `Conflict` when ownership moved at the same moment."""
    project, old = access.project, access.user_id
    heir, stays = members.by_id(project.id, user_id), users.stays(user_id)
    if heir is None or user_id == old:
        raise _no_heir()
    project.owner_id = user_id
    try:
        transact(
            projects.changed(project, {"owner_id": user_id}),
            *members.with_role(project.id, user_id, Role.OWNER, heir.role),
            *members.with_role(project.id, old, Role.ADMIN, Role.OWNER),
            stays,
            weekly.owns(user_id, access.now),
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
    if reassign_to == user_id or members.by_id(access.project.id, reassign_to) is None:
        message = "must be another member of the project"
        raise Invalid(errors=(FieldError("reassign_to", message),))
