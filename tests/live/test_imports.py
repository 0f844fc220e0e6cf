"""Imports by the deployed functions: a file is uploaded to S3, and a job creates its tasks."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from chalicelib.jobs.runner import STEP_MILLISECONDS
from infra.stage import ROOT
from tests.import_files import todoist_file, trello_file
from tests.live.support import ApiUser, Deployment, wait_for

TASKS = 10_000
ENDED = ("done", "failed")


def start_import(person: ApiUser, file_format: str, body: bytes, **fields: Any) -> str:
    """Announce, upload and start an import; return its path."""
    new = {"format": file_format, "size": len(body), **fields}
    announced = person.request_json("POST", "/imports/", new)
    form = announced["upload"]
    stored = requests.post(form["url"], data=form["fields"], files={"file": body}, timeout=60)
    assert stored.ok, stored.text
    path = f"/imports/{announced['id']}"
    person.request_json("POST", f"{path}/start/")
    return path


def _read_ended(person: ApiUser, path: str) -> Any:
    state = person.request_json("GET", f"{path}/")
    return state if state["status"] in ENDED else None


def run_import(person: ApiUser, file_format: str, body: bytes, **fields: Any) -> Any:
    """Import a file and return the import when it is over."""
    path = start_import(person, file_format, body, **fields)
    return wait_for(lambda: _read_ended(person, path))


@pytest.fixture(scope="module")
def ann(deployment: Deployment) -> ApiUser:
    return deployment.new_user("ann").sign_up()


def test_a_dry_run_and_an_import(ann: ApiUser) -> None:
    file = todoist_file("task,Plan @urgent,,1,1,,,soon", "task,Draft,,4,2", "note,Well done")
    dry = run_import(ann, "todoist_csv", file, name="Moved", dry_run=True)
    assert (dry["status"], dry["project"], dry["report"]["tasks"]) == ("done", None, 2)
    assert [each["field"] for each in dry["report"]["problems"]] == ["due_date"]
    link = ann.request_json("GET", f"/imports/{dry['id']}/download/?file=problems.csv")
    assert "date_invalid" in requests.get(link["url"], timeout=60).text

    state = run_import(ann, "todoist_csv", file, name="Moved")
    items = ann.request_json("GET", f"/tasks/?project={state['project']}")["items"]
    assert {task["title"] for task in items} == {"Plan", "Draft"}
    # The stream writes the activity and the search index of imported tasks too.
    found = f"/tasks/?project={state['project']}&q=draft"
    (task,) = wait_for(lambda: ann.request_json("GET", found)["items"])
    activity = f"/tasks/{task['id']}/activity/"
    assert wait_for(lambda: ann.request_json("GET", activity)["items"])


def test_a_file_of_another_size_is_refused_by_s3(ann: ApiUser) -> None:
    new = {"format": "todoist_csv", "size": 10, "name": "x"}
    form = ann.request_json("POST", "/imports/", new)["upload"]
    stored = requests.post(form["url"], data=form["fields"], files={"file": b"x" * 11}, timeout=60)
    assert stored.status_code == 400 and "EntityTooLarge" in stored.text


def test_the_example_of_the_documents_works(ann: ApiUser, tmp_path: Path) -> None:
    project = str(ann.request_json("POST", "/projects/", {"name": "Launch"})["id"])
    (tmp_path / "backup.csv").write_bytes(todoist_file("task,Plan,,1,1,,,next fri"))
    _, _, section = (ROOT / "docs" / "api.md").read_text().partition("### `POST /api/imports`\n")
    block = section.partition("```console\n")[2].partition("```")[0].replace("\\\n", "")
    commands = [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]
    shown = [line for line in block.splitlines() if not line.startswith("$ ")]
    token = str(ann.http.headers["Authorization"]).removeprefix("Bearer ")
    variables = {"API": ann.api_url, "TOKEN": token, "PROJECT": project}

    def run(command: str) -> list[str]:
        done = subprocess.run(
            ["bash", "-ec", command],
            cwd=tmp_path,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout.splitlines()

    for command in commands[:-1]:
        run(command)
    wait_for(lambda: run(commands[-1]) == shown)


@pytest.mark.proof
def test_ten_thousand_tasks_are_imported_far_from_the_time_limit(
    deployment: Deployment, ann: ApiUser, capsys: pytest.CaptureFixture[str]
) -> None:
    cards = [
        {
            "id": str(number),
            "name": f"Card {number}",
            "desc": "What is to be done, and why. " * 10,
            "idList": "l",
            "pos": number,
            "labels": [{"name": f"label {number % 5}", "color": "red"}],
            "idMembers": ["m"],
        }
        for number in range(TASKS)
    ]
    lists = [{"id": "l", "name": "To do", "pos": 1}]
    file = trello_file(cards=cards, lists=lists, members=[{"id": "m", "username": ann.name}])
    path = start_import(ann, "trello_json", file, name="Large")
    steps, seconds, turns = _watch_steps(deployment, path.rpartition("/")[2])
    longest, limit = max(steps), STEP_MILLISECONDS / 1000
    with capsys.disabled():
        print(
            f"\n{TASKS} tasks, {len(file) / 1e6:.1f} MB: {seconds:.0f} s in {turns} invocations; "
            f"longest of {len(steps)} steps {longest:.1f} s, {limit:.0f} s are reserved for one"
        )
    state = ann.request_json("GET", f"{path}/")
    assert (state["status"], state["report"]["tasks"]) == ("done", TASKS)
    assert _count_tasks(deployment, state["project"]) == (TASKS, TASKS)
    assert longest < limit / 2


def _count_tasks(deployment: Deployment, project: str) -> tuple[int, int]:
    """Return the tasks of a project and the sum of its counters, read from the table itself.

    The local cloud looks at a whole partition for each query, which takes longer than the API waits
    while the stream is busy with ten thousand changes.
    """
    pages = (
        deployment.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=deployment.outputs["table"],
            FilterExpression="PK = :project",
            ExpressionAttributeValues={":project": {"S": f"PROJECT#{project}"}},
        )
    )
    items = [item for page in pages for item in page["Items"]]
    counters = [item for item in items if item["SK"]["S"].startswith("STATS#")]
    tasks = [item for item in items if item["SK"]["S"].startswith("TASK#")]
    return len(tasks), sum(int(item["status:todo"]["N"]) for item in counters)


def _watch_steps(deployment: Deployment, import_id: str) -> tuple[list[float], float, int]:
    """Watch a job until it ends; return the seconds of each step, of all, and the invocations.

    Looks at the stored position all the time, so a step may seem to take 50 ms longer.
    """
    table, key = deployment.client("dynamodb"), {"PK": {"S": f"JOB#{import_id}"}}
    key |= {"SK": {"S": "JOB"}}
    started_at = last = time.monotonic()
    steps, position = list[float](), ""
    while time.monotonic() < started_at + 1_500:
        job = table.get_item(TableName=deployment.outputs["table"], Key=key)["Item"]
        now = time.monotonic()
        if job["position"]["S"] != position:
            steps.append(now - last)
            position, last = job["position"]["S"], now
        if job["status"]["S"] in ENDED:
            return steps, now - started_at, int(job["turn"]["N"])
        time.sleep(0.05)
    raise AssertionError(f"still at {json.dumps(position)}")
