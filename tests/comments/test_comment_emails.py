"""Emails about comments and mentions."""

from collections.abc import Callable
from typing import Any

import pytest
from chalice.test import Client

from chalicelib import settings
from chalicelib.clock import now
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.table import Item
from chalicelib.mail.jobs import deliver_mail, sweep_outbox
from chalicelib.mail.models import get_mail
from tests.faults import Killed, kill_at_call
from tests.support import Person, mails_to, sign_up


@pytest.fixture
def mel(client: Client) -> Person:
    return sign_up(client, "mel")


@pytest.fixture
def task(ann: Person, bob: Person, mel: Person) -> str:
    """A task of Ann's that Bob watches. Mel is a member too. No mail is queued."""
    project = ann.create_project()
    ann.add_member(project, bob)
    ann.add_member(project, mel)
    path = f"/api/tasks/{ann.create_task(project, 'Plan')['id']}"
    bob.put(path + "/watchers/me")
    _deliver()
    return path


def _deliver() -> None:
    """Fan out the mails of comments, then deliver the resulting mails."""
    for _ in range(2):
        sweep_outbox(now())


def _comment(person: Person, task: str, body: str = "Well done") -> str:
    answer = person.post(task + "/comments", {"body": body})
    assert answer.status_code == 201, answer.json_body
    return str(answer.json_body["id"])


def _subjects(person: Person) -> list[str]:
    """Return the kinds of mails about comments that the person received."""
    subjects = (str(mail["Subject"]).partition(":")[0] for mail in mails_to(person))
    return [subject for subject in subjects if subject in {"New comment", "You were mentioned"}]


def test_a_comment_mails_the_watchers_but_not_its_author(
    ann: Person, bob: Person, mel: Person, task: str
) -> None:
    _comment(ann, task, "Well <b>done</b>,\ntwice")
    for _ in range(2):
        _deliver()
    (mail,) = mails_to(bob, "New comment: Plan")
    text = mail.get_body(("plain",)).get_content()
    assert "ann commented" in text and "Well <b>done</b>,\ntwice" in text
    assert f"https://app.example.com{task.removeprefix('/api')}" in text
    assert "Well &lt;b&gt;done&lt;/b&gt;" in mail.get_body(("html",)).get_content()
    assert (_subjects(ann), _subjects(mel)) == ([], [])


def test_a_mentioned_member_receives_one_mail_watching_or_not(
    ann: Person, bob: Person, mel: Person, task: str
) -> None:
    _comment(ann, task, "@bob and @MEL, look. @ann @bob")
    _deliver()
    for person in (bob, mel):
        assert _subjects(person) == ["You were mentioned"]
    assert _subjects(ann) == []


def test_a_mention_is_an_at_sign_and_a_whole_username(ann: Person, mel: Person, task: str) -> None:
    for text in ("Thanks @mel.", "(@mel)", "@mel, @mel"):
        _comment(ann, task, text)
    _deliver()
    assert len(_subjects(mel)) == 3
    for text in ("@melissa", "write to x@mel", "mel"):
        _comment(ann, task, text)
    _deliver()
    assert len(_subjects(mel)) == 3


@pytest.mark.parametrize(
    ("username", "text"),
    [
        ("mel", "请@mel看一下"),
        ("mel", "これは@melさんに"),
        ("mel", "확인은 @mel님께"),
        ("mel", "спроси@mel, и всё"),
        ("mel", "**@mel** _@mel_ *@mel* ~~@mel~~ [@mel](x)"),
        ("mel", "请_@mel_看"),
        ("mel", "...@mel..."),
        ("mel", "请＠ｍｅｌ看一下"),
        ("mel", "@mel\u200b"),
        ("mel-ann", "请@mel-ann看"),
        ("김철수", "@김철수님 확인해 주세요"),
        ("王小明", "请@王小明看一下"),
        ("山田1", "@山田1さん"),
        ("สมชาย", "ขอ@สมชายดูหน่อย"),
        ("josé", "@jose\u0301 and @jose\u0301."),
        ("é" * 50, "@" + "e\u0301" * 50),
    ],
)
def test_a_mention_begins_and_ends_where_the_text_of_any_language_allows(
    ann: Person, mel: Person, task: str, username: str, text: str
) -> None:
    renamed = mel.patch("/api/auth/profile", {"username": username})
    assert renamed.status_code == 200, renamed.json_body
    _comment(ann, task, text)
    _deliver()
    assert _subjects(mel) == ["You were mentioned"]


@pytest.mark.parametrize(
    "text",
    [
        "jo@mel.example",
        "jo.@mel and jo_@mel",
        "jo+1@mel看",
        "请写信给jo@mel看一下",
        "@melissa看一下",
        "@mel_b @mel-b @mel.b @mel2",
        "@melé",
        "@mel\u0301看",
        "@ mel",
    ],
)
def test_an_address_or_a_longer_name_is_no_mention(
    ann: Person, mel: Person, task: str, text: str
) -> None:
    _comment(ann, task, text)
    _deliver()
    assert _subjects(mel) == []


@pytest.mark.parametrize(
    "code", ["`@mel`", "``a ` @mel``", "```\n@mel\n```", "~~~\n@mel", "    @mel"]
)
def test_code_mentions_nobody(ann: Person, mel: Person, task: str, code: str) -> None:
    _comment(ann, task, f"{code}\n")
    _deliver()
    assert _subjects(mel) == []


def test_a_name_beside_code_is_a_mention(ann: Person, mel: Person, task: str) -> None:
    _comment(ann, task, "`x`@mel `y")
    _deliver()
    assert _subjects(mel) == ["You were mentioned"]


