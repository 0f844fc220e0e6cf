"""Each kind of email, from its cause to the page behind its link.

The SES of the local cloud relays the emails to an SMTP server of the tests. The tests parse them as
an email client does, and call the API as the pages of the web client do.
"""

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
from tests.live.provider_deployment import link_identity, run_with_provider
from tests.live.support import (
    ON_LOCALSTACK,
    PASSWORD,
    ApiUser,
    Deployment,
    in_hours,
    load_event,
    wait_for,
)
from tests.webhook_receiver import run_receiver

DIGESTS = {"overdue", "daily_digest"}  # about several tasks
NEW_PASSWORD = "another horse battery"
CLIENT = "http://localhost:8000"  # AppUrl and ApiUrl of the local stage
# Kind of email -> its recipient and the beginning of its subject.
SUBJECTS = {
    "verify": ("vera", "Confirm your address"),
    "reset": ("rex", "Choose a new password"),
    "password_changed": ("rex", "Your password was changed"),
    "new_email": ("nia2", "Confirm your new address"),
    "email_changed": ("nia", "The address of your account was changed"),
    "leaving": ("lea", "Your account will be deleted"),
    "factor_added": ("fay", "A second factor was added"),
    "recovery_code_used": ("fay", "A recovery code"),
    "factor_removed": ("fay", "A second factor was removed"),
    "factors_reset": ("gil", "The second factors of your account were removed"),
    "identity_linked": ("ian", "A sign-in was linked to your account"),
    "identity_unlinked": ("ian", "A sign-in was unlinked from your account"),
    "invitation": ("eve", "You are invited to a project"),
    "assigned": ("bob", "Assigned to you: Plan"),
    "comment": ("bob", "New comment: Talk"),
    "mentioned": ("mel", "You were mentioned: Talk"),
    "due_soon": ("bob", "Due soon: Plan"),
    "reminder": ("bob", "Reminder: Plan"),
    "overdue": ("bob", "1 task is overdue"),
    "daily_digest": ("dan", "1 notification"),
    "weekly_report": ("ann", "Launch: "),
    "webhook_disabled": ("ann", "Hooks: a webhook was disabled"),
}


@dataclass
class MailScenario:
    """People who receive emails, the emails, and the responses behind their links."""

    deployment: Deployment
    inbox: Inbox
    aws_client: Any
    people: dict[str, ApiUser]
    mails: dict[str, EmailMessage] = field(default_factory=dict)
    answers: dict[str, requests.Response] = field(default_factory=dict)

    def mail(self, kind: str) -> EmailMessage:
        """Wait for the email of that kind and return it; there must be one."""
        if kind not in self.mails:
            recipient, subject = SUBJECTS[kind]
            address = self.people[recipient].email
            (mail,) = wait_for(lambda: self.inbox.mails_to(address, subject))
            self.mails[kind] = mail
        return self.mails[kind]

    def open_link(self, kind: str, link: str) -> requests.Response:
        """Return the response of the API to the page behind a link.

        Each link is opened once, because its token is valid once.
        """
        if link not in self.answers:
            self.answers[link] = _call_api_of_page(self.people[SUBJECTS[kind][0]], urlsplit(link))
        return self.answers[link]

    def invoke(self, function: str, event: str) -> None:
        """Invoke a function with a sample event, dated a second ago.

        Emails that are queued for a later time stay in the outbox.
        """
        name = self.deployment.outputs["functions"][function]
        payload = {**json.loads(load_event(event)), "time": in_hours(-1 / 3600)}
        answer = self.aws_client("lambda").invoke(FunctionName=name, Payload=json.dumps(payload))
        assert "FunctionError" not in answer, answer["Payload"].read()

    def set_attributes(self, pk: str, sk: str, **values: str) -> None:
        """Change attributes of an item, because the clock of the functions cannot be set."""
        self.aws_client("dynamodb").update_item(
            TableName=self.deployment.outputs["table"],
            Key={"PK": {"S": pk}, "SK": {"S": sk}},
            UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in values),
            ConditionExpression="attribute_exists(PK)",
            ExpressionAttributeValues={f":{name}": {"S": text} for name, text in values.items()},
        )


