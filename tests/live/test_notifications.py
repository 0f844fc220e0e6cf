"""The inbox on the local cloud: from an assignment, by the stream, to the unread count."""

import pytest

from tests.live.support import ApiUser, Deployment, wait_for


@pytest.fixture
def people(deployment: Deployment) -> tuple[ApiUser, ApiUser, str]:
    """Two members of a project, and its id."""
    ann, bob = (deployment.new_user(name).sign_up() for name in ("ann", "bob"))
    project = str(ann.request_json("POST", "/projects/", {"name": "Launch"})["id"])
    ann.request_json("POST", f"/projects/{project}/members/", {"user_id": bob.id})
    return ann, bob, project


def _unread(person: ApiUser) -> int:
    return int(person.request_json("GET", "/notifications/unread-count/")["unread"])


def test_an_assignment_is_in_the_inbox_before_and_after_it_is_read(
    people: tuple[ApiUser, ApiUser, str],
) -> None:
    ann, bob, project = people
    task = {"project": project, "title": "Plan", "assigned_to": bob.id}
    created = ann.request_json("POST", "/tasks/", task)
    (notification,) = wait_for(lambda: bob.request_json("GET", "/notifications/")["items"])
    assert (notification["kind"], notification["is_read"]) == ("assigned", False)
    assert notification["task"] == {"id": created["id"], "title": "Plan"}
    assert notification["actor"]["id"] == ann.id
    assert _unread(bob) == 1
    bob.request_json("PUT", f"/notifications/{notification['id']}/read/")
    assert _unread(bob) == 0
    (notification,) = bob.request_json("GET", "/notifications/")["items"]
    assert notification["is_read"]


def test_a_person_who_wants_no_mail_still_has_the_inbox(
    deployment: Deployment, people: tuple[ApiUser, ApiUser, str]
) -> None:
    ann, bob, project = people
    bob.request_json("PATCH", "/auth/profile/", {"notifications": {"assigned": False}})
    for title in ("One", "Two"):
        ann.request_json(
            "POST", "/tasks/", {"project": project, "title": title, "assigned_to": bob.id}
        )
    wait_for(lambda: _unread(bob) == 2)
    assert bob.request_json("POST", "/notifications/read/") == {"unread": 0}
    mails = deployment.mails_to(bob.email)
    assert [mail for mail in mails if mail["subject"].startswith("Assigned")] == []
