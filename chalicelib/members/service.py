"""Members of a project: list, add, change, remove; and transfer of the project."""

from datetime import datetime
from typing import NamedTuple

from chalicelib.access.permissions import Role
from chalicelib.access.prefetch import Prefetch, RecentValues, prefetch_list
from chalicelib.access.service import ProjectAccess
from chalicelib.accounts.models import User, active_user_check, get_user
from chalicelib.accounts.user_lookup import find_verified_user_by_email
from chalicelib.audit.actions import AuditAction
from chalicelib.audit.entries import audit_write
from chalicelib.dynamodb.table import Key
from chalicelib.dynamodb.transactions import ConditionFailed, Write, transact
from chalicelib.errors import Conflict, FieldError, Invalid, NotFound, require_found
from chalicelib.jobs.deferred_update_models import defer_update_write
from chalicelib.members import invitation_models, invitations, jobs, models
from chalicelib.members.invitation_models import Invitation
from chalicelib.members.models import Member
from chalicelib.projects.models import Project, update_live_project_write, update_project_write
from chalicelib.reports.models import schedule_owner_write
from chalicelib.sessions.throttling import count_attempt

# The keys of the accounts of the members of a project, as they were last listed.
_last_keys: RecentValues[str, tuple[Key[User], ...]] = RecentValues(1_000)

CLOSING = "belongs to an account that is being deleted; choose somebody else"


class MemberProfile(NamedTuple):
    """A member and the member's account."""

    member: Member
    user: User


def list_members(access: ProjectAccess) -> list[MemberProfile]:
    """Return the project's members."""
    members = access.read_list(models.list_members, access.project.id)
    keys = tuple(User.key(member.user_id) for member in members)
    items = access.get_items(keys)
    _last_keys.put(access.project.id, keys)
    found = ((member, items.get(User.key(member.user_id))) for member in members)
    return [MemberProfile(member, user) for member, user in found if user is not None]


def prefetch_members(project_id: str) -> Prefetch:
    """Return what `list_members` will read: the members, and the accounts of those who were members
    when this process last listed them."""
    accounts = Prefetch(_last_keys.get(project_id, ()))
    return prefetch_list(models.list_members, project_id).plus(accounts)


def find_owner(access: ProjectAccess, members: list[MemberProfile]) -> User:
    """Return the project's owner. `members` are its members, read after the project."""
    for profile in members:
        if profile.member.user_id == access.project.owner_id:
            return profile.user
    # Since the project was read, it was transferred and its former owner left it.
    return require_found(get_user(access.project.owner_id))


def add_member(
    access: ProjectAccess, *, user_id: str | None, email: str | None, role: Role
) -> MemberProfile | Invitation:
    """Add the user with this id or verified address; invite an address that no user has verified.

    Adding a user also deletes the invitation of the user's address to the project. Raises
    `Invalid` when no active user has the id or the user has requested the deletion of the account,
    `Conflict` (`already_member`, `already_invited`), and `TooManyRequests` after too many lookups
    or invitations.
    """
    count_attempt("find", account=access.user_id, source=None, now=access.now)
    user = find_verified_user_by_email(email) if email else access.get_item(User.key(user_id or ""))
    if user is None or not user.is_active:
        if email is None:
            raise Invalid(errors=(FieldError("user_id", "is not the id of an active user"),))
        return invitations.create_invitation(access, email=email, role=role)
    if user.is_closing:
        raise Invalid(errors=(FieldError("email" if email else "user_id", CLOSING),))

    project_id = access.project.id
    member = models.new_member(project_id, user.id, role, access.now)
    count_member = update_live_project_write(project_id, Project.members_count.add(1))
    entry = audit_write(
        access, AuditAction.MEMBER_ADDED, project_id, target=user.id, role=member.role
    )
    writes = [count_member, *models.add_member_writes(member), entry]
    invitation = invitation_models.find_invitation_to_project(user.email, project_id)
    if invitation is not None:
        writes += invitation_models.withdraw_invitation_writes(invitation)
    try:
        transact(*writes)
    except ConditionFailed as failed:
        if failed.write is count_member:
            raise NotFound() from failed
        raise invitations.already_member_error() from failed
    return MemberProfile(member, user)


