"""Exports: requested, made by a job, and downloaded by their requester only."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from chalice.test import Client

from chalicelib.aws import clients
from tests.attachment_files import upload_attachment
from tests.authenticator import set_up
from tests.faults import build_response
from tests.job_results import download_job_file, parse_csv, read_job, request_job, run_sweep
from tests.support import Person, sign_up

UNKNOWN_ID = "0" * 26


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    project = ann.create_project("Launch")
    ann.add_member(project, bob)
    return project


def _path(project: str) -> str:
    return f"/api/projects/{project}/exports"


def test_an_export_request_is_accepted_with_a_location(ann: Person, project: str) -> None:
    answer = ann.post(_path(project))
    assert answer.status_code == 202
    assert answer.json_body["status"] == "waiting"
    assert answer.headers["location"] == f"{_path(project)}/{answer.json_body['id']}/"
    assert read_job(ann, answer.headers["location"]) == answer.json_body


@contextmanager
def _lambda_that_answers(status: int) -> Iterator[list[Any]]:
    """Answer every Lambda invocation with `status`; yield the list of invocations.

    Each is the URL, the invocation type and the payload.
    """
    calls: list[Any] = []
    events, event = clients.lambda_client().meta.events, "before-send.lambda.Invoke"

    def reply(request: Any, **_: Any) -> AWSResponse:
        calls.append((request.url, request.headers["X-Amz-Invocation-Type"], request.body))
        return build_response(request, b"{}", status=status)

    events.register_first(event, reply)
    try:
        yield calls
    finally:
        events.unregister(event, reply)


def _stream_event(export: str, sample_event: Any) -> dict[str, Any]:
    """Return the stream event of the new job."""
    sample: dict[str, Any] = sample_event("run_jobs")
    keys = sample["Records"][0]["dynamodb"]["Keys"]
    keys["PK"]["S"] = f"JOB#{export.rpartition('/')[2]}"
    return sample


def test_the_stream_starts_an_export_at_once(
    ann: Person, project: str, sample_event: Any, invoke: Any
) -> None:
    export = request_job(ann, _path(project))
    with _lambda_that_answers(202) as calls:
        result = invoke("follow_changes", _stream_event(export, sample_event))
    assert result == {"batchItemFailures": []}
    ((url, invocation_type, payload),) = calls
    assert url.endswith("/functions/run-jobs/invocations") and invocation_type == b"Event"
    assert invoke("run_jobs", json.loads(payload)) == {"batchItemFailures": []}
    job = read_job(ann, export)
    assert (job["status"], job["reason"]) == ("done", None)
    assert [file["name"] for file in job["files"]] == [
        "attachments.csv",
        "comments.csv",
        "members.csv",
        "project.json",
        "tasks.csv",
        "tasks.xlsx",
    ]


def test_the_sweep_makes_an_export_when_the_job_runner_cannot_be_invoked(
    ann: Person, project: str, sample_event: Any, invoke: Any
) -> None:
    export = request_job(ann, _path(project))
    with _lambda_that_answers(400) as calls:
        result = invoke("follow_changes", _stream_event(export, sample_event))
    assert (result, len(calls)) == ({"batchItemFailures": []}, 1)
    assert read_job(ann, export)["status"] == "waiting"
    assert invoke("sweep_jobs", sample_event("sweep_jobs"))["done"] == 1
    assert read_job(ann, export)["status"] == "done"


def test_an_export_lists_an_empty_file(ann: Person, project: str) -> None:
    upload_attachment(ann, ann.create_task(project)["id"], b"")
    export = request_job(ann, _path(project))
    run_sweep()
    (task,) = json.loads(download_job_file(ann, export, "project.json"))["tasks"]
    assert [file["size"] for file in task["attachments"]] == [0]
    (attached,) = parse_csv(download_job_file(ann, export, "attachments.csv"))
    assert attached["size"] == "0"


def test_a_project_export_holds_project_members_tasks_comments_and_attachments(
    ann: Person, bob: Person, project: str
) -> None:
    plan = ann.create_task(project, "Plan", priority="high", assigned_to=bob.id)
    ann.create_task(project, "Do", description="über\n«zwei»")
    file = upload_attachment(bob, plan["id"], filename="a.txt")
    bob.post(f"/api/tasks/{plan['id']}/comments", {"body": "=fine"})
    export = request_job(bob, _path(project))
    run_sweep()
    document = json.loads(download_job_file(bob, export, "project.json"))
    assert document["project"]["name"] == "Launch" and document["project"]["owner"] == ann.id
    assert {m["user_id"]: m["role"] for m in document["members"]} == {
        ann.id: "owner",
        bob.id: "member",
    }
    newest, oldest = document["tasks"]
    assert (newest["title"], newest["description"]) == ("Do", "über\n«zwei»")
    assert oldest["attachments"][0]["filename"] == "a.txt"
    assert oldest["comments"][0]["body"] == "=fine"
    lines = parse_csv(download_job_file(bob, export, "tasks.csv"))
    assert [line["title"] for line in lines] == ["Do", "Plan"]
    assert lines[0]["description"] == "über\n«zwei»" and lines[1]["assigned_to"] == bob.id
    (attached,) = parse_csv(download_job_file(bob, export, "attachments.csv"))
    assert (attached["id"], attached["task"]) == (file["id"], plan["id"])
    (comment,) = parse_csv(download_job_file(bob, export, "comments.csv"))
    assert (comment["author"], comment["task"], comment["body"]) == (bob.id, plan["id"], "'=fine")
    assert sorted(
        m["username"] for m in parse_csv(download_job_file(bob, export, "members.csv"))
    ) == [
        "ann",
        "bob",
    ]


def test_a_project_export_holds_task_numbers_labels_and_parents(ann: Person, project: str) -> None:
    labels = f"/api/projects/{project}/labels"
    urgent = ann.post(labels, {"name": "urgent"}).json_body["id"]
    parent = ann.create_task(project, "Plan", labels=[urgent])
    ann.create_task(project, "Part", parent=parent["id"])
    export = request_job(ann, _path(project))
    run_sweep()
    document = json.loads(download_job_file(ann, export, "project.json"))
    assert [(label["id"], label["name"]) for label in document["labels"]] == [(urgent, "urgent")]
    part, plan = document["tasks"]
    assert (plan["labels"], plan["parent"], part["parent"]) == ([urgent], None, parent["id"])
    assert f"{document['project']['prefix']}-{plan['number']}" == parent["key"]
    assert [line["labels"] for line in parse_csv(download_job_file(ann, export, "tasks.csv"))] == [
        "",
        urgent,
    ]


def test_the_listed_sizes_are_the_sizes_of_the_files(ann: Person, project: str) -> None:
    export = request_job(ann, _path(project))
    run_sweep()
    for file in read_job(ann, export)["files"]:
        assert len(download_job_file(ann, export, file["name"])) == file["size"]


def test_an_empty_project_has_an_export_without_tasks(ann: Person) -> None:
    export = request_job(ann, _path(ann.create_project()))
    run_sweep()
    assert json.loads(download_job_file(ann, export, "project.json"))["tasks"] == []
    assert parse_csv(download_job_file(ann, export, "tasks.csv")) == []


def test_no_csv_cell_is_a_formula(ann: Person, project: str) -> None:
    titles = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", '=HYPERLINK("x";"y")']
    for title in titles:
        ann.create_task(project, title, description=f"\t{title}\n=2")
    export = request_job(ann, _path(project))
    run_sweep()
    lines = parse_csv(download_job_file(ann, export, "tasks.csv"))
    assert {line["title"] for line in lines} == {f"'{title}" for title in titles}
    assert {line["description"] for line in lines} == {f"'\t{title}\n=2" for title in titles}
    tasks = json.loads(download_job_file(ann, export, "project.json"))["tasks"]
    assert {task["title"] for task in tasks} == set(titles)


def test_csv_files_begin_with_a_byte_order_mark_and_quote_every_cell(
    ann: Person, project: str
) -> None:
    ann.create_task(project, 'a,"b";c')
    export = request_job(ann, _path(project))
    run_sweep()
    raw = download_job_file(ann, export, "tasks.csv")
    assert raw.startswith(b'\xef\xbb\xbf"id","number"') and b'"a,""b"";c"' in raw


def test_a_repeated_request_returns_the_unfinished_export(ann: Person, project: str) -> None:
    first = request_job(ann, _path(project))
    assert request_job(ann, _path(project)) == first
    run_sweep()
    assert request_job(ann, _path(project)) != first


def test_two_members_can_export_at_the_same_time(ann: Person, bob: Person, project: str) -> None:
    assert request_job(ann, _path(project)) != request_job(bob, _path(project))


def test_a_repeated_idempotency_key_returns_the_first_response(ann: Person, project: str) -> None:
    key = {"headers": {"Idempotency-Key": "k"}}
    first = ann.post(_path(project), **key).json_body
    run_sweep()
    assert ann.post(_path(project), **key).json_body == first


def test_twenty_exports_an_hour_are_free(
    ann: Person, project: str, set_time: Callable[..., None]
) -> None:
    set_time("2026-11-16T09:00", ann)
    answers = [ann.post(_path(project)).status_code for _ in range(22)]
    assert answers == [202] * 21 + [429]


def test_an_unfinished_export_cannot_be_downloaded(ann: Person, project: str) -> None:
    answer = ann.get(f"{request_job(ann, _path(project))}/download?file=tasks.csv")
    assert (answer.status_code, answer.json_body["code"]) == (409, "job_not_done")


def test_only_files_of_the_export_can_be_downloaded(ann: Person, project: str) -> None:
    export = request_job(ann, _path(project))
    run_sweep()
    for name in ("other.csv", "draft/1-0/tasks.csv", "../x"):
        assert ann.get(f"{export}/download?file={name}").status_code == 404
    assert ann.get(f"{export}/download").status_code == 400


def test_an_export_is_visible_to_its_requester_only(ann: Person, bob: Person, project: str) -> None:
    export = request_job(ann, _path(project))
    run_sweep()
    for path in (export, f"{export}/download?file=tasks.csv"):
        assert ann.get(path).status_code == 200
        assert bob.get(path).status_code == 404


def test_an_export_is_found_at_its_own_path_only(ann: Person, project: str) -> None:
    export = request_job(ann, _path(project)).rpartition("/")[2]
    for path in (_path(ann.create_project()), "/api/auth/profile/exports"):
        assert ann.get(f"{path}/{export}").status_code == 404
    for unknown in (UNKNOWN_ID, "x", "LEASE"):
        assert ann.get(f"{_path(project)}/{unknown}").status_code == 404


def test_the_export_of_a_member_removed_before_the_job_runs_fails(
    ann: Person, bob: Person, project: str
) -> None:
    request_job(bob, _path(project))
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    assert run_sweep() == {"access_lost": 1}


def test_a_removed_member_cannot_download_a_finished_export(
    ann: Person, bob: Person, project: str
) -> None:
    export = request_job(bob, _path(project))
    run_sweep()
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    assert bob.get(export).status_code == 404
    assert bob.get(f"{export}/download?file=tasks.csv").status_code == 404
    ann.add_member(project, bob)
    assert bob.get(export).status_code == 200


def test_an_export_of_a_deleted_project_fails(ann: Person, project: str) -> None:
    export = request_job(ann, _path(project))
    ann.delete(f"/api/projects/{project}")
    run_sweep()
    ann.post(f"/api/projects/{project}/restore")
    job = read_job(ann, export)
    assert (job["status"], job["reason"], job["files"]) == ("failed", "access_lost", [])
    answer = ann.get(f"{export}/download?file=tasks.csv")
    assert (answer.status_code, answer.json_body["code"]) == (409, "job_failed")


def test_results_are_kept_for_seven_days(ann: Person, project: str, wait_days: Any) -> None:
    export = request_job(ann, _path(project))
    run_sweep()
    wait_days(days=6)
    ann.log_in()
    assert run_sweep() == {} and ann.get(export).status_code == 200
    wait_days(days=1)
    ann.log_in()
    assert ann.get(export).status_code == 404


# --- the caller's own data ------------------------------------------------------------------------

ACCOUNT_EXPORTS = "/api/auth/profile/exports"


def test_an_account_export_holds_the_users_data_of_all_their_projects(
    client: Client, ann: Person, bob: Person, project: str
) -> None:
    cat = sign_up(client, "cat")
    other, foreign = cat.create_project("Other"), cat.create_project("Foreign")
    cat.add_member(other, bob)
    ann.create_task(project, "for bob", assigned_to=bob.id)
    bob.create_task(other, "by bob")
    with_file = cat.create_task(other, "with a file")
    upload_attachment(bob, with_file["id"], filename="mine.txt")
    upload_attachment(cat, with_file["id"], filename="hers.txt")
    talk = cat.create_task(other, "talk")["id"]
    for person in (bob, cat):
        person.post(f"/api/tasks/{talk}/comments", {"body": person.email})
    cat.create_task(other, "not his")
    cat.create_task(foreign, "nor this")
    export = request_job(bob, ACCOUNT_EXPORTS)
    run_sweep()
    document = json.loads(download_job_file(bob, export, "account.json"))
    titles = {task["title"] for task in document["tasks"]}
    assert titles == {"for bob", "by bob", "with a file", "talk"}
    assert {
        line["title"] for line in parse_csv(download_job_file(bob, export, "tasks.csv"))
    } == titles
    (file,) = parse_csv(download_job_file(bob, export, "attachments.csv"))
    assert file["filename"] == "mine.txt"
    (comment,) = parse_csv(download_job_file(bob, export, "comments.csv"))
    assert comment["body"] == bob.email
    assert {membership["name"] for membership in document["memberships"]} == {"Launch", "Other"}
    assert document["profile"]["email"] == bob.email
    assert len(document["sessions"]) == 1


def test_an_account_export_holds_no_secret(ann: Person) -> None:
    token = ann.create_token("tasks:read")["token"]
    url = ann.post("/api/calendar-feeds", {"name": "Work"}).json_body["url"]
    app = set_up(ann)
    export = request_job(ann, ACCOUNT_EXPORTS)
    run_sweep()
    text = download_job_file(ann, export, "account.json").decode()
    (feed,) = json.loads(text)["calendar_feeds"]
    assert feed["name"] == "Work" and url.rpartition("_")[2] not in text
    (api_token,) = json.loads(text)["api_tokens"]
    assert (api_token["name"], api_token["scopes"]) == ("ci", ["tasks:read"])
    assert token not in text
    (factor,) = json.loads(text)["second_factors"]
    assert factor["totp_since"] and factor["recovery_since"]
    assert app.secret not in text and app.recovery_codes[0] not in text
    assert '"digest"' not in text and "password" not in text and "hash" not in text


def test_a_user_without_projects_can_export_their_data(ann: Person) -> None:
    export = request_job(ann, ACCOUNT_EXPORTS)
    run_sweep()
    assert json.loads(download_job_file(ann, export, "account.json"))["tasks"] == []


def test_projects_deleted_before_the_job_runs_are_left_out(
    ann: Person, bob: Person, project: str
) -> None:
    ann.create_task(project, "for bob", assigned_to=bob.id)
    bob.create_task(bob.create_project("Own"), "his own")
    export = request_job(bob, ACCOUNT_EXPORTS)
    ann.delete(f"/api/projects/{project}")
    run_sweep()
    document = json.loads(download_job_file(bob, export, "account.json"))
    assert [task["title"] for task in document["tasks"]] == ["his own"]


def test_an_account_export_is_visible_to_its_user_only(ann: Person, bob: Person) -> None:
    export = request_job(ann, ACCOUNT_EXPORTS)
    run_sweep()
    assert bob.get(export).status_code == 404
    assert bob.get(f"{export}/download?file=account.json").status_code == 404


def _create_tasks(person: Person, project: str, number: int) -> None:
    operations = [
        {"op": "create", "project": project, "title": f"Task {each}"} for each in range(number)
    ]
    for first in range(0, number, 100):
        body = {"operations": operations[first : first + 100]}
        results = person.post("/api/tasks/bulk", body).json_body["results"]
        assert {result["status"] for result in results} == {201}


def _watch_progress(person: Person, job: str, steps: int) -> list[int | None]:
    """Return the progress of a job before and after each of its first steps, and at its end."""
    seen = [read_job(person, job)["progress"]]
    for _ in range(steps):
        assert run_sweep(milliseconds=32_000) == {"going_on": 1}
        seen.append(read_job(person, job)["progress"])
    assert run_sweep() == {"done": 1}
    return [*seen, read_job(person, job)["progress"]]


def test_an_export_shows_how_many_of_the_tasks_it_has_read(ann: Person, project: str) -> None:
    _create_tasks(ann, project, 125)
    export = request_job(ann, _path(project))
    assert _watch_progress(ann, export, 3) == [0, 0, 80, 99, 100]


def test_an_account_export_counts_the_tasks_of_all_projects(ann: Person, project: str) -> None:
    _create_tasks(ann, project, 30)
    _create_tasks(ann, ann.create_project("Other"), 20)
    export = request_job(ann, "/api/auth/profile/exports")
    progress = _watch_progress(ann, export, 3)
    assert progress[:2] == [0, 0] and progress[2] in (40, 60) and progress[-2:] == [99, 100]


def test_the_progress_of_an_export_with_a_filter_is_unknown_while_it_runs(
    ann: Person, project: str
) -> None:
    ann.create_task(project, "Plan")
    export = ann.post(_path(project), {"filter": {"status": ["todo"]}}).headers["location"]
    assert _watch_progress(ann, export, 1) == [0, None, 100]
