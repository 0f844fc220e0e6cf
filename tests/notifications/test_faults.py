"""Lost responses, killed dispatchers and repeated stream records: each notification exists once."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from chalicelib.clock import now
from chalicelib.dynamodb import time_index
from chalicelib.mail.jobs import sweep_outbox
from chalicelib.mail.models import MAIL_LEASE
from tests.dynamodb_local import TRANSPORTS, faulty_connection
from tests.faults import is_killed_at
from tests.notifications.inbox import NOTIFICATIONS, count_unread, list_inbox, set_profile
from tests.support import Person, mails_to

Invoke = Callable[[str, dict[str, Any]], Any]


def _titles(person: Person) -> list[str]:
    return sorted(each["task"]["title"] for each in list_inbox(person))


def test_a_killed_dispatcher_writes_each_notification_once(
    ann: Person, bob: Person, project: str, clock: time_machine.Traveller
) -> None:
    for call in itertools.count(1):
        ann.create_task(project, str(call), assigned_to=bob.id)
        killed = is_killed_at(call, lambda: sweep_outbox(now()))
        clock.shift(MAIL_LEASE + timedelta(seconds=1))
        sweep_outbox(now())
        assert _titles(bob) == sorted(map(str, range(1, call + 1)))
        if not killed:
            break
    assert call == 5  # claim, inbox, send, record the result, nothing more


def test_what_was_read_before_a_dispatcher_repeats_its_work_stays_read(
    ann: Person, bob: Person, project: str, clock: time_machine.Traveller
) -> None:
    ann.create_task(project, assigned_to=bob.id)
    assert is_killed_at(3, lambda: sweep_outbox(now()))
    assert bob.post(f"{NOTIFICATIONS}/read").json_body == {"unread": 0}
    clock.shift(MAIL_LEASE + timedelta(seconds=1))
    assert sweep_outbox(now()) == {"sent": 1}
    assert [each["is_read"] for each in list_inbox(bob)] == [True]


@pytest.mark.parametrize("digest_hour", [None, 18])
def test_a_stream_record_that_is_delivered_again_writes_nothing_twice(
    ann: Person, bob: Person, project: str, invoke: Invoke, digest_hour: int | None
) -> None:
    set_profile(bob, digest_hour=digest_hour)
    ann.create_task(project, assigned_to=bob.id)
    (entry,) = time_index.list_due("mail", now())
    keys = {"PK": {"S": entry.PK}, "SK": {"S": "MAIL"}}
    record = {"eventName": "INSERT", "dynamodb": {"Keys": keys, "SequenceNumber": "1"}}
    for _ in range(3):
        assert invoke("dispatch_mail", {"Records": [record, record]}) == {"batchItemFailures": []}
    assert len(list_inbox(bob)) == count_unread(bob) == 1
    assert len(list(mails_to(bob, "Assigned"))) == (digest_hour is None)


@pytest.mark.usefixtures("local_table")
@pytest.mark.parametrize("transport", TRANSPORTS, indirect=True)
@pytest.mark.parametrize("digest_hour", [None, 0])
def test_a_lost_response_writes_each_notification_once(
    ann: Person, bob: Person, project: str, digest_hour: int | None
) -> None:
    set_profile(bob, digest_hour=digest_hour)
    for lost in itertools.count(1):
        ann.create_task(project, str(lost), assigned_to=bob.id)
        with faulty_connection(lost_response=lost) as line:
            sweep_outbox(now())
        if line.requests < lost:
            break
    assert _titles(bob) == sorted(map(str, range(1, lost + 1)))
    assert len(list(mails_to(bob, "Assigned"))) == (lost if digest_hour is None else 0)


@pytest.mark.usefixtures("local_table")
@pytest.mark.parametrize("transport", TRANSPORTS, indirect=True)
@pytest.mark.parametrize("is_single", [True, False])
def test_a_lost_response_marks_what_was_asked_for(
    ann: Person, bob: Person, project: str, is_single: bool
) -> None:
    for lost in itertools.count(1):
        ann.create_task(project, str(lost), assigned_to=bob.id)
        sweep_outbox(now())
        (unread,) = list_inbox(bob, "&unread=true")
        with faulty_connection(lost_response=lost) as line:
            if is_single:
                answer = bob.call("PUT", f"{NOTIFICATIONS}/{unread['id']}/read")
            else:
                answer = bob.post(f"{NOTIFICATIONS}/read")
        assert (answer.status_code < 300, count_unread(bob)) == (True, 0), lost
        if line.requests < lost:
            break
