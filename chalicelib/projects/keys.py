"""Project keys: the `KEY` in a task's `KEY-12`; 12 is the task's number in the project."""

_ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_DEFAULT, _MAX_LENGTH = "TASK", 4


def derive_project_key(name: str) -> str:
    """Return a key for a project without one: the first letters and digits of its name."""
    plain = "".join(character for character in name.upper() if character in _ALLOWED)
    key = plain.lstrip("0123456789")[:_MAX_LENGTH]
    return key if len(key) > 1 else _DEFAULT
