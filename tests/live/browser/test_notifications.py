"""The inbox of the web client: the bell, the list, and the settings."""

from typing import Any

import pytest

from tests.live.browser.web_pages import WebPage
from tests.live.support import ApiUser, Deployment, wait_for


@pytest.fixture
def bob(web: WebPage, web_deployment: Deployment, ann: ApiUser, project: str) -> ApiUser:
    """A member of Ann's project, who is logged in on the page and has two notifications."""
    bob = web_deployment.new_user("bob").sign_up()
    ann.request_json("POST", f"/projects/{project}/members/", {"user_id": bob.id})
    task = {"project": project, "title": "Plan", "assigned_to": bob.id}
    task_id = ann.request_json("POST", "/tasks/", task)["id"]
    ann.request_json("POST", f"/tasks/{task_id}/comments/", {"body": "Done by Friday?"})
    wait_for(lambda: _unread(bob) == 2)
    web.log_in(bob.email)
    return bob


def _unread(person: ApiUser) -> int:
    return int(person.request_json("GET", "/notifications/unread-count/")["unread"])


def _profile(person: ApiUser) -> Any:
    return person.request_json("GET", "/auth/profile/")


def test_the_bell_leads_to_the_list_and_the_list_to_the_task(web: WebPage, bob: ApiUser) -> None:
    page = web.page
    page.get_by_role("link", name="Notifications 2").click()
    page.get_by_role("heading", name="Notifications").wait_for()
    rows = page.get_by_role("list", name="Notifications").get_by_role("listitem")
    page.get_by_text("Done by Friday?").wait_for()
    assert "commented" in rows.nth(0).inner_text()
    assert "assigned a task to you" in rows.nth(1).inner_text()
    assert web.find_violations() == []
    with web.expect_change():
        rows.nth(1).get_by_role("link", name="Plan").click()
    page.wait_for_url("**/tasks/*")
    wait_for(lambda: _unread(bob) == 1)
    page.get_by_role("link", name="Notifications 1").click()
    page.get_by_role("button", name="Unread", exact=True).click()
    wait_for(lambda: rows.count() == 1)
    with web.expect_change():
        page.get_by_role("button", name="Mark all as read").click()
    page.get_by_text("There is nothing here.").wait_for()
    page.get_by_role("link", name="Notifications", exact=True).wait_for()
    assert _unread(bob) == 0


def test_channels_digest_and_quiet_hours_are_chosen(web: WebPage, bob: ApiUser) -> None:
    page = web.page
    web.open("/account/notifications")
    switch = page.get_by_role("switch", name="A task is assigned to you: In the inbox")
    with web.expect_change():
        switch.click()
    with web.expect_change():
        page.get_by_label("Daily digest").select_option("18:00")
    page.get_by_label("From").fill("21:30")
    page.get_by_label("Until").fill("06:45")
    with web.expect_change():
        page.get_by_role("button", name="Save quiet hours").click()
    profile = _profile(bob)
    assert [kind for kind, on in profile["inbox"].items() if not on] == ["assigned"]
    assert all(profile["notifications"].values())
    assert profile["digest_hour"] == 18
    assert profile["quiet_hours"] == {"start": "21:30", "end": "06:45"}
    assert web.find_violations() == []
    with web.expect_change():
        page.get_by_role("button", name="No quiet hours").click()
    assert _profile(bob)["quiet_hours"] is None
