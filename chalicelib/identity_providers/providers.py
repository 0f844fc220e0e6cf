"""The identity providers of this stage, as its parameter `IdentityProviders` lists them."""

from functools import cache
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from chalicelib import settings
from chalicelib.aws import secrets
from chalicelib.errors import FieldError, Invalid

LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}


class Provider(Struct, frozen=True, forbid_unknown_fields=True):
    """An OpenID provider and this product's registration there.

    `name` is on the button. The boolean claim `email_verified_claim` says whether the address in an
    ID token is verified: `email_verified` in the standard, `xms_edov` at Microsoft.
    """

    id: Annotated[str, Meta(pattern="^[a-z0-9-]{1,32}$")]
    name: Annotated[str, Meta(min_length=1, max_length=50)]
    issuer: Annotated[str, Meta(min_length=1, max_length=500)]
    client_id: Annotated[str, Meta(min_length=1, max_length=500)]
    email_verified_claim: Annotated[str, Meta(min_length=1)] = "email_verified"

    @property
    def client_secret(self) -> str | None:
        """The secret that the provider gave for `client_id`; None for a public client."""
        return secrets.client_secrets.get().get(self.id)


def list_providers() -> list[Provider]:
    """Return the providers of this stage, in the order of their buttons."""
    return list(_parse_providers(settings.IDENTITY_PROVIDERS).values())


def find_provider(provider_id: str) -> Provider:
    """Return a provider of this stage. Raises `Invalid` when it has none with this id."""
    provider = _parse_providers(settings.IDENTITY_PROVIDERS).get(provider_id)
    if provider is None:
        error = FieldError("provider", "is no identity provider of this service")
        raise Invalid(errors=(error,))
    return provider


@cache
def _parse_providers(text: str) -> dict[str, Provider]:
    """Return the providers by id. Raises RuntimeError when the setting is not valid."""
    try:
        providers = msgspec.json.decode(text or "[]", type=list[Provider])
    except msgspec.DecodeError as error:
        raise RuntimeError(f"the setting IDENTITY_PROVIDERS is not valid: {error}") from None
    by_id = {provider.id: provider for provider in providers}
    if len(by_id) < len(providers) or not all(is_allowed_url(each.issuer) for each in providers):
        raise RuntimeError("IDENTITY_PROVIDERS needs different ids, and issuers with https")
    return by_id


def is_allowed_url(url: str) -> bool:
    """Return whether this service may call the URL of a provider: https, without credentials.

    On a local cloud it may also be http to this machine. The operator chooses the issuer, so its
    host may be one of a private network.
    """
    try:
        parts = urlsplit(url)
        is_complete = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
    if not is_complete or "@" in parts.netloc or parts.fragment:
        return False
    host = parts.netloc.removesuffix(f":{parts.port}")
    return parts.scheme == "https" or (
        parts.scheme == "http" and settings.WEBHOOK_LOOPBACK and host in LOOPBACK
    )
