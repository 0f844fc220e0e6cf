"""The identities of an account: link, list and unlink them.

To link an identity, a person proves the account by session and password, and the identity by
signing in at the provider, which must have verified the address of the account.
"""

from chalicelib.access.service import Access
from chalicelib.accounts.models import active_user_check, get_credentials
from chalicelib.accounts.passwords import UNKNOWN_ACCOUNT_HASH, require_current_password
from chalicelib.audit.actions import AuditAction
from chalicelib.audit.entries import audit_write
from chalicelib.dynamodb.transactions import ConditionFailed, Write, transact
from chalicelib.email_addresses import canonical_address
from chalicelib.errors import Conflict, NotFound
from chalicelib.identity_providers import authorizations, models
from chalicelib.identity_providers.authorizations import AuthorizationResponse, Start
from chalicelib.identity_providers.models import Identity
from chalicelib.mail.notifications import (
    IDENTITY_LINKED,
    IDENTITY_UNLINKED,
    queue_identity_write,
)


def start_linking(
    access: Access, *, provider: str, password: str, app_url: str, source: str | None
) -> Start:
    """Start to link an identity to the caller's account.

    Raises `Invalid` when the password is wrong, `TooManyRequests` after too many attempts, and what
    `start_authorization` raises.
    """
    require_current_password(access, password, source=source)
    return authorizations.start_authorization(
        provider, app_url=app_url, user_id=access.user_id, now=access.now
    )


def link_identity(access: Access, response: AuthorizationResponse) -> Identity:
    """Link the identity in an authorization response to the caller's account, and return it.

    An identity that the account already has stays as it is. Raises `Conflict` when the provider has
    not verified the account's address, or another account has the identity, and what
    `complete_authorization` raises.
    """
    person = authorizations.complete_authorization(response, user_id=access.user_id, now=access.now)
    if person.email is None:
        raise Conflict(
            "The identity provider has not verified your email address", code="email_not_verified"
        )
    if canonical_address(person.email) != canonical_address(access.user.email):
        raise Conflict("The identity has another email address", code="email_differs")
    identity = models.build_identity(
        access.user_id,
        provider=response.provider,
        issuer=person.issuer,
        subject=person.subject,
        email=person.email,
        now=access.now,
    )
    effects = _build_effects(
        access, identity, AuditAction.IDENTITY_LINKED, mail_kind=IDENTITY_LINKED
    )
    writes = models.create_identity_writes(identity)
    try:
        transact(*writes, active_user_check(access.user_id), *effects)
    except ConditionFailed as failed:
        claim = models.get_claim(person.issuer, person.subject)
        owned = claim and claim.user_id == access.user_id and _find(access, claim.identity_id)
        if not owned:
            raise Conflict("Another account has this identity", code="identity_taken") from failed
        return owned
    return identity


def list_identities(access: Access) -> list[Identity]:
    """Return the caller's identities, the newest first."""
    return access.read_list(models.list_user_identities, access.user_id)


def unlink_identity(access: Access, identity_id: str) -> None:
    """Unlink an identity from the caller's account.

    Raises `NotFound` when the caller has no such identity, and `Conflict` when it is the only way
    to log in.
    """
    identity = _find(access, identity_id)
    if identity is None:
        raise NotFound()
    checks = []
    credentials = get_credentials(access.user.email)
    if credentials is None or credentials.password_hash == UNKNOWN_ACCOUNT_HASH:
        others = [each for each in list_identities(access) if each.id != identity_id]
        if not others:
            raise _last_login_method()
        # Of two concurrent requests that unlink the last two identities, one fails.
        checks.append(models.linked_identity_check(others[0]))
    effects = _build_effects(
        access, identity, AuditAction.IDENTITY_UNLINKED, mail_kind=IDENTITY_UNLINKED
    )
    try:
        transact(*models.delete_identity_writes(identity), *checks, *effects)
    except ConditionFailed as failed:
        if checks and failed.write is checks[0]:
            raise _last_login_method() from failed
        raise NotFound() from failed


def _build_effects(
    access: Access, identity: Identity, action: AuditAction, *, mail_kind: str
) -> tuple[Write, Write]:
    """Return the entry in the audit log of a change, and the mail that tells the user of it."""
    entry = audit_write(access, action, access.user_id, provider=identity.provider)
    mail = queue_identity_write(
        access.user_id, identity.id, identity.provider, mail_kind, access.now
    )
    return entry, mail


def _find(access: Access, identity_id: str) -> Identity | None:
    identities = list_identities(access)
    return next((each for each in identities if each.id == identity_id), None)


def _last_login_method() -> Conflict:
    return Conflict(
        "The account has no password and no other identity; choose a password first",
        code="last_login_method",
    )
