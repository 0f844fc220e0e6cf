"""`make replay STAGE=`: replay the dead letters, which are the events that functions gave up on.

A dead letter of an asynchronous invocation, or of an EventBridge rule, holds the event. One of a
stream holds a shard and sequence numbers only, so the records are read from the stream again; it
keeps them for 24 hours. A message is deleted once the function has processed its event.
"""

import argparse
import json
from collections import Counter
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

from chalicelib.dead_letters.messages import DeadLetter, parse_message
from infra.deployment.deploy import get_outputs, list_functions
from infra.operations.event_filters import matches_any
from infra.operations.stream_reader import RecordsGone, read_records
from infra.stage import LOCAL, Stage, UserError, configure_aws, load_stage, report_aws_errors

# No other reader sees a message for this long, unless it is shown again after a failure.
_HIDDEN_SECONDS = 3600
_WAIT_SECONDS = 2
_MAX_MESSAGES = 1000
# The functions run for at most 240 s. An invocation is not repeated by the client.
_PATIENT = Config(read_timeout=300, retries={"total_max_attempts": 1})
# What mends the loss when the stream no longer keeps the records.
_REPAIRS = {
    "DispatchMail": "nothing is lost: SweepMail sends these mails",
    "FollowChanges": (
        "make reindex STAGE={stage} mends the search index and the list snapshots; "
        "SweepJobs starts the jobs; docs/operations.md#dead-letters says what stays lost"
    ),
}


class NotReplayed(Exception):
    """A dead letter stays in the queue; the text says why, and what to do."""


def _get_order(letter: DeadLetter) -> tuple[str, int]:
    """Batches of a function in the order of their changes, after all other events."""
    if letter.batch is None:
        return "", 0
    return letter.function_name, int(letter.batch["startSequenceNumber"])


class Replay:
    """Replays the dead letters of one stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._queue_url = get_outputs(stage)["DeadLettersUrl"]
        self._queue = boto3.client("sqs")
        self._lambda = boto3.client("lambda", config=_PATIENT)

    @cached_property
    def _logical_ids(self) -> dict[str, str]:
        return {name: logical_id for logical_id, name in list_functions(self._stage).items()}

    def run(self, *, drop: bool = False) -> Counter[str]:
        """Replay all dead letters and print a line for each; return how many had each outcome.

        The outcomes are `replayed`, `kept` and `dropped`. With `drop`, a letter is also deleted
        when the stream no longer keeps its records.
        """
        outcomes: Counter[str] = Counter()
        for letter in sorted(self._receive_all(), key=_get_order):
            name = self._logical_ids.get(letter.function_name) or "unknown function"
            try:
                done = self._replay(letter)
                outcome, text = "replayed", f"replayed  {name}: {done}"
            except RecordsGone as gone:
                repair = _REPAIRS.get(name, "see docs/operations.md#dead-letters")
                outcome = "dropped" if drop else "kept"
                text = f"{outcome:<9} {name}: {gone}; {repair.format(stage=self._stage.name)}"
            except NotReplayed as reason:
                outcome, text = "kept", f"kept      {name}: {reason}"
            print(f"  {text}", flush=True)
            self._settle(letter, delete=outcome != "kept")
            outcomes[outcome] += 1
        return outcomes

    def _receive_all(self) -> list[DeadLetter]:
        """Return the messages of the queue, each once; hide them from other readers for an hour."""
        letters: dict[str, DeadLetter] = {}
        while len(letters) < _MAX_MESSAGES:
            received = self._queue.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=10,
                VisibilityTimeout=_HIDDEN_SECONDS,
                WaitTimeSeconds=_WAIT_SECONDS,
                MessageAttributeNames=["All"],
            )
            messages = received.get("Messages", [])
            letters |= {message["MessageId"]: parse_message(message) for message in messages}
            if not messages:
                break
        return list(letters.values())

    def _replay(self, letter: DeadLetter) -> str:
        """Let the function process the event again; return a description of the event.

        Raises NotReplayed when that fails, and RecordsGone when the event can no longer be read.
        """
        if letter.function_name not in self._logical_ids:
            raise NotReplayed(f"message {letter.id} names no function of {self._stage.stack}")
        if letter.batch is not None:
            records = self._read_batch(letter, letter.batch)
            if records:
                self._invoke(letter, {"Records": records})
            return f"{len(records)} records of the stream"
        # A rule sends the event itself; Lambda wraps it.
        is_wrapped = "requestContext" in letter.content
        self._invoke(letter, letter.content["requestPayload"] if is_wrapped else letter.content)
        return "the event"

    def _read_batch(self, letter: DeadLetter, batch: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the records of a failed batch that the function's mapping selects."""
        mappings = self._lambda.list_event_source_mappings(
            FunctionName=letter.function_name, EventSourceArn=batch["streamArn"]
        )["EventSourceMappings"]
        filters = [
            json.loads(each["Pattern"])
            for mapping in mappings
            for each in mapping.get("FilterCriteria", {}).get("Filters", [])
        ]
        return [record for record in read_records(batch) if matches_any(filters, record)]

    def _invoke(self, letter: DeadLetter, event: Any) -> None:
        """Invoke the function and wait. Raises NotReplayed when it fails on a part of the event."""
        response = self._lambda.invoke(
            FunctionName=letter.function_name, Payload=json.dumps(event).encode()
        )
        result = json.loads(response["Payload"].read() or b"null")
        if "FunctionError" in response:
            error = result.get("errorMessage") if isinstance(result, dict) else result
            raise NotReplayed(f"the function fails again: {error}; see its log")
        failures = result.get("batchItemFailures") if isinstance(result, dict) else None
        if failures:
            raise NotReplayed(f"{len(failures)} records fail again; see the function's log")

    def _settle(self, letter: DeadLetter, *, delete: bool) -> None:
        """Delete the message, or show it to other readers again."""
        where = {"QueueUrl": self._queue_url, "ReceiptHandle": letter.receipt}
        if delete:
            self._queue.delete_message(**where)
        else:
            self._queue.change_message_visibility(**where, VisibilityTimeout=0)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.operations.replay", description=__doc__)
    parser.add_argument("--stage", default=LOCAL)
    parser.add_argument(
        "--drop",
        action="store_true",
        help="also delete dead letters whose records the stream no longer keeps",
    )
    arguments = parser.parse_args()
    stage = load_stage(arguments.stage)
    configure_aws(stage)
    with report_aws_errors():
        outcomes = Replay(stage).run(drop=arguments.drop)
    print(
        f"{outcomes['replayed']} replayed, {outcomes['dropped']} dropped, {outcomes['kept']} kept"
    )
    if outcomes["kept"]:
        raise UserError("some dead letters were not replayed; the lines above say what to do")


if __name__ == "__main__":
    main()
