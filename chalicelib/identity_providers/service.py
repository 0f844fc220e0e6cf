"""Sign in with an identity, and create the account of a new one."""

import secrets
from collections.abc import Iterator
from datetime import datetime

from chalicelib.accounts.models import (
    User,
    create_user_writes,
    get_credentials,
    get_user,
)
from chalicelib.accounts.passwords import UNKNOWN_ACCOUNT_HASH
from chalicelib.audit.actions import AuditAction
from chalicelib.audit.entries import audit_public_write
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.errors import Conflict, Unauthenticated, Unavailable
from chalicelib.identity_providers import models
from chalicelib.identity_providers.authorizations import (
    AuthorizationResponse,
    complete_authorization,
)
from chalicelib.identity_providers.id_tokens import Person
from chalicelib.identity_providers.models import Identity, IdentityClaim
from chalicelib.sessions.service import SignIn, start_session
from chalicelib.sessions.throttling import count_attempt
from chalicelib.text import is_username_text, to_line

USERNAME_MIN, USERNAME_MAX = 3, 50
NO_NAME = "user"
SUFFIX_BYTES = 4
USERNAME_TRIES = 4


def sign_in(
    response: AuthorizationResponse, *, device: str, source: str | None, now: datetime
) -> SignIn:
    """Start a session with the identity in an authorization response.

    An identity without an account gets a new one. As with a password, a pending deletion of the
    account is canceled.

    Raises `Invalid` when the response is not valid, `Conflict` when no account can be created,
    `Unauthenticated` for a disabled account, and with a ticket for the second step when the account
    has a second factor, `TooManyRequests` after too many new accounts from one source address, and
    `Unavailable` when the provider does not respond.
    """
    person = complete_authorization(response, user_id=None, now=now)
    claim = models.get_claim(person.issuer, person.subject)
    if claim is None:
        claim = _create_account(person, response.provider, source=source, now=now)
    return _start_session(claim, device=device, source=source, now=now)


def _start_session(
    claim: IdentityClaim, *, device: str, source: str | None, now: datetime
) -> SignIn:
    user = get_user(claim.user_id)
    if user is None:
        raise Unauthenticated()
    if not user.is_active:
        raise Unauthenticated("This account is disabled", code="account_disabled")
    used = models.use_identity_write(user.id, claim.identity_id, now)
    try:
        return start_session(user, used, device=device, source=source, now=now)
    except ConditionFailed as failed:  # it was unlinked by a concurrent request
        raise Unauthenticated() from failed


def _create_account(
    person: Person, provider: str, *, source: str | None, now: datetime
) -> IdentityClaim:
    """Create the account of a new identity, and return the claim on the identity.

    The account has no password. When a concurrent request created it, return that one's claim.
    """
    if person.email is None:
        raise Conflict(
            "The identity provider has not verified your email address", code="email_not_verified"
        )
    if get_credentials(person.email) is not None:
        return _find_claim(person)
    count_attempt("register", source=source, now=now)
    for username in _propose_usernames(person):
        user, identity = _build_account(person, provider, username, now)
        account = create_user_writes(user, UNKNOWN_ACCOUNT_HASH)
        entry = audit_public_write(
            AuditAction.ACCOUNT_REGISTERED, user.id, source=source, now=now, provider=provider
        )
        try:
            transact(*account, *models.create_identity_writes(identity), entry)
        except ConditionFailed as failed:
            if failed.write is account[2]:  # the username is taken
                continue
            return _find_claim(person)
        return models.build_claim(identity)
    raise Unavailable()


def _build_account(
    person: Person, provider: str, username: str, now: datetime
) -> tuple[User, Identity]:
    key = User.key(new_id(now))
    user = User(
        key.pk,
        key.sk,
        username=username,
        display_name=to_line(person.name),
        email=str(person.email),
        is_verified=True,
        created_at=format_timestamp(now),
    )
    identity = models.build_identity(
        user.id,
        provider=provider,
        issuer=person.issuer,
        subject=person.subject,
        email=user.email,
        now=now,
    )
    return user, identity


def _find_claim(person: Person) -> IdentityClaim:
    """Return the claim of the account that a concurrent request created for the person.

    Raises `Conflict` when the address belongs to another account.
    """
    claim = models.get_claim(person.issuer, person.subject)
    if claim is None:
        raise Conflict(
            "An account has this email address; log in to it and link the identity there",
            code="account_exists",
        )
    return claim


def _propose_usernames(person: Person) -> Iterator[str]:
    """Yield usernames for a new account, each less likely to be taken.

    Other users see them, so an email address as name at the provider is not used as a whole.
    """
    for text in (person.username, str(person.email)):
        name = to_line(text).partition("@")[0][:USERNAME_MAX]
        if len(name) >= USERNAME_MIN and is_username_text(name):
            break
    else:
        name = NO_NAME
    yield name
    for _ in range(USERNAME_TRIES - 1):
        suffix = f"-{secrets.token_hex(SUFFIX_BYTES)}"
        yield name[: USERNAME_MAX - len(suffix)] + suffix
