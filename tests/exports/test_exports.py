"""Exports: requested, made by a job, and downloaded by their requester only."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from chalice.test import Client

from chalicelib.aws import clients
from tests.attachment_files import uploaded
from tests.job_results import asked, fetched, sheet, state, swept
from tests.support import Person, answered, in_hours, sign_up

UNKNOWN_ID = "0" * 26


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    project = ann.starts_project("Launch")
    ann.lets_in(project, bob)
    return project


def _path(project: str) -> str:
    return f"/api/projects/{project}/exports"


def test_an_export_request_is_accepted_with_a_location(ann: Person, project: str) -> None:
    answer = ann.post(_path(project))
    assert answer.status_code == 202
    assert answer.json_body["status"] == "waiting"
    assert answer.headers["location"] == f"{_path(project)}/{answer.json_body['id']}/"
    assert state(ann, answer.headers["location"]) == answer.json_body


@contextmanager
def _lambda_that_answers(status: int) -> Iterator[list[Any]]:
    """Answer every Lambda invocation with `status`; yield the list of invocations.

    Each is the URL, the invocation type and the payload.
    """
    calls: list[Any] = []
    events, event = clients.lambda_client().meta.events, "before-send.lambda.Invoke"

    def reply(request: Any, **_: Any) -> AWSResponse:
        calls.append((request.url, request.headers["X-Amz-Invocation-Type"], request.body))
        return answered(request, b"{}", status=status)

    events.register_first(event, reply)
    try:
        yield calls
    finally:
        events.unregister(event, reply)


def _stream_event(export: str, event: Any) -> dict[str, Any]:
    """Return the stream event of the new job."""
    sample: dict[str, Any] = event("run_jobs")
    keys = sample["Records"][0]["dynamodb"]["Keys"]
    keys["PK"]["S"] = f"JOB#{export.rpartition('/')[2]}"
    return sample


def test_the_stream_starts_an_export_at_once(
    ann: Person, project: str, event: Any, invoke: Any
) -> None:
    export = asked(ann, _path(project))
    with _lambda_that_answers(202) as calls:
        result = invoke("follow_changes", _stream_event(export, event))
    assert result == {"batchItemFailures": []}
    ((url, invocation_type, payload),) = calls
    assert url.endswith("/functions/run-jobs/invocations") and invocation_type == b"Event"
    assert invoke("run_jobs", json.loads(payload)) == {"batchItemFailures": []}
    job = state(ann, export)
    assert (job["status"], job["reason"]) == ("done", None)
    assert [file["name"] for file in job["files"]] == [
        "attachments.csv",
        "comments.csv",
        "members.csv",
        "project.json",
        "tasks.csv",
    ]


def test_the_sweep_makes_an_export_when_the_job_runner_cannot_be_invoked(
    ann: Person, project: str, event: Any, invoke: Any
) -> None:
    export = asked(ann, _path(project))
    with _lambda_that_answers(400) as calls:
        result = invoke("follow_changes", _stream_event(export, event))
    assert (result, len(calls)) == ({"batchItemFailures": []}, 1)
    assert state(ann, export)["status"] == "waiting"
    assert invoke("sweep_jobs", event("sweep_jobs"))["done"] == 1
    assert state(ann, export)["status"] == "done"


def test_an_export_lists_an_empty_file(ann: Person, project: str) -> None:
    uploaded(ann, ann.adds_task(project)["id"], b"")
    export = asked(ann, _path(project))
    swept()
    (task,) = json.loads(fetched(ann, export, "project.json"))["tasks"]
    assert [file["size"] for file in task["attachments"]] == [0]
    (attached,) = sheet(fetched(ann, export, "attachments.csv"))
    assert attached["size"] == "0"


def test_a_project_export_holds_project_members_tasks_comments_and_attachments(
    ann: Person, bob: Person, project: str
) -> None:
    plan = ann.adds_task(project, "Plan", priority="high", assigned_to=bob.id)
    ann.adds_task(project, "Do", description="über\n«zwei»")
    file = uploaded(bob, plan["id"], filename="a.txt")
    bob.post(f"/api/tasks/{plan['id']}/comments", {"body": "=fine"})
    export = asked(bob, _path(project))
    swept()
    document = json.loads(fetched(bob, export, "project.json"))
    assert document["project"]["name"] == "Launch" and document["project"]["owner"] == ann.id
    assert {m["user_id"]: m["role"] for m in document["members"]} == {
        ann.id: "owner",
        bob.id: "member",
    }
    newest, oldest = document["tasks"]
    assert (newest["title"], newest["description"]) == ("Do", "über\n«zwei»")
    assert oldest["attachments"][0]["filename"] == "a.txt"
    assert oldest["comments"][0]["body"] == "=fine"
    lines = sheet(fetched(bob, export, "tasks.csv"))
    assert [line["title"] for line in lines] == ["Do", "Plan"]
    assert lines[0]["description"] == "über\n«zwei»" and lines[1]["assigned_to"] == bob.id
    (attached,) = sheet(fetched(bob, export, "attachments.csv"))
    assert (attached["id"], attached["task"]) == (file["id"], plan["id"])
    (comment,) = sheet(fetched(bob, export, "comments.csv"))
    assert (comment["author"], comment["task"], comment["body"]) == (bob.id, plan["id"], "'=fine")
    assert sorted(m["username"] for m in sheet(fetched(bob, export, "members.csv"))) == [
        "ann",
        "bob",
    ]


def test_a_project_export_holds_task_numbers_labels_and_parents(ann: Person, project: str) -> None:
    labels = f"/api/projects/{project}/labels"
    urgent = ann.post(labels, {"name": "urgent"}).json_body["id"]
    parent = ann.adds_task(project, "Plan", labels=[urgent])
    ann.adds_task(project, "Part", parent=parent["id"])
    export = asked(ann, _path(project))
    swept()
    document = json.loads(fetched(ann, export, "project.json"))
    assert [(label["id"], label["name"]) for label in document["labels"]] == [(urgent, "urgent")]
    part, plan = document["tasks"]
    assert (plan["labels"], plan["parent"], part["parent"]) == ([urgent], None, parent["id"])
    assert f"{document['project']['prefix']}-{plan['number']}" == parent["key"]
    assert [line["labels"] for line in sheet(fetched(ann, export, "tasks.csv"))] == ["", urgent]


def test_the_listed_sizes_are_the_sizes_of_the_files(ann: Person, project: str) -> None:
    export = asked(ann, _path(project))
    swept()
    for file in state(ann, export)["files"]:
        assert len(fetched(ann, export, file["name"])) == file["size"]


def test_an_empty_project_has_an_export_without_tasks(ann: Person) -> None:
    export = asked(ann, _path(ann.starts_project()))
    swept()
    assert json.loads(fetched(ann, export, "project.json"))["tasks"] == []
    assert sheet(fetched(ann, export, "tasks.csv")) == []


def test_no_csv_cell_is_a_formula(ann: Person, project: str) -> None:
    titles = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", '=HYPERLINK("x";"y")']
    for title in titles:
        ann.adds_task(project, title, description=f"\t{title}\n=2")
    export = asked(ann, _path(project))
    swept()
    lines = sheet(fetched(ann, export, "tasks.csv"))
    assert {line["title"] for line in lines} == {f"'{title}" for title in titles}
    assert {line["description"] for line in lines} == {f"'\t{title}\n=2" for title in titles}
    tasks = json.loads(fetched(ann, export, "project.json"))["tasks"]
    assert {task["title"] for task in tasks} == set(titles)


def test_csv_files_begin_with_a_byte_order_mark_and_quote_every_cell(
    ann: Person, project: str
) -> None:
    ann.adds_task(project, 'a,"b";c')
    export = asked(ann, _path(project))
    swept()
    raw = fetched(ann, export, "tasks.csv")
    assert raw.startswith(b'\xef\xbb\xbf"id","number"') and b'"a,""b"";c"' in raw


def test_a_repeated_request_returns_the_unfinished_export(ann: Person, project: str) -> None:
    first = asked(ann, _path(project))
    assert asked(ann, _path(project)) == first
    swept()
    assert asked(ann, _path(project)) != first


def test_two_members_can_export_at_the_same_time(ann: Person, bob: Person, project: str) -> None:
    assert asked(ann, _path(project)) != asked(bob, _path(project))


def test_a_repeated_idempotency_key_returns_the_first_response(ann: Person, project: str) -> None:
    key = {"headers": {"Idempotency-Key": "k"}}
    first = ann.post(_path(project), **key).json_body
    swept()
    assert ann.post(_path(project), **key).json_body == first


def test_export_requests_are_rate_limited(ann: Person, project: str) -> None:
    answers = [ann.post(_path(project)).status_code for _ in range(22)]
    assert answers[0] == 202 and answers[-1] == 429


def test_an_unfinished_export_cannot_be_downloaded(ann: Person, project: str) -> None:
    answer = ann.get(f"{asked(ann, _path(project))}/download?file=tasks.csv")
    assert (answer.status_code, answer.json_body["code"]) == (409, "job_not_done")


def test_only_files_of_the_export_can_be_downloaded(ann: Person, project: str) -> None:
    export = asked(ann, _path(project))
    swept()
    for name in ("other.csv", "draft/1-0/tasks.csv", "../x"):
        assert ann.get(f"{export}/download?file={name}").status_code == 404
    assert ann.get(f"{export}/download").status_code == 400


def test_an_export_is_visible_to_its_requester_only(ann: Person, bob: Person, project: str) -> None:
    export = asked(ann, _path(project))
    swept()
    for path in (export, f"{export}/download?file=tasks.csv"):
        assert ann.get(path).status_code == 200
        assert bob.get(path).status_code == 404


def test_an_export_is_found_at_its_own_path_only(ann: Person, project: str) -> None:
    export = asked(ann, _path(project)).rpartition("/")[2]
    for path in (_path(ann.starts_project()), "/api/auth/profile/exports"):
        assert ann.get(f"{path}/{export}").status_code == 404
    for unknown in (UNKNOWN_ID, "x", "LEASE"):
        assert ann.get(f"{_path(project)}/{unknown}").status_code == 404


def test_the_export_of_a_member_removed_before_the_job_runs_fails(
    ann: Person, bob: Person, project: str
) -> None:
    asked(bob, _path(project))
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    assert swept() == {"access_lost": 1}


def test_a_removed_member_cannot_download_a_finished_export(
    ann: Person, bob: Person, project: str
) -> None:
    export = asked(bob, _path(project))
    swept()
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    assert bob.get(export).status_code == 404
    assert bob.get(f"{export}/download?file=tasks.csv").status_code == 404
    ann.lets_in(project, bob)
    assert bob.get(export).status_code == 200


def test_an_export_of_a_deleted_project_fails(ann: Person, project: str) -> None:
    export = asked(ann, _path(project))
    ann.delete(f"/api/projects/{project}")
    swept()
    ann.post(f"/api/projects/{project}/restore")
    job = state(ann, export)
    assert (job["status"], job["reason"], job["files"]) == ("failed", "access_lost", [])
    answer = ann.get(f"{export}/download?file=tasks.csv")
    assert (answer.status_code, answer.json_body["code"]) == (409, "job_failed")


def test_results_are_kept_for_seven_days(ann: Person, project: str, pass_by: Any) -> None:
    export = asked(ann, _path(project))
    swept()
    pass_by(days=6)
    ann.signs_in()
    assert swept() == {} and ann.get(export).status_code == 200
    pass_by(days=1)
    ann.signs_in()
    assert ann.get(export).status_code == 404


# --- the caller's own data ------------------------------------------------------------------------

ACCOUNT_EXPORTS = "/api/auth/profile/exports"


def test_an_account_export_holds_the_users_data_of_all_their_projects(
    client: Client, ann: Person, bob: Person, project: str
) -> None:
    cat = sign_up(client, "cat")
    other, foreign = cat.starts_project("Other"), cat.starts_project("Foreign")
    cat.lets_in(other, bob)
    ann.adds_task(project, "for bob", assigned_to=bob.id)
    bob.adds_task(other, "by bob")
    with_file = cat.adds_task(other, "with a file")
    uploaded(bob, with_file["id"], filename="mine.txt")
    uploaded(cat, with_file["id"], filename="hers.txt")
    talk = cat.adds_task(other, "talk")["id"]
    for person in (bob, cat):
        person.post(f"/api/tasks/{talk}/comments", {"body": person.email})
    cat.adds_task(other, "not his")
    cat.adds_task(foreign, "nor this")
    export = asked(bob, ACCOUNT_EXPORTS)
    swept()
    document = json.loads(fetched(bob, export, "account.json"))
    titles = {task["title"] for task in document["tasks"]}
    assert titles == {"for bob", "by bob", "with a file", "talk"}
    assert {line["title"] for line in sheet(fetched(bob, export, "tasks.csv"))} == titles
    (file,) = sheet(fetched(bob, export, "attachments.csv"))
    assert file["filename"] == "mine.txt"
    (comment,) = sheet(fetched(bob, export, "comments.csv"))
    assert comment["body"] == bob.email
    assert {membership["name"] for membership in document["memberships"]} == {"Launch", "Other"}
    assert document["profile"]["email"] == bob.email
    assert len(document["sessions"]) == 1


def test_an_account_export_holds_no_secret(ann: Person) -> None:
    token = ann.post(
        "/api/auth/tokens", {"name": "ci", "scopes": ["tasks:read"], "expires_at": in_hours(24)}
    )
    assert token.status_code == 201, token.json_body
    export = asked(ann, ACCOUNT_EXPORTS)
    swept()
    text = fetched(ann, export, "account.json").decode()
    (api_token,) = json.loads(text)["api_tokens"]
    assert (api_token["name"], api_token["scopes"]) == ("ci", ["tasks:read"])
    assert token.json_body["token"] not in text
    assert "digest" not in text and "password" not in text and "hash" not in text


def test_a_user_without_projects_can_export_their_data(ann: Person) -> None:
    export = asked(ann, ACCOUNT_EXPORTS)
    swept()
    assert json.loads(fetched(ann, export, "account.json"))["tasks"] == []


def test_projects_deleted_before_the_job_runs_are_left_out(
    ann: Person, bob: Person, project: str
) -> None:
    ann.adds_task(project, "for bob", assigned_to=bob.id)
    bob.adds_task(bob.starts_project("Own"), "his own")
    export = asked(bob, ACCOUNT_EXPORTS)
    ann.delete(f"/api/projects/{project}")
    swept()
    document = json.loads(fetched(bob, export, "account.json"))
    assert [task["title"] for task in document["tasks"]] == ["his own"]


def test_an_account_export_is_visible_to_its_user_only(ann: Person, bob: Person) -> None:
    export = asked(ann, ACCOUNT_EXPORTS)
    swept()
    assert bob.get(export).status_code == 404
    assert bob.get(f"{export}/download?file=account.json").status_code == 404
