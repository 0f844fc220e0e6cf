"""The second step of a login."""

from datetime import datetime

from chalicelib.accounts.models import User, get_user
from chalicelib.accounts.service import cancel_deletion
from chalicelib.dynamodb.table import Key
from chalicelib.second_factors.models import Challenge
from chalicelib.second_factors.passkeys import Ceremony, start_assertion
from chalicelib.second_factors.tickets import parse_ticket, ticket_expired
from chalicelib.second_factors.verification import Proof, use_proof
from chalicelib.sessions.credentials import hash_secret
from chalicelib.sessions.service import SignIn, build_session, issue_tokens, start_session_writes


def start_passkey_login(*, ticket: str, app_url: str, now: datetime) -> Ceremony:
    """Start the proof with a passkey, for the login with this ticket.

    Raises `Unauthenticated` when the ticket is not valid any more, and `Conflict` when the account
    has no passkey.
    """
    user = _find_user(ticket, now)
    return start_assertion(user, _challenge_key(user, ticket), app_url=app_url, now=now)


def complete_login(
    *, ticket: str, proof: Proof, device: str, source: str | None, now: datetime
) -> SignIn:
    """Start a session with the ticket of the first step and a second factor, and cancel a pending
    deletion of the account.

    Raises `Unauthenticated` when the ticket is not valid any more, `Invalid` when the proof is
    wrong, and `TooManyRequests` after too many attempts.
    """
    user = _find_user(ticket, now)
    session = build_session(user, device=device, now=now)
    started = start_session_writes(session, user.id, source=source, now=now)
    key = _challenge_key(user, ticket)
    use_proof(user, proof, *started, challenge=key, source=source, now=now)
    cancel_deletion(user, source=source, now=now)
    return issue_tokens(user, session, now)


def _find_user(ticket: str, now: datetime) -> User:
    """Return the account of a ticket. Raises `Unauthenticated` when it is not valid any more."""
    parsed = parse_ticket(ticket, now)
    user = get_user(parsed.user_id)
    if user is None or not user.is_active or user.epoch != parsed.epoch:
        raise ticket_expired()
    return user


def _challenge_key(user: User, ticket: str) -> Key[Challenge]:
    return Challenge.key(user.id, "login", hash_secret(ticket))
