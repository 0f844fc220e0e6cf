"""Accounts: open one, verify its address, change it, leave."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain import changes, notices, one_time, passwords, throttling, zones
from chalicelib.domain.access import Access, Role
from chalicelib.errors import Conflict, FieldError, Invalid, Unauthenticated
from chalicelib.store import members, projects, suppressions, users, wake
from chalicelib.store.ids import new_id
from chalicelib.store.one_time import Purpose, unused, voided
from chalicelib.store.table import as_read
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed, Put, Write, transact
from chalicelib.store.users import User, folded

GRACE = timedelta(days=7)
CLAIM_MAX = 254


def register(
    *, username: str, email: str, password: str, source: str | None, now: datetime
) -> User:
    """Open an account; a link to verify its address goes out by mail.

    Raises `Conflict` naming the address or the username that is taken (see
    docs/decisions/0009-registration-tells-what-is-taken.md).
    """
    _require_claimable(email=email, username=username)
    throttling.charge("register", source=source, now=now)
    key = User.key(new_id(now))
    user = User(key.pk, key.sk, username=username, email=email, created_at=stamp(now))
    writes = users.registration(user, passwords.hashed(password))
    letter = notices.about_account(user, notices.VERIFY, now)
    try:
        transact(*writes, letter)
    except ConditionFailed as failed:
        raise _taken("email" if failed.write is writes[1] else "username") from failed
    return user


def resend_verification(*, email: str, source: str | None, now: datetime) -> None:
    """Send a new link, which voids the older; an unknown or verified address gets nothing, and
    nobody hears of it."""
    throttling.charge("verify", account=folded(email), source=source, now=now)
    user = users.by_email(email)
    if user is not None and user.may_enter and not user.is_verified:
        voiding = users.change(user.id, *voided(Purpose.VERIFICATION))
        transact(voiding, notices.about_account(user, notices.VERIFY, now))


def verify_email(*, token: str, now: datetime) -> None:
    """Use a token of verification. Raises `Invalid`."""
    presented = one_time.present(token, Purpose.VERIFICATION, now)
    condition = unused(Purpose.VERIFICATION, presented.digest)
    user = presented.user
    actions = (User.is_verified.set(True), *voided(Purpose.VERIFICATION))
    try:
        verifying = users.change(user.id, *actions, condition=condition)
        transact(verifying, suppressions.lifted(user.email, now))
    except ConditionFailed as failed:
        raise one_time.refused() from failed


def change_profile(access: Access, fields: Mapping[str, Any]) -> User:
    """Give the caller's profile `fields`. Raises `Conflict` for a username that is taken."""
    user = access.user
    _require_claimable(username=str(fields.get("username", user.username)))
    switches = fields.get("notifications", {})
    others = {name: value for name, value in fields.items() if name != "notifications"}
    wanted = {name: value for name, value in others.items() if getattr(user, name) != value}
    if not wanted:
        return switch(user, switches)
    actions = (getattr(User, name).set(value) for name, value in wanted.items())
    same_name = User.username == user.username
    renaming = _renaming(user, wanted.get("username", user.username))
    moving = zones.moved(user.id, access.now) if "time_zone" in wanted else ()
    try:
        transact(users.change(user.id, *actions, condition=same_name), *renaming, *moving)
    except ConditionFailed as failed:
        raise _taken("username") from failed
    for name, value in wanted.items():
        setattr(user, name, value)
    return switch(user, switches)


def switch(user: User, switches: Mapping[str, bool]) -> User:
    """Switch kinds of mail on or off; the others stay, whoever switches them at the same moment."""

    def commit(user: User) -> User:
        before = user.notifications or {}
        after = {**before, **switches}
        if after != before:
            switching = User.notifications.set(after)
            transact(users.change(user.id, switching, condition=as_read(user, "notifications")))
            user.notifications = after
        return user

    return changes.attempt(user, version=None, commit=commit)