def test_the_longest_username_of_a_member_is_mentioned(
    client: Client, ann: Person, bob: Person, mel: Person, task: str
) -> None:
    stranger = sign_up(client, "eve")
    people = (bob, mel, stranger)
    for person, name in zip(people, ("김철수", "김철수님", "김철수님께"), strict=True):
        assert person.patch("/api/auth/profile", {"username": name}).status_code == 200
    _comment(ann, task, "@김철수님께 부탁합니다")
    _deliver()
    assert [_subjects(person) for person in people] == [["New comment"], ["You were mentioned"], []]


def test_a_decomposed_name_mentions_the_person_with_the_accent(
    ann: Person, bob: Person, mel: Person, task: str
) -> None:
    for person, name in ((bob, "jose"), (mel, "josé")):
        assert person.patch("/api/auth/profile", {"username": name}).status_code == 200
    _comment(ann, task, "@jose\u0301")
    _deliver()
    assert (_subjects(bob), _subjects(mel)) == (["New comment"], ["You were mentioned"])


def test_mentions_of_other_people_than_members_have_no_effect(
    client: Client, ann: Person, task: str
) -> None:
    eve = sign_up(client, "eve")
    sweep_outbox(now())
    _comment(ann, task, "@eve @nobody")
    _deliver()
    assert _subjects(eve) == []


def test_each_kind_of_mail_can_be_switched_off(
    ann: Person, bob: Person, mel: Person, task: str
) -> None:
    for person, kind in ((bob, "mentioned"), (mel, "mentioned"), (ann, "comment")):
        person.patch("/api/auth/profile", {"notifications": {kind: False}})
    _comment(bob, task, "@mel")
    _comment(ann, task, "@bob")
    _deliver()
    # Bob watches the task, so he still receives the mail about the comment.
    assert (_subjects(ann), _subjects(bob), _subjects(mel)) == ([], ["New comment"], [])


def _unwatch(ann: Person, bob: Person, task: str) -> None:
    bob.delete(task + "/watchers/me")


def _remove_member(ann: Person, bob: Person, task: str) -> None:
    project = ann.get(task).json_body["project"]
    ann.delete(f"/api/projects/{project}/members/{bob.id}")


def _switch_off_mail(ann: Person, bob: Person, task: str) -> None:
    bob.patch("/api/auth/profile", {"notifications": {"comment": False}})


def _delete_comments(ann: Person, bob: Person, task: str) -> None:
    for comment in ann.get(task + "/comments").json_body["items"]:
        ann.delete(f"{task}/comments/{comment['id']}")


def _delete_task(ann: Person, bob: Person, task: str) -> None:
    ann.delete(task)


@pytest.mark.parametrize(
    "act", [_unwatch, _remove_member, _switch_off_mail, _delete_comments, _delete_task]
)
def test_events_before_the_delivery_cancel_the_mail(
    ann: Person, bob: Person, task: str, act: Callable[[Person, Person, str], None]
) -> None:
    comment, _ = _comment(ann, task), _comment(ann, task)
    deliver_mail(f"commented:{comment}", now=now())
    assert get_mail(f"comment:{comment}:{bob.id}") is not None
    act(ann, bob, task)
    _deliver()
    assert _subjects(bob) == []


def test_the_outbox_keeps_an_item_for_each_recipient(
    ann: Person, bob: Person, mel: Person, task: str
) -> None:
    comment = _comment(ann, task, "@mel")
    _deliver()
    mails = {person.id: get_mail(f"comment:{comment}:{person.id}") for person in (bob, mel)}
    outcomes = {mail and (mail.kind, mail.outcome) for mail in mails.values()}
    assert outcomes == {("comment", "sent"), ("mentioned", "sent")}
    cause = get_mail(f"commented:{comment}")
    assert cause is not None and cause.outcome == "spread"


def test_a_repeated_request_queues_its_mails_once(ann: Person, bob: Person, task: str) -> None:
    for _ in range(2):
        key = {"Idempotency-Key": "k"}
        ann.post(task + "/comments", {"body": "x"}, headers=key)
        _deliver()
    assert _subjects(bob) == ["New comment"]


def test_a_dispatcher_killed_at_any_write_fans_out_to_everybody_once(
    ann: Person, bob: Person, mel: Person, task: str, wait: Callable[..., None]
) -> None:
    comment = _comment(ann, task, "@mel")
    writes = 0
    while True:
        writes += 1
        try:
            with kill_at_call(writes, writes_only=True):
                deliver_mail(f"commented:{comment}", now=now())
            break
        except Killed:
            wait(seconds=301)
            _reset_attempts(comment)
    assert writes > 3
    _deliver()
    assert (_subjects(bob), _subjects(mel)) == (["New comment"], ["You were mentioned"])


def _reset_attempts(comment: str) -> None:
    """Set the attempts to zero, because after four of them a mail is parked."""
    Item._get_connection().connection.client.update_item(
        TableName=settings.TABLE_NAME,
        Key={"PK": {"S": f"OUTBOX#commented:{comment}"}, "SK": {"S": "MAIL"}},
        UpdateExpression="SET attempts = :none",
        ExpressionAttributeValues={":none": {"N": "0"}},
    )


def test_the_stream_dispatches_the_mails_of_a_comment(
    ann: Person, bob: Person, task: str, invoke: Any
) -> None:
    _comment(ann, task)
    for _ in range(2):
        for mail_id in _due_mail_ids():
            change = {"Keys": {"PK": {"S": f"OUTBOX#{mail_id}"}}, "SequenceNumber": "7"}
            records = [{"eventName": "INSERT", "dynamodb": change}]
            assert invoke("dispatch_mail", {"Records": records}) == {"batchItemFailures": []}
    assert _subjects(bob) == ["New comment"]


def _due_mail_ids() -> list[str]:
    return [item.PK.removeprefix("OUTBOX#") for item in time_index.list_due("mail", now())]
