"""Each kind of notification comes by mail, in the inbox, both, or not at all."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.clock import now
from chalicelib.dynamodb.transactions import transact
from chalicelib.mail.models import report_address_write
from tests.notifications.conftest import Assign, Comment
from tests.notifications.inbox import KINDS, list_inbox, set_profile
from tests.support import PASSWORD, Api, Person, error_locations, in_hours, mails_to

Deliver = Callable[[], None]


@pytest.fixture
def cause(
    ann: Person,
    bob: Person,
    project: str,
    assign: Assign,
    comment: Comment,
    deliver: Deliver,
    run_reminders: Callable[[], Any],
    go_to: Callable[..., None],
) -> Callable[[str], None]:
    """Cause a notification of a kind for Bob, and perhaps of others."""

    def run(kind: str) -> None:
        if kind == "assigned":
            assign()
        elif kind == "comment":
            comment(assign(), "Done?")
        elif kind == "mentioned":
            comment(ann.create_task(project)["id"], "Look, @bob")
        else:
            task = ann.create_task(project, assigned_to=bob.id, due_date=in_hours(2))["id"]
            if kind == "reminder":
                body = {"reminders": [{"at": in_hours(1)}]}
                assert ann.put(f"/api/tasks/{task}/reminders", body).status_code == 200
            for moment in ("22T10:05", "22T11:00", "22T12:05", "23T09:00"):
                run_reminders()
                deliver()
                go_to(f"2026-11-{moment}", ann, bob)
            run_reminders()
            deliver()

    return run


SUBJECTS = {
    "assigned": "Assigned to you",
    "due_soon": "Due soon",
    "comment": "New comment",
    "mentioned": "You were mentioned",
    "reminder": "Reminder",
    "overdue": "1 task is overdue",
}


@pytest.mark.parametrize("kind", SUBJECTS)
@pytest.mark.parametrize("by_mail", [True, False])
@pytest.mark.parametrize("in_inbox", [True, False])
def test_a_person_chooses_how_to_get_each_kind(
    bob: Person, cause: Callable[[str], None], kind: str, by_mail: bool, in_inbox: bool
) -> None:
    set_profile(bob, notifications={kind: by_mail}, inbox={kind: in_inbox})
    cause(kind)
    assert len(list(mails_to(bob, SUBJECTS[kind]))) == by_mail
    assert [each["kind"] for each in list_inbox(bob)].count(kind) == in_inbox


def test_all_kinds_come_both_ways_at_first(ann: Person) -> None:
    profile = ann.get("/api/auth/profile").json_body
    assert profile["notifications"] == profile["inbox"] == dict.fromkeys(KINDS, True)
    assert (profile["digest_hour"], profile["quiet_hours"]) == (None, None)


def test_a_switch_of_the_inbox_leaves_the_others_as_they_are(ann: Person) -> None:
    for kind in ("assigned", "comment"):
        profile = set_profile(ann, inbox={kind: False})
    assert {kind for kind, on in profile["inbox"].items() if not on} == {"assigned", "comment"}
    assert all(profile["notifications"].values())


def test_a_mentioned_watcher_is_mailed_about_the_comment_if_mentions_are_not_mailed(
    bob: Person, assign: Assign, comment: Comment
) -> None:
    set_profile(bob, notifications={"mentioned": False})
    comment(assign(), "Look, @bob")
    assert len(list(mails_to(bob, "New comment"))) == 1
    assert [each["kind"] for each in list_inbox(bob)] == ["comment", "assigned"]


def test_unsubscribing_stops_only_the_mail(bob: Person, assign: Assign) -> None:
    assign()
    (mail,) = mails_to(bob, "Assigned")
    link = mail["List-Unsubscribe"].strip("<>").removeprefix("https://api.example.com/v1")
    assert Api(bob.client).post(link).status_code == 200
    assign()
    assert len(list(mails_to(bob, "Assigned"))) == 1
    assert len(list_inbox(bob)) == 2


def test_a_suppressed_address_still_has_an_inbox(bob: Person, assign: Assign) -> None:
    transact(report_address_write(bob.email, "bounce", now()))
    assign()
    assert list(mails_to(bob, "Assigned")) == []
    assert len(list_inbox(bob)) == 1


def test_mails_about_the_security_of_an_account_are_not_in_the_inbox(
    bob: Person, deliver: Deliver
) -> None:
    off = dict.fromkeys(KINDS, False)
    set_profile(bob, notifications=off, quiet_hours={"start": "09:00", "end": "23:00"})
    bob.post("/api/auth/forgot-password", {"email": bob.email})
    deliver()
    assert len(list(mails_to(bob, "Choose a new password"))) == 1
    assert list_inbox(bob) == []


def test_a_closing_account_gets_no_notifications(
    ann: Person, bob: Person, project: str, deliver: Deliver
) -> None:
    ann.create_task(project, assigned_to=bob.id)
    assert bob.call("DELETE", "/api/auth/profile", {"password": PASSWORD}).status_code == 204
    deliver()
    bob.log_in()  # cancels the deletion
    assert list_inbox(bob) == []
    assert list(mails_to(bob, "Assigned")) == []


@pytest.mark.parametrize(
    ("fields", "location"),
    [
        ({"digest_hour": 24}, "digest_hour"),
        ({"digest_hour": "8"}, "digest_hour"),
        ({"quiet_hours": {"start": "22:00", "end": "22:00"}}, "quiet_hours.end"),
        ({"quiet_hours": {"start": "24:00", "end": "07:00"}}, "quiet_hours.start"),
        ({"quiet_hours": {"start": "22:00"}}, "quiet_hours.end"),
        ({"inbox": {"verify": False}}, "inbox.verify"),
        ({"inbox": {"assigned": None}}, "inbox.assigned"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(
    ann: Person, fields: dict[str, Any], location: str
) -> None:
    answer = ann.patch("/api/auth/profile", fields)
    assert (answer.status_code, error_locations(answer)) == (422, [location])


def test_settings_can_be_cleared(ann: Person) -> None:
    set_profile(ann, digest_hour=0, quiet_hours={"start": "22:00", "end": "07:00"})
    profile = set_profile(ann, username="anna")
    assert profile["digest_hour"] == 0
    assert profile["quiet_hours"] == {"start": "22:00", "end": "07:00"}
    profile = set_profile(ann, digest_hour=None, quiet_hours=None)
    assert (profile["digest_hour"], profile["quiet_hours"]) == (None, None)
