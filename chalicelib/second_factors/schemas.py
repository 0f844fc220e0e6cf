"""Request and response bodies of second factors."""

from typing import Annotated

from msgspec import Meta, Struct, to_builtins

from chalicelib.errors import FieldError, Invalid
from chalicelib.http.fields import AnyPassword, Time
from chalicelib.http.text_fields import matching
from chalicelib.second_factors import models, service
from chalicelib.second_factors.passkey_schemas import Assertion, Passkey, present_passkey
from chalicelib.second_factors.verification import PasskeyProof, Proof

Code = Annotated[str, matching("[0-9]{6}", "must be six digits", max_length=6)]
RecoveryCode = Annotated[str, Meta(max_length=40)]
Ticket = Annotated[str, Meta(max_length=300)]


class SecondFactors(Struct):
    """The second factors of an account. `totp_since` is null without an authenticator app."""

    totp_since: Time | None
    passkeys: list[Passkey]
    recovery_codes_left: int


def present_second_factors(
    factor: models.SecondFactor | None, passkeys: list[models.Passkey]
) -> SecondFactors:
    """Return the response body of an account's second factors."""
    return SecondFactors(
        totp_since=factor.totp_since if factor else None,
        passkeys=[present_passkey(each) for each in passkeys],
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
    passkey: Assertion | None = None


class LoginTicket(Struct, forbid_unknown_fields=True):
    ticket: Ticket


class SecondStep(Struct, forbid_unknown_fields=True):
    """The second step of a login: the ticket of the first, and one of the three proofs."""

    ticket: Ticket
    code: Code | None = None
    recovery_code: RecoveryCode | None = None
    passkey: Assertion | None = None
    cookie: bool = False


def read_proof(body: StepUp | SecondStep, app_url: str) -> Proof | None:
    """Return the second factor in `body`, or None without one.

    `app_url` is the address of the web client. Raises `Invalid` when there are several.
    """
    proofs = {name: getattr(body, name) for name in ("code", "recovery_code", "passkey")}
    given = [name for name, proof in proofs.items() if proof is not None]
    if len(given) > 1:
        others = " or ".join(given[:-1])
        raise Invalid(errors=(FieldError(given[-1], f"give it or {others}, not both"),))
    if not given:
        return None
    passkey = PasskeyProof(to_builtins(body.passkey), app_url) if body.passkey else None
    return Proof(code=body.code, recovery_code=body.recovery_code, passkey=passkey)


def require_proof(body: SecondStep, app_url: str) -> Proof:
    """Return the second factor in `body`. Raises `Invalid` unless there is exactly one."""
    proof = read_proof(body, app_url)
    if proof is None:
        raise Invalid(errors=(FieldError("code", "give it, recovery_code or passkey"),))
    return proof
