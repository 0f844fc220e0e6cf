"""Users who have requested the deletion of their account: no new work and no mail about work."""

from typing import Any

import pytest

from chalicelib.clock import now
from chalicelib.mail.jobs import sweep_outbox
from chalicelib.reminders.jobs import queue_due_reminders
from tests.support import Person, error_locations, in_hours, mails_to


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    """A project of Ann with Bob. No mail is queued."""
    project = ann.create_project()
    ann.add_member(project, bob)
    sweep_outbox(now())
    return project


def _close(person: Person) -> None:
    assert person.delete("/api/auth/profile").status_code == 204
    sweep_outbox(now())
    assert len(list(mails_to(person, "Your account will be deleted"))) == 1


def _subjects(person: Person) -> list[str]:
    """Send all mail, and return the subjects of what the person got about work."""
    for _ in range(2):
        sweep_outbox(now())
    subjects = [str(mail["Subject"]) for mail in mails_to(person)]
    return [each for each in subjects if "address" not in each and "account" not in each]


def test_a_closing_account_gets_no_task(ann: Person, bob: Person, project: str) -> None:
    task = ann.create_task(project)["id"]
    _close(bob)
    fields = {"assigned_to": bob.id}
    new = {"project": project, "title": "x", **fields}
    for answer in (
        ann.post("/api/tasks", new),
        ann.post("/api/tasks", {**new, "due_date": "2027-01-01"}),
        ann.patch(f"/api/tasks/{task}", fields),
        ann.patch(f"/api/tasks/{task}/assign", fields),
    ):
        assert (answer.status_code, error_locations(answer)) == (422, ["assigned_to"])
        assert "is being deleted" in answer.json_body["errors"][0]["message"]
    bulk = ann.post("/api/tasks/bulk", {"operations": [{"op": "create", **new}]})
    assert [result["status"] for result in bulk.json_body["results"]] == [422]
    assert ann.get(f"/api/tasks/{task}").json_body["assigned_to"] is None


def test_tasks_of_a_closing_account_can_still_be_changed(
    ann: Person, bob: Person, project: str
) -> None:
    path = f"/api/tasks/{ann.create_task(project, assigned_to=bob.id)['id']}"
    _close(bob)
    changed = ann.patch(path, {"title": "New", "assigned_to": bob.id, "due_date": "2027-01-01"})
    assert (changed.status_code, changed.json_body["assigned_to"]) == (200, bob.id)


def test_tasks_of_a_removed_member_are_not_reassigned_to_a_closing_account(
    ann: Person, bob: Person, project: str, make_person: Any
) -> None:
    cleo = make_person("cleo")
    ann.add_member(project, cleo)
    _close(bob)
    answer = ann.delete(f"/api/projects/{project}/members/{cleo.id}?reassign_to={bob.id}")
    assert (answer.status_code, error_locations(answer)) == (422, ["reassign_to"])


@pytest.mark.parametrize("field", ["user_id", "email"])
def test_a_closing_account_is_not_added_to_a_project(ann: Person, bob: Person, field: str) -> None:
    project = ann.create_project()
    bob.verify_address()
    _close(bob)
    value = {"user_id": bob.id, "email": bob.email}[field]
    answer = ann.post(f"/api/projects/{project}/members", {field: value})
    assert (answer.status_code, error_locations(answer)) == (422, [field])
    assert "is being deleted" in answer.json_body["errors"][0]["message"]
    assert ann.get(f"/api/projects/{project}").json_body["members_count"] == 1


def test_a_closing_account_gets_no_mail_about_work(ann: Person, bob: Person, project: str) -> None:
    due = {"assigned_to": bob.id, "due_date": in_hours(12)}
    task = ann.create_task(project, "Queued before", **due)["id"]
    _close(bob)
    ann.post(f"/api/tasks/{task}/comments", {"body": "@bob"})
    queue_due_reminders(now())
    assert _subjects(bob) == []


def test_a_closing_account_gets_no_invitation(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    path = f"/api/projects/{project}"
    invited = ann.post(f"{path}/members", {"email": bob.email}).json_body
    assert invited["kind"] == "invitation"
    bob.verify_address()
    _close(bob)
    assert ann.post(f"{path}/invitations/{invited['id']}/resend").status_code == 200
    assert _subjects(bob) == []


def test_a_closing_account_can_recover_its_password(ann: Person, bob: Person) -> None:
    _close(bob)
    ann.post("/api/auth/forgot-password", {"email": bob.email})
    assert _subjects(bob) == ["Choose a new password"]


def test_an_account_that_was_kept_gets_work_and_mail_again(
    ann: Person, bob: Person, project: str
) -> None:
    _close(bob)
    bob.log_in()
    ann.create_task(project, "Plan", assigned_to=bob.id)
    assert _subjects(bob) == ["Assigned to you: Plan"]
