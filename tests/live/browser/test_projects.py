"""Projects in the web client: members, invitations, labels, archive, trash and restore."""

from typing import Any

import pytest

from tests.live.browser.web_pages import WebPage, read_link
from tests.live.support import ApiUser, Deployment, wait_for


@pytest.fixture
def opened(web: WebPage, ann: ApiUser, project: str) -> str:
    """The path of a project of Ann, who is logged in."""
    web.log_in(ann.email)
    return f"/projects/{project}"


def test_an_invitation_is_declined(
    web: WebPage, web_deployment: Deployment, ann: ApiUser, project: str
) -> None:
    page, user = web.page, web_deployment.new_user("dan").sign_up()
    ann.request_json("POST", f"/projects/{project}/members/", {"email": user.email})
    web.open(read_link(web_deployment, user, "Confirm your address"))
    page.get_by_role("button", name="Confirm address").click()
    page.get_by_role("heading", name="Address confirmed").wait_for()
    web.log_in(user.email)
    received = page.get_by_role("region", name="Invitations for you")
    received.get_by_text("invites you to Launch").wait_for()
    received.get_by_role("button", name="Decline").click()
    page.get_by_text("The invitation is declined.").wait_for()
    received.wait_for(state="detached")
    assert ann.request_json("GET", f"/projects/{project}/invitations/")["items"] == []


def test_a_person_is_invited_and_the_invitation_revoked(
    web: WebPage, web_deployment: Deployment, opened: str
) -> None:
    page, user = web.page, web_deployment.new_user("eli")
    web.open(f"{opened}/members")
    page.get_by_label("Email address").fill(user.email)
    page.get_by_role("button", name="Invite").click()
    page.get_by_text(f"An invitation to {user.email} is on its way.").wait_for()
    row = page.get_by_role("row").filter(has_text=user.email)
    row.get_by_role("button", name="Revoke").click()
    row.wait_for(state="detached")


def test_a_member_gets_another_role_and_is_removed(
    web: WebPage, web_deployment: Deployment, ann: ApiUser, opened: str
) -> None:
    page, user = web.page, web_deployment.new_user("ron").sign_up()
    ann.request_json("POST", f"{opened}/members/", {"user_id": user.id})
    web.open(f"{opened}/members")
    page.get_by_role("combobox", name=f"Role of {user.name}").click()
    page.get_by_role("option", name="Viewer").click()
    wait_for(lambda: user.request_json("GET", f"{opened}/")["my_role"] == "viewer")
    page.get_by_role("button", name=f"Remove {user.name}").click()
    page.get_by_text(f"@{user.name}").wait_for(state="detached")
    assert user.call("GET", f"{opened}/").status_code == 404


def test_a_label_is_made_used_and_deleted(
    web: WebPage, ann: ApiUser, project: str, opened: str
) -> None:
    page = web.page
    body = {"project": project, "title": "Plan"}
    task = ann.request_json("POST", "/tasks/", body)
    web.open(f"{opened}/settings")
    page.get_by_role("button", name="Add a label").click()
    page.get_by_label("New label").fill("urgent")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("button", name="Delete the label urgent").wait_for()
    (label,) = ann.request_json("GET", f"{opened}/labels/")["items"]
    ann.request_json("PATCH", f"/tasks/{task['id']}/", {"labels": [label["id"]]})
    web.open(f"{opened}/board")
    card = page.get_by_role("button", name="Plan")
    card.get_by_text("urgent").wait_for()
    web.open(f"{opened}/settings")
    page.get_by_role("button", name="Delete the label urgent").click()
    page.get_by_text("There are no labels yet.").wait_for()


def test_an_archived_project_is_read_only_until_it_is_unarchived(web: WebPage, opened: str) -> None:
    page = web.page
    web.open(f"{opened}/settings")
    page.get_by_role("button", name="Archive", exact=True).click()
    page.get_by_text("This project is archived and read-only.").wait_for()
    web.open(f"{opened}/board")
    page.get_by_role("region", name="To do").wait_for()
    assert page.get_by_role("button", name="Add a task").count() == 0
    web.open("/")
    page.get_by_role("heading", name="Archived projects").wait_for()
    web.open(f"{opened}/settings")
    page.get_by_role("button", name="Unarchive").click()
    page.get_by_role("button", name="Archive", exact=True).wait_for()


def test_a_task_is_deleted_and_restored(
    web: WebPage, ann: ApiUser, project: str, opened: str
) -> None:
    page = web.page
    task = ann.request_json("POST", "/tasks/", {"project": project, "title": "Plan"})
    web.open(f"{opened}/board?task={task['id']}")
    panel = page.get_by_role("dialog", name="Task")
    panel.get_by_role("button", name="Delete", exact=True).click()
    panel.wait_for(state="detached")
    page.get_by_role("button", name="Plan").wait_for(state="detached")
    page.get_by_role("tab", name="Trash").click()
    page.get_by_role("button", name="Restore").click()
    page.get_by_text(f"{task['key']} is restored.").wait_for()
    page.get_by_role("tab", name="Board").click()
    page.get_by_role("button", name="Plan").wait_for()


def test_a_project_is_deleted_and_restored(web: WebPage, ann: ApiUser, opened: str) -> None:
    page = web.page
    web.open(f"{opened}/settings")
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_text("The project is in the trash.").wait_for()
    assert ann.call("GET", f"{opened}/").status_code == 404
    trash: Any = page.get_by_role("main").locator("div").filter(has_text="deleted on")
    trash.get_by_role("button", name="Restore").first.click()
    page.get_by_text("The project is restored.").wait_for()
    wait_for(lambda: ann.call("GET", f"{opened}/").ok)
