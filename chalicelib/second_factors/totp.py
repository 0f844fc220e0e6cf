"""Time-based one-time passwords (RFC 6238): six digits, 30 seconds, SHA-1, as all apps know them.

No secret is stored: it is derived from a key in Secrets Manager, the account and a random text.
"""

import hmac
import secrets
from base64 import b32encode
from datetime import datetime
from hashlib import sha256
from io import BytesIO

from chalicelib.aws.secrets import find_second_factor_key, second_factor_keys
from chalicelib.errors import Unavailable

ISSUER = "Task Manager"
STEP_SECONDS = 30
# Codes of this many steps before and after the present one are accepted (RFC 6238, section 5.2).
DRIFT_STEPS = 1
# RFC 4226 recommends 160 bits.
SECRET_BYTES = 20


def create_totp() -> str:
    """Return the name of a new secret: `<key id>.<random text>`."""
    return f"{second_factor_keys.get().active}.{secrets.token_urlsafe(32)}"


def derive_key(key_id: str, purpose: str) -> bytes:
    """Return 256 bits for `purpose`.

    Raises `Unavailable` when the key was removed; docs/operations.md says what to do.
    """
    key = find_second_factor_key(key_id)
    if key is None:
        raise Unavailable(f"The key {key_id} of second factors is missing")
    return hmac.digest(key, purpose.encode(), sha256)


def derive_secret(user_id: str, totp: str) -> str:
    """Return the secret that `totp` names, in base32, as apps take it."""
    secret = derive_key(totp.partition(".")[0], f"totp\n{user_id}\n{totp}")
    return b32encode(secret[:SECRET_BYTES]).decode()


def build_uri(secret: str, account: str) -> str:
    """Return the `otpauth` URI of a secret, for the QR code; the app shows `account` as a label."""
    from pyotp import TOTP

    return TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)


def draw_qr_code(text: str) -> str:
    """Return `text` as a QR code: an SVG document, dark on white."""
    import segno

    image, svg = segno.make(text, error="m", micro=False), BytesIO()
    image.save(svg, kind="svg", xmldecl=False, omitsize=True, light="white")
    return svg.getvalue().decode().strip()


def find_time_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step whose code is `code`; None if it is no present one.

    All codes are compared, in constant time.
    """
    from pyotp import TOTP

    totp = TOTP(secret)
    present = int(now.timestamp()) // STEP_SECONDS
    steps = range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1)
    matching = [step for step in steps if hmac.compare_digest(totp.generate_otp(step), code)]
    return matching[-1] if matching else None
