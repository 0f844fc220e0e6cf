"""Invitations by email: create, resend, revoke, accept, decline."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from chalice.test import Client
from chalice.test import HTTPResponse as Answer

from chalicelib.clock import now
from chalicelib.dynamodb.table import Item
from chalicelib.mail.jobs import sweep_outbox
from chalicelib.sessions.throttling import count_daily_attempt
from tests.support import Api, Person, error_locations, mails_to, sign_up

EVE = "Eve@Example.com"


def _invite(person: Person, project: str, email: str = EVE, **fields: Any) -> Answer:
    return person.post(f"/api/projects/{project}/members", {"email": email, **fields})


def _mailed_tokens(person: Person, address: str = EVE) -> list[str]:
    """Send the queued mail and return the tokens of all invitations sent to `address`."""
    sweep_outbox(now())
    mails = mails_to(person, "You are invited", address=address)
    texts = (mail.get_body(("plain",)).get_content() for mail in mails)  # type: ignore[union-attr]
    return [re.search(r"token=(\S+)", text)[1] for text in texts]  # type: ignore[index]


def _accept(person: Api, token: str) -> Answer:
    return person.post("/api/invitations/accept", {"token": token})


def _verify_email(person: Person) -> Person:
    """Verify the person's address by the link in the email after registration."""
    sweep_outbox(now())
    text = next(mails_to(person, "Confirm")).get_body(("plain",)).get_content()  # type: ignore[union-attr]
    token = re.search(r"token=(\S+)", text)[1]  # type: ignore[index]
    assert person.post("/api/auth/verify-email", {"token": token}).status_code == 204
    return person


def _received_invitations(person: Person) -> list[Any]:
    items: list[Any] = person.get("/api/invitations").json_body["items"]
    return items


@pytest.fixture
def project(ann: Person) -> str:
    return ann.create_project("Launch")


@pytest.fixture
def invitation(ann: Person, project: str) -> str:
    return str(_invite(ann, project).json_body["id"])


def test_an_address_without_an_account_is_invited(ann: Person, project: str) -> None:
    answer = _invite(ann, project, role="viewer")
    body = answer.json_body
    assert (answer.status_code, body["kind"], body["role"]) == (201, "invitation", "viewer")
    assert answer.headers["location"].endswith(f"/invitations/{body['id']}/")
    listed = ann.get(f"/api/projects/{project}/invitations").json_body["items"]
    assert listed == [body] and body["email"] == EVE and body["invited_by"] == ann.id


def test_a_user_with_a_verified_address_is_added_at_once(
    ann: Person, bob: Person, project: str
) -> None:
    _verify_email(bob)
    assert _invite(ann, project, bob.email).json_body["kind"] == "member"
    assert _mailed_tokens(ann, bob.email) == []


def test_an_unverified_address_gives_no_access_to_its_invitations(
    client: Client, ann: Person, project: str
) -> None:
    squatter = sign_up(client, "eve")
    assert ann.get(f"/api/users?email={squatter.email}").json_body["items"] == []
    assert _invite(ann, project, squatter.email).json_body["kind"] == "invitation"
    assert squatter.get(f"/api/projects/{project}").status_code == 404
    assert _received_invitations(squatter) == []
    (token,) = _mailed_tokens(ann, squatter.email)
    owner = sign_up(client, "owner")
    assert _accept(owner, token).status_code == 201
    assert squatter.get(f"/api/projects/{project}").status_code == 404


def test_the_email_has_text_of_users_only_in_its_body(ann: Person) -> None:
    _invite(ann, ann.create_project("Buy\u202e now\u200b http://x.example"))
    sweep_outbox(now())
    mail = next(mails_to(ann, address=EVE))
    assert mail["Subject"] == "You are invited to a project" and "Buy" not in mail["From"]
    for part in ("plain", "html"):
        text = mail.get_body((part,)).get_content()  # type: ignore[union-attr]
        assert "Buy now http://x.example" in text and "ann" not in text


def test_the_token_in_the_email_can_be_used_once(
    client: Client, ann: Person, bob: Person, project: str
) -> None:
    _invite(ann, project, role="admin")
    (token,) = _mailed_tokens(ann)
    answer = _accept(bob, token)
    joined = {"project": project, "project_name": "Launch", "role": "admin"}
    assert (answer.status_code, answer.json_body) == (201, joined)
    assert bob.get(f"/api/projects/{project}").json_body["my_role"] == "admin"
    assert ann.get(f"/api/projects/{project}").json_body["members_count"] == 2
    again = _accept(sign_up(client, "cleo"), token)
    assert (again.status_code, again.json_body["code"]) == (422, "invalid_token")
    assert ann.get(f"/api/projects/{project}/invitations").json_body["items"] == []


