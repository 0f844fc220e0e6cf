"""The stream of a table in DynamoDB Local, which has none that is read here: its changes.

A change is found by comparing all items with those of the last look, so several changes of an item
in between are one record, as they are not on AWS. What the records lead to has to be the same.
"""

import itertools
from typing import Any

from chalicelib.clock import now
from tests.proof.tables import read_state

Record = dict[str, Any]


class TableChanges:
    """Yields a stream record for each item that changed since the last call."""

    def __init__(self) -> None:
        self._seen = read_state()
        self._numbers = itertools.count(1)

    def take_records(self) -> list[Record]:
        before, self._seen = self._seen, read_state()
        keys = sorted(before.keys() | self._seen.keys())
        changed = [key for key in keys if before.get(key) != self._seen.get(key)]
        return [self._build(key, before.get(key), self._seen.get(key)) for key in changed]

    def _build(self, key: tuple[str, str], old: Any, new: Any) -> Record:
        change: dict[str, Any] = {
            "Keys": {"PK": {"S": key[0]}, "SK": {"S": key[1]}},
            "SequenceNumber": f"{next(self._numbers):021}",
            "ApproximateCreationDateTime": now().timestamp(),
        }
        images = {"OldImage": old, "NewImage": new}
        change |= {name: image for name, image in images.items() if image is not None}
        name = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
        return {"eventID": change["SequenceNumber"], "eventName": name, "dynamodb": change}
