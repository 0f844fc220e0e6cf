"""Accounts and sign-ins: register, log in, log out, read the profile."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain import passwords, tokens
from chalicelib.domain.access import Access
from chalicelib.domain.tokens import Claims
from chalicelib.errors import Conflict, FieldError, Unauthenticated
from chalicelib.store import sessions, users
from chalicelib.store.ids import new_id
from chalicelib.store.sessions import Session
from chalicelib.store.times import epoch, stamp
from chalicelib.store.transaction import ConditionFailed, transact
from chalicelib.store.users import User

IDLE_FOR = timedelta(days=14)
SIGNED_IN_FOR = timedelta(days=60)


@dataclass(frozen=True)
class SignIn:
    """What a client gets for a password."""

    access: str
    refresh: str
    expires_in: int
    user: User


def register(*, username: str, email: str, password: str, now: datetime) -> User:
    """Open an account. Raises `Conflict` naming the address or the username that is taken."""
    key = User.key(new_id(now))
    user = User(key.pk, key.sk, username=username, email=email, created_at=stamp(now))
    writes = users.registration(user, passwords.hashed(password))
    try:
        transact(*writes)
    except ConditionFailed as failed:
        field = "email" if failed.write is writes[1] else "username"
        taken = FieldError(field, f"this {field} is taken; choose another")
        raise Conflict(taken.message, code=f"{field}_taken", errors=(taken,)) from failed
    return user


def log_in(*, email: str, password: str, device: str, now: datetime) -> SignIn:
    """Begin a session. Raises `Unauthenticated`, alike for an unknown address and a wrong password
    and at the cost of the same hash."""
    credentials = users.credentials_of(email)
    known = passwords.matches(password, credentials.password_hash if credentials else None)
    user = users.by_id(credentials.user_id) if credentials and known else None
    if user is None:
        raise Unauthenticated("E-mail address or password is wrong", code="bad_credentials")
    session = _session(user, device, now)
    sessions.begin(session)
    return _signed_in(user, session, now)


def log_out(access: Access) -> None:
    """End the session; its access token is refused from the next request on."""
    sessions.revoke(access.user_id, access.session_id, access.now)


def profile(access: Access) -> User:
    """The caller's own account."""
    user = users.by_id(access.user_id)
    if user is None:
        raise Unauthenticated()
    return user


def _session(user: User, device: str, now: datetime) -> Session:
    key = Session.key(user.id, new_id(now))
    return Session(
        key.pk,
        key.sk,
        created_at=stamp(now),
        rotated_at=stamp(now),
        idle_until=stamp(now + IDLE_FOR),
        absolute_until=stamp(now + SIGNED_IN_FOR),
        expires_at=epoch(now + SIGNED_IN_FOR),
        device=device[:200] or None,
    )


def _signed_in(user: User, session: Session, now: datetime) -> SignIn:
    generation = f"{session.user_id}.{session.id}.{session.generation}"
    return SignIn(
        access=tokens.issue_access(Claims(user.id, session.id), now=now),
        refresh=f"{generation}.{tokens.seal('refresh', generation)}",
        expires_in=int(tokens.ACCESS_FOR.total_seconds()),
        user=user,
    )
