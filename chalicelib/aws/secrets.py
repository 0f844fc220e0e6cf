"""The signing keys: read from Secrets Manager, kept for five minutes."""

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
    """`active` names the key that signs; every key in `keys` still verifies."""

    active: str
    keys: dict[str, bytes]
    read_at: float

    def signing(self) -> tuple[str, bytes]:
        """The id and the bytes of the key to sign with."""
        return self.active, self.keys[self.active]


_cached: SigningKeys | None = None


def get_signing_keys() -> SigningKeys:
    """The keys as of at most five minutes ago."""
    global _cached
    if _cached is None or time.monotonic() - _cached.read_at > CACHE_SECONDS:
        _cached = _load_keys()
    return _cached


def find_verifying_key(key_id: str) -> bytes | None:
    """The key `key_id`, or None. An unknown id reads the secret anew, at most every ten seconds, so
    that a key added elsewhere works at once and a forged id costs nothing."""
    global _cached
    keys = get_signing_keys()
    stale = time.monotonic() - keys.read_at > UNKNOWN_KEY_SECONDS
    if key_id not in keys.keys and stale:
        _cached = keys = _load_keys()
    return keys.keys.get(key_id)


def _load_keys() -> SigningKeys:
    try:
        with translate_outages():
            answer = clients.secrets_manager_client().get_secret_value(SecretId=settings.SECRET_ID)
    except ClientError as error:
        raise RuntimeError(f"the secret {settings.SECRET_ID} cannot be read") from error
    document: dict[str, str] = json.loads(answer["SecretString"])
    active = document.pop("active")
    keys = {name: value.encode() for name, value in document.items()}
    if active not in keys or any(len(key) < MIN_KEY_BYTES for key in keys.values()):
        raise RuntimeError(f"the secret {settings.SECRET_ID} holds no usable signing key")
    return SigningKeys(active, keys, time.monotonic())
