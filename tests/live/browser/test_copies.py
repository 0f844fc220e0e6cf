"""Copies, templates, moves and new owners in the web client."""

import re
from typing import Any

from tests.live.browser.web_pages import WebPage
from tests.live.support import ApiUser, Deployment


def _create_task(ann: ApiUser, project: str, title: str, **fields: Any) -> Any:
    return ann.request_json("POST", "/tasks/", {"project": project, "title": title, **fields})


def test_a_task_is_duplicated_and_moved_to_another_project(
    web: WebPage, ann: ApiUser, project: str
) -> None:
    page = web.page
    task = _create_task(ann, project, "Pack")
    _create_task(ann, project, "Socks", parent=task["id"])
    other = ann.request_json("POST", "/projects/", {"name": "Holidays", "key": "HOL"})
    web.log_in(ann.email)
    web.open(f"/projects/{project}/board?task={task['id']}")
    panel = page.get_by_role("dialog", name="Task")
    panel.get_by_role("button", name="Duplicate").click()
    dialog = page.get_by_role("dialog", name=f"Duplicate {task['key']}")
    assert dialog.get_by_label("Also its subtask").is_checked()
    dialog.get_by_role("button", name="Duplicate").click()
    page.wait_for_url(lambda url: "task=" in url and task["id"] not in url)
    panel.get_by_role("link", name="Socks").wait_for()
    panel.get_by_role("button", name="Move").click()
    dialog = page.get_by_role("dialog", name=re.compile("to another project"))
    dialog.get_by_label("Project").fill("Holidays")
    page.get_by_role("option", name="Holidays").click()
    assert web.find_violations() == []
    dialog.get_by_role("button", name="Move").click()
    page.get_by_text(re.compile(r"The task is HOL-\d")).first.wait_for()
    panel.get_by_role("link", name="Socks").wait_for()
    titles = ann.request_json("GET", f"/tasks/?project={other['id']}&parent=none")["items"]
    assert [each["title"] for each in titles] == ["Pack"]


def test_a_project_is_created_from_a_template_and_duplicated(
    web: WebPage, ann: ApiUser, project: str
) -> None:
    page = web.page
    _create_task(ann, project, "Book the hall", due_date="2026-12-01")
    web.log_in(ann.email)
    web.open(f"/projects/{project}/settings")
    page.get_by_label("This project is a template").check()
    with web.expect_change():
        page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Duplicate").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Second launch")
    page.get_by_role("dialog").get_by_role("button", name="Duplicate").click()
    page.get_by_role("heading", name="Second launch").wait_for()
    page.get_by_role("button", name="Book the hall").wait_for()
    web.open("/")
    page.get_by_role("main").get_by_role("button", name="New project").click()
    dialog = page.get_by_role("dialog", name="New project")
    dialog.get_by_label("Name").fill("Launch in May")
    dialog.get_by_role("combobox", name="From a template").click()
    page.get_by_role("option", name="Launch").first.click()
    dialog.get_by_label("First day").fill("2030-05-06")
    dialog.get_by_role("button", name="Create").click()
    page.get_by_role("heading", name="Launch in May").wait_for()
    page.get_by_role("button", name="Book the hall").get_by_text("May 6, 2030").wait_for()


def test_a_project_gets_a_new_owner(
    web: WebPage, web_deployment: Deployment, ann: ApiUser, project: str
) -> None:
    page = web.page
    olga = web_deployment.new_user("olga").sign_up()
    ann.request_json("POST", f"/projects/{project}/members/", {"user_id": olga.id})
    web.log_in(ann.email)
    web.open(f"/projects/{project}/settings")
    page.get_by_role("button", name="Transfer").click()
    dialog = page.get_by_role("dialog", name="Transfer the project")
    dialog.get_by_label("New owner").fill(olga.name)
    page.get_by_role("option", name=olga.name).click()
    dialog.get_by_role("button", name="Transfer").click()
    page.get_by_role("button", name="Leave").wait_for()
    assert ann.request_json("GET", f"/projects/{project}/")["owner"] == olga.id
