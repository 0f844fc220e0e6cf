"""The table's stream in moto, and the Lambda event source mapping that reads it."""

from collections.abc import Callable
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from chalicelib import settings
from chalicelib.dynamodb.table import Item

Invoke = Callable[[str, dict[str, Any]], Any]
Record = dict[str, Any]


class TaskStream:
    """The stream records of tasks from now on, filtered as in `infra/resources.yaml`."""

    def __init__(self, invoke: Invoke) -> None:
        self._invoke = invoke
        self._position = 0
        connection = Item._get_connection().connection
        connection.client.update_table(  # type: ignore[attr-defined]
            TableName=settings.TABLE_NAME,
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )

    def take_records(self) -> list[Record]:
        """Return the records that are new since the last call."""
        table = dynamodb_backends[DEFAULT_ACCOUNT_ID][settings.REGION].tables[settings.TABLE_NAME]
        assert table.stream_shard is not None
        new = [item.to_json() for item in table.stream_shard.items[self._position :]]
        self._position += len(new)
        return [record for record in new if _is_task_record(record)]

    def deliver_new(self) -> None:
        """Deliver the new records to the stream handler, which must succeed."""
        assert self.deliver(self.take_records()) == []

    def deliver(self, records: list[Record]) -> list[str]:
        """Deliver `records` to the stream handler; return the sequence numbers that failed."""
        answer = self._invoke("follow_changes", {"Records": records})
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def _is_task_record(record: Record) -> bool:
    keys = record["dynamodb"]["Keys"]
    return keys["PK"]["S"].startswith("PROJECT#") and keys["SK"]["S"].startswith(
        ("TASK#", "TRASH#")
    )
