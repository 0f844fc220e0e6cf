"""The main workflow, from registration to logout, in the deployed system."""

import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from localstack.server import run_api_server
from localstack.stack import use_endpoint
from smoke.__main__ import run_steps
from smoke.steps import STEPS, SmokeTest
from tests.live.support import ApiUser, Deployment, in_hours, load_event, wait_for


@pytest.fixture(scope="module", autouse=True)
def reminded_user(deployment: Deployment, aws_client: Any) -> ApiUser:
    """A user whom only the deployed schedule reminds.

    The reminder takes up to a minute; meanwhile the other tests of this file run.
    """
    ann, bob = deployment.new_user("ann").sign_up(), deployment.new_user("bob").sign_up()
    bob.set_daytime_zone()
    project = ann.request_json("POST", "/projects/", {"name": "Launch"})["id"]
    ann.request_json("POST", f"/projects/{project}/members/", {"user_id": bob.id})
    due = {"assigned_to": bob.id, "due_date": in_hours(20)}
    ann.request_json("POST", "/tasks/", {"project": project, "title": "x", **due})
    rule = _get_rule(aws_client, deployment, "SendReminders")
    assert rule["ScheduleExpression"] == "cron(0/5 * * * ? *)"
    aws_client("events").put_rule(Name=rule["Name"], ScheduleExpression="rate(1 minute)")
    return bob


@pytest.fixture(scope="module")
def api_server(deployment: Deployment) -> Iterator[str]:
    """The address of the API server of `make run`."""
    with run_api_server(deployment.outputs) as address:
        yield address


