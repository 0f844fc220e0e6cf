"""Read the records of a failed batch from a DynamoDB stream again, in the form Lambda gets them."""

import base64
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import boto3
from botocore.exceptions import ClientError

# A page can be empty although records follow; at the end of an open shard all pages are.
_MAX_EMPTY_PAGES = 10
_GONE_CODES = {"TrimmedDataAccessException", "ResourceNotFoundException"}
Record = dict[str, Any]


class RecordsGone(Exception):
    """The stream no longer keeps the records; it deletes them after 24 hours."""


def read_records(batch: dict[str, Any]) -> list[Record]:
    """Return all records of the table from the first to the last one of `batch`.

    `batch` is the `DDBStreamBatchInfo` of a dead letter. The records include those that the event
    source mapping filtered out. Raises RecordsGone when the stream does not keep them any more.
    """
    first, last = int(batch["startSequenceNumber"]), int(batch["endSequenceNumber"])
    records = []
    try:
        for record in _read_from(batch):
            if int(record["dynamodb"]["SequenceNumber"]) > last:
                break
            records.append(_to_event_record(record, batch["streamArn"]))
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE_CODES:
            raise _gone_error(batch) from None
        raise
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
    if not numbers or (numbers[0], numbers[-1]) != (first, last):
        raise _gone_error(batch)
    return records


def _gone_error(batch: dict[str, Any]) -> RecordsGone:
    since = batch.get("approximateArrivalOfFirstRecord", "an unknown time")
    return RecordsGone(f"the stream no longer keeps the {batch['batchSize']} records since {since}")


def _read_from(batch: dict[str, Any]) -> Iterator[Record]:
    """Yield the records of the batch's shard, from the first one of the batch to the newest."""
    streams: Any = boto3.client("dynamodbstreams")
    iterator = streams.get_shard_iterator(
        StreamArn=batch["streamArn"],
        ShardId=batch["shardId"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=batch["startSequenceNumber"],
    )["ShardIterator"]
    empty_pages = 0
    while iterator is not None and empty_pages < _MAX_EMPTY_PAGES:
        page = streams.get_records(ShardIterator=iterator)
        yield from page["Records"]
        empty_pages = 0 if page["Records"] else empty_pages + 1
        iterator = page.get("NextShardIterator")


def _to_event_record(record: Record, stream_arn: str) -> Record:
    """Return the record as JSON in a Lambda event: seconds for times, base64 for binary values."""
    text = json.dumps({**record, "eventSourceARN": stream_arn}, default=_to_json)
    event_record: Record = json.loads(text)
    return event_record


def _to_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return int(value.timestamp())
    return base64.b64encode(value).decode()
