"""Each kind of mail, from its cause to the page that its link leads to: handed on by the local
cloud's SES, read as a mail client does, followed as the web client does."""

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from PIL import Image

from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.mail.kinds import MAIL_KINDS
from tests.live.inbox import Inbox
from tests.live.support import (
    ON_LOCALSTACK,
    PASSWORD,
    ApiUser,
    Deployment,
    in_hours,
    load_event,
    wait_for,
)

NEW = "another horse battery"
CLIENT = "http://localhost:8000"  # AppUrl and ApiUrl of the local stage
# Kind -> to whom, and how its subject begins.
SUBJECTS = {
    "verify": ("vera", "Confirm your address"),
    "reset": ("rex", "Choose a new password"),
    "password_changed": ("rex", "Your password was changed"),
    "new_email": ("nia2", "Confirm your new address"),
    "email_changed": ("nia", "The address of your account was changed"),
    "leaving": ("lea", "Your account will be deleted"),
    "invitation": ("eve", "You are invited to a project"),
    "assigned": ("bob", "Assigned to you: Plan"),
    "comment": ("bob", "New comment: Talk"),
    "mentioned": ("mel", "You were mentioned: Talk"),
    "due_soon": ("bob", "Due soon: Plan"),
    "reminder": ("bob", "Reminder: Plan"),
    "overdue": ("bob", "1 task is overdue"),
    "weekly_report": ("ann", "Launch: "),
}


@dataclass
class Scene:
    """Who gets mail, and what their web client made of the links."""

    deployment: Deployment
    inbox: Inbox
    aws_client: Any
    people: dict[str, ApiUser]
    mails: dict[str, EmailMessage] = field(default_factory=dict)
    answers: dict[str, requests.Response] = field(default_factory=dict)

    def mail(self, kind: str) -> EmailMessage:
        """The one of its kind that arrived."""
        if kind not in self.mails:
            who, subject = SUBJECTS[kind]
            (mail,) = wait_for(lambda: self.inbox.mails_to(self.people[who].email, subject))
            self.mails[kind] = mail
        return self.mails[kind]

    def opens(self, kind: str, link: str) -> requests.Response:
        """What the API answers to the page behind a link; a token is good once."""
        if link not in self.answers:
            self.answers[link] = _page(self.people[SUBJECTS[kind][0]], urlsplit(link))
        return self.answers[link]

    def invokes(self, function: str, event: str) -> None:
        name = self.deployment.outputs["functions"][function]
        # A second ago: what is owed at a time to come waits for it.
        payload = {**json.loads(load_event(event)), "time": in_hours(-1 / 3600)}
        answer = self.aws_client("lambda").invoke(FunctionName=name, Payload=json.dumps(payload))
        assert "FunctionError" not in answer, answer["Payload"].read()

    def has(self, pk: str, sk: str, **values: str) -> None:
        """A row says something else: the clock of the functions cannot be set."""
        self.aws_client("dynamodb").update_item(
            TableName=self.deployment.outputs["table"],
            Key={"PK": {"S": pk}, "SK": {"S": sk}},
            UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in values),
            ConditionExpression="attribute_exists(PK)",
            ExpressionAttributeValues={f":{name}": {"S": text} for name, text in values.items()},
        )


def _page(person: ApiUser, link: Any) -> requests.Response:
    """What the web client's page of that path calls (docs/api.md)."""
    token = parse_qs(link.query).get("token", [""])[0]
    new = {"password": NEW, "password_confirm": NEW}
    known = {"email": person.email, "password": PASSWORD}
    posts: dict[str, tuple[str, Any]] = {
        "/verify": ("/auth/verify-email/", {"token": token}),
        "/reset": ("/auth/reset-password/", {"token": token, **new}),
        "/new-email": ("/auth/confirm-email/", {"token": token}),
        "/invitation": ("/invitations/accept/", {"token": token}),
        "/forgot-password": ("/auth/forgot-password/", {"email": person.email}),
        "/login": ("/auth/login/", known),
    }
    if link.path in posts:
        return person.call("POST", *posts[link.path])
    shown = {"": "/health/", "/tasks": "/tasks/?assigned_to=me"}
    return person.call("GET", shown.get(link.path, link.path + "/"))


@pytest.fixture(scope="module")
def scene(deployment: Deployment, inbox: Inbox, aws_client: Callable[[str], Any]) -> Scene:
    if ON_LOCALSTACK:
        pytest.skip("LocalStack hands no mail on")
    names = ("ann", "bob", "mel", "vera", "rex", "nia", "lea", "eve")
    people = {name: deployment.new_user(name).sign_up() for name in names if name != "eve"}
    people |= {"eve": deployment.new_user("eve"), "nia2": deployment.new_user("nia2")}
    scene = Scene(deployment, inbox, aws_client, people)
    _accounts(**people)
    _projects(scene, **people)
    for kind in ("reset", "new_email"):
        (link,) = _links(scene.mail(kind))
        assert scene.opens(kind, link).ok
    people["eve"].sign_up()
    return scene


