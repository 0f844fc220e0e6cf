"""Spellings of passwords, email addresses and usernames: other code points, the same account."""

import unicodedata
from email import message_from_string, policy
from typing import Any
from urllib.parse import quote

import pytest
from argon2 import PasswordHasher
from chalice.test import Client, HTTPResponse
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from chalicelib.clock import now
from chalicelib.mail.jobs import sweep_outbox
from tests.support import PASSWORD, Api, Person, error_locations, extract_token, mails_to
from tests.table_items import replace_items, scan_items

UNICODE, ASCII = "jo@b\u00fccher.example", "jo@xn--bcher-kva.example"
SPELLINGS = [UNICODE, ASCII, "JO@B\u00dcCHER.EXAMPLE", "jo@bu\u0308cher.example"]
TYPED = "p\u00e4ssw\u00f6rd-\u00fcn\u00efcode"


def _nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _register(api: Api, **fields: str) -> HTTPResponse:
    body = {"username": "jo.", "email": "jo@example.com", "password": PASSWORD} | fields
    return api.post("/api/auth/register", {"password_confirm": body["password"], **body})


def _log_in(api: Api, email: str, password: str = PASSWORD) -> HTTPResponse:
    return api.post("/api/auth/login", {"email": email, "password": password})


def _sign_in(client: Client, email: str) -> Person:
    signed_in = _log_in(Api(client), email).json_body
    user = signed_in["user"]
    return Person(client, user["id"], email, signed_in["access"], signed_in["refresh"])


# --- passwords


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_password_is_right_however_its_letters_are_typed(anonymous: Api, form: Any) -> None:
    password = unicodedata.normalize(form, TYPED)
    assert _register(anonymous, password=password, password_confirm=_nfd(TYPED)).status_code == 201
    for typed in (TYPED, _nfd(TYPED)):
        assert _log_in(anonymous, "jo@example.com", typed).status_code == 200
    assert _log_in(anonymous, "jo@example.com", TYPED.replace("\u00e4", "a")).status_code == 401


def test_compatibility_forms_of_a_password_are_the_same(anonymous: Api) -> None:
    _register(anonymous, password="\uff50\uff41ssword \ufb01ne")
    assert _log_in(anonymous, "jo@example.com", "password fine").status_code == 200


def test_the_length_of_a_password_counts_normalized_code_points(anonymous: Api) -> None:
    short = _register(anonymous, password=_nfd("\u00e9" * 7))
    assert (short.status_code, error_locations(short)) == (422, ["password"])
    long = _nfd("\u1ec7" * 256)
    assert _register(anonymous, password=long).status_code == 201
    assert _log_in(anonymous, "jo@example.com", long).status_code == 200


def test_a_changed_password_is_right_in_each_form(client: Client, anonymous: Api) -> None:
    _register(anonymous)
    change = {"password": PASSWORD, "new_password": _nfd(TYPED), "new_password_confirm": TYPED}
    jo = _sign_in(client, "jo@example.com")
    assert jo.post("/api/auth/change-password", change).status_code == 204
    assert _log_in(anonymous, "jo@example.com", TYPED).status_code == 200
    again = {"password": _nfd(TYPED), "new_password": PASSWORD, "new_password_confirm": PASSWORD}
    assert jo.post("/api/auth/change-password", again).status_code == 204


@pytest.mark.parametrize("typed", [TYPED, _nfd(TYPED), "\ufb01ne password"])
def test_a_password_that_was_hashed_as_typed_is_still_right(anonymous: Api, typed: str) -> None:
    """Earlier versions did not normalize."""
    _register(anonymous)
    rows = scan_items()
    for row in rows:
        if "password_hash" in row:
            row["password_hash"] = {"S": PasswordHasher().hash(typed)}
    replace_items(rows)
    assert _log_in(anonymous, "jo@example.com", typed).status_code == 200


def test_an_unknown_address_costs_as_many_hashes_as_a_wrong_password(
    anonymous: Api, password_checks: list[str]
) -> None:
    _register(anonymous)
    counts = []
    for email in ("jo@example.com", "nobody@example.com"):
        before = len(password_checks)
        _log_in(anonymous, email, _nfd(TYPED))
        counts.append(len(password_checks) - before)
    assert counts == [2, 2]


# --- addresses


