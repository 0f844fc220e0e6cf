"""Signatures (HMAC-SHA256) with the keys of the secret, for refresh tokens, cursors and links."""

import base64
import hmac
from hashlib import sha256

from chalicelib.aws import secrets


def sign(purpose: str, text: str) -> str:
    """Return the signature of `text` as `<key id>.<hex digest>`, valid for `purpose` only."""
    key_id, key = secrets.signing_keys.get().signing()
    return f"{key_id}.{_digest(key, purpose, text)}"


def is_signed(purpose: str, text: str, signature: str) -> bool:
    """Return whether `signature` is valid for `purpose` and `text`, under any key still in use.

    The digests are compared in constant time, also for an unknown key.
    """
    key_id, _, digest = signature.partition(".")
    key = secrets.find_verifying_key(key_id)
    expected = _digest(key or b"", purpose, text)
    return hmac.compare_digest(digest.encode(), expected.encode()) and key is not None


def derive_secret(purpose: str, text: str) -> str:
    """Derive 256 bits from `text` and the signing key, as 43 characters of URL-safe base64."""
    _, key = secrets.signing_keys.get().signing()
    digest = bytes.fromhex(_digest(key, f"derived {purpose}", text))
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _digest(key: bytes, purpose: str, text: str) -> str:
    return hmac.new(key, f"{purpose}\n{text}".encode(), sha256).hexdigest()
