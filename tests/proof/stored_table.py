"""All items of the table with plain values, as the checkers read them."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

Row = dict[str, Any]
Key = tuple[str, str]

_decode = TypeDeserializer().deserialize


class Table:
    """All items of the table by key, with plain values."""

    def __init__(self, raw_items: Iterable[Any]) -> None:
        self.raw = {(item["PK"]["S"], item["SK"]["S"]): item for item in raw_items}
        self.rows: dict[Key, Row] = {
            key: {name: _decode(value) for name, value in item.items()}
            for key, item in self.raw.items()
        }

    def find(self, pk: str, sk: str = "") -> Iterator[tuple[str, str, Row]]:
        """Yield what follows the prefixes in PK and SK, and the row, of the keys with both."""
        for (item_pk, item_sk), row in self.rows.items():
            if item_pk.startswith(pk) and item_sk.startswith(sk):
                yield item_pk.removeprefix(pk), item_sk.removeprefix(sk), row

    @cached_property
    def partitions(self) -> dict[str, list[tuple[str, Row]]]:
        """The rows of each partition: pairs of sort key and item."""
        found: dict[str, list[tuple[str, Row]]] = {}
        for (pk, sk), row in self.rows.items():
            found.setdefault(pk, []).append((sk, row))
        return found

    @cached_property
    def projects(self) -> dict[str, Row]:
        return {project: row for project, sk, row in self.find("PROJECT#", "META") if sk == ""}

    @cached_property
    def users(self) -> dict[str, Row]:
        return {user: row for user, _, row in self.find("USER#", "PROFILE")}

    @cached_property
    def tasks(self) -> dict[str, Row]:
        """The tasks that are not in the trash, by id."""
        return {task: row for _, task, row in self.find("PROJECT#", "TASK#")}

    @cached_property
    def trashed_tasks(self) -> dict[str, Row]:
        return {task: row for _, task, row in self.find("PROJECT#", "TRASH#")}

    @cached_property
    def original_ids(self) -> dict[str, str]:
        """The present id of each task, in the trash or not, by its original id."""
        everywhere = self.tasks | self.trashed_tasks
        return {row.get("first_id") or task: task for task, row in everywhere.items()}
