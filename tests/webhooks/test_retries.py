"""Retries: receivers that fail, lost answers, order, the end after 24 hours, and its mail."""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from tests.support import Person, mails_to
from tests.webhook_receiver import Received, Receiver, hang_up, trickle
from tests.webhooks.conftest import Deliveries, Invoke

Hook = dict[str, Any]
SampleEvent = Callable[[str], dict[str, Any]]


def _log(person: Person, hook: Hook) -> list[dict[str, Any]]:
    return person.list_all(f"{hook['path']}/deliveries?limit=25")


def _refuse_to_answer(status: int) -> Callable[[BaseHTTPRequestHandler, Received], None]:
    def answer(handler: BaseHTTPRequestHandler, _: Received) -> None:
        handler.send_response(status)
        handler.send_header("Location", "http://127.0.0.1:1/")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


@pytest.mark.parametrize("status", [302, 400, 429, 500, 503])
def test_any_other_status_than_success_is_tried_again(
    status: int,
    ann: Person,
    project: str,
    hook: Hook,
    receiver: Receiver,
    deliveries: Deliveries,
    wait: Callable[..., None],
    sample_event: SampleEvent,
) -> None:
    receiver.answer = _refuse_to_answer(status)
    ann.create_task(project)
    deliveries.send()
    (first,) = receiver.take()
    failing = ann.get(hook["path"]).json_body
    assert failing["failing_since"] and failing["retry_at"]
    assert deliveries.tick(sample_event) == 0
    receiver.answer_with(204)
    wait(minutes=6)
    assert deliveries.tick(sample_event) == 1
    (again,) = receiver.take()
    assert (again.id, again.body) == (first.id, first.body)
    again.verify(hook["secret"])
    (logged,) = _log(ann, hook)
    assert (logged["status"], logged["attempts"]) == ("delivered", 2)
    healthy = ann.get(hook["path"]).json_body
    assert (healthy["failing_since"], healthy["retry_at"]) == (None, None)
    wait(minutes=6)
    assert deliveries.tick(sample_event) == 0


def test_a_lost_answer_means_the_same_event_twice(
    ann: Person,
    project: str,
    hook: Hook,
    receiver: Receiver,
    deliveries: Deliveries,
    wait: Callable[..., None],
    sample_event: SampleEvent,
) -> None:
    receiver.answer = hang_up
    ann.create_task(project)
    deliveries.send()
    assert _log(ann, hook)[0]["error"] == "unreachable"
    receiver.answer_with(204)
    wait(minutes=6)
    deliveries.tick(sample_event)
    first, again = receiver.take()
    assert first.id == again.id


def test_a_receiver_that_trickles_its_answer_is_cut_off_after_five_seconds(
    ann: Person, project: str, hook: Hook, receiver: Receiver, deliveries: Deliveries
) -> None:
    receiver.answer = trickle
    ann.create_task(project)
    ann.create_task(project)
    deliveries.send()
    assert len(receiver.take()) == 1, "after no answer, nothing else is tried"
    logged = _log(ann, hook)[1]
    assert logged["error"] == "timed_out" and 4500 < logged["duration_ms"] < 6500


@pytest.mark.parametrize("size", ["-5", "x", "f" * 60])
def test_an_answer_with_a_broken_body_is_an_answer(
    size: str, ann: Person, project: str, hook: Hook, receiver: Receiver, deliveries: Deliveries
) -> None:
    def answer(handler: BaseHTTPRequestHandler, _: Received) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(f"{size}\r\nxx\r\n".encode())
        handler.close_connection = True

    receiver.answer = answer
    ann.create_task(project)
    deliveries.send()
    (logged,) = _log(ann, hook)
    assert (logged["status"], logged["response_status"]) == ("delivered", 200)


def test_the_events_of_a_task_wait_for_each_other_and_others_do_not(
    ann: Person,
    project: str,
    hook: Hook,
    receiver: Receiver,
    deliveries: Deliveries,
    wait: Callable[..., None],
    sample_event: SampleEvent,
) -> None:
    task, other = (ann.create_task(project)["id"] for _ in range(2))
    deliveries.send()
    receiver.take()
    for number in range(3):
        ann.patch(f"/api/tasks/{task}", {"title": f"Plan {number}"})
    ann.patch(f"/api/tasks/{other}", {"title": "Other"})
    receiver.answer_with(500, 204)
    deliveries.send()
    tried = [request.event["data"] for request in receiver.take()]
    assert [(each["task_id"], each["version"]) for each in tried] == [(task, 2), (other, 2)]
    wait(minutes=6)
    deliveries.tick(sample_event)
    assert [each.event["data"]["version"] for each in receiver.take()] == [2, 3, 4]


def test_a_waiting_webhook_costs_no_run_for_each_event(
    ann: Person,
    project: str,
    hook: Hook,
    receiver: Receiver,
    deliveries: Deliveries,
    wait: Callable[..., None],
    sample_event: SampleEvent,
) -> None:
    receiver.answer_with(500)
    ann.create_task(project)
    assert deliveries.send() == 1
    for _ in range(5):
        ann.create_task(project)
    assert deliveries.send() == 0
    receiver.take()
    receiver.answer_with(204)
    wait(minutes=6)
    assert deliveries.tick(sample_event) == 1
    assert len(receiver.take()) == 6


def test_a_test_event_that_arrives_lets_everything_follow_at_once(
    ann: Person, project: str, hook: Hook, receiver: Receiver, deliveries: Deliveries
) -> None:
    receiver.answer_with(500)
    ann.create_task(project)
    deliveries.send()
    receiver.take()
    receiver.answer_with(204)
    ann.post(f"{hook['path']}/test")
    deliveries.send()
    assert receiver.take_types() == ["webhook.test", "task.created"]


