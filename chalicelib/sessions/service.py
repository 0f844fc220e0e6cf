"""Sign-ins: log in, refresh, see and end them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.access.service import Access
from chalicelib.accounts.models import (
    Credentials,
    User,
    get_credentials,
    get_user,
    normalize_identifier,
)
from chalicelib.accounts.passwords import is_password_correct
from chalicelib.accounts.service import cancel_deletion
from chalicelib.dynamodb.ids import is_id, new_id
from chalicelib.dynamodb.table import batch_get
from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import ConditionCheck, ConditionFailed, Put, transact
from chalicelib.errors import NotFound, Unauthenticated
from chalicelib.sessions import models, signatures, throttling, tokens
from chalicelib.sessions.models import Session
from chalicelib.sessions.tokens import ACCESS_FOR, Claims

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
    throttling.count_attempt("login", account=normalize_identifier(email), source=source, now=now)
    credentials = get_credentials(email)
    known = is_password_correct(password, credentials)
    user = get_user(credentials.user_id) if credentials and known else None
    if user is None or credentials is None:
        raise Unauthenticated("E-mail address or password is wrong", code="bad_credentials")
    if not user.is_active:
        raise Unauthenticated("This account is disabled", code="account_disabled")
    throttling.clear_attempts("login", account=normalize_identifier(email), source=source, now=now)
    cancel_deletion(user)
    return _issue_tokens(user, _start_session(user, credentials, device, now), now)


def refresh_session(*, token: str, now: datetime) -> SignIn:
    """Trade a refresh token for its successor and a new access token.

    The same token again within ten seconds gets the same successor, however many ask at once: an
    answer may have been lost. Later, or of an older generation, it is stolen goods: the session
    ends. Raises `Unauthenticated`.
    """
    user_id, session_id, generation = _parse_refresh_token(token)
    key = Session.key(user_id, session_id)
    rows = batch_get(User.key(user_id), key)
    user, session = rows.get(User.key(user_id)), rows.get(key)
    if user is None or session is None or not user.is_active:
        raise Unauthenticated()
    if session.generation == generation and session.is_live(user.epoch, now):
        session = _rotate(session, now)
    if not session.is_live(user.epoch, now):
        raise Unauthenticated()
    if not _is_successor(session, generation, now):
        models.revoke_session(user_id, session_id, now)
        raise Unauthenticated("This refresh token was used before", code="refresh_reuse")
    return _issue_tokens(user, session, now)


def log_out(access: Access) -> None:
    """End the session; its access token is refused from the next request on."""
    models.revoke_session(access.user_id, access.session_id or "", access.now)


def list_sessions(access: Access) -> list[Session]:
    """The caller's live sessions, the newest first."""
    return [
        session
        for session in models.list_user_sessions(access.user_id)
        if session.is_live(access.user.epoch, access.now)
    ]


def end_session(access: Access, session_id: str) -> None:
    """End one session. Raises `NotFound` when it is not the caller's or is over."""
    if session_id not in {session.id for session in list_sessions(access)}:
        raise NotFound()
    models.revoke_session(access.user_id, session_id, access.now)


def end_other_sessions(access: Access) -> None:
    """End every session but this one."""
    for session in list_sessions(access):
        if session.id != access.session_id:
            models.revoke_session(access.user_id, session.id, access.now)


def _start_session(user: User, credentials: Credentials, device: str, now: datetime) -> Session:
    key = Session.key(user.id, new_id(now))
    session = Session(
        key.pk,
        key.sk,
        epoch=user.epoch,
        created_at=format_timestamp(now),
        rotated_at=format_timestamp(now),
        idle_until=format_timestamp(now + IDLE_FOR),
        absolute_until=format_timestamp(now + SIGNED_IN_FOR),
        expires_at=to_epoch_seconds(now + SIGNED_IN_FOR),
        device=device[:200] or None,
    )
    # A password that was changed while this one was being hashed does not let in any more.
    same = Credentials.password_hash == credentials.password_hash
    try:
        transact(ConditionCheck(Credentials.key(user.email), same), Put(session))
    except ConditionFailed as failed:
        raise Unauthenticated(
            "E-mail address or password is wrong", code="bad_credentials"
        ) from failed
    return session


def _rotate(session: Session, now: datetime) -> Session:
    """The session, one generation on: by this call or by a rival's."""
    idle_until = min(now + IDLE_FOR, parse_timestamp(session.absolute_until))
    rival = models.rotate_session(session, idle_until=idle_until, now=now)
    if rival is not None:
        return rival
    session.generation += 1
    session.rotated_at = format_timestamp(now)
    return session


def _is_successor(session: Session, generation: int, now: datetime) -> bool:
    recent = now - parse_timestamp(session.rotated_at) <= REPLAY_GRACE
    return session.generation == generation + 1 and recent


def _issue_tokens(user: User, session: Session, now: datetime) -> SignIn:
    return SignIn(
        access=tokens.issue_access_token(Claims(user.id, session.id), now=now),
        refresh=_sign_refresh_token(session),
        expires_in=int(ACCESS_FOR.total_seconds()),
        user=user,
    )


def _sign_refresh_token(session: Session) -> str:
    text = f"{session.user_id}.{session.id}.{int(session.generation)}"
    return f"{text}.{signatures.sign('refresh', text)}"


def _parse_refresh_token(token: str) -> tuple[str, str, int]:
    """User, session and generation of a refresh token. Raises `Unauthenticated` if not ours."""
    user_id, session_id, generation, seal = (token.split(".", 3) + [""] * 4)[:4]
    ours = is_id(user_id) and is_id(session_id) and generation.isdecimal() and generation.isascii()
    if not ours or not signatures.is_signed(
        "refresh", f"{user_id}.{session_id}.{generation}", seal
    ):
        raise Unauthenticated()
    return user_id, session_id, int(generation)
