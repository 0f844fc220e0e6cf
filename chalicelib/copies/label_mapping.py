"""Labels of one project by their names in another."""

from collections.abc import Iterable
from datetime import datetime

from chalicelib.dynamodb.ids import derive_copy_id
from chalicelib.dynamodb.table import batch_get
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.errors import Unavailable
from chalicelib.labels import models
from chalicelib.labels.models import Label, list_all_labels
from chalicelib.text import fold_name

ATTEMPTS = 5


class LabelMapping:
    """The labels of the project `target` that have the same names as those of `source`.

    Names are compared as for their uniqueness in a project. `created` are the ids of the labels
    that `map_labels` created.
    """

    def __init__(self, source: str, target: str) -> None:
        self._source, self._target = source, target
        self._ids: dict[str, str] = {}
        self.created: list[str] = []

    def forget(self) -> None:
        """Read the labels again when they are needed next."""
        self._ids.clear()

    def map_labels(self, label_ids: Iterable[str], now: datetime) -> list[str]:
        """Return the ids in `target` for labels of `source`, and create the labels that it lacks.

        A label that does not exist in `source` any more is left out.
        """
        label_ids = list(label_ids)
        missing = [label_id for label_id in label_ids if label_id not in self._ids]
        if missing:
            self._load(missing, now)
        mapped = (self._ids[label_id] for label_id in label_ids if label_id in self._ids)
        return list(dict.fromkeys(mapped))

    def _load(self, label_ids: list[str], now: datetime) -> None:
        keys = [Label.key(self._source, label_id) for label_id in label_ids]
        result = batch_get(*keys)
        labels = [label for key in keys if (label := result.get(key))]
        for _ in range(ATTEMPTS):
            by_name = {fold_name(label.name): label.id for label in list_all_labels(self._target)}
            try:
                for label in labels:
                    name = fold_name(label.name)
                    if name not in by_name:
                        by_name[name] = self._create(label, now)
                    self._ids[label.id] = by_name[name]
                return
            except ConditionFailed:  # a concurrent request created a label with this name
                continue
        raise Unavailable()

    def _create(self, label: Label, now: datetime) -> str:
        key = Label.key(self._target, derive_copy_id(now, label.id, self._target))
        copy = Label(
            key.pk,
            key.sk,
            name=label.name,
            folded_name=fold_name(label.name),
            color=label.color,
            created_at=format_timestamp(now),
        )
        transact(*models.create_label_writes(copy))
        self.created.append(copy.id)
        return copy.id