def test_the_token_is_stored_only_as_a_digest(ann: Person, project: str) -> None:
    _invite(ann, project)
    secret = _mailed_tokens(ann)[0].partition(".")[2]
    assert not [item for item in Item.scan() if secret in str(item.serialize())]


@pytest.mark.parametrize("token", ["", "x", "01m81ed77eh6xj0yx0x3n4dz2f" * 2 + ".x", "é" * 60])
def test_a_malformed_token_is_refused(bob: Person, token: str) -> None:
    answer = _accept(bob, token)
    assert (answer.status_code, error_locations(answer)) == (422, ["token"])


def test_a_member_cannot_accept_an_invitation(ann: Person, project: str) -> None:
    _invite(ann, project)
    answer = _accept(ann, _mailed_tokens(ann)[0])
    assert (answer.status_code, answer.json_body["code"]) == (409, "already_member")


def test_a_user_with_a_verified_address_lists_and_accepts_its_invitations(
    client: Client, ann: Person, invitation: str, project: str
) -> None:
    eve = sign_up(client, "eve")
    assert _received_invitations(eve) == []
    assert eve.post(f"/api/invitations/{invitation}/accept").status_code == 404
    _verify_email(eve)
    (received,) = _received_invitations(eve)
    assert (received["project_name"], received["invited_by"]) == ("Launch", "ann")
    assert eve.post(f"/api/invitations/{invitation}/accept").status_code == 201
    assert eve.get(f"/api/projects/{project}").json_body["my_role"] == "member"
    assert _received_invitations(eve) == []
    assert eve.post(f"/api/invitations/{invitation}/accept").status_code == 404


def test_an_invitation_is_declined_once(client: Client, ann: Person, invitation: str) -> None:
    eve, path = _verify_email(sign_up(client, "eve")), f"/api/invitations/{invitation}/decline"
    assert [eve.post(path).status_code for _ in range(2)] == [204, 404]
    assert _received_invitations(eve) == []


def test_an_invitation_to_another_address_is_not_found(bob: Person, invitation: str) -> None:
    _verify_email(bob)
    for action in ("accept", "decline"):
        assert bob.post(f"/api/invitations/{invitation}/{action}").status_code == 404


def test_an_address_has_at_most_one_invitation_to_a_project(ann: Person, project: str) -> None:
    _invite(ann, project)
    answer = _invite(ann, project, "EVE@example.com")
    assert (answer.status_code, answer.json_body["code"]) == (409, "already_invited")
    assert _invite(ann, ann.create_project("Other")).status_code == 201


def test_resending_an_invitation_revokes_the_older_token(
    ann: Person, bob: Person, project: str, invitation: str
) -> None:
    (first,) = _mailed_tokens(ann)
    path = f"/api/projects/{project}/invitations/{invitation}/resend"
    assert ann.post(path).json_body["id"] == invitation
    assert _accept(bob, first).status_code == 422
    second = _mailed_tokens(ann)[1]
    assert _accept(bob, first).status_code == 422
    assert _accept(bob, second).status_code == 201


def test_an_email_is_not_sent_when_a_later_one_is_queued(
    ann: Person, project: str, invitation: str
) -> None:
    ann.post(f"/api/projects/{project}/invitations/{invitation}/resend")
    assert len(_mailed_tokens(ann)) == 1


def test_a_revoked_invitation_cannot_be_accepted_or_resent(
    ann: Person, bob: Person, project: str, invitation: str
) -> None:
    (token,) = _mailed_tokens(ann)
    path = f"/api/projects/{project}/invitations/{invitation}"
    assert [ann.delete(path).status_code for _ in range(2)] == [204, 404]
    assert ann.post(f"{path}/resend").status_code == 404
    assert _accept(bob, token).status_code == 422
    assert _invite(ann, project).status_code == 201


def test_an_invitation_expires_after_seven_days(
    client: Client, ann: Person, project: str, invitation: str, wait_days: Any
) -> None:
    (token,) = _mailed_tokens(ann)
    _verify_email(sign_up(client, "eve"))
    wait_days(days=7)
    ann, bob, eve = (sign_up(client, name) for name in ("ann", "bob", "eve"))
    path = f"/api/projects/{project}/invitations"
    assert _received_invitations(eve) == [] and ann.get(path).json_body["items"] == []
    assert _accept(bob, token).status_code == 422
    assert ann.post(f"{path}/{invitation}/resend").status_code == 404
    assert eve.post(f"/api/invitations/{invitation}/accept").status_code == 404


