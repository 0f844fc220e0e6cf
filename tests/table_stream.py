"""The table's stream in moto, and the Lambda event source mapping that reads it."""

from collections.abc import Callable
from datetime import UTC
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
        new = [_as_delivered(item.to_json()) for item in table.stream_shard.items[self._position :]]
        self._position += len(new)
        return [record for record in new if self.selects(record)]

    def selects(self, record: Record) -> bool:
        """Return whether the record is one of a task."""
        return _sort_key(record).startswith(("TASK#", "TRASH#"))

    def deliver_new(self) -> None:
        """Deliver the new records to the stream handler, which must succeed."""
        assert self.deliver(self.take_records()) == []

    def deliver(self, records: list[Record]) -> list[str]:
        """Deliver `records` to the stream handler; return the sequence numbers that failed."""
        answer = self._invoke("follow_changes", {"Records": records})
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


class ProjectStream(TaskStream):
    """The stream records of tasks, comments, labels and members from now on."""

    def selects(self, record: Record) -> bool:
        kinds = ("TASK#", "TRASH#", "COMMENT#", "LABEL#", "MEMBER#")
        return _sort_key(record).startswith(kinds)


def _as_delivered(record: Record) -> Record:
    """Return the record with its time in seconds, as Lambda gets it."""
    change = record["dynamodb"]
    at = change["ApproximateCreationDateTime"].replace(tzinfo=UTC)
    return record | {"dynamodb": change | {"ApproximateCreationDateTime": at.timestamp()}}


def _sort_key(record: Record) -> str:
    return str(record["dynamodb"]["Keys"]["SK"]["S"])
