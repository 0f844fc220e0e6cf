import re
from typing import Any

import pytest
from chalice.test import Client
from chalice.test import HTTPResponse as Answer

from chalicelib.clock import now
from chalicelib.dynamodb.table import Item
from chalicelib.mail.jobs import sweep_outbox
from chalicelib.sessions.throttling import count_daily_attempt
from tests.support import Api, Person, locations, mails_to, sign_up

EVE = "Eve@Example.com"


def _invites(person: Person, project: str, email: str = EVE, **fields: Any) -> Answer:
    return person.post(f"/api/projects/{project}/members", {"email": email, **fields})


def _tokens(person: Person, address: str = EVE) -> list[str]:
    """The tokens of the invitations that have reached an address."""
    sweep_outbox(now())
    mails = mails_to(person, "You are invited", address=address)
    texts = (mail.get_body(("plain",)).get_content() for mail in mails)  # type: ignore[union-attr]
    return [re.search(r"token=(\S+)", text)[1] for text in texts]  # type: ignore[index]


def _accepts(person: Api, token: str) -> Answer:
    return person.post("/api/invitations/accept", {"token": token})


def _verifies(person: Person) -> Person:
    """Follow the link that was mailed on registration."""
    sweep_outbox(now())
    text = next(mails_to(person, "Confirm")).get_body(("plain",)).get_content()  # type: ignore[union-attr]
    token = re.search(r"token=(\S+)", text)[1]  # type: ignore[index]
    assert person.post("/api/auth/verify-email", {"token": token}).status_code == 204
    return person


def _received(person: Person) -> list[Any]:
    items: list[Any] = person.get("/api/invitations").json_body["items"]
    return items


@pytest.fixture
def project(ann: Person) -> str:
    return ann.starts_project("Launch")


@pytest.fixture
def invitation(ann: Person, project: str) -> str:
    return str(_invites(ann, project).json_body["id"])


def test_an_address_that_is_nobodys_is_invited(ann: Person, project: str) -> None:
    answer = _invites(ann, project, role="viewer")
    body = answer.json_body
    assert (answer.status_code, body["kind"], body["role"]) == (201, "invitation", "viewer")
    assert answer.headers["location"].endswith(f"/invitations/{body['id']}/")
    listed = ann.get(f"/api/projects/{project}/invitations").json_body["items"]
    assert listed == [body] and body["email"] == EVE and body["invited_by"] == ann.id


def test_a_known_address_is_let_in_at_once(ann: Person, bob: Person, project: str) -> None:
    _verifies(bob)
    assert _invites(ann, project, bob.email).json_body["kind"] == "member"
    assert _tokens(ann, bob.email) == []


def test_who_registers_a_foreign_address_gets_nothing_that_is_meant_for_its_owner(
    client: Client, ann: Person, project: str
) -> None:
    squatter = sign_up(client, "eve")
    assert ann.get(f"/api/users?email={squatter.email}").json_body["items"] == []
    assert _invites(ann, project, squatter.email).json_body["kind"] == "invitation"
    assert squatter.get(f"/api/projects/{project}").status_code == 404
    assert _received(squatter) == []
    (token,) = _tokens(ann, squatter.email)
    owner = sign_up(client, "owner")
    assert _accepts(owner, token).status_code == 201
    assert squatter.get(f"/api/projects/{project}").status_code == 404


def test_the_mail_carries_nobodys_words_outside_its_body(ann: Person) -> None:
    _invites(ann, ann.starts_project("Buy\u202e now\u200b http://x.example"))
    sweep_outbox(now())
    mail = next(mails_to(ann, address=EVE))
    assert mail["Subject"] == "You are invited to a project" and "Buy" not in mail["From"]
    for part in ("plain", "html"):
        text = mail.get_body((part,)).get_content()  # type: ignore[union-attr]
        assert "Buy now http://x.example" in text and "ann" not in text


def test_the_token_of_the_mail_lets_in_once(
    client: Client, ann: Person, bob: Person, project: str
) -> None:
    _invites(ann, project, role="admin")
    (token,) = _tokens(ann)
    answer = _accepts(bob, token)
    joined = {"project": project, "project_name": "Launch", "role": "admin"}
    assert (answer.status_code, answer.json_body) == (201, joined)
    assert bob.get(f"/api/projects/{project}").json_body["my_role"] == "admin"
    assert ann.get(f"/api/projects/{project}").json_body["members_count"] == 2
    again = _accepts(sign_up(client, "cleo"), token)
    assert (again.status_code, again.json_body["code"]) == (422, "invalid_token")
    assert ann.get(f"/api/projects/{project}/invitations").json_body["items"] == []


