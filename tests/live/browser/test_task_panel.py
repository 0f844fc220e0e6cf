"""The panel of a task in the web client: texts, comments, reminders, relations, repetition."""

import re
from typing import Any

import pytest

from tests.live.browser.web_pages import WebPage
from tests.live.support import ApiUser, Deployment


@pytest.fixture(scope="module")
def bob(web_deployment: Deployment) -> ApiUser:
    return web_deployment.new_user("bob").sign_up()


@pytest.fixture
def task(ann: ApiUser, project: str) -> Any:
    return ann.request_json("POST", "/tasks/", {"project": project, "title": "Write the plan"})


def test_a_description_is_written_in_markdown_with_a_preview_and_mentions(
    web: WebPage, ann: ApiUser, bob: ApiUser, project: str, task: Any
) -> None:
    ann.request_json("POST", f"/projects/{project}/members/", {"user_id": bob.id})
    page = web.page
    web.log_in(ann.email)
    web.open(f"/tasks/{task['id']}")
    page.get_by_role("button", name="Edit", exact=True).click()
    text = page.get_by_label("Description", exact=True)
    text.fill("**Bold** <b>raw</b>\n\n- [x] done\n\nAsk ")
    text.press_sequentially(f"@{bob.name[:4]}")
    page.get_by_role("option", name=bob.name).wait_for()
    assert web.find_violations() == []
    text.press("Enter")
    assert text.input_value().endswith(f"Ask @{bob.name} ")
    page.get_by_role("tab", name="Preview").first.click()
    page.get_by_role("strong").get_by_text("Bold").wait_for()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("tab", name="Write").nth(1).wait_for(state="detached")
    page.get_by_role("strong").get_by_text("Bold").wait_for()
    page.get_by_text("<b>raw</b>").wait_for()
    assert page.get_by_role("checkbox", name="done").is_checked()
    assert web.find_violations() == []


def test_a_title_is_saved_when_its_panel_closes_or_another_page_opens(
    web: WebPage, ann: ApiUser, project: str, task: Any
) -> None:
    page, path = web.page, f"/tasks/{task['id']}/"
    web.log_in(ann.email)
    web.open(f"/projects/{project}/board?task={task['id']}")
    page.get_by_role("dialog").get_by_label("Title").fill("Closed")
    with web.expect_change():
        page.keyboard.press("Escape")
    assert ann.request_json("GET", path)["title"] == "Closed"
    page.get_by_role("button", name="Closed").click()
    page.get_by_role("dialog").get_by_label("Title").fill("Gone back")
    with web.expect_change():
        page.go_back()
    assert ann.request_json("GET", path)["title"] == "Gone back"


def test_a_title_and_a_date_that_a_reload_interrupts_are_saved_after_it(
    web: WebPage, ann: ApiUser, task: Any
) -> None:
    page, path = web.page, f"/tasks/{task['id']}/"
    web.log_in(ann.email)
    web.open(f"/tasks/{task['id']}")
    page.get_by_label("Start", exact=True).fill("2026-12-01")
    with web.expect_change():
        page.get_by_label("Title").fill("Write the whole plan")
    with web.expect_change():
        page.reload()
    page.get_by_role("heading", name="Write the whole plan", exact=True).wait_for()
    stored = ann.request_json("GET", path)
    assert (stored["title"], stored["start_date"]) == ("Write the whole plan", "2026-12-01")


def test_an_incomplete_date_changes_nothing(web: WebPage, ann: ApiUser, task: Any) -> None:
    page, path = web.page, f"/tasks/{task['id']}/"
    ann.request_json("PATCH", path, {"due_date": "2026-12-15"})
    web.log_in(ann.email)
    web.open(f"/tasks/{task['id']}")
    page.get_by_label("Due", exact=True).press("Backspace")
    with web.expect_change():
        page.get_by_label("Title").fill("Changed")
        page.get_by_label("Title").press("Enter")
    stored = ann.request_json("GET", path)
    assert (stored["title"], stored["due_date"]) == ("Changed", "2026-12-15")


def test_an_edited_comment_survives_a_reload_and_asks_about_a_conflict(
    web: WebPage, ann: ApiUser, task: Any
) -> None:
    page = web.page
    path = f"/tasks/{task['id']}/comments/"
    comment = ann.request_json("POST", path, {"body": "Frist"})
    web.log_in(ann.email)
    web.open(f"/tasks/{task['id']}")
    page.get_by_role("article").get_by_role("button", name="Edit").click()
    text = page.get_by_label("Edit the comment")
    text.fill("First")
    page.reload()
    assert text.input_value() == "First"
    ann.request_json("PATCH", f"{path}{comment['id']}/", {"body": "Elsewhere"})
    text.press("Control+Enter")
    dialog = page.get_by_role("dialog", name="Somebody else has changed this")
    dialog.get_by_text("Elsewhere").wait_for()
    dialog.get_by_role("button", name="Keep mine").click()
    page.get_by_role("article").get_by_text("First", exact=True).wait_for()
    page.get_by_text(re.compile("edited")).wait_for()
    page.get_by_role("article").get_by_role("button", name="Delete").click()
    page.get_by_text("There are no comments yet.").wait_for()
    assert ann.request_json("GET", path)["items"] == []


