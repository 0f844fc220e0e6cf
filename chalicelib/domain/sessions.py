"""Sign-ins: log in, refresh, see and end them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain import accounts, passwords, throttling, tokens
from chalicelib.domain.access import Access
from chalicelib.domain.tokens import Claims
from chalicelib.errors import NotFound, Unauthenticated
from chalicelib.store import sessions, table, users
from chalicelib.store.ids import is_id, new_id
from chalicelib.store.sessions import Session
from chalicelib.store.times import epoch, moment, stamp
from chalicelib.store.transaction import Check, ConditionFailed, Put, transact
from chalicelib.store.users import Credentials, User, folded

IDLE_FOR = timedelta(days=14)
SIGNED_IN_FOR = timedelta(days=60)
# A client that never got its answer may ask again; a thief would come later.
REPLAY_GRACE = timedelta(seconds=10)


@dataclass(frozen=True)
class SignIn:
    """What a client gets for a password or a refresh token."""

    access: str
    refresh: str
    expires_in: int
    user: User


def log_in(*, email: str, password: str, device: str, source: str | None, now: datetime) -> SignIn:
    """Begin a session. Raises `Unauthenticated`, alike for an unknown address and a wrong password
    and at the cost of the same hash; `TooManyRequests` for whoever guesses.

    It calls off the end of an account that is leaving.
    """
    throttling.charge("login", account=folded(email), source=source, now=now)
    credentials = users.credentials_of(email)
    known = passwords.matches(password, credentials)
    user = users.by_id(credentials.user_id) if credentials and known else None
    if user is None or credentials is None:
        raise Unauthenticated("E-mail address or password is wrong", code="bad_credentials")
    if not user.may_enter:
        raise Unauthenticated("This account is disabled", code="account_disabled")
    throttling.forgive("login", account=folded(email), source=source, now=now)
    accounts.stay(user)
    return _signed_in(user, _begin(user, credentials, device, now), now)


def refresh(*, token: str, now: datetime) -> SignIn:
    """Trade a refresh token for its successor and a new access token.

    The same token again within ten seconds gets the same successor, however many ask at once: an
    answer may have been lost. Later, or of an older generation, it is stolen goods: the session
    ends. Raises `Unauthenticated`.
    """
    user_id, session_id, generation = _opened(token)
    key = Session.key(user_id, session_id)
    rows = table.read(User.key(user_id), key)
    user, session = rows.get(User.key(user_id)), rows.get(key)
    if user is None or session is None or not user.may_enter:
        raise Unauthenticated()
    if session.generation == generation and session.is_live(user.epoch, now):
        session = _stepped(session, now)
    if not session.is_live(user.epoch, now):
        raise Unauthenticated()
    if not _is_successor(session, generation, now):
        sessions.revoke(user_id, session_id, now)
        raise Unauthenticated("This refresh token was used before", code="refresh_reuse")
    return _signed_in(user, session, now)


def log_out(access: Access) -> None:
    """End the session; its access token is refused from the next request on."""
    sessions.revoke(access.user_id, access.session_id or "", access.now)


def mine(access: Access) -> list[Session]:
    """The caller's live sessions, the newest first."""
    return [
        session
        for session in sessions.of_user(access.user_id)
        if session.is_live(access.user.epoch, access.now)
    ]


def end(access: Access, session_id: str) -> None:
    """End one session. Raises `NotFound` when it is not the caller's or is over."""
    if session_id not in {session.id for session in mine(access)}:
        raise NotFound()
    sessions.revoke(access.user_id, session_id, access.now)


def end_others(access: Access) -> None:
    """End every session but this one."""
    for session in mine(access):
        if session.id != access.session_id:
            sessions.revoke(access.user_id, session.id, access.now)


def _begin(user: User, credentials: Credentials, device: str, now: datetime) -> Session:
    key = Session.key(user.id, new_id(now))
    session = Session(
        key.pk,
        key.sk,
        epoch=user.epoch,
        created_at=stamp(now),
        rotated_at=stamp(now),
        idle_until=stamp(now + IDLE_FOR),
        absolute_until=stamp(now + SIGNED_IN_FOR),
        expires_at=epoch(now + SIGNED_IN_FOR),
        device=device[:200] or None,
    )
    # A password that was changed while this one was being hashed does not let in any more.
    same = Credentials.password_hash == credentials.password_hash
    try:
        transact(Check(Credentials.key(user.email), same), Put(session))
    except ConditionFailed as failed:
        raise Unauthenticated(
            "E-mail address or password is wrong", code="bad_credentials"
        ) from failed
    return session


def _stepped(session: Session, now: datetime) -> Session:
    """The session, one generation on: by this call or by a rival's."""
    idle_until = min(now + IDLE_FOR, moment(session.absolute_until))
    rival = sessions.rotate(session, idle_until=idle_until, now=now)
    if rival is not None:
        return rival
    session.generation += 1
    session.rotated_at = stamp(now)
    return session


def _is_successor(session: Session, generation: int, now: datetime) -> bool:
    recent = now - moment(session.rotated_at) <= REPLAY_GRACE
    return session.generation == generation + 1 and recent


def _signed_in(user: User, session: Session, now: datetime) -> SignIn:
    return SignIn(
        access=tokens.issue_access(Claims(user.id, session.id), now=now),
        refresh=_sealed(session),
        expires_in=int(tokens.ACCESS_FOR.total_seconds()),
        user=user,
    )


def _sealed(session: Session) -> str:
    text = f"{session.user_id}.{session.id}.{int(session.generation)}"
    return f"{text}.{tokens.seal('refresh', text)}"


def _opened(token: str) -> tuple[str, str, int]:
    """User, session and generation of a refresh token. Raises `Unauthenticated` if not ours."""
    user_id, session_id, generation, seal = (token.split(".", 3) + [""] * 4)[:4]
    ours = is_id(user_id) and is_id(session_id) and generation.isdecimal() and generation.isascii()
    if not ours or not tokens.is_sealed("refresh", f"{user_id}.{session_id}.{generation}", seal):
        raise Unauthenticated()
    return user_id, session_id, int(generation)
