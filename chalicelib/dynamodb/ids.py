"""Ids: opaque to clients, sortable by creation, checkable without a look-up.

A plain id is a ULID in lower case (48 bits of milliseconds, 80 random bits). A task's id is its
own ULID followed by its project's, so that the id alone gives the key.
"""

import hashlib
import re
import secrets
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
ID_LENGTH = 26
_ULID = re.compile(f"[{_ALPHABET}]{{{ID_LENGTH}}}")
_TASK = re.compile(f"[{_ALPHABET}]{{{2 * ID_LENGTH}}}")


def new_id(now: datetime) -> str:
    """A fresh ULID for something created at `now`."""
    return _ulid(now, secrets.randbits(80))


def derive_id(at: datetime, seed: str) -> str:
    """The ULID of something that followed at `at` from what `seed` says: always the same, so that
    who makes it twice makes it once."""
    digest = hashlib.sha256(seed.encode()).digest()
    return _ulid(at, int.from_bytes(digest[:10], "big"))


def _ulid(at: datetime, tail: int) -> str:
    number = int(at.timestamp() * 1000) << 80 | tail
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def new_task_id(project_id: str, now: datetime) -> str:
    """A fresh id for a task of `project_id`."""
    return new_id(now) + project_id


def project_id_of(task_id: str) -> str:
    """The id of the project that a task belongs to."""
    return task_id[ID_LENGTH:]


def is_id(text: str) -> bool:
    """Whether `text` has the form of a plain id."""
    return _ULID.fullmatch(text) is not None


def is_task_id(text: str) -> bool:
    """Whether `text` has the form of a task's id."""
    return _TASK.fullmatch(text) is not None
