"""The mail ledger that site staff read."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.accounts.staff import make_staff
from chalicelib.aws import clients
from chalicelib.clock import now
from chalicelib.mail.jobs import sweep_outbox
from tests.faults import build_response, event_hook
from tests.support import Person

LEDGER = "/api/admin/mails"


@pytest.fixture
def chief(make_person: Callable[[str], Person]) -> Person:
    """A member of the site staff; all mail until now is sent."""
    person = make_person("chief")
    make_staff(email=person.email, now=now())
    sweep_outbox(now())
    return person


def _request_reset(person: Person) -> None:
    assert person.post("/api/auth/forgot-password", {"email": person.email}).status_code == 202


def _read(chief: Person, query: str) -> Any:
    answer = chief.get(f"{LEDGER}?{query}")
    assert answer.status_code == 200, answer.json_body
    return answer.json_body["items"]


def _kinds(chief: Person, state: str) -> list[str]:
    return [mail["kind"] for mail in _read(chief, f"state={state}")]


def _refuse(request: Any, **_: Any) -> Any:
    return build_response(
        request, b"<ErrorResponse><Error><Code>MessageRejected</Code></Error></ErrorResponse>", 400
    )


def test_a_waiting_mail_is_listed_until_it_is_sent(chief: Person, ann: Person) -> None:
    sweep_outbox(now())
    _request_reset(ann)
    (waiting,) = _read(chief, "state=waiting")
    assert (waiting["kind"], waiting["state"], waiting["attempts"]) == ("reset", "waiting", 0)
    assert waiting["due_at"] == waiting["created_at"]
    assert (waiting["settled_at"], waiting["message_id"]) == (None, None)
    sweep_outbox(now())
    assert _read(chief, "state=waiting") == []
    sent = _read(chief, "state=sent")[0]
    assert (sent["id"], sent["state"], sent["attempts"]) == (waiting["id"], "sent", 1)
    assert sent["settled_at"] and sent["message_id"] and sent["due_at"] is None


def test_waiting_is_the_default_state(chief: Person, ann: Person) -> None:
    sweep_outbox(now())
    _request_reset(ann)
    assert [mail["kind"] for mail in chief.get(LEDGER).json_body["items"]] == ["reset"]


def test_addresses_are_masked_and_contents_are_not_shown(chief: Person, ann: Person) -> None:
    _request_reset(ann)
    sweep_outbox(now())
    answer = chief.get(f"{LEDGER}?state=sent")
    newest = answer.json_body["items"][0]
    assert newest["recipient"] == "a…@example.com"
    assert ann.email not in answer.body.decode()
    assert "token" not in answer.body.decode()


def test_an_invitation_shows_the_invited_address_until_it_is_revoked(
    chief: Person, ann: Person
) -> None:
    members = f"/api/projects/{ann.create_project()}/members"
    invitation = ann.post(members, {"email": "new@else.example"}).json_body
    (waiting,) = [m for m in _read(chief, "state=waiting") if m["kind"] == "invitation"]
    assert waiting["recipient"] == "n…@else.example"
    ann.delete(f"{members.removesuffix('members')}invitations/{invitation['id']}")
    sweep_outbox(now())
    (dropped,) = _read(chief, "state=dropped")
    assert (dropped["kind"], dropped["recipient"]) == ("invitation", None)


def test_a_mail_that_is_given_up_is_parked_with_its_attempts(
    chief: Person, ann: Person, wait: Callable[..., None]
) -> None:
    sweep_outbox(now())
    _request_reset(ann)
    with event_hook(clients.ses_client(), "before-send.ses.SendRawEmail", _refuse):
        for minutes in (0, 2, 3, 4):
            wait(minutes=minutes)
            sweep_outbox(now())
    assert [(m["kind"], m["attempts"]) for m in _read(chief, "state=parked")] == [("reset", 4)]
    assert _read(chief, "state=waiting") == []


def test_an_item_that_stands_for_several_mails_is_not_listed(
    chief: Person, ann: Person, bob: Person
) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    task = ann.create_task(project, assigned_to=bob.id)
    sweep_outbox(now())
    ann.post(f"/api/tasks/{task['id']}/comments", {"body": "Hello"})
    sweep_outbox(now())
    sweep_outbox(now())
    kinds = _kinds(chief, "sent")
    assert "comment" in kinds and "commented" not in kinds


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_are_newest_first_across_months(
    chief: Person, ann: Person, set_time: Callable[..., None], limit: int
) -> None:
    for moment in ("2026-09-30T23:00", "2026-10-31T23:00", "2026-11-30T10:00"):
        set_time(moment, ann)
        _request_reset(ann)
        sweep_outbox(now())
    set_time("2026-12-01T08:00", chief)
    mails = chief.list_all(f"{LEDGER}?state=sent&limit={limit}")
    assert [mail["settled_at"][:7] for mail in mails if mail["kind"] == "reset"] == [
        "2026-11",
        "2026-10",
        "2026-09",
    ]


def test_a_mail_leaves_the_ledger_after_90_days(
    chief: Person, ann: Person, set_time: Callable[..., None]
) -> None:
    set_time("2026-11-02T10:00", ann)
    _request_reset(ann)
    sweep_outbox(now())
    set_time("2027-01-31T09:00", chief)
    assert "reset" in _kinds(chief, "sent")
    set_time("2027-01-31T11:00", chief)
    assert "reset" not in _kinds(chief, "sent")


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_waiting_mails_are_paged_too(
    chief: Person, make_person: Callable[[str], Person], limit: int
) -> None:
    people = [make_person(name) for name in ("zoe", "anna", "annb", "bea")]
    sweep_outbox(now())
    for person in people:
        _request_reset(person)
    waiting = chief.list_all(f"{LEDGER}?limit={limit}")
    assert sorted(mail["recipient"][0] for mail in waiting) == ["a", "a", "b", "z"]
    assert len({mail["id"] for mail in waiting}) == 4


def test_an_unknown_state_is_refused(chief: Person) -> None:
    answer = chief.get(f"{LEDGER}?state=lost")
    assert answer.status_code == 400
    assert [error["location"] for error in answer.json_body["errors"]] == ["state"]


def test_a_cursor_of_another_state_is_refused(chief: Person, ann: Person) -> None:
    for _ in range(2):
        _request_reset(ann)
    sweep_outbox(now())
    cursor = chief.get(f"{LEDGER}?state=sent&limit=1").json_body["next_cursor"]
    answer = chief.get(f"{LEDGER}?state=parked&cursor={cursor}")
    assert (answer.status_code, answer.json_body["code"]) == (400, "invalid_cursor")


def test_only_site_staff_read_the_ledger(ann: Person) -> None:
    assert ann.get(LEDGER).status_code == 403
