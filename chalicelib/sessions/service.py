"""Sessions: log in, refresh, list and end them."""

from datetime import datetime, timedelta

from msgspec import Struct

from chalicelib.access.service import Access
from chalicelib.accounts.models import (
    Credentials,
    User,
    find_credentials_key,
    get_credentials,
    get_user,
)
from chalicelib.accounts.passwords import is_password_correct
from chalicelib.accounts.service import cancel_deletion
from chalicelib.audit.actions import AuditAction
from chalicelib.audit.entries import audit_public_write, audit_service_write, audit_write
from chalicelib.dynamodb.ids import is_id, new_id
from chalicelib.dynamodb.table import batch_get
from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import ConditionCheck, ConditionFailed, Put, Write, transact
from chalicelib.email_addresses import canonical_address
from chalicelib.errors import NotFound, Unauthenticated
from chalicelib.second_factors.models import no_factor_check
from chalicelib.second_factors.tickets import second_factor_required
from chalicelib.sessions import models, signatures, throttling, tokens
from chalicelib.sessions.models import Session
from chalicelib.sessions.tokens import ACCESS_TOKEN_LIFETIME, Claims

IDLE_LIFETIME = timedelta(days=14)
ABSOLUTE_LIFETIME = timedelta(days=60)
# A client that lost the response repeats its request within this time.
REPLAY_GRACE = timedelta(seconds=10)
DEVICE_MAX = 200


class SignIn(Struct, frozen=True):
    """The tokens of a login or refresh; `expires_in` is the access token's lifetime in seconds."""

    access: str
    refresh: str
    expires_in: int
    user: User


def log_in(*, email: str, password: str, device: str, source: str | None, now: datetime) -> SignIn:
    """Start a session, and cancel a pending deletion of the account.

    An unknown address and a wrong password give the same error, after the same number of password
    hashes. Raises `Unauthenticated` for them, for a disabled account, and with a ticket for the
    second step when the account has a second factor; and `TooManyRequests` after too many attempts.
    """
    address = canonical_address(email)
    throttling.count_attempt("login", account=address, source=source, now=now)
    credentials = get_credentials(email)
    correct = is_password_correct(password, credentials)
    user = get_user(credentials.user_id) if credentials and correct else None
    if user is None or credentials is None:
        raise _bad_credentials()
    if not user.is_active:
        raise Unauthenticated("This account is disabled", code="account_disabled")
    throttling.clear_attempts("login", account=address, source=source, now=now)
    # The password may have been changed while this one was being hashed.
    unchanged = Credentials.password_hash == credentials.password_hash
    check = ConditionCheck(find_credentials_key(user), unchanged)
    try:
        return start_session(user, check, device=device, source=source, now=now)
    except ConditionFailed as failed:
        raise _bad_credentials() from failed


def start_session(
    user: User, proof: Write, *, device: str, source: str | None, now: datetime
) -> SignIn:
    """Start a session of a user who has taken the first step of a login, and cancel a pending
    deletion of the account.

    `proof` is committed with the session. Raises `ConditionFailed` when it does not hold any more,
    and `Unauthenticated` with a ticket for the second step when the account has a second factor.
    """
    if user.second_factors:
        raise second_factor_required(user, now)
    cancel_deletion(user, source=source, now=now)
    session = build_session(user, device=device, now=now)
    check = no_factor_check(user.id)
    try:
        transact(proof, check, *start_session_writes(session, user.id, source=source, now=now))
    except ConditionFailed as failed:
        if failed.write is check:  # a concurrent request has set up the first factor
            raise _require_new_factor(user, now) from failed
        raise
    return issue_tokens(user, session, now)


def _require_new_factor(user: User, now: datetime) -> Unauthenticated:
    """Return the error for a login whose account got a second factor after `user` was read."""
    present = get_user(user.id)
    if present is None or present.epoch != user.epoch:  # the first step does not count any more
        return Unauthenticated()
    return second_factor_required(present, now)


def build_session(user: User, *, device: str, now: datetime) -> Session:
    """Return a new session of `user`, who has just proved who they are."""
    key = Session.key(user.id, new_id(now))
    return Session(
        key.pk,
        key.sk,
        epoch=user.epoch,
        created_at=format_timestamp(now),
        rotated_at=format_timestamp(now),
        proved_at=format_timestamp(now),
        idle_until=format_timestamp(now + IDLE_LIFETIME),
        absolute_until=format_timestamp(now + ABSOLUTE_LIFETIME),
        expires_at=to_epoch_seconds(now + ABSOLUTE_LIFETIME),
        device=device[:DEVICE_MAX] or None,
    )


