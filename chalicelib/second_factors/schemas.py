"""Request and response bodies of second factors."""

from typing import Annotated

from msgspec import Meta, Struct

from chalicelib.errors import FieldError, Invalid
from chalicelib.http.fields import AnyPassword, Time
from chalicelib.http.text_fields import matching
from chalicelib.second_factors import models, service
from chalicelib.second_factors.verification import Proof

Code = Annotated[str, matching("[0-9]{6}", "must be six digits", max_length=6)]
RecoveryCode = Annotated[str, Meta(max_length=40)]
Ticket = Annotated[str, Meta(max_length=300)]


class SecondFactors(Struct):
    """The second factors of an account. `totp_since` is null without an authenticator app."""

    totp_since: Time | None
    recovery_codes_left: int


def present_second_factors(factor: models.SecondFactor | None) -> SecondFactors:
    """Return the response body of an account's second factors."""
    return SecondFactors(
        totp_since=factor.totp_since if factor else None,
        recovery_codes_left=service.count_recovery_codes(factor),
    )


class TotpSetup(Struct):
    """The secret of an authenticator app, as text, as an `otpauth` URI and as a QR code (SVG)."""

    secret: str
    uri: str
    qr_code: str


class TotpConfirmation(Struct, forbid_unknown_fields=True):
    code: Code


class RecoveryCodes(Struct):
    """New recovery codes, which are shown only once. Null when the earlier ones stay valid."""

    recovery_codes: list[str] | None


class StepUp(Struct, forbid_unknown_fields=True):
    """Exactly one: `password` without a second factor, another one with it."""

    password: AnyPassword | None = None
    code: Code | None = None
    recovery_code: RecoveryCode | None = None


class SecondStep(Struct, forbid_unknown_fields=True):
    """The second step of a login: the ticket of the first, and `code` or `recovery_code`."""

    ticket: Ticket
    code: Code | None = None
    recovery_code: RecoveryCode | None = None
    cookie: bool = False


def read_proof(body: StepUp | SecondStep) -> Proof | None:
    """Return the second factor in `body`, or None without one.

    Raises `Invalid` when there are several.
    """
    if body.code is not None and body.recovery_code is not None:
        raise Invalid(errors=(FieldError("recovery_code", "give it or code, not both"),))
    if body.code is None and body.recovery_code is None:
        return None
    return Proof(code=body.code, recovery_code=body.recovery_code)


def require_proof(body: SecondStep) -> Proof:
    """Return the second factor in `body`. Raises `Invalid` unless there is exactly one."""
    proof = read_proof(body)
    if proof is None:
        raise Invalid(errors=(FieldError("code", "give it or recovery_code"),))
    return proof
