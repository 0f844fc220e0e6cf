"""The option of the login that keeps the refresh token in a cookie."""

from http.cookies import Morsel, SimpleCookie
from typing import Any

from tests.support import PASSWORD, Api, Person

NAME = "__Secure-refresh"


def _log_in(anonymous: Api, person: Person) -> Any:
    body = {"email": person.email, "password": PASSWORD, "cookie": True}
    return anonymous.post("/api/auth/login", body)


def _read_cookie(response: Any) -> "Morsel[str]":
    return SimpleCookie(response.headers["set-cookie"])[NAME]


def _refresh(anonymous: Api, token: str) -> Any:
    cookie = f"other=1; {NAME}={token}; {NAME}x=2"
    return anonymous.post("/api/auth/refresh", {}, headers={"Cookie": cookie})


def test_a_login_with_cookie_sends_the_refresh_token_only_in_the_cookie(
    anonymous: Api, ann: Person
) -> None:
    response = _log_in(anonymous, ann)
    cookie = _read_cookie(response)
    assert response.json_body["refresh"] is None
    assert response.json_body["access"]
    assert cookie.value.startswith(f"{ann.id}.")


def test_only_the_browser_sends_the_cookie_and_only_to_the_refresh_route(
    anonymous: Api, ann: Person
) -> None:
    cookie = _read_cookie(_log_in(anonymous, ann))
    assert cookie["httponly"] and cookie["secure"]
    assert (cookie["samesite"], cookie["path"]) == ("Strict", "/api/auth/refresh")
    assert cookie["max-age"] == str(14 * 24 * 60 * 60)
    assert cookie["domain"] == ""


def test_a_login_without_cookie_sets_none(anonymous: Api, ann: Person) -> None:
    response = anonymous.post("/api/auth/login", {"email": ann.email, "password": PASSWORD})
    assert "set-cookie" not in response.headers
    assert response.json_body["refresh"]


def test_a_refresh_with_the_cookie_replaces_it(anonymous: Api, ann: Person) -> None:
    first = _read_cookie(_log_in(anonymous, ann)).value
    response = _refresh(anonymous, first)
    second = _read_cookie(response).value
    assert response.json_body["refresh"] is None
    assert second != first
    assert _refresh(anonymous, second).status_code == 200


def test_a_cookie_that_was_replaced_ends_the_session(
    anonymous: Api, ann: Person, wait: Any
) -> None:
    first = _read_cookie(_log_in(anonymous, ann)).value
    second = _read_cookie(_refresh(anonymous, first)).value
    wait(seconds=11)
    assert _refresh(anonymous, first).json_body["code"] == "refresh_reuse"
    assert _refresh(anonymous, second).status_code == 401


def test_a_refresh_without_token_and_cookie_is_refused(anonymous: Api) -> None:
    assert anonymous.post("/api/auth/refresh", {}).status_code == 401


def test_a_token_in_the_body_is_answered_in_the_body(anonymous: Api, ann: Person) -> None:
    cookie = {"Cookie": f"{NAME}=x"}
    body = {"refresh": ann.refresh}
    response = anonymous.post("/api/auth/refresh", body, headers=cookie)
    assert "set-cookie" not in response.headers
    assert response.json_body["refresh"]


def test_a_script_cannot_get_the_token_of_the_cookie_into_the_body(
    anonymous: Api, ann: Person
) -> None:
    cookie = _read_cookie(_log_in(anonymous, ann)).value
    headers = {"Cookie": f"{NAME}={cookie}"}
    assert anonymous.post("/api/auth/refresh", {"refresh": ""}, headers=headers).status_code == 401


def test_a_form_of_another_site_cannot_refresh(anonymous: Api, ann: Person) -> None:
    """Browsers send forms without a preflight request, but not with the media type of JSON."""
    cookie = _read_cookie(_log_in(anonymous, ann)).value
    headers = {"Cookie": f"{NAME}={cookie}", "Content-Type": "text/plain"}
    assert anonymous.post("/api/auth/refresh", {}, headers=headers).status_code == 415


def test_no_response_lets_other_origins_use_the_cookie(anonymous: Api, ann: Person) -> None:
    response = _log_in(anonymous, ann)
    assert "access-control-allow-credentials" not in response.headers


def test_a_logout_removes_the_cookie(ann: Person) -> None:
    cookie = _read_cookie(ann.post("/api/auth/logout"))
    assert (cookie.value, cookie["max-age"], cookie["path"]) == ("", "0", "/api/auth/refresh")
