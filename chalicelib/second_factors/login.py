"""The second step of a login."""

from datetime import datetime

from chalicelib.accounts.models import get_user
from chalicelib.accounts.service import cancel_deletion
from chalicelib.second_factors.tickets import parse_ticket, ticket_expired
from chalicelib.second_factors.verification import Proof, use_proof
from chalicelib.sessions.service import SignIn, build_session, issue_tokens, start_session_writes


def complete_login(
    *, ticket: str, proof: Proof, device: str, source: str | None, now: datetime
) -> SignIn:
    """Start a session with the ticket of the first step and a second factor, and cancel a pending
    deletion of the account.

    Raises `Unauthenticated` when the ticket is not valid any more, `Invalid` when the proof is
    wrong, and `TooManyRequests` after too many attempts.
    """
    parsed = parse_ticket(ticket, now)
    user = get_user(parsed.user_id)
    if user is None or not user.is_active or user.epoch != parsed.epoch:
        raise ticket_expired()
    session = build_session(user, device=device, now=now)
    started = start_session_writes(session, user.id, source=source, now=now)
    use_proof(user, proof, *started, source=source, now=now)
    cancel_deletion(user, source=source, now=now)
    return issue_tokens(user, session, now)
