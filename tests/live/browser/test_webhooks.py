"""Webhooks in the settings of a project in the web client."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.browser.web_pages import WebPage
from tests.live.support import ON_LOCALSTACK, ApiUser, wait_for
from tests.webhook_receiver import Receiver, run_receiver

pytestmark = pytest.mark.skipif(
    ON_LOCALSTACK, reason="in its container, this machine is another host"
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with run_receiver() as running:
        yield running


def test_a_webhook_is_created_tested_rotated_paused_and_deleted(
    web: WebPage, ann: ApiUser, project: str, receiver: Receiver
) -> None:
    page, path = web.page, f"/projects/{project}/webhooks/"
    web.log_in(ann.email)
    web.open(f"/projects/{project}/settings")
    section = page.get_by_role("region", name="Webhooks")
    section.get_by_role("button", name="Add a webhook").click()
    section.get_by_label("Address").fill("https://10.0.0.1/")
    section.get_by_role("button", name="Create").click()
    section.get_by_text("must not be an address of a private or local network").wait_for()
    section.get_by_label("Address").fill(receiver.url)
    section.get_by_role("checkbox", name="comment.created").check()
    section.get_by_role("button", name="Create").click()
    first = _read_secret(section)
    section.get_by_text("3 events · Active").wait_for()

    receiver.answer_with(500, 204)
    with web.expect_change():
        section.get_by_role("button", name="Send a test").click()
    section.get_by_role("button", name="Deliveries").click()
    table = section.get_by_role("table", name="Deliveries")
    table.get_by_text("HTTP 500").wait_for()
    table.get_by_text("webhook.test (test)").click()
    table.get_by_text(f'"project_id": "{project}"').wait_for()
    assert web.find_violations() == []
    table.get_by_role("button", name="Send again").click()
    table.get_by_text("HTTP 204").wait_for()
    assert len({request.id for request in receiver.requests}) == 1
    receiver.requests[-1].verify(first)

    web.open(f"/projects/{project}/settings")
    section.get_by_role("button", name="New secret").click()
    assert _read_secret(section) != first
    section.get_by_role("button", name="Pause").click()
    section.get_by_text("3 events · Paused").wait_for()
    section.get_by_role("button", name="Activate").click()
    section.get_by_text("3 events · Active").wait_for()
    assert web.find_violations() == []
    section.get_by_role("button", name="Delete", exact=True).click()
    section.get_by_text("None").wait_for()
    wait_for(lambda: ann.request_json("GET", path)["items"] == [])


def _read_secret(section: Any) -> str:
    shown = section.get_by_role("status").locator("code")
    shown.wait_for()
    secret = str(shown.inner_text())
    assert secret.startswith("whsec_")
    return secret


def test_the_address_and_the_events_of_a_webhook_are_changed(
    web: WebPage, ann: ApiUser, project: str, receiver: Receiver
) -> None:
    page, path = web.page, f"/projects/{project}/webhooks/"
    ann.request_json("POST", path, {"url": receiver.url, "events": ["task.created"]})
    web.log_in(ann.email)
    web.open(f"/projects/{project}/settings")
    section = page.get_by_role("region", name="Webhooks")
    section.get_by_role("button", name="Edit").click()
    assert section.get_by_label("Address").input_value() == receiver.url
    section.get_by_label("Address").fill("https://10.0.0.1/")
    section.get_by_role("button", name="Save").click()
    section.get_by_text("must not be an address of a private or local network").wait_for()
    section.get_by_label("Address").fill(f"{receiver.url}?new")
    section.get_by_role("checkbox", name="comment.created").check()
    section.get_by_role("checkbox", name="task.created").uncheck()
    assert web.find_violations() == []
    section.get_by_role("button", name="Save").click()
    section.get_by_label("Address").wait_for(state="detached")
    section.get_by_text(f"{receiver.url}?new").wait_for()
    (stored,) = ann.request_json("GET", path)["items"]
    assert (stored["url"], stored["events"]) == (f"{receiver.url}?new", ["comment.created"])
