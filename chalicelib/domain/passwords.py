"""Argon2id at OWASP's first choice of cost: 19 MiB, two passes, one lane (about 17 ms).

https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
"""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def hashed(password: str) -> str:
    """The salted hash to store."""
    return _hasher.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether `password` is the one behind `stored`; None (nobody) costs the same hash."""
    try:
        _hasher.verify(stored or _nobodys_hash(), password)
    except VerificationError:
        return False
    return stored is not None


@cache
def _nobodys_hash() -> str:
    return hashed("nobody has this password")
