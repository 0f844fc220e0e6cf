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
from tests.support import Killed, Person, killed_at, mails_to


@pytest.fixture
def assigned(ann: Person, bob: Person) -> dict[str, Any]:
    """A task that Ann assigned to Bob; the mail is owed and not sent, those before it are gone."""
    sweep_outbox(now())
    project = ann.starts_project()
    ann.lets_in(project, bob)
    return ann.adds_task(project, "Plan <b>\u202eevil\u200b", assigned_to=bob.id)


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


def _stream(mail_id: str) -> dict[str, Any]:
    change = {"Keys": {"PK": {"S": f"OUTBOX#{mail_id}"}}, "SequenceNumber": "7"}
    return {"Records": [{"eventName": "INSERT", "dynamodb": change}]}


def _waiting() -> list[str]:
    return [
        row.PK.removeprefix("OUTBOX#")
        for row in time_index.list_due("mail", now() + timedelta(hours=9))
    ]


def test_an_assignment_mails_the_assignee_once(
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


def test_assigning_oneself_mails_nobody(ann: Person) -> None:
    sweep_outbox(now())
    ann.adds_task(ann.starts_project(), assigned_to=ann.id)
    assert sweep_outbox(now()) == {}


def test_the_stream_and_the_sweep_send_one_mail_between_them(
    bob: Person, assigned: dict[str, Any], invoke: Any
) -> None:
    (mail_id,) = _waiting()
    assert invoke("dispatch_mail", _stream(mail_id)) == {"batchItemFailures": []}
    assert invoke("dispatch_mail", _stream(mail_id)) == {"batchItemFailures": []}
    sweep_outbox(now())
    assert len(list(mails_to(bob, "Assigned"))) == 1


def test_a_record_that_fails_is_the_only_one_to_come_back(
    bob: Person, assigned: dict[str, Any], invoke: Any
) -> None:
    (mail_id,) = _waiting()
    unreadable = {"PK": {"S": "OUTBOX#x"}, "SK": {"S": "MAIL"}, "attempts": {"S": "many"}}
    table = Item._get_connection().connection.client
    table.put_item(TableName=settings.TABLE_NAME, Item=unreadable)
    records = _stream(mail_id)["Records"] + _stream("x")["Records"]
    records[1]["dynamodb"]["SequenceNumber"] = "8"
    answer = invoke("dispatch_mail", {"Records": records})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "8"}]}
    assert len(list(mails_to(bob, "Assigned"))) == 1


def test_the_sample_event_is_understood(cloud: None, event: Any, invoke: Any) -> None:
    assert invoke("dispatch_mail", event("dispatch_mail")) == {"batchItemFailures": []}


def test_a_mail_that_ses_does_not_take_is_tried_again_later(
    bob: Person, assigned: dict[str, Any]
) -> None:
    start = now()
    with ses_does_not_answer():
        assert sweep_outbox(start) == {"postponed": 1}
    assert sweep_outbox(start + timedelta(seconds=30)) == {}
    assert sweep_outbox(start + timedelta(seconds=61)) == {"sent": 1}
    assert len(list(mails_to(bob, "Assigned"))) == 1


def test_a_refused_mail_is_tried_again_by_the_sweeps_after_one_two_and_three_minutes_then_parked(
    assigned: dict[str, Any], event: Any, invoke: Any
) -> None:
    start, (mail_id,) = now(), _waiting()
    outcomes = {}
    with ses_does_not_answer(), time_machine.travel(start, tick=False) as clock:
        invoke("dispatch_mail", _stream(mail_id))
        for second in range(20, 1000, 60):  # the sweep of each minute
            clock.move_to(start + timedelta(seconds=second))
            outcomes[second] = invoke("sweep_mail", event("sweep_mail"))
    tries = {second: outcome for second, outcome in outcomes.items() if outcome}
    assert tries == {80: {"postponed": 1}, 200: {"postponed": 1}, 380: {"parked": 1}}


def test_a_dispatcher_that_died_holding_a_mail_holds_it_only_for_its_lease(
    bob: Person, assigned: dict[str, Any]
) -> None:
    start, (mail_id,) = now(), _waiting()
    owed = get_mail(mail_id)
    assert owed is not None and claim_mail(owed, start)
    assert sweep_outbox(start + timedelta(seconds=60)) == {"taken": 1}
    assert sweep_outbox(start + MAIL_LEASE + timedelta(seconds=1)) == {"sent": 1}
    assert len(list(mails_to(bob, "Assigned"))) == 1


def test_a_sweep_that_comes_hours_late_finds_what_was_left(
    bob: Person, assigned: dict[str, Any]
) -> None:
    assert sweep_outbox(now() + timedelta(hours=47)) == {"sent": 1}


def test_the_watermark_does_not_pass_what_still_waits(assigned: dict[str, Any]) -> None:
    start = now()
    with ses_does_not_answer():
        sweep_outbox(start)
    later = start + timedelta(hours=70)
    time_index.advance_watermark("mail", start + timedelta(hours=40))
    assert sweep_outbox(later) == {"sent": 1}


def test_a_sweep_that_finds_nothing_writes_nothing_but_once_an_hour(cloud: None) -> None:
    with killed_at(1, writes_only=True):
        assert sweep_outbox(now()) == {}
        with pytest.raises(Killed):
            sweep_outbox(now() + timedelta(hours=3))


def test_the_age_of_the_oldest_unsent_mail_is_measured(assigned: dict[str, Any]) -> None:
    in_a_while = now() + timedelta(minutes=15)
    assert measure_backlog(in_a_while)["oldest_seconds"] in range(890, 911)
    sweep_outbox(now())
    assert measure_backlog(in_a_while) == {"oldest_seconds": 0}
