"""Email headers, and unsubscribing with them."""

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
    """The mail about an assignment."""
    _assign(ann, bob)
    (mail,) = mails_to(bob, "Assigned")
    return mail


def _assign(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    ann.create_task(project, assigned_to=bob.id)
    sweep_outbox(now())


def _link(mail: EmailMessage) -> str:
    found = LINK.fullmatch(mail["List-Unsubscribe"])
    assert found is not None
    return found[1]


def _notification_settings(person: Person) -> dict[str, bool]:
    enabled: dict[str, bool] = person.get("/api/auth/profile").json_body["notifications"]
    return enabled


@contextmanager
def _record_ses_calls() -> Iterator[list[dict[str, Any]]]:
    """The parameters of the calls to SES."""
    calls: list[dict[str, Any]] = []
    events = clients.ses_client().meta.events
    event = "provide-client-params.ses.SendRawEmail"

    def record(params: dict[str, Any], **_: Any) -> None:
        calls.append(params)

    events.register(event, record)
    try:
        yield calls
    finally:
        events.unregister(event, record)


def test_mails_about_one_task_refer_to_the_same_message(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    task = ann.create_task(project, assigned_to=bob.id)
    for assignee in (ann.id, bob.id):
        ann.patch(f"/api/tasks/{task['id']}/assign", {"assigned_to": assignee})
    ann.create_task(project, assigned_to=bob.id)
    sweep_outbox(now())
    mails = list(mails_to(bob, "Assigned"))
    thread = f"<task.{task['id']}@example.com>"
    assert sorted(mail["References"] == thread for mail in mails) == [False, True, True]
    assert len({mail["Message-ID"] for mail in mails}) == 3


def test_ses_gets_tags_to_count_mails_by(ann: Person, bob: Person) -> None:
    with _record_ses_calls() as calls:
        _assign(ann, bob)
    assert {call["ConfigurationSetName"] for call in calls} == {settings.MAIL_CONFIGURATION_SET}
    tags = [{tag["Name"]: tag["Value"] for tag in call["Tags"]} for call in calls]
    assert {tag["kind"] for tag in tags} == {"verify", "assigned"}
    values = {value for tag in tags for value in tag.values()}
    assert all(re.fullmatch("[A-Za-z0-9_-]{1,255}", value) for value in values)


def test_a_mail_with_non_ascii_text_is_encoded_in_seven_bits(ann: Person, bob: Person) -> None:
    """SES requires it."""
    project = ann.create_project("Größe")
    ann.add_member(project, bob)
    ann.create_task(project, "Für 5 €", assigned_to=bob.id)
    with _record_ses_calls() as calls:
        sweep_outbox(now())
    assert all(call["RawMessage"]["Data"].isascii() for call in calls)
    (mail,) = mails_to(bob, "Assigned to you: Für 5 €")
    assert "Größe" in mail.get_body(("plain",)).get_content()


def test_a_link_is_signed_with_the_active_key(
    ann: Person, bob: Person, anonymous: Api, set_signing_keys: Any
) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    ann.create_task(project, assigned_to=bob.id)
    set_signing_keys(active="k9", k9="t" * 64)
    sweep_outbox(now())
    (mail,) = mails_to(bob, "Assigned")
    assert anonymous.post(_link(mail)).status_code == 200


def test_only_security_mails_have_no_unsubscribe_link(ann: Person, bob: Person) -> None:
    _assign(ann, bob)
    (security,), (other,) = mails_to(bob, "Confirm"), mails_to(bob, "Assigned")
    assert security["List-Unsubscribe"] is None
    assert "unsubscribe" not in security.as_string()
    assert other["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for part in ("plain", "html"):
        assert _link(other) in other.get_body((part,)).get_content()


def test_opening_the_link_changes_nothing(bob: Person, anonymous: Api, mail: EmailMessage) -> None:
    page = anonymous.get(_link(mail))
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b'<form method="post">' in page.body
    assert _notification_settings(bob)["assigned"] is True


def test_one_click_unsubscribes_from_this_kind_of_mail_only(
    ann: Person, bob: Person, anonymous: Api, mail: EmailMessage
) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for _ in range(2):
        done = anonymous.call("POST", _link(mail), raw=b"List-Unsubscribe=One-Click", headers=form)
        assert done.status_code == 200
    assert _notification_settings(bob) == dict.fromkeys(_notification_settings(bob), True) | {
        "assigned": False
    }
    _assign(ann, bob)
    assert len(list(mails_to(bob, "Assigned"))) == 1


def test_a_modified_link_is_rejected(
    ann: Person, bob: Person, anonymous: Api, mail: EmailMessage
) -> None:
    for changed in (_link(mail).replace(bob.id, ann.id), _link(mail).replace("assigned", "reset")):
        answer = anonymous.post(changed)
        assert (answer.status_code, answer.json_body["code"]) == (422, "invalid_token")
    assert _notification_settings(ann) == _notification_settings(bob)


def test_an_address_without_an_account_unsubscribes_from_invitations_with_one_click(
    ann: Person, bob: Person, anonymous: Api
) -> None:
    eve = "Eve@example.com"
    projects = [ann.create_project() for _ in range(3)]
    _invite(ann, projects[0], eve)
    (mail,) = mails_to(ann, address=eve)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert _link(mail) in mail.get_body(("html",)).get_content()
    assert eve.lower() not in _link(mail).lower()
    assert anonymous.get(_link(mail)).status_code == 200
    _invite(ann, projects[1], eve)
    assert len(list(mails_to(ann, address=eve))) == 2
    for _ in range(2):
        assert b"profile" not in anonymous.post(_link(mail)).body
    _invite(ann, projects[2], eve)
    _invite(bob, bob.create_project(), eve.lower())
    assert len(list(mails_to(ann, address=eve))) == 2
    assert list(mails_to(ann, address=eve.lower())) == []
    _invite(ann, projects[0], "another@example.com")
    assert len(list(mails_to(ann, address="another@example.com"))) == 1


def _invite(person: Person, project: str, email: str) -> None:
    answer = person.post(f"/api/projects/{project}/members", {"email": email})
    assert answer.status_code == 201
    sweep_outbox(now())


def test_unsubscribing_and_a_concurrent_change_of_settings_both_take_effect(
    bob: Person, anonymous: Api, mail: EmailMessage
) -> None:
    """Another request changes the settings between the read and the write."""
    client = _table_client()
    concurrent_changes = iter([{"notifications": {"due_soon": False}}])

    def switch(event_name: str, **_: Any) -> None:
        for body in concurrent_changes:
            bob.patch("/api/auth/profile", body)

    client.meta.events.register_first("before-send.dynamodb.TransactWriteItems", switch)
    try:
        anonymous.post(_link(mail))
    finally:
        client.meta.events.unregister("before-send.dynamodb.TransactWriteItems", switch)
    assert (_notification_settings(bob)["assigned"], _notification_settings(bob)["due_soon"]) == (
        False,
        False,
    )


def _table_client() -> Any:
    return Item._get_connection().connection.client


def test_each_switchable_kind_has_a_notification_setting() -> None:
    switchable = {name for name, kind in MAIL_KINDS.items() if kind.switchable}
    assert set(Notifications.__struct_fields__) == switchable
    assert not any(kind.switchable and kind.security for kind in MAIL_KINDS.values())
