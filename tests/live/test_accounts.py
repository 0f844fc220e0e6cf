"""Accounts over HTTP, with real emails and real uploads."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.live.support import PASSWORD, ApiUser, Deployment, in_hours, wait_for

NEW_PASSWORD = "another horse battery"


def _wait_for_token(deployment: Deployment, email: str, subject: str) -> str:
    """Wait for an email with that subject and return the token of its link."""

    def find_mails() -> list[Any]:
        return [m for m in deployment.mails_to(email) if m["subject"] == subject]

    match = re.search(r"token=(\S+)", wait_for(find_mails)[-1]["text"])
    assert match is not None
    return match[1]


@pytest.fixture
def ann(deployment: Deployment) -> ApiUser:
    return deployment.new_user("ann").sign_up()


def test_the_link_in_the_email_verifies_the_address(deployment: Deployment, ann: ApiUser) -> None:
    token = _wait_for_token(deployment, ann.email, "Confirm your address")
    ann.request_json("POST", "/auth/verify-email/", {"token": token})
    assert ann.request_json("GET", "/auth/profile/")["is_verified"] is True
    assert ann.call("POST", "/auth/verify-email/", {"token": token}).status_code == 422


def test_a_forgotten_password_is_reset_by_email(deployment: Deployment, ann: ApiUser) -> None:
    ann.request_json("POST", "/auth/forgot-password/", {"email": ann.email})
    token = _wait_for_token(deployment, ann.email, "Choose a new password")
    new = {"password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    ann.request_json("POST", "/auth/reset-password/", {"token": token, **new})
    assert ann.call("GET", "/auth/profile/").status_code == 401
    ann.request_json("POST", "/auth/login/", {"email": ann.email, "password": NEW_PASSWORD})
    old = ann.call("POST", "/auth/login/", {"email": ann.email, "password": PASSWORD})
    assert old.status_code == 401


def test_the_address_is_changed_by_email(deployment: Deployment, ann: ApiUser) -> None:
    new = f"new-{ann.email}"
    ann.request_json("POST", "/auth/change-email/", {"email": new, "password": PASSWORD})
    token = _wait_for_token(deployment, new, "Confirm your new address")
    ann.request_json("POST", "/auth/confirm-email/", {"token": token})
    assert ann.request_json("GET", "/auth/profile/")["email"] == new
    wait_for(lambda: [m for m in deployment.mails_to(ann.email) if "was changed" in m["subject"]])


def test_of_concurrent_registrations_of_one_address_one_succeeds(deployment: Deployment) -> None:
    email = deployment.new_user("eve").email

    def register(number: int) -> int:
        name = email.partition("@")[0]
        account = {"username": f"{name}{number}", "email": email, "password": PASSWORD}
        user = deployment.new_user("x")
        return user.call(
            "POST", "/auth/register/", account | {"password_confirm": PASSWORD}
        ).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(register, range(4)))
    assert statuses == [201] + [409] * 3


def test_concurrent_refreshes_get_the_same_new_token(deployment: Deployment, ann: ApiUser) -> None:
    login = ann.request_json("POST", "/auth/login/", {"email": ann.email, "password": PASSWORD})

    def refresh(_: int) -> Any:
        return ann.request_json("POST", "/auth/refresh/", {"refresh": login["refresh"]})["refresh"]

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(refresh, range(4)))) == 1


def test_an_api_token_works_until_it_is_deleted(deployment: Deployment, ann: ApiUser) -> None:
    body = {"name": "CI", "scopes": ["projects:read"], "expires_at": in_hours(1)}
    token = ann.request_json("POST", "/auth/tokens/", body)
    bot = deployment.new_user("bot")
    bot.http.headers["Authorization"] = f"Bearer {token['token']}"
    assert bot.request_json("GET", "/projects/")["items"] == []
    ann.request_json("DELETE", f"/auth/tokens/{token['id']}/")
    assert bot.call("GET", "/projects/").status_code == 401


def test_an_avatar_is_uploaded_and_downloaded(ann: ApiUser) -> None:
    image = b"\x89PNG\r\n\x1a\n" + bytes(1000)
    announcement = {"content_type": "image/png", "size": len(image)}
    announced = ann.request_json("POST", "/auth/profile/avatar/", announcement)
    form = announced["upload"]
    files = {"file": ("me.png", image, "image/png")}
    assert requests.post(form["url"], data=form["fields"], files=files, timeout=60).ok
    shown = ann.request_json("POST", f"/auth/profile/avatar/{announced['id']}/complete/")
    download = requests.get(shown["avatar_url"], timeout=60)
    assert (download.content, download.headers["Content-Type"]) == (image, "image/png")
