import base64
import hmac
import json

import jwt
import pytest
from chalice.test import Client

from tests.support import PASSWORD, Api, Person, error_locations, sign_up

REGISTRATION = {"username": "eve", "email": "eve@example.com", "password": PASSWORD}
REGISTRATION |= {"password_confirm": PASSWORD}


def test_registration_returns_the_account_without_the_password(anonymous: Api) -> None:
    answer = anonymous.post("/api/auth/register", REGISTRATION)
    assert answer.status_code == 201
    assert not [name for name in answer.json_body if "password" in name or "token" in name]
    assert PASSWORD.encode() not in answer.body
    assert answer.json_body["is_verified"] is False


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "EVE@Example.com"), ("email", " eve@example.com"[1:]), ("username", "ＥＶＥ")],
)
def test_a_taken_address_or_username_is_refused_in_every_spelling(
    anonymous: Api, field: str, value: str
) -> None:
    anonymous.post("/api/auth/register", REGISTRATION)
    other = {"username": "other", "email": "other@example.com", field: value}
    answer = anonymous.post("/api/auth/register", REGISTRATION | other)
    assert answer.status_code == 409
    assert error_locations(answer) == [field]


def test_registration_names_every_invalid_field(anonymous: Api) -> None:
    answer = anonymous.post(
        "/api/auth/register", {"username": "x", "email": "nobody", "admin": True}
    )
    assert answer.status_code == 422
    wrong = ["admin", "username", "email", "password", "password_confirm"]
    assert error_locations(answer) == wrong


def test_the_confirmation_must_equal_the_password(anonymous: Api) -> None:
    answer = anonymous.post(
        "/api/auth/register", REGISTRATION | {"password_confirm": "something else"}
    )
    assert error_locations(answer) == ["password_confirm"]


def test_an_access_token_acts_for_its_user(ann: Person) -> None:
    profile = ann.get("/api/auth/profile").json_body
    assert (profile["id"], profile["email"]) == (ann.id, "ann@example.com")


def test_login_accepts_any_spelling_of_the_address(anonymous: Api, ann: Person) -> None:
    answer = anonymous.post("/api/auth/login", {"email": "ANN@EXAMPLE.com", "password": PASSWORD})
    assert answer.json_body["user"]["id"] == ann.id


def test_a_wrong_password_and_an_unknown_address_get_the_same_response(
    anonymous: Api, ann: Person
) -> None:
    wrong = anonymous.post("/api/auth/login", {"email": ann.email, "password": "wrong password"})
    unknown = anonymous.post("/api/auth/login", {"email": "no@example.com", "password": PASSWORD})
    assert wrong.status_code == unknown.status_code == 401
    assert _without_request_id(wrong.json_body) == _without_request_id(unknown.json_body)


def test_logging_out_ends_the_session_at_the_next_request(ann: Person) -> None:
    assert ann.post("/api/auth/logout").status_code == 204
    assert ann.get("/api/auth/profile").status_code == 401


def test_logging_out_keeps_other_sessions(client: Client, ann: Person) -> None:
    elsewhere = sign_up(client, "ann")
    ann.post("/api/auth/logout")
    assert elsewhere.get("/api/auth/profile").status_code == 200


def test_a_request_without_a_token_is_told_how_to_authenticate(anonymous: Api) -> None:
    answer = anonymous.get("/api/auth/profile")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


SECRET = "s" * 64


DIGESTS = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}


def _forged(ann: Person, key: str = SECRET, **changes: object) -> str:
    """Return Ann's token with changed claims. PyJWT refuses to sign some of them."""
    claims = jwt.decode(ann.token, options={"verify_signature": False})
    header = jwt.get_unverified_header(ann.token)
    for name, value in changes.items():
        part = header if name in {"alg", "kid", "typ"} else claims
        part[name] = value
        if value is None:
            del part[name]
    signed = f"{_base64(json.dumps(header).encode())}.{_base64(json.dumps(claims).encode())}"
    digest = DIGESTS.get(str(header["alg"]))
    signature = hmac.digest(key.encode(), signed.encode(), digest) if digest else b""
    return f"{signed}.{_base64(signature)}"


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_the_forging_helper_can_create_a_valid_token(client: Client, ann: Person) -> None:
    assert Api(client, _forged(ann)).get("/api/auth/profile").status_code == 200


FORGERIES: list[dict[str, object]] = [
    {"key": "another key that is long enough for HS256"},
    {"alg": "HS384"},
    {"alg": "HS512"},
    {"alg": "none", "key": ""},
    {"kid": "k2"},
    {"kid": None},
    {"kid": 1},
    {"typ": "JWT"},
    {"typ": None},
    {"iss": "task-manager/prod"},
    {"iss": None},
    {"aud": "somebody else"},
    {"aud": None},
    {"exp": None},
    {"exp": 1_700_000_000},
    {"iat": None},
    {"iat": 4_000_000_000},
    {"jti": None},
    {"sub": None},
    {"sub": "01m81ed77eh6xj0yx0x3n4dz2f"},
    {"sid": None},
    {"sid": 7},
    {"sid": "01m81ed77eh6xj0yx0x3n4dz2f"},
]


@pytest.mark.parametrize("changes", FORGERIES, ids=str)
def test_a_forged_token_is_refused(client: Client, ann: Person, changes: dict[str, object]) -> None:
    token = _forged(ann, **changes)  # type: ignore[arg-type]
    assert Api(client, token).get("/api/auth/profile").status_code == 401


def test_an_access_token_with_any_changed_character_is_refused(client: Client, ann: Person) -> None:
    # The last character carries bits that base64 ignores.
    positions = range(0, len(ann.token) - 1, 5)
    assert len(positions) > 60
    for position in positions:
        other = "A" if ann.token[position] != "A" else "B"
        forged = ann.token[:position] + other + ann.token[position + 1 :]
        assert Api(client, forged).get("/api/auth/profile").status_code == 401, position


def test_a_shortened_or_rearranged_token_is_refused(client: Client, ann: Person) -> None:
    head, payload, signature = ann.token.split(".")
    for forged in (
        f"{head}.{payload}",
        f"{head}.{payload}.",
        f"{head}..{signature}",
        f".{payload}.{signature}",
        f"{ann.token}.{signature}",
        f"{payload}.{head}.{signature}",
        ann.token[:-3],
        ann.token.upper(),
        "e30." * 3000,
    ):
        assert Api(client, forged).get("/api/auth/profile").status_code == 401, forged[:20]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a.b.c", "x y z"])
def test_an_invalid_authorization_header_is_refused(anonymous: Api, header: str) -> None:
    answer = anonymous.get("/api/auth/profile", headers={"Authorization": header})
    assert answer.status_code == 401


def test_a_refresh_token_is_not_accepted_as_access_token(client: Client, ann: Person) -> None:
    assert Api(client, ann.refresh).get("/api/auth/profile").status_code == 401


def _without_request_id(body: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in body.items() if name != "request_id"}
