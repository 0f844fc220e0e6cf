"""Ids: opaque to clients, sortable by creation time, checkable without a read.

A plain id is a ULID in lower case (48 bits of milliseconds, 80 random bits). A task's id is its
own ULID followed by its project's, so the id alone gives the key of the item.
"""

import hashlib
import itertools
import re
import secrets
from datetime import UTC, datetime, timedelta

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
ID_LENGTH = 26
TIME_LENGTH = 10  # the first characters are the time
_order = itertools.count()
_ULID = re.compile(f"[{ALPHABET}]{{{ID_LENGTH}}}")
_TASK = re.compile(f"[{ALPHABET}]{{{2 * ID_LENGTH}}}")


def new_id(now: datetime) -> str:
    """Return a random ULID for an object that is created at `now`."""
    return _encode_ulid(now, secrets.randbits(80))


def new_ordered_id(now: datetime) -> str:
    """Return a random ULID; those of one process and millisecond sort in the order of the calls."""
    order = next(_order) % (1 << 24)
    return _encode_ulid(now, order << 56 | secrets.randbits(56))


def derive_id(at: datetime, seed: str) -> str:
    """Return the ULID that `at` and `seed` determine.

    An object with such an id is created once, even if the code that creates it runs again.
    """
    digest = hashlib.sha256(seed.encode()).digest()
    return _encode_ulid(at, int.from_bytes(digest[:10], "big"))


def derive_copy_id(at: datetime, source_id: str, seed: str) -> str:
    """Return the ULID of a copy that is made at `at`; `seed` identifies the copying.

    Copies made at the same time sort as their sources do. As with `derive_id`, a copy that is made
    again gets the same id.
    """
    digest = hashlib.sha256(f"{seed} {source_id}".encode()).digest()
    low_bits = _decode_milliseconds(source_id) << 32 | int.from_bytes(digest[:4], "big")
    return _encode_ulid(at, low_bits)


def derive_ordered_id(at: datetime, sequence: int, part: int) -> str:
    """Return the ULID of the `part`-th object that a stream record leads to.

    `sequence` is the record's sequence number and `at` its time. Objects of one second sort by
    sequence number, and those of one record by `part`, which is below 16.
    """
    return _encode_ulid(at, (sequence << 4 | part) & (1 << 80) - 1)


def read_time(ulid: str) -> datetime:
    """Return the time that an id contains."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=_decode_milliseconds(ulid))


def encode_time(at: datetime) -> str:
    """Return how the ids of objects begin that are created at `at`."""
    return _encode_ulid(at, 0)[:TIME_LENGTH]


def _decode_milliseconds(ulid: str) -> int:
    number = 0
    for character in ulid[:TIME_LENGTH]:
        number = number << 5 | ALPHABET.index(character)
    return number


def _encode_ulid(at: datetime, low_bits: int) -> str:
    number = int(at.timestamp() * 1000) << 80 | low_bits
    return "".join(ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def new_task_id(project_id: str, now: datetime) -> str:
    """Return a random id for a task of the project."""
    return new_id(now) + project_id


def project_id_of(task_id: str) -> str:
    """Return the id of the project that the task belongs to."""
    return task_id[ID_LENGTH:]


def is_id(text: str) -> bool:
    """Return whether `text` has the form of a plain id."""
    return _ULID.fullmatch(text) is not None


def is_task_id(text: str) -> bool:
    """Return whether `text` has the form of a task's id."""
    return _TASK.fullmatch(text) is not None
