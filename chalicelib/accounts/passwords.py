"""Passwords: hash, check, change and reset.

Hashes are Argon2id with the first parameters that OWASP recommends: 19 MiB, two passes, one lane
(about 17 ms).
https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
"""

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from chalicelib.access.service import Access
from chalicelib.accounts import models, one_time_tokens, token_models
from chalicelib.accounts.models import Credentials, User
from chalicelib.accounts.token_models import TokenPurpose
from chalicelib.audit.actions import AuditAction
from chalicelib.audit.entries import audit_public_write, audit_write
from chalicelib.dynamodb.transactions import ConditionFailed, Delete, transact
from chalicelib.email_addresses import canonical_address
from chalicelib.errors import Conflict, FieldError, Invalid
from chalicelib.mail.models import lift_suppression_write
from chalicelib.mail.notifications import PASSWORD_CHANGED, RESET, queue_account_write
from chalicelib.second_factors import models as factor_models
from chalicelib.sessions.models import carry_over_session_write
from chalicelib.sessions.throttling import clear_attempts, count_attempt
from chalicelib.text import normalize_password

if TYPE_CHECKING:
    from argon2 import PasswordHasher

# Passwords for unknown accounts are checked against this hash. It has the cost of a real one and no
# known password. It is a constant, because computing it would take the time of a second hash.
UNKNOWN_ACCOUNT_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$8YxnIB63p0xVWaaHRa5Hnw"
    "$1EKWO7BsgWPhkiGoFNVSeGe4V7hhsnB2g4Zr5UgDyBs"
)


@cache
def _get_hasher() -> "PasswordHasher":
    # Few requests check a password, so the first of them imports the package.
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def hash_password(password: str) -> str:
    """Return the salted hash to store for `password`, which is normalized first."""
    return _get_hasher().hash(normalize_password(password))


def is_password_correct(password: str, credentials: Credentials | None) -> bool:
    """Return whether `password` matches the credentials; False without credentials.

    The password is compared in its normalized form, and as typed if that differs, because earlier
    versions hashed it as typed. Both cases compute the same number of hashes, so that the time does
    not tell whether an account exists.
    """
    stored = credentials.password_hash if credentials else UNKNOWN_ACCOUNT_HASH
    forms = dict.fromkeys((normalize_password(password), password))
    return any(_is_hash_of(stored, form) for form in forms) and credentials is not None


def _is_hash_of(stored: str, password: str) -> bool:
    from argon2.exceptions import VerificationError

    try:
        return _get_hasher().verify(stored, password)
    except VerificationError:
        return False


def require_current_password(access: Access, password: str, *, source: str | None) -> Credentials:
    """Return the caller's credentials if `password` is correct.

    Raises `Invalid` when it is wrong, and `TooManyRequests` after too many attempts: with a stolen
    session, the password must not be easier to guess.
    """
    count_attempt("password", account=access.user_id, source=source, now=access.now)
    credentials = models.get_credentials(access.user.email)
    if credentials is None or not is_password_correct(password, credentials):
        raise Invalid(code="wrong_password", errors=(FieldError("password", "is wrong"),))
    clear_attempts("password", account=access.user_id, source=source, now=access.now)
    return credentials


def change_password(
    access: Access, *, password: str, new_password: str, source: str | None
) -> None:
    """Change the caller's password from `password` to `new_password`.

    All other sessions, API tokens and one-time tokens of the account become invalid. Raises
    `Invalid` when `password` is wrong, `TooManyRequests` after too many attempts, and `Conflict`
    when a concurrent request changed the password.
    """
    credentials = require_current_password(access, password, source=source)
    user = access.user
    new_hash = hash_password(new_password)
    actions = (User.epoch.add(1), *token_models.void_token_actions())
    same_epoch = User.epoch == user.epoch
    try:
        transact(
            models.replace_password_write(user, credentials.password_hash, new_hash),
            models.update_user_write(user.id, *actions, condition=same_epoch),
            carry_over_session_write(user.id, access.session_id or "", user.epoch + 1),
            queue_account_write(user, PASSWORD_CHANGED, access.now),
            audit_write(access, AuditAction.PASSWORD_CHANGED, user.id),
        )
    except ConditionFailed as failed:
        raise Conflict("The password was changed by another request") from failed


def request_password_reset(*, email: str, source: str | None, now: datetime) -> None:
    """Send a link to choose a new password. An unknown address gets no email and no error.

    Raises `TooManyRequests` after too many attempts.
    """
    count_attempt("reset", account=canonical_address(email), source=source, now=now)
    user = models.find_user_by_email(email)
    if user is None or not user.is_active:
        return
    void_older = token_models.void_token_actions(TokenPurpose.RESET)
    transact(
        models.update_user_write(user.id, *void_older),
        queue_account_write(user, RESET, now),
        audit_public_write(AuditAction.PASSWORD_RESET_REQUESTED, user.id, source=source, now=now),
    )


def reset_password(*, token: str, new_password: str, source: str | None, now: datetime) -> None:
    """Set a new password with the token from the email.

    The token also proves the address, so the account is verified. All sessions, API tokens and
    one-time tokens of the account become invalid, and second factors of an account whose address
    was not verified before. Raises `Invalid` when the token is not valid.
    """
    verified = one_time_tokens.verify_token(token, TokenPurpose.RESET, now)
    user = verified.user
    credentials = models.get_credentials(user.email)
    new_hash = hash_password(new_password)
    if credentials is None:
        raise one_time_tokens.invalid_token_error()
    actions = [User.epoch.add(1), User.is_verified.set(True), *token_models.void_token_actions()]
    condition = token_models.is_token_unused(TokenPurpose.RESET, verified.digest)
    removed: list[Delete] = []
    # Somebody else may have registered this address, and set up a factor to keep the account.
    if user.second_factors and not user.is_verified:
        actions += factor_models.clear_count_actions()
        condition &= factor_models.are_factors_unchanged(user)
        removed = factor_models.delete_factors_writes(user.id, factor_models.list_passkeys(user.id))
    try:
        transact(
            models.replace_password_write(user, credentials.password_hash, new_hash),
            models.update_user_write(user.id, *actions, condition=condition),
            queue_account_write(user, PASSWORD_CHANGED, now),
            lift_suppression_write(user.email, now),
            audit_public_write(AuditAction.PASSWORD_RESET, user.id, source=source, now=now),
            *removed,
        )
    except ConditionFailed as failed:
        raise one_time_tokens.invalid_token_error() from failed
    clear_attempts("login", account=canonical_address(user.email), now=now)