def request_email_change(access: Access, *, email: str, password: str, source: str | None) -> None:
    """Send a link to the new address; the old one holds until the link is used."""
    _require_claimable(email=email)
    passwords.require_own(access, password, source=source)
    throttling.charge("new_email", account=access.user_id, source=source, now=access.now)
    user = access.user
    asking = users.change(user.id, User.new_email.set(email), *voided(Purpose.NEW_EMAIL))
    transact(asking, notices.about_account(user, notices.NEW_EMAIL, access.now))


def confirm_email_change(*, token: str, now: datetime) -> None:
    """Move the account to its new address and tell the old one. Raises `Invalid` for a bad token,
    `Conflict` if somebody took the address meanwhile."""
    presented = one_time.present(token, Purpose.NEW_EMAIL, now)
    user = presented.user
    actions = (User.email.set(user.new_email), User.is_verified.set(True), User.new_email.remove())
    condition = unused(Purpose.NEW_EMAIL, presented.digest) & (User.new_email == user.new_email)
    moving = users.change(user.id, *actions, *voided(), condition=condition)
    telling = notices.about_account(user, notices.EMAIL_CHANGED, now, address=user.email)
    try:
        lifting = suppressions.lifted(str(user.new_email), now)
        transact(moving, *_moved_claim(user), telling, lifting)
    except ConditionFailed as failed:
        # Of rivals with the same token the loser misses the old claim before it meets the new one.
        taken = isinstance(failed.write, Put)
        raise (_taken("email") if taken else one_time.refused()) from failed


def leave(access: Access) -> None:
    """Begin the end of the account: everybody is signed out, and after seven days it is erased.
    Logging in before calls it off. Raises `Conflict` naming the projects the caller still owns."""
    owner_of = [e.project_id for e in members.of_user(access.user_id) if e.role == Role.OWNER]
    owned = [found.project.id for found in projects.overviews(owner_of)]
    if owned:
        named = tuple(FieldError(f"projects.{project_id}", "is yours") for project_id in owned)
        raise Conflict("Transfer or delete your projects first", code="owns_projects", errors=named)
    end = stamp(access.now + GRACE)
    waking = wake.keys("leaving", end, access.user_id)
    actions = (
        User.leaving_at.set(end),
        User.wake_key.set(str(waking["wake_key"])),
        User.wake_at.set(end),
        User.epoch.add(1),
        *voided(),
    )
    letter = notices.about_account(access.user, notices.LEAVING, access.now)
    transact(users.change(access.user_id, *actions), letter)


def stay(user: User) -> None:
    """Call the end off."""
    if user.leaving_at is not None:
        actions = (User.leaving_at.remove(), User.wake_key.remove(), User.wake_at.remove())
        try:
            transact(users.change(user.id, *actions))
        except ConditionFailed as failed:  # erased at this very moment
            raise Unauthenticated() from failed


def _renaming(user: User, username: str) -> tuple[Write, ...]:
    if folded(username) == folded(user.username):
        return ()
    return users.release_username(user.username, user.id), users.claim_username(username, user.id)


def _moved_claim(user: User) -> tuple[Write, ...]:
    credentials = users.credentials_of(user.email)
    if credentials is None or credentials.user_id != user.id:
        raise one_time.refused()
    if folded(user.email) == folded(user.new_email):
        return ()
    return (
        users.release_email(user.email, user.id),
        users.claim_email(user.new_email, user.id, credentials.password_hash),
    )


def _require_claimable(**claims: str) -> None:
    """Some characters grow when they are folded."""
    long = [name for name, text in claims.items() if len(folded(text)) > CLAIM_MAX]
    if long:
        raise Invalid(errors=tuple(FieldError(name, "is too long") for name in long))


def _taken(field: str) -> Conflict:
    taken = FieldError(field, f"this {field} is taken; choose another")
    return Conflict(taken.message, code=f"{field}_taken", errors=(taken,))
