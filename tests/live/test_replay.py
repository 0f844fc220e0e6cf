"""`make replay`: dead letters in the form that AWS gives them are replayed on a local cloud.

https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-create-package.html#services-ddb-errors
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infra.operations.replay import Replay
from infra.stage import LOCAL, load_stage
from localstack.stack import use_endpoint
from tests.live.support import ON_LOCALSTACK, Deployment, load_event, wait_for

pytestmark = pytest.mark.skipif(ON_LOCALSTACK, reason="its outputs have no dead letters of ours")
Run = Callable[..., dict[str, int]]


@pytest.fixture
def queue(deployment: Deployment) -> Iterator[Callable[..., str]]:
    """Return a function that sends a dead letter; the queue is empty before and after the test."""
    client, url = deployment.client("sqs"), deployment.outputs["dead_letters"]

    def send(content: dict[str, Any], function: str = "", **attributes: str) -> str:
        if function:
            name = deployment.outputs["functions"][function]
            arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
            content = {"requestContext": {"functionArn": f"{arn}:$LATEST"}} | content
        values = {
            key: {"DataType": "String", "StringValue": text} for key, text in attributes.items()
        }
        body = json.dumps(content)
        sent = client.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=values)
        return str(sent["MessageId"])

    client.purge_queue(QueueUrl=url)
    yield send
    client.purge_queue(QueueUrl=url)


@pytest.fixture
def replay(deployment: Deployment) -> Run:
    """Return a function that replays all dead letters and returns the number of each outcome."""

    def run(**options: bool) -> dict[str, int]:
        with use_endpoint(deployment.outputs["aws_endpoint"]):
            return dict(Replay(load_stage(LOCAL)).run(**options))

    return run


def _waiting(deployment: Deployment) -> int:
    """Return how many messages of the queue a reader can receive."""
    name = "ApproximateNumberOfMessages"
    where = {"QueueUrl": deployment.outputs["dead_letters"], "AttributeNames": [name]}
    return int(deployment.client("sqs").get_queue_attributes(**where)["Attributes"][name])


def _stream_arn(deployment: Deployment) -> str:
    table = deployment.client("dynamodb").describe_table(TableName=deployment.outputs["table"])
    return str(table["Table"]["LatestStreamArn"])


def _batch_with(deployment: Deployment, text: str) -> dict[str, Any]:
    """Return the position in the stream of the first to the last record whose key has `text`."""
    streams, arn = deployment.client("dynamodbstreams"), _stream_arn(deployment)
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    where = {"StreamArn": arn, "ShardId": shard["ShardId"]}
    start = streams.get_shard_iterator(**where, ShardIteratorType="TRIM_HORIZON")
    iterator, numbers = start["ShardIterator"], []
    while page := streams.get_records(ShardIterator=iterator):
        for record in page["Records"]:
            if text in record["dynamodb"]["Keys"]["SK"]["S"]:
                numbers.append(record["dynamodb"]["SequenceNumber"])
        if not page["Records"]:
            break
        iterator = page["NextShardIterator"]
    return {
        "shardId": shard["ShardId"],
        "startSequenceNumber": numbers[0],
        "endSequenceNumber": numbers[-1],
        "approximateArrivalOfFirstRecord": "2026-11-22T10:00:00Z",
        "batchSize": len(numbers),
        "streamArn": arn,
    }


def _lose_activity(deployment: Deployment, task: str) -> None:
    """Delete the task's activity from the table, as if it was never written."""
    client, table = deployment.client("dynamodb"), deployment.outputs["table"]
    for page in client.get_paginator("scan").paginate(TableName=table):
        for item in page["Items"]:
            if "action" in item and item.get("task_id", {}).get("S") == task:
                key = {name: item[name] for name in ("PK", "SK")}
                client.delete_item(TableName=table, Key=key)


def test_lost_stream_records_are_read_and_processed_again(
    deployment: Deployment, queue: Callable[..., str], replay: Run
) -> None:
    """The batch spans records that the mapping filters out, such as new mail."""
    ann = deployment.new_user("ann").sign_up()
    project = ann.request_json("POST", "/projects/", {"name": "Launch"})["id"]
    task = ann.request_json("POST", "/tasks/", {"project": project, "title": "Plan"})["id"]
    deployment.new_user("bob").sign_up()
    ann.request_json("PATCH", f"/tasks/{task}/", {"status": "review"})

    def activity() -> list[str]:
        items = ann.request_json("GET", f"/tasks/{task}/activity/")["items"]
        return [entry["action"] for entry in items]

    wait_for(lambda: len(activity()) == 2)
    before = activity()
    _lose_activity(deployment, task)
    assert activity() == []
    queue({"DDBStreamBatchInfo": _batch_with(deployment, f"TASK#{task}")}, "FollowChanges")
    assert replay() == {"replayed": 1}
    assert activity() == before
    assert _waiting(deployment) == 0


def test_a_payload_is_processed_again(
    deployment: Deployment, queue: Callable[..., str], replay: Run
) -> None:
    queue({"requestPayload": json.loads(load_event("send_reminders"))}, "SendReminders")
    assert replay() == {"replayed": 1}
    assert _waiting(deployment) == 0


def test_an_event_that_a_rule_could_not_deliver_is_processed(
    deployment: Deployment, queue: Callable[..., str], replay: Run
) -> None:
    name = deployment.outputs["functions"]["SweepMail"]
    target = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    queue(json.loads(load_event("sweep_mail")), TARGET_ARN=target, ERROR_CODE="SDK_CLIENT_ERROR")
    assert replay() == {"replayed": 1}
    assert _waiting(deployment) == 0


def test_an_event_that_fails_again_stays_in_the_queue(
    deployment: Deployment,
    queue: Callable[..., str],
    replay: Run,
    capsys: pytest.CaptureFixture[str],
) -> None:
    queue({"requestPayload": {"time": "never"}}, "SendReminders")
    assert replay() == {"kept": 1}
    assert "SendReminders: the function fails again: " in capsys.readouterr().out
    assert _waiting(deployment) == 1


def test_records_that_the_stream_no_longer_keeps_are_reported_with_what_mends_the_loss(
    deployment: Deployment,
    queue: Callable[..., str],
    replay: Run,
    capsys: pytest.CaptureFixture[str],
) -> None:
    gone = {
        "shardId": "shardId-00000000000000000000-00000000",
        "startSequenceNumber": "100000000000000000001",
        "endSequenceNumber": "100000000000000000002",
        "approximateArrivalOfFirstRecord": "2026-11-20T10:00:00Z",
        "batchSize": 2,
        "streamArn": _stream_arn(deployment),
    }
    queue({"DDBStreamBatchInfo": gone}, "FollowChanges")
    assert replay() == {"kept": 1}
    out = capsys.readouterr().out
    assert "no longer keeps the 2 records since 2026-11-20T10:00:00Z" in out
    assert "make reindex STAGE=local mends the search index and the list snapshots" in out
    assert _waiting(deployment) == 1
    assert replay(drop=True) == {"dropped": 1}
    assert _waiting(deployment) == 0


@pytest.mark.parametrize("content", [{}, {"requestContext": {"functionArn": "nonsense"}}])
def test_a_message_of_nobody_stays_in_the_queue(
    deployment: Deployment, queue: Callable[..., str], replay: Run, content: dict[str, Any]
) -> None:
    queue(content)
    assert replay(drop=True) == {"kept": 1}
    assert _waiting(deployment) == 1
