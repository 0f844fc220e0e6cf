"""Projects and who belongs to them."""

from chalicelib.domain.access import Access, ProjectAccess, Role
from chalicelib.errors import Conflict, FieldError, Forbidden, Invalid
from chalicelib.store import projects, receipts, users
from chalicelib.store.ids import new_id
from chalicelib.store.projects import Member, Overview, Project
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed, Put, transact
from chalicelib.store.users import User


def create(access: Access, *, name: str, description: str) -> Project:
    """Start a project; the caller owns it. An API token limited to some projects makes no more."""
    if access.token is not None and access.token.projects:
        raise Forbidden("This API token is limited to some projects", code="scope_missing")
    key = Project.key(new_id(access.now))
    project = Project(
        key.pk,
        key.sk,
        name=name,
        description=description,
        owner_id=access.user_id,
        created_at=stamp(access.now),
        updated_at=stamp(access.now),
    )
    owner = _member(project.id, access.user_id, Role.OWNER, access)
    writes = (Put(project), *projects.joining(owner))
    return receipts.create(project, *writes, once=access.once, now=access.now)


def mine(access: Access) -> list[tuple[Overview, str]]:
    """The caller's projects, newest first, each with the caller's role."""
    roles = {
        edge.project_id: edge.role
        for edge in projects.belongings(access.user_id)
        if access.reaches(edge.project_id)
    }
    return [(found, roles[found.project.id]) for found in projects.overviews(list(roles))]


def overview(access: ProjectAccess) -> Overview:
    """The project with its members and its counts."""
    project = access.project
    members = list(projects.members(project.id))
    people = users.by_ids(member.user_id for member in members)
    return Overview(project, members, people, projects.counters(project.id))


def add_member(
    access: ProjectAccess, *, user_id: str | None, email: str | None, role: Role
) -> tuple[Member, User]:
    """Let somebody in, found by id or by exact address.

    Raises `Invalid` when there is no such account, `Conflict` for somebody who is in already.
    """
    person = _found(user_id, email)
    member = _member(access.project.id, person.id, role, access)
    joining = projects.joining(member)
    try:
        transact(projects.one_more_member(access.project.id), *joining)
    except ConditionFailed as failed:
        raise Conflict("This person is a member already", code="already_member") from failed
    return member, person


def _found(user_id: str | None, email: str | None) -> User:
    found = users.by_email(email) if email else users.by_id(user_id or "")
    if found is None or not found.may_enter:
        raise Invalid(errors=(FieldError("email" if email else "user_id", "is nobody's here"),))
    return found


def _member(project_id: str, user_id: str, role: Role, access: Access) -> Member:
    key = Member.key(project_id, user_id)
    return Member(key.pk, key.sk, role=role.value, joined_at=stamp(access.now))