@pytest.mark.parametrize("local_part", ["j\u00f6", "\u8bb0\u5f55", "jo\uff0e"])
def test_the_local_part_of_an_address_must_be_ascii(ann: Person, local_part: str) -> None:
    email, members = f"{local_part}@example.com", f"/api/projects/{ann.create_project()}/members"
    for answer in (
        _register(ann, email=email),
        ann.post("/api/auth/change-email", {"email": email, "password": PASSWORD}),
        ann.post(members, {"email": email}),
        ann.post("/api/auth/forgot-password", {"email": email}),
        ann.post("/api/auth/resend-verification", {"email": email}),
    ):
        assert (answer.status_code, error_locations(answer)) == (422, ["email"])
        assert "ASCII characters before the @" in answer.json_body["errors"][0]["message"]


@pytest.mark.parametrize("domain", ["\u2764.example", "b\u00fc..example", "b\u00fccher", "xn", "."])
def test_a_domain_that_cannot_exist_is_refused(anonymous: Api, domain: str) -> None:
    answer = _register(anonymous, email=f"jo@{domain}")
    assert (answer.status_code, error_locations(answer)) == (422, ["email"])
    assert "valid domain" in answer.json_body["errors"][0]["message"]


def test_an_address_is_returned_as_typed(anonymous: Api) -> None:
    for number, email in enumerate(("jo@B\u00fccher.example", "jo@XN--R8JZ45G.example")):
        answer = _register(anonymous, username=f"jo{number}.", email=f" {email} ")
        assert answer.json_body["email"] == email


@pytest.mark.parametrize("email", SPELLINGS)
def test_the_spellings_of_a_domain_are_one_account(
    client: Client, anonymous: Api, email: str
) -> None:
    assert _register(anonymous, email=email).status_code == 201
    for other in SPELLINGS:
        taken = _register(anonymous, username="somebody", email=other)
        assert (taken.status_code, taken.json_body["code"]) == (409, "email_taken")
        assert _log_in(anonymous, other).status_code == 200


def test_domains_that_differ_are_two_accounts(anonymous: Api) -> None:
    """IDNA of 2003 took the first for the second."""
    for number, domain in enumerate(("stra\u00dfe.example", "strasse.example")):
        answer = _register(anonymous, username=f"jo{number}.", email=f"jo@{domain}")
        assert answer.status_code == 201


@pytest.mark.parametrize("email", SPELLINGS)
def test_mail_goes_to_the_domain_in_ascii(anonymous: Api, email: str) -> None:
    _register(anonymous, email=email)
    sweep_outbox(now())
    (sent,) = ses_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].sent_messages
    # moto adds the recipients in the header to those in the envelope.
    assert {address.lower() for address in sent.destinations} == {ASCII}
    mail = message_from_string(sent.raw_data, policy=policy.default)
    assert mail["To"].lower() == ASCII
    assert sent.raw_data.partition("\n\n")[0].isascii()


def test_a_bounce_of_the_ascii_spelling_finds_the_account(
    client: Client, anonymous: Api, invoke: Any, sample_event: Any
) -> None:
    _register(anonymous, email=UNICODE)
    jo = _sign_in(client, UNICODE).verify_address()
    bounced = sample_event("mail_feedback")
    bounced["detail"]["bounce"]["bouncedRecipients"][0]["emailAddress"] = ASCII
    bounced["detail"]["bounce"]["timestamp"] = now().isoformat()
    invoke("mail_feedback", bounced)
    assert jo.get("/api/auth/profile").json_body["is_verified"] is False


def test_an_invitation_finds_its_account_in_each_spelling(
    client: Client, anonymous: Api, ann: Person
) -> None:
    members = f"/api/projects/{ann.create_project()}/members"
    assert ann.post(members, {"email": ASCII}).json_body["kind"] == "invitation"
    again = ann.post(members, {"email": UNICODE})
    assert again.json_body["code"] == "already_invited"
    _register(anonymous, email=UNICODE)
    jo = _sign_in(client, UNICODE).verify_address()
    (invitation,) = jo.get("/api/invitations").json_body["items"]
    assert jo.post(f"/api/invitations/{invitation['id']}/accept").status_code == 201
    added = ann.post(members, {"email": ASCII})
    assert added.json_body["code"] == "already_member"


