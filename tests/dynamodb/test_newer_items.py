"""Items, attributes and values that a newer release wrote, as during a deployment or a rollback.

The responses with unknown values are not those of docs/openapi.json of this release, so `_read`
calls the app without the check of the contract.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from chalice.test import Client

from tests.counter_checks import count_drift
from tests.job_results import request_job
from tests.support import Person, mails_to
from tests.table_items import put_items, scan_items

Invoke = Callable[[str, dict[str, Any]], Any]
SampleEvent = Callable[[str], dict[str, Any]]

NEWER = "of a newer release"


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    project = ann.create_project()
    ann.add_member(project, bob)
    return project


@pytest.fixture
def run(invoke: Invoke, sample_event: SampleEvent) -> Callable[[str], dict[str, int]]:
    """Invoke a scheduled function and return its outcome."""
    return lambda function: dict(invoke(function, sample_event(function)))


def _set(prefix: str, **attributes: Any) -> list[Any]:
    """Set attributes, in DynamoDB's JSON, of all items whose PK or SK begins with `prefix`."""
    items = [each for each in scan_items() if _has_prefix(each, prefix)]
    assert items, prefix
    put_items([each | attributes for each in items])
    return items


def _has_prefix(item: dict[str, Any], prefix: str) -> bool:
    return any(item[name]["S"].startswith(prefix) for name in ("PK", "SK"))


def _read(client: Client, person: Person, path: str) -> Any:
    headers = {"Authorization": f"Bearer {person.token}"}
    answer = client.http.get(path, headers=headers)
    assert answer.status_code == 200, (path, answer.body)
    return json.loads(answer.body)


@pytest.mark.parametrize("name", ["status", "priority", "repeat_from"])
def test_an_unknown_value_of_a_task_is_shown_as_stored_and_survives_an_edit(
    client: Client, ann: Person, project: str, name: str
) -> None:
    fields = {"rrule": "FREQ=DAILY", "due_date": "2026-12-01"} if name == "repeat_from" else {}
    task = ann.create_task(project, **fields)["id"]
    _set(f"TASK#{task}", **{name: {"S": NEWER}})

    assert _read(client, ann, f"/api/tasks/{task}")[name] == NEWER
    headers = {"Authorization": f"Bearer {ann.token}", "Content-Type": "application/json"}
    path = f"/api/tasks/{task}"
    edited = client.http.patch(path, headers=headers, body=b'{"title": "Edited"}')
    assert (edited.status_code, json.loads(edited.body)[name]) == (200, NEWER)
    for path in (
        f"tasks?project={project}",
        f"tasks/{task}/activity",
        "changes",
    ):
        _read(client, ann, f"/api/{path}")
    assert ann.patch(f"/api/tasks/{task}", {name: NEWER}).status_code in (400, 422)


def test_an_unknown_priority_is_counted_in_the_statistics(
    client: Client, ann: Person, project: str
) -> None:
    task = ann.create_task(project)["id"]
    _set(f"TASK#{task}", priority={"S": NEWER})
    _set("STATS#", **{f"priority:{NEWER}": {"N": "1"}})
    statistics = _read(client, ann, f"/api/tasks/statistics?project={project}")
    assert statistics["total"] == 1


def test_an_unknown_role_is_shown_as_stored_and_allows_nothing(
    client: Client, ann: Person, bob: Person, project: str
) -> None:
    _set(f"MEMBER#{bob.id}", role={"S": NEWER})
    members = _read(client, ann, f"/api/projects/{project}/members")["items"]
    assert NEWER in {each["role"] for each in members}
    for path in ("projects", "changes"):
        _read(client, bob, f"/api/{path}")
    assert bob.get(f"/api/projects/{project}").status_code == 403
    assert (
        ann.patch(f"/api/projects/{project}/members/{bob.id}", {"role": NEWER}).status_code == 422
    )