def test_the_token_stands_nowhere_but_in_the_mail(ann: Person, project: str) -> None:
    _invites(ann, project)
    secret = _tokens(ann)[0].partition(".")[2]
    assert not [row for row in Item.scan() if secret in str(row.serialize())]


@pytest.mark.parametrize("token", ["", "x", "01m81ed77eh6xj0yx0x3n4dz2f" * 2 + ".x", "é" * 60])
def test_a_token_that_is_none_is_refused(bob: Person, token: str) -> None:
    answer = _accepts(bob, token)
    assert (answer.status_code, locations(answer)) == (422, ["token"])


def test_who_is_in_already_is_told_so(ann: Person, project: str) -> None:
    _invites(ann, project)
    answer = _accepts(ann, _tokens(ann)[0])
    assert (answer.status_code, answer.json_body["code"]) == (409, "already_member")


def test_a_verified_address_finds_its_invitations(
    client: Client, ann: Person, invitation: str, project: str
) -> None:
    eve = sign_up(client, "eve")
    assert _received(eve) == []
    assert eve.post(f"/api/invitations/{invitation}/accept").status_code == 404
    _verifies(eve)
    (received,) = _received(eve)
    assert (received["project_name"], received["invited_by"]) == ("Launch", "ann")
    assert eve.post(f"/api/invitations/{invitation}/accept").status_code == 201
    assert eve.get(f"/api/projects/{project}").json_body["my_role"] == "member"
    assert _received(eve) == []
    assert eve.post(f"/api/invitations/{invitation}/accept").status_code == 404


def test_an_invitation_is_declined(client: Client, ann: Person, invitation: str) -> None:
    eve, path = _verifies(sign_up(client, "eve")), f"/api/invitations/{invitation}/decline"
    assert [eve.post(path).status_code for _ in range(2)] == [204, 404]
    assert _received(eve) == []


def test_anothers_invitation_is_not_found(bob: Person, invitation: str) -> None:
    _verifies(bob)
    for way in ("accept", "decline"):
        assert bob.post(f"/api/invitations/{invitation}/{way}").status_code == 404


def test_an_address_is_invited_once_to_a_project(ann: Person, project: str) -> None:
    _invites(ann, project)
    answer = _invites(ann, project, "EVE@example.com")
    assert (answer.status_code, answer.json_body["code"]) == (409, "already_invited")
    assert _invites(ann, ann.starts_project("Other")).status_code == 201


def test_a_new_mail_voids_the_token_of_the_older(
    ann: Person, bob: Person, project: str, invitation: str
) -> None:
    (first,) = _tokens(ann)
    path = f"/api/projects/{project}/invitations/{invitation}/resend"
    assert ann.post(path).json_body["id"] == invitation
    assert _accepts(bob, first).status_code == 422
    second = _tokens(ann)[1]
    assert _accepts(bob, first).status_code == 422
    assert _accepts(bob, second).status_code == 201


def test_a_mail_that_a_later_one_follows_is_not_sent(
    ann: Person, project: str, invitation: str
) -> None:
    ann.post(f"/api/projects/{project}/invitations/{invitation}/resend")
    assert len(_tokens(ann)) == 1


def test_a_revoked_invitation_is_over(
    ann: Person, bob: Person, project: str, invitation: str
) -> None:
    (token,) = _tokens(ann)
    path = f"/api/projects/{project}/invitations/{invitation}"
    assert [ann.delete(path).status_code for _ in range(2)] == [204, 404]
    assert ann.post(f"{path}/resend").status_code == 404
    assert _accepts(bob, token).status_code == 422
    assert _invites(ann, project).status_code == 201


def test_after_seven_days_it_is_over(
    client: Client, ann: Person, project: str, invitation: str, pass_by: Any
) -> None:
    (token,) = _tokens(ann)
    _verifies(sign_up(client, "eve"))
    pass_by(days=7)
    ann, bob, eve = (sign_up(client, name) for name in ("ann", "bob", "eve"))
    path = f"/api/projects/{project}/invitations"
    assert _received(eve) == [] and ann.get(path).json_body["items"] == []
    assert _accepts(bob, token).status_code == 422
    assert ann.post(f"{path}/{invitation}/resend").status_code == 404
    assert eve.post(f"/api/invitations/{invitation}/accept").status_code == 404


