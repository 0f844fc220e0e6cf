"""Earlier items (see `tests/earlier_items.py`): reads, sessions, tokens and addresses."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from botocore.client import BaseClient

from chalicelib import settings
from tests.earlier_items import (
    DATA,
    ENTITIES,
    IDS,
    TASK,
    EarlierScenario,
    RunFunction,
    build_current_body,
    has_key,
    read_body,
    text_of,
)
from tests.support import PASSWORD, Api, extract_token, mails_to


@pytest.mark.parametrize("entity", ENTITIES)
def test_the_data_has_an_item_of_every_entity(entity: str) -> None:
    assert any(has_key(item, *ENTITIES[entity]) for item in DATA["items"])


def test_every_recorded_get_request_gets_the_recorded_response(scenario: EarlierScenario) -> None:
    """Only texts for people may differ: pages, and the titles and details of problems."""
    different = [
        f"{recorded['path']} of {recorded['who']}"
        for recorded in DATA["gets"]
        if not has_recorded_response(scenario, recorded)
    ]
    assert different == []


def has_recorded_response(scenario: EarlierScenario, recorded: dict[str, Any]) -> bool:
    """Return whether status, body and ETag are the recorded ones.

    The ETag may differ where the body contains a label or a whole task.
    """
    answer = scenario.api(recorded["who"]).get(recorded["path"])
    if answer.status_code != recorded["status"]:
        return False
    if isinstance(recorded["body"], str):
        return "html" in answer.headers["content-type"]
    if recorded["status"] >= 400:
        return bool(answer.json_body["code"] == recorded["body"]["code"])
    body = build_current_body(recorded)
    is_unchanged = body == recorded["body"]
    return answer.json_body == body and (
        not is_unchanged or answer.headers.get("etag") == recorded["etag"]
    )


def test_an_earlier_etag_gets_304_if_nothing_changed(
    scenario: EarlierScenario,
) -> None:
    """Of objects that have no new field: those of a task and of a project have changed."""
    unchanged = [
        each
        for each in DATA["gets"]
        if each["who"] == "ann" and each["etag"] and build_current_body(each) == each["body"]
    ]
    assert unchanged
    for recorded in unchanged:
        answer = scenario.ann.get(recorded["path"], headers={"If-None-Match": recorded["etag"]})
        assert answer.status_code == 304, recorded["path"]


def test_the_list_snapshot_in_the_bucket_is_read_by_a_list_that_needs_it(
    scenario: EarlierScenario,
) -> None:
    with recorded_calls() as calls:
        found = scenario.tasks("&status=todo&ordering=due_date")
    assert ("GetObject", f"catalogue/1/{IDS['project']}") in calls
    assert ("PutObject", f"catalogue/1/{IDS['project']}") not in calls
    expected = [task for task in scenario.tasks() if task["status"] == "todo"]
    expected.sort(key=lambda task: (task["due_date"] or "~", task["id"]))
    assert [task["id"] for task in found] == [task["id"] for task in expected]
    assert len(found) == scenario.statistics()["by_status"]["todo"] > 10


@contextmanager
def recorded_calls() -> Iterator[list[tuple[str, str]]]:
    """Yield a list that grows by the operation and the S3 key of each AWS call in the block."""
    calls: list[tuple[str, str]] = []
    call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def record(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        calls.append((operation, str(parameters.get("Key"))))
        return call(client, operation, parameters)

    with patch.object(BaseClient, "_make_api_call", record):
        yield calls


def test_a_sync_continues_at_an_earlier_cursor_and_gets_only_new_changes(
    scenario: EarlierScenario,
) -> None:
    *_, last = (each for each in DATA["gets"] if each["path"].startswith("/api/changes"))
    cursor, items = last["body"]["next_cursor"], [{"id": ""}]
    person = scenario.person(last["who"])
    while items:
        page = read_body(person.get(f"/api/changes?cursor={cursor}"))
        cursor, items = page["next_cursor"], page["items"] if page["has_more"] else []
    scenario.clock.shift(timedelta(minutes=5))
    read_body(person.patch(f"/api/tasks/{IDS['subtask']}", {"title": "Changed"}))
    changes = read_body(person.get(f"/api/changes?cursor={cursor}"))["items"]
    assert "Changed" in {item.get("title") for item in changes} and len(changes) < 20


def test_a_refresh_token_gives_new_tokens(scenario: EarlierScenario) -> None:
    fresh = read_body(
        Api(scenario.client).post("/api/auth/refresh", {"refresh": scenario.ann.refresh})
    )
    assert read_body(Api(scenario.client, fresh["access"]).get(TASK))["id"] == IDS["parent"]


def test_an_earlier_password_logs_in(scenario: EarlierScenario) -> None:
    login = {"email": scenario.bob.email, "password": DATA["password"]}
    login_answer = read_body(Api(scenario.client).post("/api/auth/login", login))
    assert login_answer["user"]["id"] == scenario.bob.id


def test_the_other_sessions_are_ended(scenario: EarlierScenario) -> None:
    sessions = read_body(scenario.ann.get("/api/auth/sessions"))["items"]
    assert len(sessions) > 1
    assert scenario.ann.delete("/api/auth/sessions").status_code == 204
    assert len(read_body(scenario.ann.get("/api/auth/sessions"))["items"]) == 1


def test_the_scopes_of_an_api_token_decide_what_it_may_do(scenario: EarlierScenario) -> None:
    title = {"title": "Written by a program"}
    assert scenario.api("reader").patch(TASK, title).status_code == 403
    assert read_body(scenario.api("writer").patch(TASK, title))["title"] == title["title"]


def test_a_deleted_api_token_is_refused(scenario: EarlierScenario) -> None:
    path = f"/api/auth/tokens/{IDS['token_writer']}"
    assert scenario.ann.delete(path).status_code == 204
    assert scenario.api("writer").get(TASK).status_code == 401


@pytest.mark.parametrize("taken", ["username", "email"])
def test_a_username_and_an_address_stay_taken(scenario: EarlierScenario, taken: str) -> None:
    new = {"username": "newcomer", "email": "newcomer@example.com", "password": PASSWORD}
    new |= {"password_confirm": PASSWORD}
    new |= {taken: {"username": "ANN", "email": "Ann@Example.com"}[taken]}
    answer = Api(scenario.client).post("/api/auth/register", new)
    assert (answer.status_code, answer.json_body["code"]) == (409, f"{taken}_taken")


def test_an_address_is_verified(scenario: EarlierScenario, run_function: RunFunction) -> None:
    gus = scenario.person("gus")
    assert read_body(gus.get("/api/auth/profile"))["is_verified"] is False
    answer = Api(scenario.client).post("/api/auth/resend-verification", {"email": gus.email})
    assert answer.status_code < 300, answer.json_body
    run_function("sweep_mail")
    *_, mail = mails_to(gus)
    done = Api(scenario.client).post("/api/auth/verify-email", {"token": extract_token(mail)})
    assert done.status_code == 204
    assert read_body(gus.get("/api/auth/profile"))["is_verified"] is True


def test_a_waiting_mail_with_a_reset_link_is_sent_and_its_link_works(
    scenario: EarlierScenario, run_function: RunFunction
) -> None:
    run_function("sweep_mail")
    link = f"{settings.APP_URL}/reset?token="
    (mail,) = (each for each in mails_to(scenario.cleo) if link in text_of(each))
    new = {"password": "a wholly new password", "password_confirm": "a wholly new password"}
    reset = Api(scenario.client).post(
        "/api/auth/reset-password", {"token": extract_token(mail), **new}
    )
    assert reset.status_code == 204
    login = {"email": scenario.cleo.email, "password": new["password"]}
    assert (
        read_body(Api(scenario.client).post("/api/auth/login", login))["user"]["id"]
        == scenario.cleo.id
    )
