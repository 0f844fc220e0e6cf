from typing import Any

import pytest
from chalice.test import Client

from chalicelib.accounts.staff import make_staff
from chalicelib.clock import now
from tests.support import Api, Person
from tests.table_items import scan_items


def _update_account(chief: Person, person: Person, **changes: bool) -> Any:
    return chief.patch(f"/api/admin/users/{person.id}", changes)


def test_only_staff_can_list_and_change_accounts(ann: Person, bob: Person) -> None:
    assert ann.get("/api/admin/users").status_code == 403
    assert _update_account(ann, bob, is_disabled=True).status_code == 403
    assert bob.get("/api/auth/profile").status_code == 200


def test_making_an_unknown_address_staff_creates_an_account(anonymous: Api) -> None:
    password = make_staff(email="new@example.com", now=now())
    login = {"email": "new@example.com", "password": password}
    assert anonymous.post("/api/auth/login", login).json_body["user"]["is_staff"] is True


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 100])
def test_staff_can_page_through_all_accounts_by_address(
    make_person: Any, chief: Person, limit: int
) -> None:
    for name in ("zoe", "anna", "annb", "bea"):
        make_person(name)
    users = chief.list_all(f"/api/admin/users?limit={limit}")
    names = [user["email"].partition("@")[0] for user in users]
    assert names == ["anna", "annb", "bea", "chief", "zoe"]


@pytest.mark.parametrize(("prefix", "found"), [("ANN", ["anna", "annb"]), ("annb@", ["annb"])])
def test_staff_can_search_by_the_beginning_of_an_address(
    make_person: Any, chief: Person, prefix: str, found: list[str]
) -> None:
    for name in ("anna", "annb", "bea"):
        make_person(name)
    items = chief.get(f"/api/admin/users?email={prefix}").json_body["items"]
    assert [user["username"] for user in items] == found


def test_a_disabled_account_is_out_at_the_next_request(
    client: Client, anonymous: Api, chief: Person, ann: Person
) -> None:
    bot = ann.use_token("account:read")
    assert _update_account(chief, ann, is_disabled=True).json_body["is_disabled"] is True
    assert ann.get("/api/auth/profile").status_code == 401
    assert bot.get("/api/auth/profile").status_code == 401
    assert anonymous.post("/api/auth/refresh", {"refresh": ann.refresh}).status_code == 401
    login = {"email": ann.email, "password": "correct horse battery"}
    assert anonymous.post("/api/auth/login", login).json_body["code"] == "account_disabled"
    assert _update_account(chief, ann, is_disabled=False).status_code == 200
    assert ann.get("/api/auth/profile").status_code == 200


def test_staff_can_be_appointed_and_dismissed(chief: Person, ann: Person) -> None:
    _update_account(chief, ann, is_staff=True)
    assert ann.get("/api/admin/users").status_code == 200
    _update_account(chief, ann, is_staff=False)
    assert ann.get("/api/admin/users").status_code == 403


@pytest.mark.parametrize("changes", [{"is_disabled": True}, {"is_staff": True}])
def test_a_repeated_change_writes_nothing(
    chief: Person, ann: Person, changes: dict[str, bool]
) -> None:
    _update_account(chief, ann, **changes)
    before = scan_items()
    again = _update_account(chief, ann, **changes)
    assert (again.status_code, again.json_body[next(iter(changes))]) == (200, True)
    assert scan_items() == before


def test_staff_cannot_change_their_own_account(chief: Person) -> None:
    assert _update_account(chief, chief, is_disabled=True).status_code == 409


@pytest.mark.parametrize("user_id", ["x", "01m81ed77eh6xj0yx0x3n4dz2f"])
def test_an_unknown_account_is_not_found(chief: Person, user_id: str) -> None:
    assert chief.patch(f"/api/admin/users/{user_id}", {"is_staff": True}).status_code == 404


def test_a_user_is_found_by_exact_address_or_username(ann: Person, bob: Person) -> None:
    bob.verify_address()
    expected = {"id": bob.id, "username": "bob", "display_name": ""}
    for query in ("email=BOB@example.com", "username=bob"):
        assert ann.get(f"/api/users?{query}").json_body["items"] == [expected]
    for query in ("email=bo", "username=bo", "email=no@example.com"):
        assert ann.get(f"/api/users?{query}").json_body["items"] == []


@pytest.mark.parametrize("query", ["", "?email=a@b.c&username=d"])
def test_users_cannot_be_listed(ann: Person, query: str) -> None:
    assert ann.get(f"/api/users{query}").status_code == 400
