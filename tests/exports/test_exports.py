"""Exports: asked for, made by a worker, fetched by whoever asked, and by nobody else."""

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

NOBODY = "0" * 26


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    project = ann.starts_project("Launch")
    ann.lets_in(project, bob)
    return project


def _place(project: str) -> str:
    return f"/api/projects/{project}/exports"


def test_an_export_is_accepted_and_says_where_to_look(ann: Person, project: str) -> None:
    answer = ann.post(_place(project))
    assert answer.status_code == 202
    assert answer.json_body["status"] == "waiting"
    assert answer.headers["location"] == f"{_place(project)}/{answer.json_body['id']}/"
    assert state(ann, answer.headers["location"]) == answer.json_body


@contextmanager
def _lambda(answer: int) -> Iterator[list[Any]]:
    """Whom it was told to wake and how; it answers with that status."""
    calls: list[Any] = []
    events, event = clients.lambda_client().meta.events, "before-send.lambda.Invoke"

    def reply(request: Any, **_: Any) -> AWSResponse:
        calls.append((request.url, request.headers["X-Amz-Invocation-Type"], request.body))
        return answered(request, b"{}", status=answer)

    events.register_first(event, reply)
    try:
        yield calls
    finally:
        events.unregister(event, reply)


def _asked_for(export: str, event: Any) -> dict[str, Any]:
    """What the stream tells of the new job."""
    sample: dict[str, Any] = event("run_jobs")
    keys = sample["Records"][0]["dynamodb"]["Keys"]
    keys["PK"]["S"] = f"JOB#{export.rpartition('/')[2]}"
    return sample


def test_the_stream_begins_an_export_at_once(
    ann: Person, project: str, event: Any, invoke: Any
) -> None:
    export = asked(ann, _place(project))
    with _lambda(202) as calls:
        told = invoke("follow_changes", _asked_for(export, event))
    assert told == {"batchItemFailures": []}
    ((url, kind, payload),) = calls
    assert url.endswith("/functions/run-jobs/invocations") and kind == b"Event"
    assert invoke("run_jobs", json.loads(payload)) == {"batchItemFailures": []}
    found = state(ann, export)
    assert (found["status"], found["reason"]) == ("done", None)
    assert [file["name"] for file in found["files"]] == [
        "attachments.csv",
        "comments.csv",
        "members.csv",
        "project.json",
        "tasks.csv",
    ]


def test_a_worker_that_cannot_be_woken_holds_nobody_up_and_the_sweep_makes_the_export(
    ann: Person, project: str, event: Any, invoke: Any
) -> None:
    export = asked(ann, _place(project))
    with _lambda(400) as calls:
        told = invoke("follow_changes", _asked_for(export, event))
    assert (told, len(calls)) == ({"batchItemFailures": []}, 1)
    assert state(ann, export)["status"] == "waiting"
    assert invoke("sweep_jobs", event("sweep_jobs"))["done"] == 1
    assert state(ann, export)["status"] == "done"


def test_an_export_holds_project_members_tasks_and_files(
    ann: Person, bob: Person, project: str
) -> None:
    plan = ann.adds_task(project, "Plan", priority="high", assigned_to=bob.id)
    ann.adds_task(project, "Do", description="über\n«zwei»")
    file = uploaded(bob, plan["id"], filename="a.txt")
    bob.post(f"/api/tasks/{plan['id']}/comments", {"body": "=fine"})
    export = asked(bob, _place(project))
    swept()
    whole = json.loads(fetched(bob, export, "project.json"))
    assert whole["project"]["name"] == "Launch" and whole["project"]["owner"] == ann.id
    assert {m["user_id"]: m["role"] for m in whole["members"]} == {
        ann.id: "owner",
        bob.id: "member",
    }
    newest, oldest = whole["tasks"]
    assert (newest["title"], newest["description"]) == ("Do", "über\n«zwei»")
    assert oldest["attachments"][0]["filename"] == "a.txt"
    assert oldest["comments"][0]["body"] == "=fine"
    lines = sheet(fetched(bob, export, "tasks.csv"))
    assert [line["title"] for line in lines] == ["Do", "Plan"]
    assert lines[0]["description"] == "über\n«zwei»" and lines[1]["assigned_to"] == bob.id
    (attached,) = sheet(fetched(bob, export, "attachments.csv"))
    assert (attached["id"], attached["task"]) == (file["id"], plan["id"])
    (said,) = sheet(fetched(bob, export, "comments.csv"))
    assert (said["author"], said["task"], said["body"]) == (bob.id, plan["id"], "'=fine")
    assert [m["username"] for m in sheet(fetched(bob, export, "members.csv"))] == ["ann", "bob"]