def test_an_address_can_be_invited_again_after_its_invitation_expired(
    client: Client, ann: Person, project: str, invitation: str, wait: Any
) -> None:
    wait(days=7, minutes=1)
    assert _invite(sign_up(client, "ann"), project).status_code == 201


def test_an_invitation_cannot_be_accepted_while_its_project_is_in_the_trash(
    client: Client, ann: Person, bob: Person, project: str, invitation: str
) -> None:
    (token,), eve = _mailed_tokens(ann), _verify_email(sign_up(client, "eve"))
    ann.delete(f"/api/projects/{project}")
    assert _received_invitations(eve) == [] and _accept(bob, token).status_code == 422
    ann.post(f"/api/projects/{project}/restore")
    assert len(_received_invitations(eve)) == 1 and _accept(bob, token).status_code == 201


def test_an_invitation_to_an_archived_project_cannot_be_accepted(
    client: Client, ann: Person, bob: Person, invitation: str, project: str
) -> None:
    (token,), eve = _mailed_tokens(ann), _verify_email(sign_up(client, "eve"))
    ann.post(f"/api/projects/{project}/archive")
    assert _accept(bob, token).json_body["code"] == "archived"
    accepted = eve.post(f"/api/invitations/{invitation}/accept")
    assert (accepted.status_code, accepted.json_body["code"]) == (409, "archived")
    assert len(ann.get(f"/api/projects/{project}/invitations").json_body["items"]) == 1


@pytest.mark.parametrize("ending", ["role", "removal"])
def test_an_invitation_ends_when_its_inviter_may_no_longer_manage_members(
    client: Client, ann: Person, bob: Person, project: str, ending: str
) -> None:
    ann.add_member(project, bob, "admin")
    invitation = _invite(bob, project).json_body["id"]
    (token,), cleo = _mailed_tokens(ann), sign_up(client, "cleo")
    member = f"/api/projects/{project}/members/{bob.id}"
    ann.patch(member, {"role": "member"}) if ending == "role" else ann.delete(member)
    assert _accept(cleo, token).status_code == 422
    assert _received_invitations(_verify_email(sign_up(client, "eve"))) == []
    ann.post(f"/api/projects/{project}/invitations/{invitation}/resend")
    assert _accept(cleo, _mailed_tokens(ann)[1]).status_code == 201


def test_adding_a_member_deletes_the_invitation_of_the_address(
    client: Client, ann: Person, project: str, invitation: str
) -> None:
    eve = sign_up(client, "eve")
    ann.add_member(project, eve)
    assert ann.get(f"/api/projects/{project}/invitations").json_body["items"] == []
    assert _received_invitations(_verify_email(eve)) == [] and _mailed_tokens(ann) == []


def test_invitations_are_listed_in_pages(ann: Person, project: str) -> None:
    sent = [_invite(ann, project, f"e{n}@example.com").json_body["id"] for n in range(5)]
    ann.delete(f"/api/projects/{project}/invitations/{sent[2]}")
    path, found = f"/api/projects/{project}/invitations?limit=2", []
    cursor = ""
    while cursor is not None:
        page = ann.get(path + (f"&cursor={cursor}" if cursor else "")).json_body
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert found == [sent[4], sent[3], sent[1], sent[0]]


def test_one_address_gets_five_invitations_a_day(
    ann: Person, bob: Person, set_time: Callable[..., None]
) -> None:
    set_time("2026-11-16T22:00", ann, bob)
    for person in (ann, bob):
        for _ in range(3):
            answer = _invite(person, person.create_project())
    assert (answer.status_code, answer.json_body["code"]) == (429, "too_many_requests")
    assert answer.headers["retry-after"] == str(2 * 60 * 60)
    assert len(_mailed_tokens(ann)) == 5
    set_time("2026-11-17T00:00", ann)
    assert _invite(ann, ann.create_project()).status_code == 201


def test_one_user_sends_fifty_invitations_a_day(ann: Person, project: str) -> None:
    for number in range(49):
        address = f"e{number}@example.com"
        count_daily_attempt("invite", account=ann.id, address=address, now=now())
    addresses = ("x@example.com", "y@example.com")
    assert [_invite(ann, project, address).status_code for address in addresses] == [201, 429]


def test_an_invalid_address_or_role_is_refused(ann: Person, project: str) -> None:
    answer = _invite(ann, project, "nobody")
    assert (answer.status_code, error_locations(answer)) == (422, ["email"])
    assert _invite(ann, project, EVE, role="owner").status_code == 422