def start_session_writes(
    session: Session, user_id: str, *, source: str | None, now: datetime
) -> tuple[Put, Put]:
    """Return the writes that start a session of a user, with its audit entry."""
    entry = audit_public_write(
        AuditAction.SESSION_STARTED,
        user_id,
        source=source,
        now=now,
        session=session.id,
        target=session.id,
        device=session.device,
    )
    return Put(session), entry


def refresh_session(*, token: str, now: datetime) -> SignIn:
    """Exchange a refresh token for its successor and a new access token.

    The same token returns the same successor for ten seconds, also to concurrent requests, because
    a client can lose the response. After that, or with a token of an older generation, it counts as
    stolen and the session ends. Raises `Unauthenticated` when the token is not valid.
    """
    user_id, session_id, generation = _parse_refresh_token(token)
    user_key, session_key = User.key(user_id), Session.key(user_id, session_id)
    items = batch_get(user_key, session_key)
    user, session = items.get(user_key), items.get(session_key)
    if user is None or session is None or not user.is_active:
        raise Unauthenticated()
    if session.generation == generation and session.is_live(user.epoch, now):
        idle_until = min(now + IDLE_LIFETIME, parse_timestamp(session.absolute_until))
        session = models.rotate_session(session, idle_until=idle_until, now=now)
    if not session.is_live(user.epoch, now):
        raise Unauthenticated()
    rotated_recently = now - parse_timestamp(session.rotated_at) <= REPLAY_GRACE
    if session.generation != generation + 1 or not rotated_recently:
        entry = audit_service_write(
            AuditAction.SESSION_ENDED, user_id, now=now, target=session_id, reason="refresh_reuse"
        )
        models.revoke_session(user_id, session_id, now, entry)
        raise Unauthenticated("This refresh token was used before", code="refresh_reuse")
    return issue_tokens(user, session, now)


def log_out(access: Access) -> None:
    """End the caller's session; the next request with its access token is refused."""
    _end(access, access.session_id or "")


def list_sessions(access: Access) -> list[Session]:
    """Return the caller's live sessions, the newest first."""
    return [
        session
        for session in access.read_list(models.list_user_sessions, access.user_id)
        if session.is_live(access.user.epoch, access.now)
    ]


def end_session(access: Access, session_id: str) -> None:
    """End a session of the caller. Raises `NotFound` when the caller has no such live session."""
    if session_id not in {session.id for session in list_sessions(access)}:
        raise NotFound()
    _end(access, session_id)


def end_other_sessions(access: Access) -> None:
    """End all sessions of the caller except the current one."""
    for session in list_sessions(access):
        if session.id != access.session_id:
            _end(access, session.id)


def _end(access: Access, session_id: str) -> None:
    entry = audit_write(access, AuditAction.SESSION_ENDED, access.user_id, target=session_id)
    models.revoke_session(access.user_id, session_id, access.now, entry)


def _bad_credentials() -> Unauthenticated:
    return Unauthenticated("Email address or password is wrong", code="bad_credentials")


def issue_tokens(user: User, session: Session, now: datetime) -> SignIn:
    """Return the tokens of a session."""
    refresh_token = f"{session.user_id}.{session.id}.{int(session.generation)}"
    return SignIn(
        access=tokens.issue_access_token(Claims(user.id, session.id), now=now),
        refresh=f"{refresh_token}.{signatures.sign('refresh', refresh_token)}",
        expires_in=int(ACCESS_TOKEN_LIFETIME.total_seconds()),
        user=user,
    )


def _parse_refresh_token(token: str) -> tuple[str, str, int]:
    """Return user id, session id and generation of a refresh token.

    Raises `Unauthenticated` when its form or its signature is wrong.
    """
    user_id, session_id, generation, signature = (token.split(".", 3) + [""] * 4)[:4]
    signed_text = f"{user_id}.{session_id}.{generation}"
    well_formed = (
        is_id(user_id) and is_id(session_id) and generation.isdecimal() and generation.isascii()
    )
    if not well_formed or not signatures.is_signed("refresh", signed_text, signature):
        raise Unauthenticated()
    return user_id, session_id, int(generation)