# --- accounts of earlier versions, which stored the folded domain


@pytest.fixture
def jo(client: Client, anonymous: Api) -> Person:
    """A user whose credentials an earlier version stored."""
    _register(anonymous, email=UNICODE)
    rows = scan_items()
    for row in rows:
        if row["SK"]["S"] == ASCII:
            row["SK"] = {"S": UNICODE}
    replace_items(rows)
    return _sign_in(client, UNICODE)


def test_an_earlier_account_is_found_in_each_spelling(anonymous: Api, jo: Person) -> None:
    for email in SPELLINGS:
        assert _log_in(anonymous, email).json_body["user"]["id"] == jo.id
        taken = _register(anonymous, username="somebody", email=email)
        assert (taken.status_code, taken.json_body["code"]) == (409, "email_taken")


def test_an_earlier_account_can_change_its_password(anonymous: Api, jo: Person) -> None:
    change = {"password": PASSWORD, "new_password": TYPED, "new_password_confirm": TYPED}
    assert jo.post("/api/auth/change-password", change).status_code == 204
    assert _log_in(anonymous, ASCII, TYPED).status_code == 200


def test_an_earlier_account_can_change_its_address(anonymous: Api, jo: Person) -> None:
    jo.post("/api/auth/change-email", {"email": "lee@example.com", "password": PASSWORD})
    sweep_outbox(now())
    (mail,) = mails_to(jo, "Confirm your new address", "lee@example.com")
    assert (
        anonymous.post("/api/auth/confirm-email", {"token": extract_token(mail)}).status_code == 204
    )
    assert _log_in(anonymous, UNICODE).status_code == 401
    assert _log_in(anonymous, "lee@example.com").status_code == 200
    assert _register(anonymous, username="somebody", email=ASCII).status_code == 201


def test_the_address_of_an_earlier_account_cannot_be_taken_by_a_change(
    anonymous: Api, ann: Person, jo: Person
) -> None:
    ann.post("/api/auth/change-email", {"email": ASCII, "password": PASSWORD})
    sweep_outbox(now())
    *_, mail = mails_to(ann, "Confirm your new address", ASCII)
    taken = anonymous.post("/api/auth/confirm-email", {"token": extract_token(mail)})
    assert (taken.status_code, taken.json_body["code"]) == (409, "email_taken")


def test_a_deleted_earlier_account_frees_its_address(
    anonymous: Api, jo: Person, wait_days: Any, invoke: Any, sample_event: Any
) -> None:
    assert jo.delete("/api/auth/profile").status_code == 204
    wait_days(days=7)
    invoke("tick", sample_event("tick"))
    assert _register(anonymous, username="somebody", email=UNICODE).status_code == 201


# --- usernames


@pytest.mark.parametrize(
    "name",
    [
        "jose\u0301",
        "\u0930\u093e\u092e",  # Hindi, with a spacing mark
        "\u0e2a\u0e21\u0e0a\u0e32\u0e22\u0e19\u0e49\u0e33",  # Thai, with a tone mark
        "\ud55c\uad6d\uc778",
        "jo_l.e+e-2",
    ],
)
def test_a_username_takes_letters_with_their_marks(
    client: Client, anonymous: Api, name: str
) -> None:
    composed = unicodedata.normalize("NFC", name)
    answer = _register(anonymous, username=f" {name} ")
    assert (answer.status_code, answer.json_body["username"]) == (201, composed)
    jo = _sign_in(client, "jo@example.com")
    for spelling in (name, composed):
        (found,) = jo.get(f"/api/users?username={quote(spelling)}").json_body["items"]
        assert found["id"] == jo.id
    taken = _register(anonymous, username=composed, email="other@example.com")
    assert (taken.status_code, taken.json_body["code"]) == (409, "username_taken")


@pytest.mark.parametrize(
    "name", ["a b c", "a/b", "jo\u00bd!", "\u0301abc", "ann\ufe0f", "ann\u200b\u2060x", "a\u3164b"]
)
def test_other_characters_of_a_username_are_refused_in_words(anonymous: Api, name: str) -> None:
    answer = _register(anonymous, username=name)
    assert (answer.status_code, error_locations(answer)) == (422, ["username"])
    assert "letters with their marks, digits" in answer.json_body["errors"][0]["message"]
