"""Labels of one project by their names in another."""

from collections.abc import Iterable
from datetime import datetime

from chalicelib.dynamodb.ids import derive_copy_id
from chalicelib.dynamodb.table import batch_get
from chalicelib.labels.missing_labels import create_missing_labels
from chalicelib.labels.models import Label
from chalicelib.text import fold_name


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
        found = [label for key in keys if (label := result.get(key))]
        labels = {fold_name(label.name): label for label in found}
        by_name, created = create_missing_labels(
            self._target,
            {folded: (label.name, label.color) for folded, label in labels.items()},
            lambda folded: derive_copy_id(now, labels[folded].id, self._target),
            now,
        )
        self._ids |= {label.id: by_name[fold_name(label.name)] for label in found}
        self.created += created