@pytest.mark.parametrize(("hours", "end"), [(20, "delivered"), (30, "failed")])
def test_a_failed_event_of_a_paused_webhook_waits_for_a_day(
    hours: int,
    end: str,
    ann: Person,
    project: str,
    hook: Hook,
    receiver: Receiver,
    deliveries: Deliveries,
    wait: Callable[..., None],
    sample_event: SampleEvent,
) -> None:
    receiver.answer_with(500, 204)
    ann.create_task(project)
    deliveries.send()
    ann.patch(hook["path"], {"active": False})
    wait(hours=hours)
    ann.log_in()
    ann.patch(hook["path"], {"active": True})
    deliveries.tick(sample_event)
    (logged,) = _log(ann, hook)
    assert logged["status"] == end
    assert (logged["error"] == "expired") == (end == "failed")


def test_an_event_that_comes_while_a_receiver_recovers_follows_too(
    ann: Person,
    project: str,
    hook: Hook,
    receiver: Receiver,
    deliveries: Deliveries,
    sample_event: SampleEvent,
) -> None:
    receiver.answer_with(500)
    first = ann.create_task(project)["id"]
    deliveries.send()
    receiver.take()
    later: list[str] = []

    def answer(_: BaseHTTPRequestHandler, request: Received) -> int:
        if request.event["data"].get("task_id") == first:
            later.append(ann.create_task(project)["id"])
            deliveries.follow_stream()
        return 204

    receiver.answer = answer
    ann.post(f"{hook['path']}/test")
    deliveries.send()
    deliveries.tick(sample_event)
    sent = [request.event["data"].get("task_id") for request in receiver.take()]
    assert sent == [None, first, *later]
    assert deliveries.tick(sample_event) == 0


def test_after_24_hours_without_success_the_webhook_is_disabled_and_its_owner_gets_a_mail(
    ann: Person,
    project: str,
    hook: Hook,
    receiver: Receiver,
    deliveries: Deliveries,
    wait: Callable[..., None],
    sample_event: SampleEvent,
    invoke: Invoke,
) -> None:
    receiver.answer_with(500)
    ann.create_task(project, "SECRET")
    deliveries.send()
    for minutes in (5, 10, 45, 120, 180, 360, 720):
        ann.log_in()
        assert ann.get(hook["path"]).json_body["active"]
        wait(minutes=minutes, seconds=1)
        assert deliveries.tick(sample_event) == 1
    assert len({request.id for request in receiver.requests}) == 1
    assert len(receiver.take()) == 8
    ann.log_in()
    found = ann.get(hook["path"]).json_body
    assert (found["active"], found["disabled_reason"]) == (False, "failing")
    (logged,) = _log(ann, hook)
    assert (logged["status"], logged["attempts"]) == ("failed", 8)

    invoke("sweep_mail", sample_event("sweep_mail"))
    (mail,) = mails_to(ann, "Launch: a webhook was disabled")
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "127.0.0.1" in text and "from=tests" not in text
    ann.create_task(project)
    assert deliveries.send() == 0
    wait(days=1)
    assert deliveries.tick(sample_event) == 0


def test_a_receiver_that_is_gone_gets_nothing_more(
    ann: Person, project: str, hook: Hook, receiver: Receiver, deliveries: Deliveries
) -> None:
    receiver.answer_with(410)
    ann.create_task(project)
    ann.create_task(project)
    deliveries.send()
    assert len(receiver.take()) == 1
    found = ann.get(hook["path"]).json_body
    assert (found["active"], found["disabled_reason"]) == (False, "gone")


def test_an_event_that_the_receiver_never_takes_does_not_disable_the_webhook(
    ann: Person,
    project: str,
    hook: Hook,
    receiver: Receiver,
    deliveries: Deliveries,
    wait: Callable[..., None],
    sample_event: SampleEvent,
) -> None:
    poison = ann.create_task(project)["id"]

    def answer(_: BaseHTTPRequestHandler, request: Received) -> int:
        return 500 if request.event["data"]["task_id"] == poison else 204

    receiver.answer = answer
    deliveries.send()
    for minutes in (5, 10, 45, 120, 180, 360, 720):
        ann.log_in()
        ann.create_task(project)
        deliveries.follow_stream()
        wait(minutes=minutes, seconds=1)
        deliveries.tick(sample_event)
    ann.log_in()
    assert ann.get(hook["path"]).json_body["active"]
    statuses = [each["status"] for each in _log(ann, hook)]
    assert (statuses.count("failed"), statuses.count("delivered")) == (1, 7)


def test_a_run_without_time_is_repeated(
    ann: Person, project: str, hook: Hook, receiver: Receiver, deliveries: Deliveries
) -> None:
    from chalicelib.clock import now
    from chalicelib.jobs.time_budget import TimeBudget
    from chalicelib.webhooks.delivery_run import run_deliveries

    for _ in range(3):
        ann.create_task(project)
    deliveries.follow_stream()
    (message,) = deliveries.take_messages()
    left = iter([60_000, 30_000, 1_000])
    budget = TimeBudget(now, lambda _: None, lambda: next(left))
    answer = run_deliveries([message], budget)
    assert answer["batchItemFailures"] == [{"itemIdentifier": message["messageId"]}]
    assert len(receiver.take()) == 2
    assert deliveries.run(message) == []
    assert len(receiver.take()) == 1