def _call_api_of_page(person: ApiUser, link: Any) -> requests.Response:
    """Call the API as the web client's page of that path does (docs/api.md)."""
    token = parse_qs(link.query).get("token", [""])[0]
    new = {"password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    login = {"email": person.email, "password": PASSWORD}
    posts: dict[str, tuple[str, Any]] = {
        "/verify": ("/auth/verify-email/", {"token": token}),
        "/reset": ("/auth/reset-password/", {"token": token, **new}),
        "/new-email": ("/auth/confirm-email/", {"token": token}),
        "/invitation": ("/invitations/accept/", {"token": token}),
        "/forgot-password": ("/auth/forgot-password/", {"email": person.email}),
        "/login": ("/auth/login/", login),
    }
    if link.path in posts:
        return person.call("POST", *posts[link.path])
    gets = {
        "": "/health/",
        "/tasks": "/tasks/?assigned_to=me",
        "/account/security": "/auth/second-factors/",
    }
    path = re.sub("/settings$", "/webhooks", link.path)
    return person.call("GET", gets.get(path, path + "/"))


@pytest.fixture(scope="module")
def scenario(
    deployment: Deployment, inbox: Inbox, aws_client: Callable[[str], Any]
) -> MailScenario:
    if ON_LOCALSTACK:
        pytest.skip("LocalStack relays no email")
    names = ("ann", "bob", "mel", "dan", "vera", "rex", "nia", "lea", "fay", "gil", "ian", "eve")
    people = {name: deployment.new_user(name).sign_up() for name in names if name != "eve"}
    people |= {"eve": deployment.new_user("eve"), "nia2": deployment.new_user("nia2")}
    scenario = MailScenario(deployment, inbox, aws_client, people)
    _cause_account_mails(**people)
    _cause_project_mails(scenario, **people)
    _cause_factor_mails(people["fay"], people["gil"], deployment)
    _cause_identity_mails(people["ian"], deployment)
    _disable_webhook(people["ann"])
    for kind in ("reset", "new_email"):
        (link,) = _find_links(scenario.mail(kind))
        assert scenario.open_link(kind, link).ok
    people["eve"].sign_up()
    return scenario


def _cause_account_mails(
    *, rex: ApiUser, nia: ApiUser, lea: ApiUser, nia2: ApiUser, **_: ApiUser
) -> None:
    rex.request_json("POST", "/auth/forgot-password/", {"email": rex.email})
    nia.request_json("POST", "/auth/change-email/", {"email": nia2.email, "password": PASSWORD})
    lea.request_json("DELETE", "/auth/profile/", {"password": PASSWORD})


def _cause_factor_mails(fay: ApiUser, gil: ApiUser, deployment: Deployment) -> None:
    code = fay.set_up_second_factor().recovery_codes[0]
    login = fay.call("POST", "/auth/login/", {"email": fay.email, "password": PASSWORD})
    step = {"ticket": login.json()["ticket"], "recovery_code": code}
    fay.request_json("POST", "/auth/login/second-factor/", step)
    fay.request_json("DELETE", "/auth/second-factors/totp/")
    gil.set_up_second_factor()
    staff = deployment.make_staff(deployment.new_user("sam").sign_up())
    staff.request_json("DELETE", f"/admin/users/{gil.id}/second-factors/")


def _cause_identity_mails(ian: ApiUser, deployment: Deployment) -> None:
    usual = ian.api_url
    with run_with_provider(deployment) as with_provider:
        identity = link_identity(with_provider, ian)
        ian.request_json("DELETE", f"/auth/identities/{identity}/")
    ian.api_url = usual


def _cause_project_mails(
    scenario: MailScenario,
    *,
    ann: ApiUser,
    bob: ApiUser,
    mel: ApiUser,
    dan: ApiUser,
    eve: ApiUser,
    **_: ApiUser,
) -> None:
    bob.set_daytime_zone()
    dan.request_json("PATCH", "/auth/profile/", {"digest_hour": 8})
    project = ann.request_json("POST", "/projects/", {"name": "Launch"})["id"]
    members = [{"user_id": each.id} for each in (bob, mel, dan)]
    for invitee in (*members, {"email": eve.email}):
        ann.request_json("POST", f"/projects/{project}/members/", invitee)
    soon, bobs = datetime.now(UTC) + timedelta(seconds=3), {"assigned_to": bob.id}
    late = {"project": project, "title": "Late", "due_date": format_timestamp(soon), **bobs}
    late_id = ann.request_json("POST", "/tasks/", late)["id"]
    plan = {"project": project, "title": "Plan für 5 €", "due_date": in_hours(12), **bobs}
    task = ann.request_json("POST", "/tasks/", plan)["id"]
    ann.request_json(
        "PUT", f"/tasks/{task}/reminders/", {"reminders": [{"at": format_timestamp(soon)}]}
    )
    dans = {"project": project, "title": "Digest", "assigned_to": dan.id}
    ann.request_json("POST", "/tasks/", dans)
    talk = bob.request_json("POST", "/tasks/", {"project": project, "title": "Talk"})["id"]
    ann.request_json("POST", f"/tasks/{talk}/comments/", {"body": f"Look, @{mel.name}."})
    _make_weekly_report_due(scenario, ann, project, late_id)
    wait_for(lambda: datetime.now(UTC) > soon + timedelta(seconds=2))
    scenario.invoke("SendReminders", "send_reminders")
    scenario.set_attributes(f"USER#{bob.id}", "DIGEST", **_due_keys("digest", bob.id))
    wait_for(lambda: dan.request_json("GET", "/notifications/")["items"])
    wait_for(lambda: _is_gathered(scenario, dan))
    scenario.set_attributes(f"INBOX#{dan.id}", "DIGEST", **_due_keys("daily", dan.id))
    scenario.invoke("SendReminders", "send_reminders")


def _disable_webhook(owner: ApiUser) -> None:
    """Let a receiver answer that it wants no more events."""
    project = owner.request_json("POST", "/projects/", {"name": "Hooks"})["id"]
    path = f"/projects/{project}/webhooks/"
    with run_receiver() as receiver:
        receiver.answer_with(410)
        body = {"url": receiver.url, "events": ["task.created"]}
        hook = owner.request_json("POST", path, body)["id"]
        owner.request_json("POST", "/tasks/", {"project": project, "title": "Plan"})
        wait_for(lambda: not owner.request_json("GET", f"{path}{hook}/")["active"])


def _make_weekly_report_due(
    scenario: MailScenario, owner: ApiUser, project: str, task: str
) -> None:
    before = datetime.now(UTC) - timedelta(days=8)
    scenario.set_attributes(
        f"PROJECT#{project}", f"TASK#{task}", created_at=format_timestamp(before)
    )
    monday = (before - timedelta(days=before.weekday() + 7)).date().isoformat()
    scenario.set_attributes(
        f"USER#{owner.id}", "WEEKLY", monday=monday, **_due_keys("weekly", owner.id)
    )
    scenario.invoke("SweepJobs", "sweep_jobs")


def _is_gathered(scenario: MailScenario, user: ApiUser) -> bool:
    """Return whether the dispatcher has put something into the user's daily digest."""
    key = {"PK": {"S": f"INBOX#{user.id}"}, "SK": {"S": "DIGEST"}}
    table = scenario.deployment.outputs["table"]
    return "Item" in scenario.aws_client("dynamodb").get_item(TableName=table, Key=key)


def _due_keys(kind: str, user_id: str) -> dict[str, str]:
    """Return the time index keys of an item that became due five seconds ago."""
    keys = time_index.build_keys(
        kind, format_timestamp(datetime.now(UTC) - timedelta(seconds=5)), user_id
    )
    return {name: str(value) for name, value in keys.items()}


def _find_links(mail: EmailMessage) -> list[str]:
    """Return the links of the HTML part, without the unsubscribe link."""
    page = mail.get_body(("html",))
    assert page is not None
    links = re.findall(r'href="([^"]+)"', page.get_content())
    return [link for link in dict.fromkeys(links) if "/api/unsubscribe" not in link]


def test_every_kind_of_mail_is_covered() -> None:
    assert set(SUBJECTS) == set(MAIL_KINDS)


@pytest.mark.parametrize("kind", SUBJECTS)
def test_a_mail_arrives_completely_and_its_links_work(scenario: MailScenario, kind: str) -> None:
    mail = scenario.mail(kind)
    assert mail["From"] == "no-reply@tasks.example.com"
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Message-ID"]
    text = mail.get_body(("plain",))
    assert text is not None
    links = _find_links(mail)
    assert links
    for link in links:
        assert link.startswith(CLIENT) and link in text.get_content()
        answer = scenario.open_link(kind, link)
        assert answer.ok, (link, answer.status_code, answer.text)
    is_about_task = any("/tasks/" in link for link in links) and kind not in DIGESTS
    assert (mail["References"] is not None) == is_about_task


@pytest.mark.parametrize("kind", SUBJECTS)
def test_a_mail_has_one_click_unsubscribe_unless_it_is_a_security_mail(
    scenario: MailScenario, kind: str
) -> None:
    mail = scenario.mail(kind)
    if MAIL_KINDS[kind].security:
        assert mail["List-Unsubscribe"] is None and mail["List-Unsubscribe-Post"] is None
        return
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = mail["List-Unsubscribe"].strip("<>")
    url = link.replace(f"{CLIENT}/api", scenario.deployment.outputs["gateway_api_url"])
    answer = requests.post(url, data={"List-Unsubscribe": "One-Click"}, timeout=60)
    assert answer.ok and re.search('no more "[^"]+" emails', answer.text), answer.text


def test_the_weekly_report_shows_its_chart(scenario: MailScenario) -> None:
    mail = scenario.mail("weekly_report")
    (image,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    page = mail.get_body(("html",))
    assert page is not None and f'src="cid:{image["Content-ID"].strip("<>")}"' in page.as_string()
    Image.open(io.BytesIO(image.get_content())).verify()


def test_every_mail_is_seven_bits(scenario: MailScenario) -> None:
    """SES requires seven-bit content."""
    assert all(scenario.mail(kind) for kind in SUBJECTS)
    assert all(raw.isascii() for raw in scenario.inbox.raw)