def test_an_unknown_scope_is_shown_as_stored_and_allows_nothing(
    client: Client, ann: Person
) -> None:
    created = ann.create_token("projects:read")
    _set(f"TOKEN#{created['id']}", scopes={"SS": [NEWER]})
    tokens = _read(client, ann, "/api/auth/tokens")["items"]
    assert tokens[0]["scopes"] == [NEWER]
    headers = {"Authorization": f"Bearer {created['token']}"}
    assert client.http.get("/api/projects", headers=headers).status_code == 403


@pytest.mark.parametrize("route", ["trash", "move"])
def test_unknown_attributes_of_a_task_survive_trash_and_move(
    ann: Person, project: str, route: str
) -> None:
    task = ann.create_task(project)["id"]
    estimate = {"M": {"hours": {"N": "3"}}}
    _set(f"TASK#{task}", estimate=estimate)
    if route == "trash":
        ann.delete(f"/api/tasks/{task}")
        assert _set("TRASH#")[0]["estimate"] == estimate
        assert ann.post(f"/api/tasks/{task}/restore").status_code == 200
    else:
        moved = ann.post(f"/api/tasks/{task}/move", {"project": ann.create_project("Other")})
        task = moved.json_body["task"]["id"]
    assert _set(f"TASK#{task}")[0]["estimate"] == estimate


def test_a_mail_of_an_unknown_kind_waits_for_the_newer_release(
    ann: Person, bob: Person, project: str, run: Callable[[str], dict[str, int]], wait: Any
) -> None:
    ann.create_task(project, assigned_to=bob.id)
    queued = _set("OUTBOX#", kind={"S": NEWER})
    wait(hours=23)
    assert run("sweep_mail")["unknown_kind"] == len(queued)
    assert _set("OUTBOX#", kind=queued[0]["kind"])[0].get("attempts") == queued[0].get("attempts")
    run("sweep_mail")
    assert len(list(mails_to(bob))) == 1


def test_a_mail_of_a_kind_that_stays_unknown_is_parked_after_a_day(
    ann: Person, bob: Person, project: str, run: Callable[[str], dict[str, int]], wait: Any
) -> None:
    ann.create_task(project, assigned_to=bob.id)
    queued = _set("OUTBOX#", kind={"S": NEWER})
    wait(hours=25)
    assert run("sweep_mail")["parked"] == len(queued)


def test_a_job_of_an_unknown_kind_waits_for_the_newer_release(
    client: Client, ann: Person, project: str, run: Callable[[str], dict[str, int]], wait: Any
) -> None:
    job = request_job(ann, f"/api/projects/{project}/exports")
    kind = _set("JOB#", kind={"S": NEWER})[0]["kind"]
    wait(hours=23)
    assert run("sweep_jobs")["unknown_kind"] == 1
    stored = _set("JOB#", kind=kind)[0]
    assert (stored["status"]["S"], stored["attempts"]["N"]) == ("waiting", "0")
    ann.log_in()
    assert run("sweep_jobs")["done"] == 1
    assert _read(client, ann, job)["status"] == "done"


def test_a_job_of_a_kind_that_stays_unknown_ends_after_a_day(
    ann: Person, project: str, run: Callable[[str], dict[str, int]], wait: Any
) -> None:
    request_job(ann, f"/api/projects/{project}/exports")
    _set("JOB#", kind={"S": NEWER})
    wait(hours=25)
    assert run("sweep_jobs")["gave_up"] == 1
    stored = _set("JOB#")[0]
    assert (stored["status"]["S"], stored["reason"]["S"]) == ("failed", "gave_up")


def test_counter_repair_skips_child_items_of_an_unknown_kind(
    ann: Person, project: str, caplog: pytest.LogCaptureFixture
) -> None:
    task = ann.create_task(project)["id"]
    ann.post(f"/api/tasks/{task}/comments", {"body": "Hello"})
    put_items([{"PK": {"S": f"TASK#{task}"}, "SK": {"S": "POLL#1"}, "question": {"S": "?"}}])
    assert count_drift() == 0
    assert "child items of unknown kinds were not counted" in caplog.messages
