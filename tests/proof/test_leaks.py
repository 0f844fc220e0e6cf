"""Secrets and addresses are in no log, and in no response for somebody else.

Beside this test, `tests/response_checks.py` scans every response of every test for password hashes
and keys.
"""

import json

import pytest
from chalice.test import Client

from chalicelib.clock import now
from chalicelib.mail.jobs import sweep_outbox
from tests.support import PASSWORD, Api, Person, extract_token, mails_to, sign_up

INVITED = "guest@elsewhere.example"


def _collect_secrets(client: Client, ann: Person, project: str) -> set[str]:
    """Use everything that makes secrets; return these."""
    hook = {"url": "https://hooks.example.com/", "events": ["task.created"]}
    api_token = ann.create_token("tasks:read")["token"]
    feed = ann.post("/api/calendar-feeds", {"name": "x"}).json_body["url"]
    secret = ann.post(f"/api/projects/{project}/webhooks", hook).json_body["secret"]
    ticket = ann.post("/api/live/tickets").json_body["ticket"]
    ann.post(f"/api/projects/{project}/members", {"email": INVITED})
    Api(client).post("/api/auth/forgot-password", {"email": ann.email})
    sweep_outbox(now())
    (reset,) = mails_to(ann, "Choose a new password")
    (invitation,) = mails_to(ann, address=INVITED)
    mailed = {extract_token(reset), extract_token(invitation)}
    sessions = {ann.token, ann.refresh}
    return {PASSWORD, api_token, feed.rpartition("/")[2], secret, ticket, *mailed, *sessions}


def test_no_secret_is_in_a_response_or_a_log(
    client: Client, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    ann, bob = sign_up(client, "ann"), sign_up(client, "bob").verify_address()
    project = ann.create_project()
    ann.add_member(project, bob, "admin")
    task = ann.create_task(project, assigned_to=bob.id)["id"]
    secrets = _collect_secrets(client, ann, project)
    shown = [_read_everything(person, project, task) for person in (ann, bob)]
    for wrong in sorted(secrets):
        person = Api(client, wrong)
        shown.append([str(person.get("/api/auth/profile").body)])
        body = {"email": ann.email, "password": f"{wrong} guessed"}
        shown.append([str(person.post("/api/auth/login", body).body)])
    logs = caplog.text + json.dumps([str(vars(record)) for record in caplog.records])
    logs += "".join(capsys.readouterr())
    assert "request completed" in logs
    for secret in secrets:
        assert [text for texts in shown for text in texts if secret in text] == []
        assert secret not in logs
    for address in (ann.email, bob.email, INVITED):
        assert address not in logs
    outsider = sign_up(client, "cleo")
    for text in _read_everything(outsider, project, task):
        assert ann.email not in text and bob.email not in text


def _read_everything(person: Person, project: str, task: str) -> list[str]:
    """Return the bodies of the reads of a person, of a project and of a task."""
    of_person = ("auth/profile", "auth/sessions", "auth/tokens", "calendar-feeds", "notifications")
    of_project = ("", "/members", "/invitations", "/webhooks", "/activity", "/labels")
    of_task = ("", "/comments", "/activity", "/watchers", "/attachments", "/relations")
    paths = [f"/api/{path}" for path in (*of_person, "projects", "tasks", "invitations", "trash")]
    paths += [f"/api/projects/{project}{path}" for path in of_project]
    paths += [f"/api/tasks/{task}{path}" for path in of_task]
    return [person.get(path).body.decode() for path in paths]