def _accounts(*, rex: ApiUser, nia: ApiUser, lea: ApiUser, nia2: ApiUser, **_: ApiUser) -> None:
    rex.request_json("POST", "/auth/forgot-password/", {"email": rex.email})
    nia.request_json("POST", "/auth/change-email/", {"email": nia2.email, "password": PASSWORD})
    lea.request_json("DELETE", "/auth/profile/", {"password": PASSWORD})


def _projects(
    scene: Scene, *, ann: ApiUser, bob: ApiUser, mel: ApiUser, eve: ApiUser, **_: ApiUser
) -> None:
    bob.set_daytime_zone()
    project = ann.request_json("POST", "/projects/", {"name": "Launch"})["id"]
    for whom in ({"user_id": bob.id}, {"user_id": mel.id}, {"email": eve.email}):
        ann.request_json("POST", f"/projects/{project}/members/", whom)
    soon, bobs = datetime.now(UTC) + timedelta(seconds=3), {"assigned_to": bob.id}
    late = {"project": project, "title": "Late", "due_date": format_timestamp(soon), **bobs}
    late_id = ann.request_json("POST", "/tasks/", late)["id"]
    plan = {"project": project, "title": "Plan für 5 €", "due_date": in_hours(12), **bobs}
    task = ann.request_json("POST", "/tasks/", plan)["id"]
    ann.request_json(
        "PUT", f"/tasks/{task}/reminders/", {"reminders": [{"at": format_timestamp(soon)}]}
    )
    talk = bob.request_json("POST", "/tasks/", {"project": project, "title": "Talk"})["id"]
    ann.request_json("POST", f"/tasks/{talk}/comments/", {"body": f"Look, @{mel.name}."})
    _a_week_goes_by(scene, ann, project, late_id)
    wait_for(lambda: datetime.now(UTC) > soon + timedelta(seconds=2))
    scene.invokes("SendReminders", "send_reminders")
    scene.has(f"USER#{bob.id}", "DIGEST", **_awake("digest", bob.id))  # the morning comes
    scene.invokes("SendReminders", "send_reminders")


def _a_week_goes_by(scene: Scene, owner: ApiUser, project: str, task: str) -> None:
    before = datetime.now(UTC) - timedelta(days=8)
    scene.has(f"PROJECT#{project}", f"TASK#{task}", created_at=format_timestamp(before))
    monday = (before - timedelta(days=before.weekday() + 7)).date().isoformat()
    scene.has(f"USER#{owner.id}", "WEEKLY", monday=monday, **_awake("weekly", owner.id))
    scene.invokes("SweepJobs", "sweep_jobs")


def _awake(what: str, user_id: str) -> dict[str, str]:
    keys = time_index.build_keys(
        what, format_timestamp(datetime.now(UTC) - timedelta(seconds=5)), user_id
    )
    return {name: str(value) for name, value in keys.items()}


def _links(mail: EmailMessage) -> list[str]:
    """Where its page leads to, but for the end of such mails."""
    page = mail.get_body(("html",))
    assert page is not None
    found = re.findall(r'href="([^"]+)"', page.get_content())
    return [link for link in dict.fromkeys(found) if "/api/unsubscribe" not in link]


def test_each_kind_of_mail_is_known_here() -> None:
    assert set(SUBJECTS) == set(MAIL_KINDS)


@pytest.mark.parametrize("kind", SUBJECTS)
def test_it_arrives_whole_and_leads_somewhere(scene: Scene, kind: str) -> None:
    mail = scene.mail(kind)
    assert mail["From"] == "no-reply@tasks.example.com"
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Message-ID"]
    text = mail.get_body(("plain",))
    assert text is not None
    links = _links(mail)
    assert links
    for link in links:
        assert link.startswith(CLIENT) and link in text.get_content()
        answer = scene.opens(kind, link)
        assert answer.ok, (link, answer.status_code, answer.text)
    about_a_task = any("/tasks/" in link for link in links) and kind != "overdue"
    assert (mail["References"] is not None) == about_a_task


@pytest.mark.parametrize("kind", SUBJECTS)
def test_one_click_ends_it_unless_it_is_about_the_accounts_safety(scene: Scene, kind: str) -> None:
    mail = scene.mail(kind)
    if MAIL_KINDS[kind].security:
        assert mail["List-Unsubscribe"] is None and mail["List-Unsubscribe-Post"] is None
        return
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = mail["List-Unsubscribe"].strip("<>")
    url = link.replace(f"{CLIENT}/api", scene.deployment.outputs["gateway_api_url"])
    answer = requests.post(url, data={"List-Unsubscribe": "One-Click"}, timeout=60)
    assert answer.ok and "no more mails" in answer.text, answer.text


def test_the_weekly_report_shows_its_chart(scene: Scene) -> None:
    mail = scene.mail("weekly_report")
    (picture,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    page = mail.get_body(("html",))
    assert page is not None and f'src="cid:{picture["Content-ID"].strip("<>")}"' in page.as_string()
    Image.open(io.BytesIO(picture.get_content())).verify()


def test_every_mail_is_seven_bits(scene: Scene) -> None:
    """As SES asks for."""
    assert all(scene.mail(kind) for kind in SUBJECTS)
    assert all(raw.isascii() for raw in scene.inbox.raw)
