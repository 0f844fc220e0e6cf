"""Default keys of projects, such as `LAUN` for "Launch"."""

import re
from collections.abc import Container
from itertools import count

# A key gets up to four letters and digits of the project's name.
NAME_PART_LENGTH = 4
FALLBACK = "TASK"


def derive_key(name: str, taken: Container[str]) -> str:
    """Return a key for a project with this name that is not one of `taken`.

    Names in other scripts are transliterated: "Проект" gives `PROE`. When `PROE` is taken, the key
    is `PROE2`, then `PROE3`. A name with fewer than two letters or digits gives `TASK`.
    """
    # Imported here because only the creation of a project needs it.
    from anyascii import anyascii

    plain = re.sub("[^A-Z0-9]", "", anyascii(name).upper()).lstrip("0123456789")
    key = plain[:NAME_PART_LENGTH] if len(plain) > 1 else FALLBACK
    numbered = (f"{key}{number}" for number in count(2))
    return key if key not in taken else next(each for each in numbered if each not in taken)