def test_reminders_are_set_in_the_time_zone_of_the_person(web: WebPage, bob: ApiUser) -> None:
    page = web.page
    bob.request_json("PATCH", "/auth/profile/", {"time_zone": "Asia/Kolkata"})
    project = bob.request_json("POST", "/projects/", {"name": "Reminders"})["id"]
    task = bob.request_json("POST", "/tasks/", {"project": project, "title": "Remember"})
    path = f"/tasks/{task['id']}"
    web.log_in(bob.email)
    web.open(path)
    reminders = page.get_by_role("region", name="Reminders")
    reminders.get_by_role("button", name="Add a reminder").click()
    reminders.get_by_label("How long before").fill("2")
    reminders.get_by_label("How long before").press("Enter")
    reminders.get_by_text("2 hours before it is due").wait_for()
    reminders.get_by_text("These wait for a due date.").wait_for()
    reminders.get_by_role("combobox", name="When").click()
    page.get_by_role("option", name="At a time").click()
    reminders.get_by_label("Time (Asia/Kolkata)").fill("2030-06-01T17:00")
    reminders.get_by_role("button", name="Add", exact=True).click()
    reminders.get_by_text("Jun 1, 2030, 5:00 PM").wait_for()
    stored = bob.request_json("GET", f"{path}/reminders/")["reminders"]
    assert stored == [{"at": "2030-06-01T11:30:00Z"}, {"minutes_before": 120}]
    reminders.get_by_role("button", name="Remove the reminder: 2 hours").click()
    reminders.get_by_text("2 hours before").wait_for(state="detached")
    assert len(bob.request_json("GET", f"{path}/reminders/")["reminders"]) == 1


def test_a_blocked_task_names_its_blockers_and_is_done_all_the_same(
    web: WebPage, ann: ApiUser, project: str, task: Any
) -> None:
    page = web.page
    blocker = ann.request_json("POST", "/tasks/", {"project": project, "title": "Ask the boss"})
    web.log_in(ann.email)
    web.open(f"/tasks/{task['id']}")
    relations = page.get_by_role("region", name="Relations")
    relations.get_by_role("button", name="Add a relation").click()
    relations.get_by_label("Task to relate").fill(blocker["key"])
    page.get_by_role("option", name=f"{blocker['key']} Ask the boss").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    relations.get_by_text("blocked by 1 open task").wait_for()
    page.get_by_role("combobox", name="Status").click()
    page.get_by_role("option", name="Done").click()
    dialog = page.get_by_role("dialog", name="Other tasks block this one")
    dialog.get_by_text(f"{blocker['key']} is open").wait_for()
    assert ann.request_json("GET", f"/tasks/{task['id']}/")["status"] == "todo"
    with web.expect_change():
        dialog.get_by_role("button", name="Complete all the same").click()
    assert ann.request_json("GET", f"/tasks/{task['id']}/")["status"] == "done"
    relations.get_by_role("button", name=f"Remove the relation to {blocker['key']}").click()
    relations.get_by_role("heading", name="Relations", exact=True).wait_for()
    assert ann.request_json("GET", f"/tasks/{task['id']}/relations/")["items"] == []


def test_a_task_repeats_by_a_rule_in_words_and_links_to_the_next(
    web: WebPage, ann: ApiUser, task: Any
) -> None:
    page, path = web.page, f"/tasks/{task['id']}/"
    ann.request_json("PATCH", path, {"due_date": "2026-12-15"})
    web.log_in(ann.email)
    web.open(path)
    page.get_by_role("button", name="Edit the repetition").click()
    rule = page.get_by_role("region", name="Repetition")
    rule.get_by_role("combobox", name="Repeats", exact=True).click()
    page.get_by_role("option", name="Weekly").click()
    rule.get_by_role("spinbutton", name="Every").fill("2")
    rule.get_by_label("Friday").focus()
    page.keyboard.press("Space")
    rule.get_by_text("Every 2 weeks on Tuesday and Friday").wait_for()
    assert web.find_violations() == []
    with web.expect_change():
        rule.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Edit the repetition").wait_for()
    assert ann.request_json("GET", path)["rrule"] == "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,FR"
    page.get_by_role("combobox", name="Status").click()
    page.get_by_role("option", name="Done").click()
    rule.get_by_role("link", name="Next task of the series").click()
    page.wait_for_url(re.compile(ann.request_json("GET", path)["next_task"]))
    assert page.get_by_label("Due").input_value() == "2026-12-18"
