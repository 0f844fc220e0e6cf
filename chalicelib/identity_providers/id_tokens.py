"""ID tokens: the checks of OpenID Connect Core 1.0, section 3.1.3.7, and the claims of a person.

`joserfc` verifies the signature with the keys of the provider. It and `cryptography` are in a layer
and take long to import, so they are imported when they are used.
"""

import re
import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from chalicelib.email_addresses import find_address_fault
from chalicelib.identity_providers import provider_documents
from chalicelib.identity_providers.provider_documents import TENANT, Keys, Metadata
from chalicelib.identity_providers.providers import Provider

if TYPE_CHECKING:
    from joserfc.jwk import GuestProtocol, KeySet

# Signatures with a public key only: with HS256 or `none`, others than the provider could sign.
ALGORITHMS = ["RS256", "PS256", "ES256"]
LEEWAY_SECONDS = 30
SUBJECT_MAX = 255
NAME_MAX = 100
_TENANT_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TRUE = (True, 1, "true", "1")  # Microsoft's claim can be a text or a number


class InvalidToken(Exception):
    """The ID token is not valid; the text says why, for the log."""


class Person(Struct, frozen=True):
    """A person, as a provider describes them. `email` is None unless the provider verified it."""

    issuer: str
    subject: str
    email: str | None
    name: str
    username: str


def verify_id_token(
    token: str, provider: Provider, metadata: Metadata, *, nonce: str, now: datetime
) -> dict[str, Any]:
    """Return the claims of `token`.

    Raises `InvalidToken`, and `Unavailable` when the keys of the provider cannot be read.
    """
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    keys: Keys = []

    def find_keys(signed: "GuestProtocol") -> "KeySet":
        keys[:] = _find_keys(signed.headers(), metadata, now)
        return KeySet.import_key_set({"keys": keys})

    try:
        claims: Any = jwt.decode(token, find_keys, ALGORITHMS).claims
        if not isinstance(claims, dict):
            raise InvalidToken("the payload is no object")
        issuer = _find_issuer(metadata, claims)
        required: Any = {
            "iss": {"essential": True, "value": issuer},
            "aud": {"essential": True, "value": provider.client_id},
            "sub": {"essential": True},
            "exp": {"essential": True},
            "iat": {"essential": True},
            "nonce": {"essential": True},
        }
        seconds = int(now.timestamp())
        jwt.JWTClaimsRegistry(now=seconds, leeway=LEEWAY_SECONDS, **required).validate(claims)
        _check_parties(claims, provider, nonce)
        _check_signers(keys, metadata, issuer)
    # Keys and claims of a broken provider can have any type.
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise InvalidToken(f"{type(error).__name__}: {error}") from error
    return dict(claims)


def _find_keys(header: dict[str, Any], metadata: Metadata, now: datetime) -> Keys:
    """Return the provider's keys that may have signed a token with this header."""
    key_id = header.get("kid")
    found = provider_documents.get_keys(metadata, key_id, now)
    usable = [key for key in found if key.get("kty") in {"RSA", "EC"}]
    if key_id is None and len(usable) == 1:  # then a key set needs no id (section 10.1)
        usable = [{name: value for name, value in usable[0].items() if name != "kid"}]
    if not usable or (key_id is None and len(usable) > 1):
        raise InvalidToken("no key of the provider has the id in the token")
    return usable


def _check_signers(keys: Keys, metadata: Metadata, issuer: str) -> None:
    """Check that a key that belongs to one issuer, as at Microsoft, signed for no other one."""
    for key in keys:
        owner = key.get("issuer", issuer)
        if owner not in (issuer, metadata.issuer):
            raise InvalidToken("the key belongs to another issuer")


def _find_issuer(metadata: Metadata, claims: dict[str, Any]) -> str:
    """Return the issuer that the token must have: at Microsoft, that of the tenant it names.

    https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens#validate-the-issuer
    """
    if TENANT not in metadata.issuer:
        return metadata.issuer
    tenant = claims.get("tid")
    if not isinstance(tenant, str) or not _TENANT_ID.fullmatch(tenant):
        raise InvalidToken("the tenant is missing")
    return metadata.issuer.replace(TENANT, tenant)


def _check_parties(claims: dict[str, Any], provider: Provider, nonce: str) -> None:
    """Check that the token was made for this client, only for it, and for this authorization."""
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    party = claims.get("azp")
    if (len(audience) > 1 and party is None) or party not in (None, provider.client_id):
        raise InvalidToken("it was issued for another client")
    if not secrets.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
        raise InvalidToken("the nonce is another one")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject.encode()) <= SUBJECT_MAX:
        raise InvalidToken("the subject is not valid")


def read_person(claims: dict[str, Any], provider: Provider) -> Person:
    """Return the person that the claims of a valid ID token are about."""
    email = claims.get("email")
    is_verified = claims.get(provider.email_verified_claim) in _TRUE
    if not is_verified or not isinstance(email, str) or find_address_fault(email) is not None:
        email = None
    name, username = (str(claims.get(each) or "") for each in ("name", "preferred_username"))
    return Person(claims["iss"], claims["sub"], email, name[:NAME_MAX], username)
