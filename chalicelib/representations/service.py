"""Reads the objects that tasks refer to, each one once, in one round trip."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from msgspec import Struct

from chalicelib.access.prefetch import Prefetch, RecentValues
from chalicelib.access.service import Access
from chalicelib.accounts.models import User
from chalicelib.dynamodb.table import Key
from chalicelib.labels.models import Label
from chalicelib.tasks.models import Task


class Target(NamedTuple):
    """The project or task whose tasks a response shows (empty: several), and what it includes."""

    name: str
    include: frozenset[str]


class IncludedObjects(Struct, frozen=True):
    """The objects that tasks refer to. An object that does not exist any more is missing."""

    people: dict[str, User]
    labels: dict[str, Label]


# Targets whose objects are remembered, and the objects of one target.
TARGETS_MAX, PREDICTED_MAX = 1_000, 50
_last_keys: RecentValues[Target, tuple[Key[Any], ...]] = RecentValues(TARGETS_MAX)


def prefetch_included(target: Target) -> Prefetch:
    """Return the objects that the last response about this target included.

    A response that includes the same objects again takes no further round trip. They are a guess: a
    response shows only objects that its tasks refer to.
    """
    return Prefetch(_last_keys.get(target, ()))


def read_included_objects(access: Access, tasks: Iterable[Task], target: Target) -> IncludedObjects:
    """Return the assignees of the tasks if `target` includes `assignee`, and their labels if it
    includes `labels`.

    Reads what the access check has not read, and nothing if it includes neither.
    """
    user_keys: dict[str, Key[User]] = {}
    label_keys: dict[str, Key[Label]] = {}
    for task in tasks:
        if "assignee" in target.include and task.assigned_to is not None:
            user_keys[task.assigned_to] = User.key(task.assigned_to)
        if "labels" in target.include:
            label_keys |= {each: Label.key(task.project_id, each) for each in task.labels or ()}

    keys: list[Key[Any]] = [*user_keys.values(), *label_keys.values()]
    items = access.get_items(keys)
    if target.name and keys:
        _last_keys.put(target, tuple(keys[:PREDICTED_MAX]))
    return IncludedObjects(
        {each: user for each, key in user_keys.items() if (user := items.get(key))},
        {each: label for each, key in label_keys.items() if (label := items.get(key))},
    )
