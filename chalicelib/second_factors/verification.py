"""Verify a proof of a second factor: a code of the authenticator app, or a recovery code.

The proof is used up in the transaction of what it allows, so nobody can use it twice, not even at
the same time, and it is not lost when that fails.
"""

from datetime import datetime

from msgspec import Struct

from chalicelib.accounts.models import User
from chalicelib.audit.actions import AuditAction
from chalicelib.audit.entries import audit_public_write
from chalicelib.dynamodb.transactions import ConditionFailed, Write, transact
from chalicelib.errors import FieldError, Invalid
from chalicelib.mail.notifications import RECOVERY_CODE_USED, queue_account_write
from chalicelib.second_factors import models, recovery_codes, totp
from chalicelib.sessions.throttling import clear_attempts, count_attempt


class Proof(Struct, frozen=True):
    """The proof of a second factor: exactly one of the two codes."""

    code: str | None = None
    recovery_code: str | None = None


def use_proof(user: User, proof: Proof, *allowed: Write, source: str | None, now: datetime) -> None:
    """Use up `proof` and commit the writes that it allows.

    Raises `Invalid` when it is wrong or was used before, and `TooManyRequests` after too many
    attempts.
    """
    count_attempt("second_factor", account=user.id, source=source, now=now)
    proving, *reports = _build_writes(user, proof, source, now)
    try:
        transact(proving, *reports, *allowed)
    except ConditionFailed as failed:
        if failed.write is proving:
            raise _wrong_code(proof) from failed
        raise
    clear_attempts("second_factor", account=user.id, source=source, now=now)


def _build_writes(user: User, proof: Proof, source: str | None, now: datetime) -> list[Write]:
    """Return the write that uses up the proof; for a recovery code also a mail and an entry."""
    factor = models.get_second_factor(user.id)
    if factor is None:
        raise _wrong_code(proof)
    if proof.recovery_code is not None:
        if factor.recovery_key is None:
            raise _wrong_code(proof)
        digest = recovery_codes.compute_digest(factor.recovery_key, user.id, proof.recovery_code)
        used = models.use_recovery_code_write(user.id, digest)
        entry = audit_public_write(AuditAction.RECOVERY_CODE_USED, user.id, source=source, now=now)
        return [used, queue_account_write(user, RECOVERY_CODE_USED, now), entry]
    if factor.totp is None or proof.code is None:
        raise _wrong_code(proof)
    step = totp.find_time_step(totp.derive_secret(user.id, factor.totp), proof.code, now)
    if step is None:
        raise _wrong_code(proof)
    return [models.use_step_write(user.id, factor.totp, step)]


def _wrong_code(proof: Proof) -> Invalid:
    location = "code" if proof.recovery_code is None else "recovery_code"
    return Invalid(code="wrong_code", errors=(FieldError(location, "is wrong or was used before"),))
