"""What stands on the outside of mails, and unsubscribing by it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.accounts.schemas import Notifications
from chalicelib.aws import clients
from chalicelib.clock import now
from chalicelib.dynamodb.table import Item
from chalicelib.mail.jobs import sweep_outbox
from chalicelib.mail.kinds import MAIL_KINDS
from tests.support import Api, Person, mails_to

LINK = re.compile(r"<https://api\.example\.com/v1(/api/unsubscribe\?token=[^>]+)>")


@pytest.fixture
def mail(ann: Person, bob: Person) -> EmailMessage:
    """The mail of an assignment."""
    _assign(ann, bob)
    (mail,) = mails_to(bob, "Assigned")
    return mail


def _assign(ann: Person, bob: Person) -> None:
    project = ann.starts_project()
    ann.lets_in(project, bob)
    ann.adds_task(project, assigned_to=bob.id)
    sweep_outbox(now())


def _link(mail: EmailMessage) -> str:
    found = LINK.fullmatch(mail["List-Unsubscribe"])
    assert found is not None
    return found[1]


def _switches(person: Person) -> dict[str, bool]:
    switches: dict[str, bool] = person.get("/api/auth/profile").json_body["notifications"]
    return switches


@contextmanager
def _calls_of_ses() -> Iterator[list[dict[str, Any]]]:
    """What SES was asked to send, beside the message."""
    calls: list[dict[str, Any]] = []
    events = clients.ses_client().meta.events
    event = "provide-client-params.ses.SendRawEmail"

    def note(params: dict[str, Any], **_: Any) -> None:
        calls.append(params)

    events.register(event, note)
    try:
        yield calls
    finally:
        events.unregister(event, note)


def test_mails_about_one_task_refer_to_one_message(ann: Person, bob: Person) -> None:
    project = ann.starts_project()
    ann.lets_in(project, bob)
    task = ann.adds_task(project, assigned_to=bob.id)
    for assignee in (ann.id, bob.id):
        ann.patch(f"/api/tasks/{task['id']}/assign", {"assigned_to": assignee})
    ann.adds_task(project, assigned_to=bob.id)
    sweep_outbox(now())
    mails = list(mails_to(bob, "Assigned"))
    thread = f"<task.{task['id']}@example.com>"
    assert sorted(mail["References"] == thread for mail in mails) == [False, True, True]
    assert len({mail["Message-ID"] for mail in mails}) == 3


def test_ses_is_told_what_to_count_a_mail_by(ann: Person, bob: Person) -> None:
    with _calls_of_ses() as calls:
        _assign(ann, bob)
    assert {call["ConfigurationSetName"] for call in calls} == {settings.MAIL_CONFIGURATION_SET}
    tags = [{tag["Name"]: tag["Value"] for tag in call["Tags"]} for call in calls]
    assert {tag["kind"] for tag in tags} == {"verify", "assigned"}
    values = {value for tag in tags for value in tag.values()}
    assert all(re.fullmatch("[A-Za-z0-9_-]{1,255}", value) for value in values)


def test_a_mail_is_seven_bits_whatever_it_says(ann: Person, bob: Person) -> None:
    """As SES asks for."""
    project = ann.starts_project("Größe")
    ann.lets_in(project, bob)
    ann.adds_task(project, "Für 5 €", assigned_to=bob.id)
    with _calls_of_ses() as calls:
        sweep_outbox(now())
    assert all(call["RawMessage"]["Data"].isascii() for call in calls)
    (mail,) = mails_to(bob, "Assigned to you: Für 5 €")
    assert "Größe" in mail.get_body(("plain",)).get_content()


def test_a_link_is_signed_with_the_key_that_is_active(
    ann: Person, bob: Person, anyone: Api, signing_keys: Any
) -> None:
    project = ann.starts_project()
    ann.lets_in(project, bob)
    ann.adds_task(project, assigned_to=bob.id)
    signing_keys(active="k9", k9="t" * 64)
    sweep_outbox(now())
    (mail,) = mails_to(bob, "Assigned")
    assert anyone.post(_link(mail)).status_code == 200


def test_security_mails_alone_cannot_be_unsubscribed_from(ann: Person, bob: Person) -> None:
    _assign(ann, bob)
    (security,), (other,) = mails_to(bob, "Confirm"), mails_to(bob, "Assigned")
    assert security["List-Unsubscribe"] is None
    assert "unsubscribe" not in security.as_string()
    assert other["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for part in ("plain", "html"):
        assert _link(other) in other.get_body((part,)).get_content()


def test_looking_at_the_link_changes_nothing(bob: Person, anyone: Api, mail: EmailMessage) -> None:
    page = anyone.get(_link(mail))
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b'<form method="post">' in page.body
    assert _switches(bob)["assigned"] is True


def test_one_click_ends_mails_of_this_kind_and_no_other(
    ann: Person, bob: Person, anyone: Api, mail: EmailMessage
) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for _ in range(2):
        done = anyone.call("POST", _link(mail), raw=b"List-Unsubscribe=One-Click", headers=form)
        assert done.status_code == 200
    assert _switches(bob) == dict.fromkeys(_switches(bob), True) | {"assigned": False}
    _assign(ann, bob)
    assert len(list(mails_to(bob, "Assigned"))) == 1


def test_a_link_that_was_changed_does_nothing(
    ann: Person, bob: Person, anyone: Api, mail: EmailMessage
) -> None:
    for changed in (_link(mail).replace(bob.id, ann.id), _link(mail).replace("assigned", "reset")):
        answer = anyone.post(changed)
        assert (answer.status_code, answer.json_body["code"]) == (422, "invalid_token")
    assert _switches(ann) == _switches(bob)


def test_an_address_without_account_ends_its_invitations_by_one_click_and_gets_no_other(
    ann: Person, bob: Person, anyone: Api
) -> None:
    eve = "Eve@example.com"
    projects = [ann.starts_project() for _ in range(3)]
    _invite(ann, projects[0], eve)
    (mail,) = mails_to(ann, address=eve)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert _link(mail) in mail.get_body(("html",)).get_content()
    assert eve.lower() not in _link(mail).lower()
    assert anyone.get(_link(mail)).status_code == 200
    _invite(ann, projects[1], eve)
    assert len(list(mails_to(ann, address=eve))) == 2
    for _ in range(2):
        assert b"profile" not in anyone.post(_link(mail)).body
    _invite(ann, projects[2], eve)
    _invite(bob, bob.starts_project(), eve.lower())
    assert len(list(mails_to(ann, address=eve))) == 2
    assert list(mails_to(ann, address=eve.lower())) == []
    _invite(ann, projects[0], "another@example.com")
    assert len(list(mails_to(ann, address="another@example.com"))) == 1


def _invite(person: Person, project: str, email: str) -> None:
    answer = person.post(f"/api/projects/{project}/members", {"email": email})
    assert answer.status_code == 201
    sweep_outbox(now())


def test_unsubscribing_and_switching_at_once_both_count(
    bob: Person, anyone: Api, mail: EmailMessage
) -> None:
    """A rival's switch, between our read and our write, is built upon."""
    client = _table_client()
    rivals = iter([{"notifications": {"due_soon": False}}])

    def switch(event_name: str, **_: Any) -> None:
        for body in rivals:
            bob.patch("/api/auth/profile", body)

    client.meta.events.register_first("before-send.dynamodb.TransactWriteItems", switch)
    try:
        anyone.post(_link(mail))
    finally:
        client.meta.events.unregister("before-send.dynamodb.TransactWriteItems", switch)
    assert (_switches(bob)["assigned"], _switches(bob)["due_soon"]) == (False, False)


def _table_client() -> Any:

    return Item._get_connection().connection.client


def test_each_kind_that_may_be_switched_has_a_switch() -> None:
    switchable = {name for name, kind in MAIL_KINDS.items() if kind.switchable}
    assert set(Notifications.__struct_fields__) == switchable
    assert not any(kind.switchable and kind.security for kind in MAIL_KINDS.values())