def change_role(access: ProjectAccess, user_id: str, *, role: Role) -> MemberProfile:
    """Give a member another role, which applies from the member's next request.

    Raises `NotFound` when the user is no member, and `Conflict` when the member is the owner
    (`last_owner`) or a concurrent request changed the role.
    """
    member = require_found(access.get_item(Member.key(access.project.id, user_id)))
    user = require_found(access.get_item(User.key(user_id)))
    _require_not_owner(member)
    if member.role != role:
        entry = audit_write(
            access,
            AuditAction.ROLE_CHANGED,
            access.project.id,
            target=user_id,
            role=role,
            old_role=member.role,
        )
        writes = models.change_role_writes(access.project.id, user_id, role, member.role)
        try:
            transact(*writes, entry)
        except ConditionFailed as failed:
            raise Conflict("The member was changed at the same moment") from failed
        member.role = role
    return MemberProfile(member, user)


def remove_member(
    access: ProjectAccess,
    user_id: str,
    *,
    reassign_to: str | None,
    action: AuditAction = AuditAction.MEMBER_REMOVED,
) -> None:
    """End a membership and assign the user's open tasks to `reassign_to`, or to nobody.

    Applies from the user's next request. Idempotent: repeating it finishes the reassignment. Raises
    `Conflict` (`last_owner`) for the owner, and `Invalid` when `reassign_to` is not another member
    or has requested the deletion of the account.
    """
    project_id = access.project.id
    if reassign_to is not None:
        heir = access.get_items((Member.key(project_id, reassign_to), User.key(reassign_to)))
        is_member = heir.get(Member.key(project_id, reassign_to)) is not None
        user = heir.get(User.key(reassign_to))
        is_other = is_member and reassign_to != user_id
        if not is_other or user is None or user.is_closing:
            message = CLOSING if is_other and user else "must be another member of the project"
            raise Invalid(errors=(FieldError("reassign_to", message),))
    member = access.get_item(Member.key(project_id, user_id))
    if member is not None:
        _require_not_owner(member)
    entry = audit_write(access, action, project_id, target=user_id)
    end_membership(project_id, user_id, entry, reassign_to=reassign_to, now=access.now)


def leave_project(access: ProjectAccess) -> None:
    """End the caller's membership. Raises `Conflict` (`last_owner`) for the owner."""
    remove_member(access, access.user_id, reassign_to=None, action=AuditAction.MEMBER_LEFT)


def end_membership(
    project_id: str, user_id: str, entry: Write, *, reassign_to: str | None, now: datetime
) -> None:
    """End a membership if it exists, then reassign the first of the user's tasks.

    The same transaction writes `entry`, its entry in the audit log, and a deferred update, which
    reassigns the other tasks even if this request fails. Raises `NotFound` when the project is in
    the trash or does not exist.
    """
    removal, *others = models.remove_member_writes(project_id, user_id, now)
    reassignment = defer_update_write(
        jobs.MEMBER_REMOVAL, project_id, user_id, now=now, reassign_to=reassign_to
    )
    try:
        transact(removal, *others, reassignment, entry)
    except ConditionFailed as failed:
        if failed.write is not removal:  # the condition on the project failed
            raise NotFound() from failed
    jobs.reassign_first_tasks(project_id, user_id, reassign_to, now)


def transfer_project(access: ProjectAccess, *, user_id: str) -> Project:
    """Make another member the owner; the caller, who was the owner, becomes an admin.

    Raises `Invalid` when the user is not another member with an active account, and `Conflict` when
    a concurrent request changed the project or one of the roles.
    """
    project, old_owner_id = access.project, access.user_id
    new_owner = access.get_item(Member.key(project.id, user_id))
    if new_owner is None or user_id == old_owner_id:
        raise _invalid_new_owner_error()
    project.owner_id = user_id
    is_active = active_user_check(user_id)
    try:
        transact(
            update_project_write(project, {"owner_id": user_id}),
            *models.change_role_writes(project.id, user_id, Role.OWNER, new_owner.role),
            *models.change_role_writes(project.id, old_owner_id, Role.ADMIN, Role.OWNER),
            is_active,
            schedule_owner_write(user_id, access.now),
            audit_write(access, AuditAction.PROJECT_TRANSFERRED, project.id, target=user_id),
        )
    except ConditionFailed as failed:
        if failed.write is is_active:
            raise _invalid_new_owner_error() from failed
        raise Conflict("The project was changed at the same moment; read it again") from failed
    project.version += 1
    return project


def _invalid_new_owner_error() -> Invalid:
    message = "must be another member of the project whose account is active"
    return Invalid(errors=(FieldError("user_id", message),))


def _require_not_owner(member: Member) -> None:
    if member.role == Role.OWNER:
        raise Conflict(
            "The owner cannot leave, be removed or get another role; transfer the project first",
            code="last_owner",
        )
