"""Delivery of mail by the stream and by the sweep, retries and leases."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from botocore.exceptions import ReadTimeoutError

from chalicelib import settings
from chalicelib.aws import clients
from chalicelib.clock import now
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.table import Item
from chalicelib.mail.jobs import measure_backlog, sweep_outbox
from chalicelib.mail.models import MAIL_LEASE, claim_mail, get_mail
from tests.faults import Killed, kill_at_call
from tests.support import Person, mails_to


@pytest.fixture
def assigned(ann: Person, bob: Person) -> dict[str, Any]:
    """A task that Ann assigned to Bob. Only the mail about it is queued; earlier mails are sent."""
    sweep_outbox(now())
    project = ann.create_project()
    ann.add_member(project, bob)
    return ann.create_task(project, "Plan <b>\u202eevil\u200b", assigned_to=bob.id)


@contextmanager
def ses_does_not_answer() -> Iterator[None]:
    def time_out(**_: Any) -> None:
        raise ReadTimeoutError(endpoint_url="https://email.example")

    events = clients.ses_client().meta.events
    events.register_first("before-send.ses.SendRawEmail", time_out)
    try:
        yield
    finally:
        events.unregister("before-send.ses.SendRawEmail", time_out)


def _stream_event(mail_id: str) -> dict[str, Any]:
    change = {"Keys": {"PK": {"S": f"OUTBOX#{mail_id}"}}, "SequenceNumber": "7"}
    return {"Records": [{"eventName": "INSERT", "dynamodb": change}]}


def _queued_mail_ids() -> list[str]:
    return [
        entry.PK.removeprefix("OUTBOX#")
        for entry in time_index.list_due("mail", now() + timedelta(hours=9))
    ]


def test_an_assignment_sends_one_mail_to_the_assignee(
    bob: Person, ann: Person, assigned: dict[str, Any]
) -> None:
    for _ in range(3):
        sweep_outbox(now())
    (mail,) = mails_to(bob, "Assigned")
    assert mail["From"] == "tasks@example.com"
    assert mail["Subject"] == "Assigned to you: Plan <b> evil"
    text = mail.get_body(("plain",)).get_content()
    assert f"https://app.example.com/tasks/{assigned['id']}" in text
    assert "&lt;b&gt;" in mail.get_body(("html",)).get_content()
    assert list(mails_to(ann, "Assigned")) == []


def test_assigning_a_task_to_oneself_sends_no_mail(ann: Person) -> None:
    sweep_outbox(now())
    ann.create_task(ann.create_project(), assigned_to=ann.id)
    assert sweep_outbox(now()) == {}


def test_the_stream_and_the_sweep_send_one_mail_between_them(
    bob: Person, assigned: dict[str, Any], invoke: Any
) -> None:
    (mail_id,) = _queued_mail_ids()
    assert invoke("dispatch_mail", _stream_event(mail_id)) == {"batchItemFailures": []}
    assert invoke("dispatch_mail", _stream_event(mail_id)) == {"batchItemFailures": []}
    sweep_outbox(now())
    assert len(list(mails_to(bob, "Assigned"))) == 1


def test_only_the_record_that_failed_is_delivered_again(
    bob: Person, assigned: dict[str, Any], invoke: Any
) -> None:
    (mail_id,) = _queued_mail_ids()
    table = Item._get_connection().connection.client
    key = {"PK": {"S": f"OUTBOX#{mail_id}"}, "SK": {"S": "MAIL"}}
    mail = table.get_item(TableName=settings.TABLE_NAME, Key=key)["Item"]
    unreadable = mail | {"PK": {"S": "OUTBOX#x"}, "attempts": {"S": "many"}}
    table.put_item(TableName=settings.TABLE_NAME, Item=unreadable)
    records = _stream_event(mail_id)["Records"] + _stream_event("x")["Records"]
    records[1]["dynamodb"]["SequenceNumber"] = "8"
    answer = invoke("dispatch_mail", {"Records": records})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "8"}]}
    assert len(list(mails_to(bob, "Assigned"))) == 1


def test_the_sample_event_is_processed(cloud: None, sample_event: Any, invoke: Any) -> None:
    assert invoke("dispatch_mail", sample_event("dispatch_mail")) == {"batchItemFailures": []}


def test_a_mail_that_ses_does_not_accept_is_retried_later(
    bob: Person, assigned: dict[str, Any]
) -> None:
    start = now()
    with ses_does_not_answer():
        assert sweep_outbox(start) == {"postponed": 1}
    assert sweep_outbox(start + timedelta(seconds=30)) == {}
    assert sweep_outbox(start + timedelta(seconds=61)) == {"sent": 1}
    assert len(list(mails_to(bob, "Assigned"))) == 1


def test_a_refused_mail_is_retried_by_the_sweep_after_one_two_and_three_minutes_then_parked(
    assigned: dict[str, Any], sample_event: Any, invoke: Any
) -> None:
    start, (mail_id,) = now(), _queued_mail_ids()
    outcomes = {}
    with ses_does_not_answer(), time_machine.travel(start, tick=False) as clock:
        invoke("dispatch_mail", _stream_event(mail_id))
        for second in range(20, 1000, 60):  # the sweep runs every minute
            clock.move_to(start + timedelta(seconds=second))
            outcomes[second] = invoke("sweep_mail", sample_event("sweep_mail"))
    attempts = {second: outcome for second, outcome in outcomes.items() if outcome}
    assert attempts == {80: {"postponed": 1}, 200: {"postponed": 1}, 380: {"parked": 1}}


def test_a_mail_claimed_by_a_dispatcher_that_died_is_sent_after_the_lease_ends(
    bob: Person, assigned: dict[str, Any]
) -> None:
    start, (mail_id,) = now(), _queued_mail_ids()
    mail = get_mail(mail_id)
    assert mail is not None and claim_mail(mail, start)
    assert sweep_outbox(start + timedelta(seconds=60)) == {"taken": 1}
    assert sweep_outbox(start + MAIL_LEASE + timedelta(seconds=1)) == {"sent": 1}
    assert len(list(mails_to(bob, "Assigned"))) == 1


def test_a_sweep_that_is_hours_late_sends_the_queued_mail(
    bob: Person, assigned: dict[str, Any]
) -> None:
    assert sweep_outbox(now() + timedelta(hours=47)) == {"sent": 1}


def test_the_watermark_does_not_pass_queued_mail(assigned: dict[str, Any]) -> None:
    start = now()
    with ses_does_not_answer():
        sweep_outbox(start)
    later = start + timedelta(hours=70)
    time_index.advance_watermark("mail", start + timedelta(hours=40))
    assert sweep_outbox(later) == {"sent": 1}


def test_a_sweep_without_mail_writes_only_once_an_hour(cloud: None) -> None:
    with kill_at_call(1, writes_only=True):
        assert sweep_outbox(now()) == {}
        with pytest.raises(Killed):
            sweep_outbox(now() + timedelta(hours=3))


def test_the_age_of_the_oldest_unsent_mail_is_measured(assigned: dict[str, Any]) -> None:
    in_a_while = now() + timedelta(minutes=15)
    assert measure_backlog(in_a_while)["oldest_seconds"] in range(890, 911)
    sweep_outbox(now())
    assert measure_backlog(in_a_while) == {"oldest_seconds": 0}
