"""Documents of a provider: its metadata (OpenID Connect Discovery 1.0) and its keys (RFC 7517).

A process keeps them for an hour. While a provider does not respond, requests fail at once instead
of waiting for it one after the other.
"""

from datetime import datetime, timedelta
from functools import cache
from typing import Any, Generic, TypeVar

from msgspec import Struct

from chalicelib.errors import Unavailable
from chalicelib.identity_providers import provider_requests
from chalicelib.identity_providers.provider_requests import provider_unavailable
from chalicelib.identity_providers.providers import Provider, is_allowed_url

T = TypeVar("T")

DISCOVERY = "/.well-known/openid-configuration"
LIFETIME = timedelta(hours=1)
# A token with an unknown key makes the function read the keys again, this often at most.
NEW_KEYS_AFTER = timedelta(seconds=10)
RETRY_AFTER = timedelta(seconds=10)
# Microsoft's metadata for accounts of all tenants has this in place of the tenant.
TENANT = "{tenantid}"

Keys = list[dict[str, Any]]


class Metadata(Struct, frozen=True):
    """The part of a provider's metadata that this service reads."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class _KeySet(Struct, frozen=True):
    keys: Keys


class _CachedDocument(Generic[T]):
    """A document at an address, as it was last read."""

    def __init__(self, url: str, kind: type[T]) -> None:
        self._url, self._kind = url, kind
        self._read: tuple[T, datetime] | None = None
        self._failed_at: datetime | None = None

    def get(self, now: datetime, max_age: timedelta = LIFETIME) -> T:
        """Return the document, at most `max_age` old. Raises `Unavailable`."""
        if self._read is not None and abs(now - self._read[1]) < max_age:
            return self._read[0]
        if self._failed_at is not None and abs(now - self._failed_at) < RETRY_AFTER:
            raise provider_unavailable("it did not respond a moment ago")
        try:
            document = provider_requests.get_json(self._url, self._kind)
        except Unavailable:
            self._failed_at = now
            raise
        self._read, self._failed_at = (document, now), None
        return document


@cache
def _get_cached(url: str, kind: type[T]) -> _CachedDocument[T]:
    return _CachedDocument(url, kind)


def get_metadata(provider: Provider, now: datetime) -> Metadata:
    """Return the metadata of a provider.

    Raises `Unavailable` when it does not respond, or when its metadata is not that of its issuer.
    """
    url = provider.issuer.removesuffix("/") + DISCOVERY
    metadata: Metadata = _get_cached(url, Metadata).get(now)
    if not _is_metadata_of(provider, metadata):
        raise provider_unavailable(f"its metadata names another issuer, {metadata.issuer}")
    endpoints = [metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri]
    endpoints += [metadata.userinfo_endpoint] if metadata.userinfo_endpoint else []
    if not all(map(is_allowed_url, endpoints)):
        raise provider_unavailable("an address in its metadata is not allowed")
    return metadata


def _is_metadata_of(provider: Provider, metadata: Metadata) -> bool:
    """Return whether the issuer is the configured one, or the template of its host's tenants."""
    if TENANT not in metadata.issuer:
        return metadata.issuer == provider.issuer
    host, _, _ = metadata.issuer.partition(f"/{TENANT}/")
    return host.count("/") == 2 and provider.issuer.startswith(f"{host}/")


def get_keys(metadata: Metadata, key_id: str | None, now: datetime) -> Keys:
    """Return the keys with the id `key_id`, or all keys for None.

    When none has it, the keys are read again, because the provider may have new ones. Raises
    `Unavailable` when it does not respond.
    """
    document: _CachedDocument[_KeySet] = _get_cached(metadata.jwks_uri, _KeySet)
    for max_age in (LIFETIME, NEW_KEYS_AFTER):
        keys = document.get(now, max_age).keys
        if found := [key for key in keys if key_id is None or key.get("kid") == key_id]:
            return found
    return []


def forget_documents() -> None:
    """Forget all documents, as a new process."""
    _get_cached.cache_clear()
