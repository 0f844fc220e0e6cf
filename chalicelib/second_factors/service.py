"""Second factors: set up and remove an authenticator app, renew recovery codes, step up, and the
removal by site staff."""

from msgspec import Struct

from chalicelib.access.service import Access
from chalicelib.accounts.models import User, get_user, update_user_write
from chalicelib.accounts.passwords import require_current_password
from chalicelib.audit.actions import AuditAction
from chalicelib.audit.entries import audit_write
from chalicelib.dynamodb.table import Key
from chalicelib.dynamodb.transactions import ConditionFailed, Write, transact
from chalicelib.errors import Conflict, FieldError, Invalid, Unauthenticated, require_found
from chalicelib.mail.notifications import (
    FACTOR_ADDED,
    FACTOR_REMOVED,
    FACTORS_RESET,
    queue_account_write,
)
from chalicelib.second_factors import models, recovery_codes, totp
from chalicelib.second_factors.models import Challenge, SecondFactor, list_passkeys
from chalicelib.second_factors.verification import Proof, use_proof
from chalicelib.sessions.models import prove_session_write


class TotpSetup(Struct, frozen=True):
    """A started setup: the secret in base32, its `otpauth` URI, and that URI as a QR code (SVG)."""

    secret: str
    uri: str
    qr_code: str


def get_second_factors(access: Access) -> SecondFactor | None:
    """Return the caller's authenticator app and recovery codes."""
    return access.get_item(SecondFactor.key(access.user_id))


def start_totp_setup(access: Access) -> TotpSetup:
    """Start the setup of an authenticator app, which replaces a setup that was not confirmed.

    The app that the account has stays in use until the new one is confirmed.
    """
    name = totp.create_totp()
    transact(models.start_setup_write(access.user_id, name, access.now))
    secret = totp.derive_secret(access.user_id, name)
    uri = totp.build_uri(secret, access.user.email)
    return TotpSetup(secret, uri, totp.draw_qr_code(uri))


def confirm_totp_setup(access: Access, code: str) -> list[str] | None:
    """Make the app of the setup the second factor, with a code that it shows.

    Returns recovery codes with the first factor of the account, and None otherwise. Raises
    `Conflict` without a started setup, and `Invalid` when the code is wrong.
    """
    user = access.user
    factor = models.get_second_factor(user.id)
    if factor is None or factor.pending_totp is None or not factor.has_pending_setup(access.now):
        raise Conflict("Start the setup of the app first", code="no_setup")
    secret = totp.derive_secret(user.id, factor.pending_totp)
    step = totp.find_time_step(secret, code, access.now)
    if step is None:
        message = "is wrong; check the clock of the device with the app"
        raise Invalid(code="wrong_code", errors=(FieldError("code", message),))
    codes = None if user.second_factors else recovery_codes.create_codes(user.id)
    writes: list[Write] = [models.confirm_setup_write(user.id, factor, step, codes, access.now)]
    if factor.totp is None:
        writes.append(models.add_factor_write(user, access.now))
    if not user.second_factors:  # its code proves the second factor
        writes.append(prove_session_write(user.id, access.session_id or "", access.now))
    commit_change(*writes, *report_added(access, kind="totp"))
    return codes.codes if codes else None


def remove_totp(access: Access) -> None:
    """Remove the authenticator app, if there is one; with the last factor the recovery codes end
    too."""
    user = access.user
    factor = models.get_second_factor(user.id)
    if factor is None or factor.totp is None:
        return
    commit_change(
        models.remove_totp_write(user.id, factor, is_last=user.second_factors == 1),
        models.remove_factor_write(user),
        *report_removed(access, kind="totp"),
    )


def renew_recovery_codes(access: Access) -> list[str]:
    """Replace all recovery codes and return the new ones.

    Raises `Conflict` when the account has no second factor.
    """
    if not access.user.second_factors:
        raise Conflict("Set up a second factor first", code="no_second_factor")
    codes = recovery_codes.create_codes(access.user_id)
    entry = audit_write(access, AuditAction.RECOVERY_CODES_RENEWED, access.user_id)
    commit_change(models.renew_recovery_codes_write(access.user_id, codes, access.now), entry)
    return codes.codes


def step_up(
    access: Access, *, password: str | None, proof: Proof | None, source: str | None
) -> None:
    """Record in the session that its user has just proved who they are.

    An account with a second factor needs `proof`, another one its `password`. Raises `Invalid`
    for the wrong kind of proof or a wrong one, and `TooManyRequests` after too many attempts.
    """
    write = prove_session_write(access.user_id, access.session_id or "", access.now)
    try:
        if not access.user.second_factors:
            if password is None:
                missing = "is missing; there is no second factor"
                raise Invalid(errors=(FieldError("password", missing),))
            require_current_password(access, password, source=source)
            transact(write)
        elif proof is None:
            raise Invalid(errors=(FieldError("code", "give a second factor, not the password"),))
        else:
            key = step_up_key(access)
            use_proof(access.user, proof, write, challenge=key, source=source, now=access.now)
    except ConditionFailed as failed:  # the session has ended meanwhile
        raise Unauthenticated() from failed


def step_up_key(access: Access) -> Key[Challenge]:
    """Return the key of the challenge that a passkey signs in a step-up of the session."""
    return Challenge.key(access.user_id, "step-up", access.session_id or "")


def reset_second_factors(access: Access, user_id: str) -> None:
    """Remove all second factors of an account whose owner has lost them, and mail the owner.

    Does nothing when it has none. Raises `NotFound` when there is no such account, and `Conflict`
    for the caller's own account.
    """
    if user_id == access.user_id:
        raise Conflict("You cannot reset your own second factors; ask another member of the staff")
    user: User = require_found(get_user(user_id))
    if user.second_factors:
        mail = queue_account_write(user, FACTORS_RESET, access.now)
        entry = audit_write(access, AuditAction.SECOND_FACTORS_RESET, user.id)
        unchanged = models.are_factors_unchanged(user)
        cleared = update_user_write(user.id, *models.clear_count_actions(), condition=unchanged)
        removed = models.delete_factors_writes(user.id, list_passkeys(user.id))
        commit_change(cleared, *removed, mail, entry)


def report_added(access: Access, *, kind: str, target: str | None = None) -> tuple[Write, Write]:
    """Return the mail to the user and the audit entry of a factor that is added.

    `kind` is `totp` or `passkey`, `target` the id of the passkey.
    """
    action = AuditAction.SECOND_FACTOR_ADDED
    mail = queue_account_write(access.user, FACTOR_ADDED, access.now)
    return mail, audit_write(access, action, access.user_id, target=target, kind=kind)


def report_removed(access: Access, *, kind: str, target: str | None = None) -> tuple[Write, Write]:
    """Return the mail and the audit entry of a factor that is removed, as `report_added`."""
    action = AuditAction.SECOND_FACTOR_REMOVED
    mail = queue_account_write(access.user, FACTOR_REMOVED, access.now)
    return mail, audit_write(access, action, access.user_id, target=target, kind=kind)


def commit_change(*writes: Write) -> None:
    """Commit the writes. Raises `Conflict` when a concurrent request changed the same."""
    try:
        transact(*writes)
    except ConditionFailed as failed:
        raise Conflict("A concurrent request changed the second factors; try again") from failed


def count_recovery_codes(factor: SecondFactor | None) -> int:
    """Return how many recovery codes are left."""
    return len(factor.recovery_codes or ()) if factor else 0
