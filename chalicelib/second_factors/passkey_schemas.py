"""Request and response bodies of passkeys: the JSON of Web Authentication (Level 3, section 5.1).

Browsers read and write these forms by themselves (`parseCreationOptionsFromJSON`,
`parseRequestOptionsFromJSON`, `toJSON`), so the fields have the names of the standard. Further
fields are ignored, because newer browsers add some.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from chalicelib.accounts.models import User
from chalicelib.http.fields import Id, Time
from chalicelib.http.text_fields import line, matching
from chalicelib.second_factors import ceremonies, models
from chalicelib.second_factors.passkeys import Ceremony, Registration

_BASE64URL = "[A-Za-z0-9_-]+"
_MESSAGE = "must be base64url without padding"
TIMEOUT_MILLISECONDS = int(models.CHALLENGE_LIFETIME.total_seconds() * 1000)

PublicKey = Literal["public-key"]
CredentialId = Annotated[str, matching(_BASE64URL, _MESSAGE, max_length=1400)]
Base64Url = Annotated[str, matching(_BASE64URL, _MESSAGE, max_length=20_000)]
Transport = Annotated[str, matching("[a-z-]+", "must be a word such as usb", max_length=20)]
PasskeyName = Annotated[str, line(max_length=100)]


class AttestationResponse(Struct):
    """The response of an authenticator that has created a passkey."""

    clientDataJSON: Base64Url
    attestationObject: Base64Url
    transports: Annotated[list[Transport], Meta(max_length=10)] = []


class Attestation(Struct):
    """A new passkey: `toJSON()` of the result of `navigator.credentials.create()`."""

    id: CredentialId
    rawId: CredentialId
    type: PublicKey
    response: AttestationResponse


class AssertionResponse(Struct):
    """The response of an authenticator that has signed a challenge."""

    clientDataJSON: Base64Url
    authenticatorData: Base64Url
    signature: Base64Url


class Assertion(Struct):
    """The assertion of a passkey: `toJSON()` of the result of `navigator.credentials.get()`."""

    id: CredentialId
    rawId: CredentialId
    type: PublicKey
    response: AssertionResponse


class NewPasskey(Struct, forbid_unknown_fields=True):
    name: PasskeyName
    passkey: Attestation


class Passkey(Struct):
    """A passkey of an account."""

    id: Id
    name: str
    created_at: Time
    last_used_at: Time | None


class RegisteredPasskey(Passkey):
    """A new passkey. With the first factor of an account come its recovery codes, shown once."""

    recovery_codes: list[str] | None


def present_passkey(passkey: models.Passkey) -> Passkey:
    """Return the response body of a passkey."""
    return Passkey(passkey.id, passkey.name, passkey.created_at, passkey.last_used_at)


def present_registration(registration: Registration) -> RegisteredPasskey:
    """Return the response body of a new passkey."""
    new = registration.passkey
    return RegisteredPasskey(new.id, new.name, new.created_at, None, registration.recovery_codes)


class CredentialDescriptor(Struct):
    """A passkey that the account has; `transports` tell the browser where to look for it."""

    id: str
    transports: list[str]
    type: PublicKey = "public-key"


class RelyingPartyEntity(Struct):
    id: str
    name: str


class UserEntity(Struct):
    """The account as the authenticator shows it; `id` is opaque."""

    id: str
    name: str
    displayName: str


class CredentialParameters(Struct):
    """An algorithm of the passkey's key (COSE)."""

    alg: int
    type: PublicKey = "public-key"


class AuthenticatorSelection(Struct):
    residentKey: Literal["preferred"] = "preferred"
    userVerification: Literal["preferred"] = "preferred"


class PasskeyCreationOptions(Struct):
    """The argument of `PublicKeyCredential.parseCreationOptionsFromJSON()`."""

    challenge: str
    rp: RelyingPartyEntity
    user: UserEntity
    pubKeyCredParams: list[CredentialParameters]
    excludeCredentials: list[CredentialDescriptor]
    authenticatorSelection: AuthenticatorSelection
    attestation: Literal["none"] = "none"
    timeout: int = TIMEOUT_MILLISECONDS


class PasskeyRequestOptions(Struct):
    """The argument of `PublicKeyCredential.parseRequestOptionsFromJSON()`."""

    challenge: str
    rpId: str
    allowCredentials: list[CredentialDescriptor]
    userVerification: Literal["preferred"] = "preferred"
    timeout: int = TIMEOUT_MILLISECONDS


def present_creation_options(ceremony: Ceremony, user: User) -> PasskeyCreationOptions:
    """Return the options of a registration for the account of `user`."""
    handle = ceremonies.encode(user.id.encode())
    return PasskeyCreationOptions(
        challenge=ceremony.challenge,
        rp=RelyingPartyEntity(ceremony.party.id, ceremonies.NAME),
        user=UserEntity(handle, user.email, user.display_name or user.username),
        pubKeyCredParams=[CredentialParameters(each) for each in ceremonies.ALGORITHMS],
        excludeCredentials=_describe(ceremony),
        authenticatorSelection=AuthenticatorSelection(),
    )


def present_request_options(ceremony: Ceremony) -> PasskeyRequestOptions:
    """Return the options of a proof with one of the account's passkeys."""
    return PasskeyRequestOptions(
        challenge=ceremony.challenge,
        rpId=ceremony.party.id,
        allowCredentials=_describe(ceremony),
    )


def _describe(ceremony: Ceremony) -> list[CredentialDescriptor]:
    return [
        CredentialDescriptor(each.credential_id, sorted(each.transports or ()))
        for each in ceremony.passkeys
    ]
