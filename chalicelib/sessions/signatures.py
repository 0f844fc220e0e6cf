"""Access tokens (JWT) and refresh tokens (opaque), signed with the keys of the secret.

Nothing about roles is inside a token: what a caller may do is read from the table on each request.
"""

import base64
import hmac
from hashlib import sha256

from chalicelib.aws import secrets


def sign(purpose: str, text: str) -> str:
    """A keyed digest of `text`, `<key id>.<hex>`; a seal for one purpose is none for another."""
    key_id, key = secrets.get_signing_keys().signing()
    return f"{key_id}.{_digest(key, purpose, text)}"


def is_signed(purpose: str, text: str, seal: str) -> bool:
    """Whether `seal` is ours for `purpose` and `text`, under any key still in use."""
    key_id, _, digest = seal.partition(".")
    key = secrets.find_verifying_key(key_id)
    expected = _digest(key or b"", purpose, text)
    return hmac.compare_digest(digest.encode(), expected.encode()) and key is not None


def derive_secret(purpose: str, text: str) -> str:
    """256 bits that only we can derive from `text`, as 43 characters."""
    _, key = secrets.get_signing_keys().signing()
    digest = bytes.fromhex(_digest(key, f"derived {purpose}", text))
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _digest(key: bytes, purpose: str, text: str) -> str:
    return hmac.new(key, f"{purpose}\n{text}".encode(), sha256).hexdigest()
