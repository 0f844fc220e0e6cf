"""The dead letters that site staff see."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib import settings
from chalicelib.accounts.staff import make_staff
from chalicelib.aws import clients
from chalicelib.clock import now
from tests.faults import event_hook
from tests.support import Person

LETTERS = "/api/admin/dead-letters"
ARN = "arn:aws:lambda:eu-central-1:123456789012:function:tasks-prod-{}-9aBcD:$LATEST"
REPLAYED_SECONDS = 3600


@pytest.fixture
def chief(make_person: Callable[[str], Person]) -> Person:
    """A member of the site staff."""
    person = make_person("chief")
    make_staff(email=person.email, now=now())
    return person


def _send(content: Any, **attributes: str) -> None:
    values = {
        name: {"DataType": "String", "StringValue": text} for name, text in attributes.items()
    }
    clients.sqs_client().send_message(
        QueueUrl=settings.DEAD_LETTERS_URL,
        MessageBody=content if isinstance(content, str) else json.dumps(content),
        MessageAttributes=values,
    )


def _read(chief: Person) -> Any:
    answer = chief.get(LETTERS)
    assert answer.status_code == 200, answer.json_body
    return answer.json_body


def test_an_empty_queue_has_no_letters(chief: Person) -> None:
    assert _read(chief) == {"waiting": 0, "being_replayed": 0, "items": []}


def test_a_failed_invocation_shows_function_and_reason_but_not_the_event(chief: Person) -> None:
    context = {
        "requestId": "c9b8",
        "functionArn": ARN.format("MailFeedback"),
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    }
    secret = {"mail": {"destination": ["someone@example.com"]}}
    response = {"errorMessage": "someone@example.com is broken"}
    _send({"requestContext": context, "requestPayload": secret, "responsePayload": response})
    answer = chief.get(LETTERS)
    (letter,) = answer.json_body["items"]
    assert letter | {"id": "", "sent_at": ""} == {
        "id": "",
        "function": "MailFeedback",
        "source": "event",
        "reason": "RetriesExhausted",
        "invocations": 3,
        "records": None,
        "request_id": "c9b8",
        "sent_at": "",
    }
    assert letter["sent_at"][:10] == now().date().isoformat()
    assert "someone" not in answer.body.decode()


def test_failed_records_of_the_stream_are_counted(chief: Person) -> None:
    context = {"functionArn": ARN.format("FollowChanges"), "condition": "RetryAttemptsExhausted"}
    batch = {"shardId": "1", "startSequenceNumber": "1", "batchSize": 7}
    _send({"requestContext": context, "DDBStreamBatchInfo": batch})
    (letter,) = _read(chief)["items"]
    assert (letter["source"], letter["records"], letter["invocations"]) == ("stream", 7, None)
    assert (letter["function"], letter["reason"]) == ("FollowChanges", "RetryAttemptsExhausted")


def test_an_event_that_a_rule_could_not_deliver_names_its_target(chief: Person) -> None:
    target = ARN.format("SweepMail").removesuffix(":$LATEST")
    _send({"source": "aws.events"}, TARGET_ARN=target, ERROR_CODE="NO_PERMISSIONS")
    (letter,) = _read(chief)["items"]
    assert (letter["function"], letter["reason"]) == ("SweepMail", "NO_PERMISSIONS")


@pytest.mark.parametrize("content", ["not JSON", "[1]", {}, {"requestContext": "x"}])
def test_a_message_of_nobody_is_shown_without_a_function(chief: Person, content: Any) -> None:
    _send(content)
    (letter,) = _read(chief)["items"]
    assert (letter["function"], letter["reason"], letter["request_id"]) == (None, None, None)


def test_looking_at_the_letters_takes_none_away(chief: Person) -> None:
    _send({})
    first, second = _read(chief), _read(chief)
    assert first == second
    assert (second["waiting"], second["being_replayed"], len(second["items"])) == (1, 0, 1)


def test_letters_that_an_operator_replays_are_counted_apart(chief: Person) -> None:
    _send({})
    clients.sqs_client().receive_message(
        QueueUrl=settings.DEAD_LETTERS_URL, VisibilityTimeout=REPLAYED_SECONDS
    )
    assert _read(chief) == {"waiting": 0, "being_replayed": 1, "items": []}


def test_of_many_letters_ten_are_shown(chief: Person) -> None:
    for _ in range(12):
        _send({})
    found = _read(chief)
    assert (found["waiting"], len(found["items"])) == (12, 10)


def test_only_site_staff_see_the_letters(ann: Person) -> None:
    assert ann.get(LETTERS).status_code == 403


def test_an_outage_of_the_queue_is_a_503(chief: Person) -> None:
    def fail(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://sqs.example")

    with event_hook(clients.sqs_client(), "before-send.sqs.GetQueueAttributes", fail):
        assert chief.get(LETTERS).status_code == 503
