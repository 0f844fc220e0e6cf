"""The table's stream in moto, and what Lambda does with it: tell functions of their records."""

from collections.abc import Callable
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from chalicelib import settings
from chalicelib.dynamodb.table import Item

Invoke = Callable[[str, dict[str, Any]], Any]
Record = dict[str, Any]


class TaskStream:
    """The changes of tasks from now on, as `infra/resources.yaml` chooses them."""

    def __init__(self, invoke: Invoke) -> None:
        self._invoke = invoke
        self._position = 0
        connection = Item._get_connection().connection
        connection.client.update_table(  # type: ignore[attr-defined]
            TableName=settings.TABLE_NAME,
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )

    def records(self) -> list[Record]:
        """What is new since the last time."""
        table = dynamodb_backends[DEFAULT_ACCOUNT_ID][settings.REGION].tables[settings.TABLE_NAME]
        assert table.stream_shard is not None
        new = [item.to_json() for item in table.stream_shard.items[self._position :]]
        self._position += len(new)
        return [record for record in new if _is_about_a_task(record)]

    def flows(self) -> None:
        """Tell the function what is new."""
        assert self.tells(self.records()) == []

    def tells(self, records: list[Record]) -> list[str]:
        """Tell the function of `records`; the positions of those that it could not handle."""
        answer = self._invoke("follow_changes", {"Records": records})
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def _is_about_a_task(record: Record) -> bool:
    keys = record["dynamodb"]["Keys"]
    return keys["PK"]["S"].startswith("PROJECT#") and keys["SK"]["S"].startswith(
        ("TASK#", "TRASH#")
    )
