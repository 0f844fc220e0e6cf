"""The inbox: lists, the unread count, marking as read, and what may be shown."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.clock import now
from chalicelib.dynamodb.batch_writes import batch_put
from chalicelib.dynamodb.ids import new_id
from chalicelib.notifications.models import create_notification_writes
from tests.faults import after_each_call
from tests.notifications.conftest import Assign, Comment
from tests.notifications.inbox import NOTIFICATIONS, count_unread, list_inbox
from tests.support import Person, error_locations, in_hours


def _put_notifications(person: Person, count: int) -> list[str]:
    """Put so many unread notifications into an inbox and return their ids, the oldest first."""
    ids = [new_id(now() - timedelta(minutes=count - number)) for number in range(count)]
    for notification_id in ids:
        writes = create_notification_writes(person.id, notification_id, kind="overdue", now=now())
        batch_put([write.item for write in writes])
    return ids


def test_a_notification_says_what_happened(
    ann: Person, bob: Person, project: str, assign: Assign
) -> None:
    task = assign()
    (notification,) = list_inbox(bob)
    assert notification.pop("id")
    assert notification == {
        "kind": "assigned",
        "is_read": False,
        "created_at": "2026-11-22T10:00:01.000Z",
        "project": {"id": project, "name": "Launch"},
        "task": {"id": task, "title": "Write the plan"},
        "actor": {"id": ann.id, "username": "ann", "display_name": ""},
        "comment_id": None,
        "excerpt": None,
        "report_id": None,
    }
    assert list_inbox(ann) == []


def test_a_comment_shows_its_beginning(
    ann: Person, bob: Person, project: str, assign: Assign, comment: Comment
) -> None:
    task = assign()
    body = "Look, @bob: " + "x" * 300
    comment_id = comment(task, body)
    mention = next(each for each in list_inbox(bob) if each["kind"] == "mentioned")
    assert (mention["comment_id"], mention["excerpt"]) == (comment_id, body[:200])


def test_an_overdue_digest_is_about_no_single_task(
    ann: Person,
    bob: Person,
    project: str,
    go_to: Callable[..., None],
    run_reminders: Callable[[], Any],
    deliver: Callable[[], None],
) -> None:
    ann.create_task(project, assigned_to=bob.id, due_date=in_hours(2))
    run_reminders()
    for moment in ("2026-11-22T13:00", "2026-11-23T09:00"):
        go_to(moment, bob)
        run_reminders()
        deliver()
    newest = list_inbox(bob)[0]
    assert (newest["kind"], newest["task"], newest["project"]) == ("overdue", None, None)


def test_a_read_notification_stays_in_the_list(
    ann: Person, bob: Person, project: str, assign: Assign
) -> None:
    for title in ("One", "Two"):
        assign(title)
    first, second = list_inbox(bob)
    for _ in range(2):
        assert bob.call("PUT", f"{NOTIFICATIONS}/{first['id']}/read").status_code == 204
    assert [each["is_read"] for each in list_inbox(bob)] == [True, False]
    assert [each["id"] for each in list_inbox(bob, "&unread=true")] == [second["id"]]
    assert count_unread(bob) == 1


def test_a_foreign_or_unknown_notification_is_404(
    ann: Person, bob: Person, project: str, assign: Assign
) -> None:
    assign()
    (notification,) = list_inbox(bob)
    for notification_id in (notification["id"], new_id(now()), "x"):
        answer = ann.call("PUT", f"{NOTIFICATIONS}/{notification_id}/read")
        assert answer.status_code == 404
    assert count_unread(bob) == 1


def test_all_that_was_seen_is_marked_as_read(bob: Person) -> None:
    ids = _put_notifications(bob, 5)
    answer = bob.post(f"{NOTIFICATIONS}/read", {"up_to": ids[2]})
    assert (answer.status_code, answer.json_body) == (200, {"unread": 2})
    assert [each["id"] for each in list_inbox(bob, "&unread=true")] == [ids[4], ids[3]]
    assert bob.post(f"{NOTIFICATIONS}/read").json_body == {"unread": 0}


def test_what_arrives_while_all_are_marked_stays_unread(bob: Person) -> None:
    """Each read of the marks may miss what comes right after it; that one is never marked."""
    _put_notifications(bob, 3)
    arrived: list[str] = []

    def arrive() -> None:
        if not arrived:
            arrived.append(new_id(now()))
            writes = create_notification_writes(bob.id, arrived[0], kind="overdue", now=now())
            batch_put([write.item for write in writes])

    with after_each_call("Query", arrive):
        assert bob.post(f"{NOTIFICATIONS}/read").json_body == {"unread": 1}
    assert [each["id"] for each in list_inbox(bob, "&unread=true")] == arrived


def test_up_to_must_be_an_id(bob: Person) -> None:
    answer = bob.post(f"{NOTIFICATIONS}/read", {"up_to": "yesterday"})
    assert (answer.status_code, error_locations(answer)) == (422, ["up_to"])


def test_pages_hold_all_notifications_once(bob: Person) -> None:
    ids = _put_notifications(bob, 7)
    for query in ("", "&unread=true"):
        pages = list(bob.list_pages(f"{NOTIFICATIONS}?limit=3{query}"))
        assert [len(page) for page in pages] == [3, 3, 1]
        assert [each["id"] for page in pages for each in page] == ids[::-1]


def test_a_cursor_belongs_to_its_list(bob: Person) -> None:
    _put_notifications(bob, 3)
    cursor = bob.get(f"{NOTIFICATIONS}?limit=1").json_body["next_cursor"]
    answer = bob.get(f"{NOTIFICATIONS}?limit=1&unread=true&cursor={cursor}")
    assert (answer.status_code, answer.json_body["code"]) == (400, "invalid_cursor")


def test_a_hundred_unread_notifications_stand_for_more(bob: Person) -> None:
    _put_notifications(bob, 120)
    assert count_unread(bob) == 100
    assert bob.post(f"{NOTIFICATIONS}/read").json_body == {"unread": 0}


def test_notifications_are_kept_for_90_days(
    ann: Person, bob: Person, project: str, go_to: Callable[..., None], assign: Assign
) -> None:
    assign()
    go_to("2027-02-20T09:00", bob)
    (notification,) = list_inbox(bob)
    go_to("2027-02-20T11:00", bob)
    assert list_inbox(bob) == list_inbox(bob, "&unread=true") == []
    assert count_unread(bob) == 0
    answer = bob.call("PUT", f"{NOTIFICATIONS}/{notification['id']}/read")
    assert answer.status_code == 404


HIDDEN = {"project": None, "task": None, "actor": None, "comment_id": None, "excerpt": None}
Loss = Callable[[Person, Person, str, str], Any]
LOSSES: dict[str, Loss] = {
    "removed": lambda ann, bob, project, task: ann.delete(
        f"/api/projects/{project}/members/{bob.id}"
    ),
    "left": lambda ann, bob, project, task: bob.post(f"/api/projects/{project}/leave"),
    "project deleted": lambda ann, bob, project, task: ann.delete(f"/api/projects/{project}"),
    "task deleted": lambda ann, bob, project, task: ann.delete(f"/api/tasks/{task}"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_what_a_person_may_no_longer_read_is_not_shown(
    ann: Person, bob: Person, project: str, loss: str, assign: Assign, comment: Comment
) -> None:
    task = assign()
    comment(task, "A secret")
    before = list_inbox(bob)
    assert [each["kind"] for each in before] == ["comment", "assigned"]
    assert LOSSES[loss](ann, bob, project, task).status_code < 300
    answer = bob.get(NOTIFICATIONS)
    assert answer.json_body["items"] == [each | HIDDEN for each in before]
    assert b"secret" not in answer.body and b"plan" not in answer.body


def test_a_deleted_comment_shows_no_text(
    ann: Person, bob: Person, project: str, assign: Assign, comment: Comment
) -> None:
    task = assign()
    comment_id = comment(task, "A secret")
    ann.delete(f"/api/tasks/{task}/comments/{comment_id}")
    newest = list_inbox(bob)[0]
    assert (newest["kind"], newest["task"]["id"], newest["excerpt"]) == ("comment", task, None)


def test_a_moved_task_is_shown_where_it_is(
    ann: Person, bob: Person, project: str, assign: Assign, comment: Comment
) -> None:
    task = assign()
    comment(task, "Done")
    other = ann.create_project("Other")
    ann.add_member(other, bob)
    moved = ann.post(f"/api/tasks/{task}/move", {"project": other})
    assert moved.status_code == 200, moved.json_body
    newest = list_inbox(bob)[0]
    assert newest["task"]["id"] == moved.json_body["task"]["id"]
    assert (newest["project"]["name"], newest["excerpt"]) == ("Other", "Done")


def test_an_api_token_may_not_use_the_inbox(bob: Person) -> None:
    script = bob.use_token("tasks:read", "account:read")
    for path in ("", "/unread-count"):
        answer = script.get(NOTIFICATIONS + path)
        assert (answer.status_code, answer.json_body["code"]) == (403, "scope_missing")