def test_one_that_is_over_makes_room_for_another(
    client: Client, ann: Person, project: str, invitation: str, wait: Any
) -> None:
    wait(days=7, minutes=1)
    assert _invites(sign_up(client, "ann"), project).status_code == 201


def test_it_sleeps_while_its_project_is_in_the_trash(
    client: Client, ann: Person, bob: Person, project: str, invitation: str
) -> None:
    (token,), eve = _tokens(ann), _verifies(sign_up(client, "eve"))
    ann.delete(f"/api/projects/{project}")
    assert _received(eve) == [] and _accepts(bob, token).status_code == 422
    ann.post(f"/api/projects/{project}/restore")
    assert len(_received(eve)) == 1 and _accepts(bob, token).status_code == 201


def test_nobody_joins_an_archived_project(
    client: Client, ann: Person, bob: Person, invitation: str, project: str
) -> None:
    (token,), eve = _tokens(ann), _verifies(sign_up(client, "eve"))
    ann.post(f"/api/projects/{project}/archive")
    assert _accepts(bob, token).json_body["code"] == "archived"
    accepted = eve.post(f"/api/invitations/{invitation}/accept")
    assert (accepted.status_code, accepted.json_body["code"]) == (409, "archived")
    assert len(ann.get(f"/api/projects/{project}/invitations").json_body["items"]) == 1


@pytest.mark.parametrize("ending", ["role", "removal"])
def test_it_ends_with_the_right_of_who_invited(
    client: Client, ann: Person, bob: Person, project: str, ending: str
) -> None:
    ann.lets_in(project, bob, "admin")
    invitation = _invites(bob, project).json_body["id"]
    (token,), cleo = _tokens(ann), sign_up(client, "cleo")
    member = f"/api/projects/{project}/members/{bob.id}"
    ann.patch(member, {"role": "member"}) if ending == "role" else ann.delete(member)
    assert _accepts(cleo, token).status_code == 422
    assert _received(_verifies(sign_up(client, "eve"))) == []
    ann.post(f"/api/projects/{project}/invitations/{invitation}/resend")
    assert _accepts(cleo, _tokens(ann)[1]).status_code == 201


def test_who_is_let_in_needs_no_invitation_any_more(
    client: Client, ann: Person, project: str, invitation: str
) -> None:
    eve = sign_up(client, "eve")
    ann.lets_in(project, eve)
    assert ann.get(f"/api/projects/{project}/invitations").json_body["items"] == []
    assert _received(_verifies(eve)) == [] and _tokens(ann) == []


def test_invitations_come_in_pages(ann: Person, project: str) -> None:
    sent = [_invites(ann, project, f"e{n}@example.com").json_body["id"] for n in range(5)]
    ann.delete(f"/api/projects/{project}/invitations/{sent[2]}")
    path, found = f"/api/projects/{project}/invitations?limit=2", []
    cursor = ""
    while cursor is not None:
        page = ann.get(path + (f"&cursor={cursor}" if cursor else "")).json_body
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert found == [sent[4], sent[3], sent[1], sent[0]]


def test_one_address_gets_five_a_day(client: Client, ann: Person, bob: Person) -> None:
    for person in (ann, bob):
        for _ in range(3):
            answer = _invites(person, person.starts_project())
    assert (answer.status_code, answer.json_body["code"]) == (429, "too_many_requests")
    assert 0 < int(answer.headers["retry-after"]) <= 24 * 60 * 60
    assert len(_tokens(ann)) == 5


def test_one_person_invites_fifty_a_day(ann: Person, project: str) -> None:
    for number in range(49):
        address = f"e{number}@example.com"
        count_daily_attempt("invite", account=ann.id, address=address, now=now())
    addresses = ("x@example.com", "y@example.com")
    assert [_invites(ann, project, address).status_code for address in addresses] == [201, 429]


def test_no_mail_goes_to_what_is_no_address(ann: Person, project: str) -> None:
    answer = _invites(ann, project, "nobody")
    assert (answer.status_code, locations(answer)) == (422, ["email"])
    assert _invites(ann, project, EVE, role="owner").status_code == 422
