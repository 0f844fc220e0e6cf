"""Recovery codes: ten codes that each replace the second factor once.

A code has 50 random bits. The table stores HMACs: without the key, nobody can find the codes of a
stolen table by trying them.
"""

import secrets

from chalicelib.aws.secrets import second_factor_keys
from chalicelib.second_factors.models import RecoveryCodes
from chalicelib.second_factors.totp import derive_key

COUNT = 10
# Base32 in lower case: no 0, 1, 8 or 9, which look like letters.
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
HALF = 5
DIGEST_BYTES = 16


def create_codes(user_id: str) -> RecoveryCodes:
    """Return ten new codes for an account."""
    key_id = second_factor_keys.get().active
    texts = ["".join(secrets.choice(ALPHABET) for _ in range(2 * HALF)) for _ in range(COUNT)]
    codes = [f"{text[:HALF]}-{text[HALF:]}" for text in texts]
    return RecoveryCodes(codes, key_id, [compute_digest(key_id, user_id, code) for code in codes])


def compute_digest(key_id: str, user_id: str, code: str) -> str:
    """Return the digest of a code; hyphens, spaces and the case of letters do not matter."""
    text = "".join(code.replace("-", "").split()).lower()
    return derive_key(key_id, f"recovery\n{user_id}\n{text}")[:DIGEST_BYTES].hex()