def test_an_export_knows_numbers_labels_and_parents(ann: Person, project: str) -> None:
    labels = f"/api/projects/{project}/labels"
    urgent = ann.post(labels, {"name": "urgent"}).json_body["id"]
    parent = ann.adds_task(project, "Plan", labels=[urgent])
    ann.adds_task(project, "Part", parent=parent["id"])
    export = asked(ann, _place(project))
    swept()
    whole = json.loads(fetched(ann, export, "project.json"))
    assert [(label["id"], label["name"]) for label in whole["labels"]] == [(urgent, "urgent")]
    part, plan = whole["tasks"]
    assert (plan["labels"], plan["parent"], part["parent"]) == ([urgent], None, parent["id"])
    assert f"{whole['project']['prefix']}-{plan['number']}" == parent["key"]
    assert [line["labels"] for line in sheet(fetched(ann, export, "tasks.csv"))] == ["", urgent]


def test_the_sizes_are_those_of_the_files(ann: Person, project: str) -> None:
    export = asked(ann, _place(project))
    swept()
    for file in state(ann, export)["files"]:
        assert len(fetched(ann, export, file["name"])) == file["size"]


def test_an_empty_project_is_exported_as_such(ann: Person) -> None:
    export = asked(ann, _place(ann.starts_project()))
    swept()
    assert json.loads(fetched(ann, export, "project.json"))["tasks"] == []
    assert sheet(fetched(ann, export, "tasks.csv")) == []


def test_no_cell_is_a_formula(ann: Person, project: str) -> None:
    titles = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", '=HYPERLINK("x";"y")']
    for title in titles:
        ann.adds_task(project, title, description=f"\t{title}\n=2")
    export = asked(ann, _place(project))
    swept()
    lines = sheet(fetched(ann, export, "tasks.csv"))
    assert {line["title"] for line in lines} == {f"'{title}" for title in titles}
    assert {line["description"] for line in lines} == {f"'\t{title}\n=2" for title in titles}
    whole = json.loads(fetched(ann, export, "project.json"))["tasks"]
    assert {task["title"] for task in whole} == set(titles)


def test_sheets_begin_with_a_byte_order_mark_and_quote_every_cell(
    ann: Person, project: str
) -> None:
    ann.adds_task(project, 'a,"b";c')
    export = asked(ann, _place(project))
    swept()
    raw = fetched(ann, export, "tasks.csv")
    assert raw.startswith(b'\xef\xbb\xbf"id","number"') and b'"a,""b"";c"' in raw


def test_who_asks_again_gets_the_one_under_way(ann: Person, project: str) -> None:
    first = asked(ann, _place(project))
    assert asked(ann, _place(project)) == first
    swept()
    assert asked(ann, _place(project)) != first


def test_members_do_not_wait_for_each_other(ann: Person, bob: Person, project: str) -> None:
    assert asked(ann, _place(project)) != asked(bob, _place(project))


def test_the_same_key_gives_the_first_answer_again(ann: Person, project: str) -> None:
    key = {"headers": {"Idempotency-Key": "k"}}
    first = ann.post(_place(project), **key).json_body
    swept()
    assert ann.post(_place(project), **key).json_body == first


def test_asking_all_the_time_is_slowed_down(ann: Person, project: str) -> None:
    answers = [ann.post(_place(project)).status_code for _ in range(22)]
    assert answers[0] == 202 and answers[-1] == 429


def test_an_export_that_is_not_done_cannot_be_fetched(ann: Person, project: str) -> None:
    answer = ann.get(f"{asked(ann, _place(project))}/download?file=tasks.csv")
    assert (answer.status_code, answer.json_body["code"]) == (409, "job_not_done")


def test_only_files_of_the_export_can_be_fetched(ann: Person, project: str) -> None:
    export = asked(ann, _place(project))
    swept()
    for name in ("other.csv", "draft/1-0/tasks.csv", "../x"):
        assert ann.get(f"{export}/download?file={name}").status_code == 404
    assert ann.get(f"{export}/download").status_code == 400


def test_nobody_else_sees_an_export(ann: Person, bob: Person, project: str) -> None:
    export = asked(ann, _place(project))
    swept()
    for place in (export, f"{export}/download?file=tasks.csv"):
        assert ann.get(place).status_code == 200
        assert bob.get(place).status_code == 404


