"""Every page of the web client in light and dark mode, looked at by axe."""

from typing import Any

import pytest

from tests.live.browser.web_pages import open_page
from tests.live.support import Deployment

SIGNED_OUT = (
    "/login",
    "/register",
    "/forgot-password",
    "/reset",
    "/verify",
    "/new-email",
    "/invitation",
    "/nowhere",
)
SIGNED_IN = (
    "/",
    "/tasks",
    "/tasks/{task}",
    "/projects/{project}/board",
    "/projects/{project}/board?task={task}",
    "/projects/{project}/list",
    "/projects/{project}/list?ordering=rank",
    "/projects/{project}/calendar",
    "/projects/{project}/statistics",
    "/projects/{project}/members",
    "/projects/{project}/trash",
    "/projects/{project}/settings",
    "/account",
    "/account/security",
    "/account/notifications",
    "/account/calendars",
    "/account/tokens",
    "/notifications",
    "/import",
    "/staff",
    "/staff/mails",
    "/staff/dead-letters",
    "/staff/audit",
)


@pytest.mark.proof
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_an_accessibility_violation(
    browser: Any, address: str, web_deployment: Deployment, scheme: str
) -> None:
    ann = web_deployment.make_staff(web_deployment.new_user("ann").sign_up())
    project = ann.request_json("POST", "/projects/", {"name": "Launch"})["id"]
    task = ann.request_json("POST", "/tasks/", {"project": project, "title": "Write the plan"})
    label = {"name": "urgent", "color": "#fa5252"}
    label_id = ann.request_json("POST", f"/projects/{project}/labels/", label)["id"]
    change = {"labels": [label_id], "due_date": "2020-01-01", "assigned_to": ann.id}
    ann.request_json("PATCH", f"/tasks/{task['id']}/", change)
    ann.request_json("POST", f"/tasks/{task['id']}/comments/", {"body": "Well done"})
    names = {"project": project, "task": task["id"]}
    found: dict[str, list[str]] = {}
    with open_page(browser, address, color_scheme=scheme, reduced_motion="reduce") as web:
        for path in SIGNED_OUT:
            web.open(path)
            web.page.get_by_role("heading").first.wait_for()
            found[path] = web.find_violations()
        web.log_in(ann.email)
        for path in SIGNED_IN:
            web.open_whole(path.format(**names))
            found[path] = web.find_violations()
    assert {path: violations for path, violations in found.items() if violations} == {}
