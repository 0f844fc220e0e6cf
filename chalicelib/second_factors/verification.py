"""Verify a proof of a second factor: a code of the authenticator app, a passkey or a recovery code.

The proof is used up in the transaction of what it allows, so nobody can use it twice, not even at
the same time, and it is not lost when that fails.
"""

from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.accounts.models import User
from chalicelib.audit.actions import AuditAction
from chalicelib.audit.entries import audit_public_write
from chalicelib.dynamodb.table import Key
from chalicelib.dynamodb.transactions import ConditionFailed, Write, transact
from chalicelib.errors import FieldError, Invalid
from chalicelib.mail.notifications import RECOVERY_CODE_USED, queue_account_write
from chalicelib.second_factors import ceremonies, models, recovery_codes, totp
from chalicelib.second_factors.models import Challenge
from chalicelib.sessions.throttling import clear_attempts, count_attempt


class PasskeyProof(Struct, frozen=True):
    """The response of an authenticator, as the browser gives it, and the web client's address."""

    response: dict[str, Any]
    app_url: str


class Proof(Struct, frozen=True):
    """The proof of a second factor: exactly one of these."""

    code: str | None = None
    recovery_code: str | None = None
    passkey: PasskeyProof | None = None


def use_proof(
    user: User,
    proof: Proof,
    *allowed: Write,
    challenge: Key[Challenge],
    source: str | None,
    now: datetime,
) -> None:
    """Use up `proof` and commit the writes that it allows.

    A passkey must have signed the challenge at the key `challenge`. Raises `Invalid` when the proof
    is wrong or was used before, and `TooManyRequests` after too many attempts.
    """
    count_attempt("second_factor", account=user.id, source=source, now=now)
    reports: list[Write] = []
    if proof.passkey is not None:
        proving = _use_passkey(user, proof.passkey, challenge, now)
    elif proof.recovery_code is not None:
        proving = _use_recovery_code(user, proof.recovery_code)
        entry = audit_public_write(AuditAction.RECOVERY_CODE_USED, user.id, source=source, now=now)
        reports = [queue_account_write(user, RECOVERY_CODE_USED, now), entry]
    else:
        proving = _use_code(user, proof.code or "", now)
    try:
        transact(*proving, *reports, *allowed)
    except ConditionFailed as failed:
        if any(failed.write is each for each in proving):
            raise _wrong_proof(proof) from failed
        raise
    clear_attempts("second_factor", account=user.id, source=source, now=now)


def _use_passkey(
    user: User, proof: PasskeyProof, key: Key[Challenge], now: datetime
) -> list[Write]:
    """Return the writes that use up the challenge and record the use of the passkey."""
    party = ceremonies.find_relying_party(proof.app_url)
    challenge = models.find_challenge(key, now)
    passkeys = models.list_passkeys(user.id)
    used = [each for each in passkeys if each.credential_id == proof.response["id"]]
    if challenge is None or not used:
        raise ceremonies.wrong_passkey()
    sign_count = ceremonies.verify_assertion(proof.response, party, challenge, used[0])
    return [
        models.use_challenge_write(key, challenge),
        models.use_passkey_write(used[0], sign_count, now),
    ]


def _use_recovery_code(user: User, code: str) -> list[Write]:
    factor = models.get_second_factor(user.id)
    if factor is None or factor.recovery_key is None:
        raise _wrong_code("recovery_code")
    digest = recovery_codes.compute_digest(factor.recovery_key, user.id, code)
    return [models.use_recovery_code_write(user.id, digest)]


def _use_code(user: User, code: str, now: datetime) -> list[Write]:
    factor = models.get_second_factor(user.id)
    if factor is None or factor.totp is None:
        raise _wrong_code("code")
    step = totp.find_time_step(totp.derive_secret(user.id, factor.totp), code, now)
    if step is None:
        raise _wrong_code("code")
    return [models.use_step_write(user.id, factor.totp, step)]


def _wrong_proof(proof: Proof) -> Invalid:
    if proof.passkey is not None:
        return ceremonies.wrong_passkey()
    return _wrong_code("code" if proof.recovery_code is None else "recovery_code")


def _wrong_code(location: str) -> Invalid:
    return Invalid(code="wrong_code", errors=(FieldError(location, "is wrong or was used before"),))
