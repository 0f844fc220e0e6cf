"""Direct access to the items of the test table, past the API."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from chalicelib import settings
from chalicelib.dynamodb.batch_writes import BATCH_WRITE_MAX
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.table import Item

BATCH_GET_MAX = 100


def scan_items() -> list[Any]:
    """Return all items of the table in DynamoDB's JSON."""
    items: list[Any] = []
    # A full page takes DynamoDB Local longer than the client waits, if the machine is busy.
    params: dict[str, Any] = {"TableName": settings.TABLE_NAME, "Limit": 500}
    while True:
        page = dynamodb_client()._make_api_call("Scan", params)
        items += page["Items"]
        if "LastEvaluatedKey" not in page:
            return items
        params = {**params, "ExclusiveStartKey": page["LastEvaluatedKey"]}


def put_items(items: list[Any]) -> None:
    """Put items in DynamoDB's JSON into the table."""
    write_batches([{"PutRequest": {"Item": item}} for item in items])


def get_items(keys: Iterable[tuple[str, str]]) -> list[Any]:
    """Return the items with these keys that exist, in DynamoDB's JSON."""
    items: list[Any] = []
    rest = [{"PK": {"S": pk}, "SK": {"S": sk}} for pk, sk in keys]
    for first in range(0, len(rest), BATCH_GET_MAX):
        asked = {"Keys": rest[first : first + BATCH_GET_MAX], "ConsistentRead": True}
        params = {"RequestItems": {settings.TABLE_NAME: asked}}
        answer = dynamodb_client()._make_api_call("BatchGetItem", params)
        items += answer["Responses"][settings.TABLE_NAME]
    return items


def replace_items(items: list[Any]) -> None:
    """Delete all items of the table and put `items`."""
    keys = [{name: item[name] for name in ("PK", "SK")} for item in scan_items()]
    write_batches([{"DeleteRequest": {"Key": key}} for key in keys])
    put_items(items)


def put_task_copies(task: str, count: int) -> None:
    """Put `count` copies of a task, which differ only in the id.

    To create as many tasks through the API would take half a minute.
    """
    items = [item for item in scan_items() if item["SK"]["S"].endswith(f"#{task}")]
    text, now = json.dumps(items), datetime.now(UTC)
    put_items(
        [item for _ in range(count) for item in json.loads(text.replace(task[:26], new_id(now)))]
    )


def put_project_copies(project: str, count: int) -> None:
    """Put `count` copies of a project and of its items, which differ only in the id."""
    texts, now = [json.dumps(item) for item in scan_items()], datetime.now(UTC)
    originals = [text for text in texts if project in text]
    for _ in range(count):
        copy_id = new_id(now)
        put_items([json.loads(text.replace(project, copy_id)) for text in originals])


def dynamodb_client() -> Any:
    """Return the client that PynamoDB uses: botocore's, or the lean client."""
    return Item._get_connection().connection.client


def write_batches(requests: list[Any]) -> None:
    """Put and delete items, each by a request of `BatchWriteItem`."""
    for first in range(0, len(requests), BATCH_WRITE_MAX):
        batch = requests[first : first + BATCH_WRITE_MAX]
        params = {"RequestItems": {settings.TABLE_NAME: batch}}
        dynamodb_client()._make_api_call("BatchWriteItem", params)
