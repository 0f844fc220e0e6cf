"""Projects and who belongs to them."""

from chalicelib.domain.access import Access, ProjectAccess, Role
from chalicelib.errors import Conflict, FieldError, Invalid
from chalicelib.store import projects, receipts, users
from chalicelib.store.ids import new_id
from chalicelib.store.projects import Member, Overview, Project
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed, Put, transact


def create(access: Access, *, name: str, description: str) -> Project:
    """Start a project; the caller owns it."""
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
    roles = {edge.project_id: edge.role for edge in projects.belongings(access.user_id)}
    return [(found, roles[found.project.id]) for found in projects.overviews(list(roles))]


def overview(access: ProjectAccess) -> Overview:
    """The project with its members and its counts."""
    project = access.project
    members = list(projects.members(project.id))
    return Overview(project, members, projects.counters(project.id))


def add_member(
    access: ProjectAccess, *, user_id: str | None, email: str | None, role: Role
) -> Member:
    """Let somebody in, found by id or by exact address.

    Raises `Invalid` when there is no such account, `Conflict` for somebody who is in already.
    """
    member = _member(access.project.id, _found(user_id, email), role, access)
    joining = projects.joining(member)
    try:
        transact(projects.one_more_member(access.project.id), *joining)
    except ConditionFailed as failed:
        raise Conflict("This person is a member already", code="already_member") from failed
    return member


def _found(user_id: str | None, email: str | None) -> str:
    credentials = users.credentials_of(email) if email else None
    wanted = credentials.user_id if credentials else user_id
    if wanted is None:
        raise Invalid(errors=(FieldError("email", "nobody has an account with this address"),))
    return wanted


def _member(project_id: str, user_id: str, role: Role, access: Access) -> Member:
    user = users.by_id(user_id)
    if user is None:
        raise Invalid(errors=(FieldError("user_id", "there is no such account"),))
    key = Member.key(project_id, user_id)
    return Member(
        key.pk, key.sk, username=user.username, role=role.value, joined_at=stamp(access.now)
    )
