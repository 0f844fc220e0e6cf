"""Create the labels that a project lacks, by name."""

from collections.abc import Callable, Mapping
from datetime import datetime

from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.errors import Unavailable
from chalicelib.labels import models
from chalicelib.labels.models import Label, list_all_labels
from chalicelib.text import fold_name

ATTEMPTS = 5


def find_labels(project_id: str) -> dict[str, str]:
    """Return the ids of the project's labels by folded name."""
    return {fold_name(label.name): label.id for label in list_all_labels(project_id)}


def create_missing_labels(
    project_id: str,
    wanted: Mapping[str, tuple[str, str]],
    derive_label_id: Callable[[str], str],
    now: datetime,
) -> tuple[dict[str, str], list[str]]:
    """Create the labels that the project lacks.

    `wanted` has name and color by folded name, and `derive_label_id` returns the id for a folded
    name. Returns the ids of all labels by folded name, and the ids of those that were created.
    Raises `Unavailable` when concurrent requests prevent it.
    """
    created: list[str] = []
    for _ in range(ATTEMPTS):
        by_name = find_labels(project_id)
        try:
            for folded, (name, color) in wanted.items():
                if folded in by_name:
                    continue
                key = Label.key(project_id, derive_label_id(folded))
                label = Label(
                    key.pk,
                    key.sk,
                    name=name,
                    folded_name=folded,
                    color=color,
                    created_at=format_timestamp(now),
                )
                transact(*models.create_label_writes(label))
                by_name[folded] = label.id
                created.append(label.id)
            return by_name, created
        except ConditionFailed:  # a concurrent request created a label with this name
            continue
    raise Unavailable()
