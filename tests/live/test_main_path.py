"""The main job, from registering to logging out, through every part of the deployed system."""

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
from tests.live.support import Deployed, Visitor, eventually, in_hours, sample


@pytest.fixture(scope="module", autouse=True)
def scheduled(deployed: Deployed, aws: Any) -> Visitor:
    """Somebody whom nothing but the deployed schedule reminds. It takes up to a minute, in which
    the other tests of this file run."""
    ann, bob = deployed.visitor("ann").signs_up(), deployed.visitor("bob").signs_up()
    bob.lives_by_day()
    project = ann.must("POST", "/projects/", {"name": "Launch"})["id"]
    ann.must("POST", f"/projects/{project}/members/", {"user_id": bob.id})
    due = {"assigned_to": bob.id, "due_date": in_hours(20)}
    ann.must("POST", "/tasks/", {"project": project, "title": "x", **due})
    rule = _rule_of(aws, deployed, "SendReminders")
    assert rule["ScheduleExpression"] == "cron(0/5 * * * ? *)"
    aws("events").put_rule(Name=rule["Name"], ScheduleExpression="rate(1 minute)")
    return bob


@pytest.fixture(scope="module")
def served(deployed: Deployed) -> Iterator[str]:
    """The address of the API server of `make run`."""
    with run_api_server(deployed.outputs) as address:
        yield address


