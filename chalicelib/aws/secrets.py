"""The secrets: the signing keys, the keys of webhooks and of second factors, and the key of the
stack's distribution.

A process reads a secret again every five minutes. While that fails, the value that it has stays in
use.
"""

import hmac
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from botocore.exceptions import ClientError
from msgspec import Struct

from chalicelib import settings
from chalicelib.aws import clients
from chalicelib.dynamodb.outages import translate_outages
from chalicelib.errors import Unavailable
from chalicelib.observability import logger, record_outcome

CACHE_SECONDS = 300
# After a failure the secret is read again when this time has passed.
RETRY_SECONDS = 30
UNKNOWN_KEY_SECONDS = 10
MIN_KEY_BYTES = 32

T = TypeVar("T")


class SigningKeys(Struct, frozen=True):
    """All keys by id. `active` is the id of the key that signs; every key verifies."""

    active: str
    keys: dict[str, bytes]

    def signing(self) -> tuple[str, bytes]:
        """Return the id and the bytes of the key that signs."""
        return self.active, self.keys[self.active]


class CachedSecret(Generic[T]):
    """A secret that this process keeps. `load` reads it and returns its value."""

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self.forget()

    def forget(self) -> None:
        """Forget the value, as a new process."""
        self._value: T | None = None
        self._read_at = 0.0
        self._failed_at: float | None = None

    def get(self) -> T:
        """Return the value: at most five minutes old, or older while the secret cannot be read.

        Raises `Unavailable` when Secrets Manager does not respond and there is no value yet.
        """
        if self._value is None:
            if self.has_failed_lately():
                raise Unavailable()
            return self.read_again()
        if self.is_older_than(CACHE_SECONDS) and not self.has_failed_lately():
            try:
                return self.read_again()
            except (Unavailable, RuntimeError):
                logger.exception("a secret cannot be read again; the cached value stays in use")
                record_outcome("secrets", {"refresh_failed": 1})
        return self._value

    def read_again(self) -> T:
        """Read the secret and return its value. Raises `Unavailable` and RuntimeError."""
        try:
            self._value = self._load()
        except Exception:
            self._failed_at = time.monotonic()
            raise
        self._read_at, self._failed_at = time.monotonic(), None
        return self._value

    def is_older_than(self, seconds: float) -> bool:
        """Return whether the secret was read longer ago."""
        return time.monotonic() - self._read_at > seconds

    def has_failed_lately(self) -> bool:
        """Return whether the last read failed, and it is too early for another one."""
        return self._failed_at is not None and time.monotonic() - self._failed_at < RETRY_SECONDS


def find_verifying_key(key_id: str) -> bytes | None:
    """Return the signing key with this id, or None.

    An unknown id makes the function read the secret again, at most every ten seconds. So a new key
    works at once, and forged ids cause few reads. Raises `Unavailable` for an unknown id while
    Secrets Manager does not respond, because the key may be new.
    """
    return _find_key(signing_keys, key_id)


def find_webhook_key(key_id: str) -> bytes | None:
    """Return the key of webhook secrets with this id, or None; see `find_verifying_key`."""
    return _find_key(webhook_keys, key_id)


def find_second_factor_key(key_id: str) -> bytes | None:
    """Return the key of second factors with this id, or None; see `find_verifying_key`."""
    return _find_key(second_factor_keys, key_id)


def _find_key(secret: CachedSecret[SigningKeys], key_id: str) -> bytes | None:
    keys = secret.get().keys
    if key_id not in keys and secret.is_older_than(UNKNOWN_KEY_SECONDS):
        if secret.has_failed_lately():
            raise Unavailable()
        keys = secret.read_again().keys
    return keys.get(key_id)


def is_origin_key(sent: str) -> bool:
    """Return whether `sent` is the key that the stack's CloudFront distribution sends.

    Another key makes the function read the secret again, at most every ten seconds: the key may be
    new. While the secret cannot be read, only the cached key is right.
    """
    try:
        if hmac.compare_digest(sent.encode(), origin_key.get()):
            return True
        if origin_key.is_older_than(UNKNOWN_KEY_SECONDS) and not origin_key.has_failed_lately():
            return hmac.compare_digest(sent.encode(), origin_key.read_again())
    except (Unavailable, RuntimeError):
        logger.exception("the key of the distribution cannot be read")
    return False


def _load_keys(secret_id: str) -> SigningKeys:
    document: dict[str, str] = json.loads(_read_secret(secret_id))
    active = document.pop("active")
    keys = {key_id: text.encode() for key_id, text in document.items()}
    if active not in keys or any(len(key) < MIN_KEY_BYTES for key in keys.values()):
        raise RuntimeError(f"the secret {secret_id} holds no usable signing key")
    return SigningKeys(active, keys)


def _load_client_secrets() -> dict[str, str]:
    document: dict[str, str] = json.loads(_read_secret(settings.CLIENT_SECRETS_ID))
    return document


def _load_origin_key() -> bytes:
    return _read_secret(settings.ORIGIN_KEY_ID).encode()


def _read_secret(secret_id: str) -> str:
    """Return a secret. Raises `Unavailable` in an outage, RuntimeError when it cannot be read."""
    try:
        with translate_outages():
            return clients.get_secret_value(secret_id)
    except ClientError as error:
        raise RuntimeError(f"the secret {secret_id} cannot be read") from error


signing_keys = CachedSecret(partial(_load_keys, settings.SECRET_ID))
# Apart from the signing keys, so that the function that calls receivers cannot sign sessions.
webhook_keys = CachedSecret(partial(_load_keys, settings.WEBHOOK_KEYS_ID))
# Apart from the signing keys, because those are removed after a rotation, and these must stay.
second_factor_keys = CachedSecret(partial(_load_keys, settings.SECOND_FACTOR_KEYS_ID))
# The stack's CloudFront distribution sends it with each request.
origin_key = CachedSecret(_load_origin_key)
# The secrets of this product's registrations at identity providers, by the id of the provider.
client_secrets = CachedSecret(_load_client_secrets)
