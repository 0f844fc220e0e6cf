"""Keys that people use: `KEY-12`, the project's key and the task's number in it."""

_ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_DEFAULT, _DEFAULT_LENGTH = "TASK", 4


def derive_project_key(name: str) -> str:
    """The key of a project that was given none: how its name begins."""
    plain = "".join(character for character in name.upper() if character in _ALLOWED)
    letters = plain.lstrip("0123456789")[:_DEFAULT_LENGTH]
    return letters if len(letters) > 1 else _DEFAULT