def _png() -> bytes:
    """A real picture: one red pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00\xff\x00\x00")
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


FILES = [
    ("picture.png", "image/png", _png()),
    ("data.bin", "application/octet-stream", bytes(range(256)) * (5 * 1024 * 4)),
]


def test_the_main_job(deployed: Deployed, aws: Any) -> None:
    ann = deployed.visitor("ann").signs_up()
    bob = deployed.visitor("bob").signs_up()
    bob.lives_by_day()
    assert ann.must("GET", "/auth/profile/")["email"] == ann.email

    project = ann.must("POST", "/projects/", {"name": "Launch"})["id"]
    ann.must("POST", f"/projects/{project}/members/", {"user_id": bob.id})
    new = {"project": project, "title": "Write the plan", "due_date": in_hours(12)}
    task = ann.must("POST", "/tasks/", new)["id"]
    assert _listed(bob, project, "todo") == [task]
    ann.must("PATCH", f"/tasks/{task}/status/", {"status": "in_progress"})
    assert _listed(bob, project, "todo") == []
    assert _listed(bob, project, "in_progress") == [task]

    for name, kind, body in FILES:
        _travels(ann, bob, task, name, kind, body)
    _too_long_is_refused(ann, task)

    ann.must("PATCH", f"/tasks/{task}/assign/", {"assigned_to": bob.id})
    (mail,) = eventually(lambda: _mails(deployed, bob, "Assigned to you"))
    assert f"/tasks/{task}" in mail["text"]

    _invoke(aws, deployed, "SendReminders", "send_reminders")
    eventually(lambda: _mails(deployed, bob, "Due soon"))
    _invoke(aws, deployed, "SendReminders", "send_reminders")
    _invoke(aws, deployed, "SweepMail", "sweep_mail")
    assert len(_mails(deployed, bob, "Due soon")) == 1
    assert sorted(mail["subject"].split(":")[0] for mail in deployed.mails_to(bob.email)) == [
        "Assigned to you",
        "Confirm your address",
        "Due soon",
    ]

    ann.must("POST", "/auth/logout/")
    refused = ann.call("GET", "/auth/profile/")
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")


def _listed(person: Visitor, project: str, status: str) -> list[str]:
    found = person.must("GET", f"/tasks/?project={project}&status={status}")
    return [task["id"] for task in found["items"]]


def _travels(ann: Visitor, bob: Visitor, task: str, name: str, kind: str, body: bytes) -> None:
    """A file goes up from one person and comes down to another, byte for byte."""
    attachment, stored = ann.uploads(task, name, kind, body)
    assert stored.status_code in (200, 201, 204), stored.text
    path = f"/tasks/{task}/attachments"
    assert ann.must("POST", f"{path}/{attachment['id']}/complete/")["status"] == "ready"
    assert name in [item["filename"] for item in bob.must("GET", path + "/")["items"]]
    download = bob.downloads(task, attachment["id"])
    assert download.content == body
    assert download.headers["Content-Type"] == "application/octet-stream"
    assert download.headers["Content-Disposition"].startswith("attachment;")


def _too_long_is_refused(ann: Visitor, task: str) -> None:
    attachment, stored = ann.uploads(task, "long.bin", "application/octet-stream", b"12345", b"6")
    assert stored.status_code == 400 and "EntityTooLarge" in stored.text
    refused = ann.call("POST", f"/tasks/{task}/attachments/{attachment['id']}/complete/")
    assert refused.json()["code"] == "upload_missing"


def test_the_storages_event_confirms_an_upload(deployed: Deployed) -> None:
    ann = deployed.visitor("ann").signs_up()
    project = ann.must("POST", "/projects/", {"name": "Launch"})["id"]
    task = ann.must("POST", "/tasks/", {"project": project, "title": "x"})["id"]
    ann.uploads(task, "a.txt", "text/plain", b"bytes")

    def ready() -> bool:
        items = ann.must("GET", f"/tasks/{task}/attachments/")["items"]
        return [item["status"] for item in items] == ["ready"]

    eventually(ready)


def test_the_rules_of_the_template_are_deployed(deployed: Deployed, aws: Any) -> None:
    assert _rule_of(aws, deployed, "Tick")["ScheduleExpression"] == "rate(5 minutes)"
    assert _rule_of(aws, deployed, "SweepMail")["ScheduleExpression"] == "rate(1 minute)"
    pattern = json.loads(_rule_of(aws, deployed, "ConfirmUpload")["EventPattern"])
    assert pattern["detail"]["bucket"]["name"] == [deployed.outputs["bucket"]]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer somebody"}])
def test_an_unknown_path_is_answered_in_our_shape(
    deployed: Deployed, served: str, headers: dict[str, str]
) -> None:
    """By the gateway, and by the API server of `make run`."""
    for api_url in (deployed.outputs["gateway_api_url"], served):
        answer = requests.get(api_url + "/nowhere/", headers=headers, timeout=10)
        assert answer.status_code == 404
        assert answer.json()["code"] == "not_found"
        assert answer.json()["request_id"] == answer.headers["X-Request-Id"]


def _rule_of(aws: Any, deployed: Deployed, function: str) -> Any:
    name = deployed.outputs["functions"][function]
    arn = aws("lambda").get_function_configuration(FunctionName=name)["FunctionArn"]
    (rule,) = aws("events").list_rule_names_by_target(TargetArn=arn)["RuleNames"]
    return aws("events").describe_rule(Name=rule)


def _mails(deployed: Deployed, person: Visitor, subject: str) -> list[Any]:
    return [m for m in deployed.mails_to(person.email) if m["subject"].startswith(subject)]


def _invoke(aws: Any, deployed: Deployed, function: str, event: str) -> Any:
    name, payload = deployed.outputs["functions"][function], sample(event)
    # Its time has come: mail that is owed at a time to come would wait for the next sweep.
    eventually(lambda: in_hours(0) >= json.loads(payload)["time"])
    answer = aws("lambda").invoke(FunctionName=name, Payload=payload)
    assert "FunctionError" not in answer
    return json.loads(answer["Payload"].read())


def test_the_smoke_test_of_a_deployment_holds(deployed: Deployed) -> None:
    """All of its steps but those that only AWS can show, which it names."""
    smoke = SmokeTest(deployed.outputs["gateway_api_url"], deployed.outputs["functions"])
    with use_endpoint(deployed.outputs["aws_endpoint"]):
        summary = run_steps(smoke, on_aws=False, slow=False)
    assert summary.failed == 0
    assert summary.skipped == sum(step.only_aws for step in STEPS)


def test_the_deployed_schedule_fires_the_reminder(deployed: Deployed, scheduled: Visitor) -> None:
    eventually(lambda: _mails(deployed, scheduled, "Due soon"), seconds=90)
