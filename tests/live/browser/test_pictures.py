"""The picture of the board in README.md; `WRITE_PICTURES=1` writes it into docs/pictures."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.stage import ROOT
from tests.live.browser.web_pages import open_page
from tests.live.support import ApiUser, Deployment

LABELS = {"design": "#7950f2", "backend": "#228be6", "bug": "#fa5252"}
# Title, status, priority, days until due, labels, whether it is assigned to the teammate.
TASKS: list[tuple[str, str, str, int | None, list[str], bool]] = [
    ("Publish the price list", "todo", "high", 2, ["design"], True),
    ("Translate the help pages", "todo", "medium", 9, [], False),
    ("Collect questions of the beta testers", "todo", "medium", None, [], True),
    ("Sign-up page for the newsletter", "in_progress", "high", 1, ["design", "backend"], False),
    ("Dates are a day off in Samoa", "in_progress", "high", -1, ["bug"], True),
    ("Import tasks from a spreadsheet", "in_progress", "medium", 5, ["backend"], False),
    ("Faster search in large projects", "review", "medium", 3, ["backend"], True),
    ("Choose the launch date", "done", "high", None, [], False),
    ("New logo", "done", "medium", None, ["design"], True),
]


def _fill_project(owner: ApiUser, teammate: ApiUser) -> str:
    body = {"name": "Website launch", "key": "WEB"}
    project = str(owner.request_json("POST", "/projects/", body)["id"])
    owner.request_json("POST", f"/projects/{project}/members/", {"user_id": teammate.id})
    labels = {
        name: owner.request_json(
            "POST", f"/projects/{project}/labels/", {"name": name, "color": color}
        )["id"]
        for name, color in LABELS.items()
    }
    for title, status, priority, days, names, is_for_teammate in TASKS:
        task = {"project": project, "title": title, "status": status, "priority": priority}
        task["labels"] = [labels[name] for name in names]
        task["assigned_to"] = (teammate if is_for_teammate else owner).id
        if days is not None:
            task["due_date"] = f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}"
        owner.request_json("POST", "/tasks/", task)
    return project


@pytest.mark.proof
def test_the_picture_of_the_readme_shows_the_board(
    browser: Any, web_deployment: Deployment, tmp_path: Path
) -> None:
    owner = web_deployment.new_user("olga").sign_up()
    teammate = web_deployment.new_user("sam").sign_up()
    owner.request_json("PATCH", "/auth/profile/", {"display_name": "Olga Petrova"})
    teammate.request_json("PATCH", "/auth/profile/", {"display_name": "Sam Okafor"})
    project = _fill_project(owner, teammate)
    address = str(web_deployment.outputs["gateway_api_url"]).removesuffix("/api")
    folder = ROOT / "docs" / "pictures" if os.environ.get("WRITE_PICTURES") else tmp_path
    viewport = {"width": 1360, "height": 760}
    with open_page(browser, address, viewport=viewport) as web:
        web.log_in(owner.email)
        web.open(f"/projects/{project}/board")
        web.page.get_by_role("button", name="New logo").wait_for()
        web.page.get_by_text("design").first.wait_for()
        web.page.screenshot(path=str(folder / "board.png"))
    assert (folder / "board.png").stat().st_size > 20_000