def test_an_export_is_found_at_its_own_place_only(ann: Person, project: str) -> None:
    export = asked(ann, _place(project)).rpartition("/")[2]
    for place in (_place(ann.starts_project()), "/api/auth/profile/exports"):
        assert ann.get(f"{place}/{export}").status_code == 404
    for unknown in (NOBODY, "x", "LEASE"):
        assert ann.get(f"{_place(project)}/{unknown}").status_code == 404


def test_a_member_removed_before_the_work_gets_nothing(
    ann: Person, bob: Person, project: str
) -> None:
    asked(bob, _place(project))
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    assert swept() == {"access_lost": 1}


def test_a_member_removed_after_the_work_fetches_nothing(
    ann: Person, bob: Person, project: str
) -> None:
    export = asked(bob, _place(project))
    swept()
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    assert bob.get(export).status_code == 404
    assert bob.get(f"{export}/download?file=tasks.csv").status_code == 404
    ann.lets_in(project, bob)
    assert bob.get(export).status_code == 200


def test_an_export_of_a_project_in_the_trash_fails(ann: Person, project: str) -> None:
    export = asked(ann, _place(project))
    ann.delete(f"/api/projects/{project}")
    swept()
    ann.post(f"/api/projects/{project}/restore")
    found = state(ann, export)
    assert (found["status"], found["reason"], found["files"]) == ("failed", "access_lost", [])
    answer = ann.get(f"{export}/download?file=tasks.csv")
    assert (answer.status_code, answer.json_body["code"]) == (409, "job_failed")


def test_results_are_kept_for_seven_days(ann: Person, project: str, pass_by: Any) -> None:
    export = asked(ann, _place(project))
    swept()
    pass_by(days=6)
    ann.signs_in()
    assert swept() == {} and ann.get(export).status_code == 200
    pass_by(days=1)
    ann.signs_in()
    assert ann.get(export).status_code == 404


# --- one's own data -----------------------------------------------------------------------------

OWN = "/api/auth/profile/exports"


def test_ones_own_data_come_from_every_project_one_is_in(
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
    export = asked(bob, OWN)
    swept()
    whole = json.loads(fetched(bob, export, "account.json"))
    titles = {task["title"] for task in whole["tasks"]}
    assert titles == {"for bob", "by bob", "with a file", "talk"}
    assert {line["title"] for line in sheet(fetched(bob, export, "tasks.csv"))} == titles
    (file,) = sheet(fetched(bob, export, "attachments.csv"))
    assert file["filename"] == "mine.txt"
    (said,) = sheet(fetched(bob, export, "comments.csv"))
    assert said["body"] == bob.email
    assert {each["name"] for each in whole["memberships"]} == {"Launch", "Other"}
    assert whole["profile"]["email"] == bob.email
    assert len(whole["sessions"]) == 1


def test_ones_own_export_carries_no_secret(ann: Person) -> None:
    token = ann.post(
        "/api/auth/tokens", {"name": "ci", "scopes": ["tasks:read"], "expires_at": in_hours(24)}
    )
    assert token.status_code == 201, token.json_body
    export = asked(ann, OWN)
    swept()
    text = fetched(ann, export, "account.json").decode()
    (shown,) = json.loads(text)["api_tokens"]
    assert (shown["name"], shown["scopes"]) == ("ci", ["tasks:read"])
    assert token.json_body["token"] not in text
    assert "digest" not in text and "password" not in text and "hash" not in text


def test_somebody_without_projects_has_an_export_too(ann: Person) -> None:
    export = asked(ann, OWN)
    swept()
    assert json.loads(fetched(ann, export, "account.json"))["tasks"] == []


def test_projects_lost_on_the_way_are_left_out(ann: Person, bob: Person, project: str) -> None:
    ann.adds_task(project, "for bob", assigned_to=bob.id)
    bob.adds_task(bob.starts_project("Own"), "his own")
    export = asked(bob, OWN)
    ann.delete(f"/api/projects/{project}")
    swept()
    whole = json.loads(fetched(bob, export, "account.json"))
    assert [task["title"] for task in whole["tasks"]] == ["his own"]


def test_nobody_fetches_somebody_elses_data(ann: Person, bob: Person) -> None:
    export = asked(ann, OWN)
    swept()
    assert bob.get(export).status_code == 404
    assert bob.get(f"{export}/download?file=account.json").status_code == 404
