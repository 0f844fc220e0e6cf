"""The signing keys, read from Secrets Manager and cached for five minutes."""

import json
import time
from dataclasses import dataclass

from botocore.exceptions import ClientError

from chalicelib import settings
from chalicelib.aws import clients
from chalicelib.dynamodb.outages import translate_outages

CACHE_SECONDS = 300
UNKNOWN_KEY_SECONDS = 10
MIN_KEY_BYTES = 32


@dataclass(frozen=True)
class SigningKeys:
    """All keys by id. `active` is the id of the key that signs; every key verifies."""

    active: str
    keys: dict[str, bytes]
    read_at: float

    def signing(self) -> tuple[str, bytes]:
        """Return the id and the bytes of the key that signs."""
        return self.active, self.keys[self.active]


_cached: SigningKeys | None = None


def get_signing_keys() -> SigningKeys:
    """Return the keys, at most five minutes old."""
    global _cached
    if _cached is None or time.monotonic() - _cached.read_at > CACHE_SECONDS:
        _cached = _load_keys()
    return _cached


def find_verifying_key(key_id: str) -> bytes | None:
    """Return the key with this id, or None.

    An unknown id makes the function read the secret again, at most every ten seconds. So a new key
    works at once, and forged ids cause few reads.
    """
    global _cached
    keys = get_signing_keys()
    stale = time.monotonic() - keys.read_at > UNKNOWN_KEY_SECONDS
    if key_id not in keys.keys and stale:
        _cached = keys = _load_keys()
    return keys.keys.get(key_id)


def _load_keys() -> SigningKeys:
    try:
        with translate_outages():
            response = clients.secrets_manager_client().get_secret_value(
                SecretId=settings.SECRET_ID
            )
    except ClientError as error:
        raise RuntimeError(f"the secret {settings.SECRET_ID} cannot be read") from error
    document: dict[str, str] = json.loads(response["SecretString"])
    active = document.pop("active")
    keys = {key_id: text.encode() for key_id, text in document.items()}
    if active not in keys or any(len(key) < MIN_KEY_BYTES for key in keys.values()):
        raise RuntimeError(f"the secret {settings.SECRET_ID} holds no usable signing key")
    return SigningKeys(active, keys, time.monotonic())
