"""Verify the ceremonies of Web Authentication (Level 3): registrations and assertions.

The library `webauthn` and `cryptography` are in a layer and take long to import, so they are
imported when an authenticator's response is verified.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from chalicelib.errors import Conflict, FieldError, Invalid
from chalicelib.observability import logger
from chalicelib.second_factors.models import Passkey

NAME = "Task Manager"
CHALLENGE_BYTES = 32
# EdDSA, ES256 and RS256 (COSE), which the standard recommends to offer together.
ALGORITHMS = (-8, -7, -257)
LOGGED_CHARACTERS = 200


class RelyingParty(Struct, frozen=True):
    """The web client as authenticators know it: its host name, and the origin of its pages."""

    id: str
    origin: str


class NewCredential(Struct, frozen=True):
    """A registered credential: id and public key in base64url, and the signature counter."""

    id: str
    public_key: str
    sign_count: int


def find_relying_party(app_url: str) -> RelyingParty:
    """Return the relying party of the web client at `app_url`.

    Raises `Conflict` when the request did not come through the web client's address.
    """
    address = urlsplit(app_url)
    if not address.hostname:
        raise Conflict("Use passkeys through the address of the web client")
    return RelyingParty(address.hostname, f"{address.scheme}://{address.netloc}")


def create_challenge() -> str:
    """Return 256 random bits in base64url."""
    return secrets.token_urlsafe(CHALLENGE_BYTES)


def verify_registration(
    response: dict[str, Any], party: RelyingParty, challenge: str
) -> NewCredential:
    """Return the credential that an authenticator has created for `challenge`.

    Where an attestation is sent, it has to be valid, but any maker of authenticators will do.
    Raises `Invalid` when the response is for something else or not valid.
    """
    from webauthn import verify_registration_response
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

    try:
        verified = verify_registration_response(
            credential=response,
            expected_challenge=decode(challenge),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(each) for each in ALGORITHMS],
        )
    except Exception as error:  # malformed data raises many kinds, also KeyError and TypeError
        raise _refuse(error) from error
    return NewCredential(
        encode(verified.credential_id),
        encode(verified.credential_public_key),
        verified.sign_count,
    )


def verify_assertion(
    response: dict[str, Any], party: RelyingParty, challenge: str, passkey: Passkey
) -> int:
    """Return the signature counter of `passkey`, which has signed `challenge`.

    Raises `Invalid` when the response is for something else or not valid, and when the counter has
    not grown: then there is perhaps a copy of the authenticator. A counter of 0 stays 0.
    """
    from webauthn import verify_authentication_response

    try:
        verified = verify_authentication_response(
            credential=response,
            expected_challenge=decode(challenge),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=decode(passkey.public_key),
            credential_current_sign_count=int(passkey.sign_count),
        )
    except Exception as error:  # as above
        raise _refuse(error) from error
    return int(verified.new_sign_count)


def wrong_passkey() -> Invalid:
    """Return the error for every response that is not accepted."""
    message = "could not be verified, or its challenge was used before or has expired"
    return Invalid(code="wrong_passkey", errors=(FieldError("passkey", message),))


def _refuse(error: Exception) -> Invalid:
    reason = f"{type(error).__name__}: {error}"[:LOGGED_CHARACTERS]
    logger.info("a passkey was refused", reason=reason)
    return wrong_passkey()


def encode(data: bytes) -> str:
    """Return `data` in base64url without padding."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    """Return the bytes of a text in base64url."""
    return urlsafe_b64decode(f"{text}==")