def make_png() -> bytes:
    """Return a valid PNG image of one red pixel."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00\xff\x00\x00")
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


FILES = [
    ("picture.png", "image/png", make_png()),
    ("data.bin", "application/octet-stream", bytes(range(256)) * (5 * 1024 * 4)),
]


def test_the_main_workflow(deployment: Deployment, aws_client: Any) -> None:
    ann = deployment.new_user("ann").sign_up()
    bob = deployment.new_user("bob").sign_up()
    bob.set_daytime_zone()
    assert ann.request_json("GET", "/auth/profile/")["email"] == ann.email

    project = ann.request_json("POST", "/projects/", {"name": "Launch"})["id"]
    ann.request_json("POST", f"/projects/{project}/members/", {"user_id": bob.id})
    new = {"project": project, "title": "Write the plan", "due_date": in_hours(12)}
    task = ann.request_json("POST", "/tasks/", new)["id"]
    assert _list_task_ids(bob, project, "todo") == [task]
    ann.request_json("PATCH", f"/tasks/{task}/status/", {"status": "in_progress"})
    assert _list_task_ids(bob, project, "todo") == []
    assert _list_task_ids(bob, project, "in_progress") == [task]

    for name, content_type, body in FILES:
        _check_transfer(ann, bob, task, name, content_type, body)
    _check_long_upload_is_refused(ann, task)

    ann.request_json("PATCH", f"/tasks/{task}/assign/", {"assigned_to": bob.id})
    (mail,) = wait_for(lambda: _list_mails(deployment, bob, "Assigned to you"))
    assert f"/tasks/{task}" in mail["text"]

    _invoke(aws_client, deployment, "SendReminders", "send_reminders")
    wait_for(lambda: _list_mails(deployment, bob, "Due soon"))
    _invoke(aws_client, deployment, "SendReminders", "send_reminders")
    _invoke(aws_client, deployment, "SweepMail", "sweep_mail")
    assert len(_list_mails(deployment, bob, "Due soon")) == 1
    assert sorted(mail["subject"].split(":")[0] for mail in deployment.mails_to(bob.email)) == [
        "Assigned to you",
        "Confirm your address",
        "Due soon",
    ]

    ann.request_json("POST", "/auth/logout/")
    refused = ann.call("GET", "/auth/profile/")
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")


def _list_task_ids(person: ApiUser, project: str, status: str) -> list[str]:
    page = person.request_json("GET", f"/tasks/?project={project}&status={status}")
    return [task["id"] for task in page["items"]]


def _check_transfer(
    ann: ApiUser, bob: ApiUser, task: str, name: str, content_type: str, body: bytes
) -> None:
    """Upload a file as Ann and download it as Bob."""
    attachment, stored = ann.upload_file(task, name, content_type, body)
    assert stored.status_code in (200, 201, 204), stored.text
    path = f"/tasks/{task}/attachments"
    assert ann.request_json("POST", f"{path}/{attachment['id']}/complete/")["status"] == "ready"
    assert name in [item["filename"] for item in bob.request_json("GET", path + "/")["items"]]
    download = bob.download_file(task, attachment["id"])
    assert download.content == body
    assert download.headers["Content-Type"] == "application/octet-stream"
    assert download.headers["Content-Disposition"].startswith("attachment;")


def _check_long_upload_is_refused(ann: ApiUser, task: str) -> None:
    attachment, stored = ann.upload_file(
        task, "long.bin", "application/octet-stream", b"12345", b"6"
    )
    assert stored.status_code == 400 and "EntityTooLarge" in stored.text
    refused = ann.call("POST", f"/tasks/{task}/attachments/{attachment['id']}/complete/")
    assert refused.json()["code"] == "upload_missing"


def test_the_event_of_s3_completes_an_upload(deployment: Deployment) -> None:
    ann = deployment.new_user("ann").sign_up()
    project = ann.request_json("POST", "/projects/", {"name": "Launch"})["id"]
    task = ann.request_json("POST", "/tasks/", {"project": project, "title": "x"})["id"]
    ann.upload_file(task, "a.txt", "text/plain", b"bytes")

    def is_ready() -> bool:
        items = ann.request_json("GET", f"/tasks/{task}/attachments/")["items"]
        return [item["status"] for item in items] == ["ready"]

    wait_for(is_ready)


def test_the_rules_of_the_template_are_deployed(deployment: Deployment, aws_client: Any) -> None:
    assert _get_rule(aws_client, deployment, "Tick")["ScheduleExpression"] == "rate(5 minutes)"
    assert _get_rule(aws_client, deployment, "SweepMail")["ScheduleExpression"] == "rate(1 minute)"
    pattern = json.loads(_get_rule(aws_client, deployment, "ConfirmUpload")["EventPattern"])
    assert pattern["detail"]["bucket"]["name"] == [deployment.outputs["bucket"]]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer somebody"}])
def test_an_unknown_path_gets_a_problem_document(
    deployment: Deployment, api_server: str, headers: dict[str, str]
) -> None:
    """The gateway and the API server of `make run` answer alike."""
    for api_url in (deployment.outputs["gateway_api_url"], api_server):
        answer = requests.get(api_url + "/nowhere/", headers=headers, timeout=10)
        assert answer.status_code == 404
        assert answer.json()["code"] == "not_found"
        assert answer.json()["request_id"] == answer.headers["X-Request-Id"]


def _get_rule(aws_client: Any, deployment: Deployment, function: str) -> Any:
    name = deployment.outputs["functions"][function]
    arn = aws_client("lambda").get_function_configuration(FunctionName=name)["FunctionArn"]
    (rule,) = aws_client("events").list_rule_names_by_target(TargetArn=arn)["RuleNames"]
    return aws_client("events").describe_rule(Name=rule)


def _list_mails(deployment: Deployment, person: ApiUser, subject: str) -> list[Any]:
    return [m for m in deployment.mails_to(person.email) if m["subject"].startswith(subject)]


def _invoke(aws_client: Any, deployment: Deployment, function: str, event: str) -> Any:
    name, payload = deployment.outputs["functions"][function], load_event(event)
    # Emails that are queued for a later time would wait for the next sweep.
    wait_for(lambda: in_hours(0) >= json.loads(payload)["time"])
    answer = aws_client("lambda").invoke(FunctionName=name, Payload=payload)
    assert "FunctionError" not in answer
    return json.loads(answer["Payload"].read())


def test_the_smoke_test_of_a_deployment_passes(deployment: Deployment) -> None:
    """All steps run, except those that need AWS, which are skipped."""
    smoke = SmokeTest(deployment.outputs["gateway_api_url"], deployment.outputs["functions"])
    with use_endpoint(deployment.outputs["aws_endpoint"]):
        summary = run_steps(smoke, on_aws=False, slow=False)
    assert summary.failed == 0
    assert summary.skipped == sum(step.only_aws for step in STEPS)


def test_the_deployed_schedule_sends_the_reminder(
    deployment: Deployment, reminded_user: ApiUser
) -> None:
    wait_for(lambda: _list_mails(deployment, reminded_user, "Due soon"), seconds=90)
