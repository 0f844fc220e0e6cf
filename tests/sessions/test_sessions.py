from datetime import UTC, datetime
from typing import Any

import pytest
from chalice.test import Client

from tests.support import PASSWORD, Api, Person, sign_up
from tests.table_items import replace_items, scan_items


def _refresh(anonymous: Api, token: str) -> Any:
    return anonymous.post("/api/auth/refresh", {"refresh": token})


def test_a_refresh_returns_a_new_refresh_token_and_a_new_access_token(
    client: Client, anonymous: Api, ann: Person
) -> None:
    answer = _refresh(anonymous, ann.refresh).json_body
    assert set(answer) == {"access", "refresh", "token_type", "expires_in"}
    assert answer["refresh"] != ann.refresh
    assert Api(client, answer["access"]).get("/api/auth/profile").json_body["id"] == ann.id


def test_a_refresh_repeated_at_once_returns_the_same_successor(anonymous: Api, ann: Person) -> None:
    successors = {_refresh(anonymous, ann.refresh).json_body["refresh"] for _ in range(3)}
    assert len(successors) == 1


def test_the_same_token_again_later_ends_the_session(
    anonymous: Api, ann: Person, wait: Any
) -> None:
    successor = _refresh(anonymous, ann.refresh).json_body["refresh"]
    wait(seconds=11)
    assert _refresh(anonymous, ann.refresh).json_body["code"] == "refresh_reuse"
    assert _refresh(anonymous, successor).status_code == 401
    assert ann.get("/api/auth/profile").status_code == 401


def test_a_token_of_an_older_generation_ends_the_session_at_once(
    anonymous: Api, ann: Person
) -> None:
    second = _refresh(anonymous, ann.refresh).json_body["refresh"]
    _refresh(anonymous, second)
    assert _refresh(anonymous, ann.refresh).json_body["code"] == "refresh_reuse"
    assert ann.get("/api/auth/profile").status_code == 401


def test_a_session_ends_after_two_idle_weeks(anonymous: Api, ann: Person, wait: Any) -> None:
    wait(days=13)
    token = _refresh(anonymous, ann.refresh).json_body["refresh"]
    wait(days=15)
    assert _refresh(anonymous, token).status_code == 401


def test_a_session_ends_after_sixty_days_even_if_it_is_used(
    anonymous: Api, ann: Person, wait: Any
) -> None:
    token = ann.refresh
    for _ in range(5):
        wait(days=11)
        token = _refresh(anonymous, token).json_body["refresh"]
    wait(days=6)
    assert _refresh(anonymous, token).status_code == 401


def test_the_table_keeps_a_session_for_its_sixty_days(
    anonymous: Api, ann: Person, set_time: Any
) -> None:
    set_time("2026-11-16T09:00", ann)
    end = int(datetime(2027, 1, 15, 9, tzinfo=UTC).timestamp())
    assert end in {int(item["expires_at"]["N"]) for item in _session_items(ann)}


def test_a_refresh_is_refused_when_the_table_has_deleted_the_session(
    anonymous: Api, ann: Person
) -> None:
    replace_items([item for item in scan_items() if item not in _session_items(ann)])
    assert _refresh(anonymous, ann.refresh).status_code == 401


def _session_items(person: Person) -> list[Any]:
    return [
        item
        for item in scan_items()
        if item["PK"]["S"] == f"USER#{person.id}" and item["SK"]["S"].startswith("SESSION#")
    ]


def test_a_device_name_has_at_most_200_characters(anonymous: Api, ann: Person) -> None:
    login, agent = {"email": ann.email, "password": PASSWORD}, "x" * 201
    anonymous.post("/api/auth/login", login, headers={"User-Agent": agent})
    newest, *_ = ann.get("/api/auth/sessions").json_body["items"]
    assert newest["device"] == agent[:200]


def test_a_refresh_token_with_any_changed_character_is_refused(anonymous: Api, ann: Person) -> None:
    for position in range(0, len(ann.refresh), 7):
        other = "0" if ann.refresh[position] != "0" else "1"
        forged = ann.refresh[:position] + other + ann.refresh[position + 1 :]
        assert _refresh(anonymous, forged).status_code == 401, position
    assert _refresh(anonymous, ann.refresh).status_code == 200


@pytest.mark.parametrize("token", ["", "x", "....", "a.b.c.d.e", "٣.٣.٣.٣"])
def test_a_malformed_refresh_token_is_refused(anonymous: Api, token: str) -> None:
    assert _refresh(anonymous, token).status_code == 401


def test_logging_out_also_ends_the_refresh_token(anonymous: Api, ann: Person) -> None:
    ann.post("/api/auth/logout")
    assert _refresh(anonymous, ann.refresh).status_code == 401


def test_a_user_can_list_sessions(client: Client, ann: Person) -> None:
    sign_up(client, "ann")
    items = ann.get("/api/auth/sessions").json_body["items"]
    assert [item["is_current"] for item in items] == [False, True]


def test_one_session_can_be_ended(client: Client, ann: Person) -> None:
    elsewhere = sign_up(client, "ann")
    other = ann.get("/api/auth/sessions").json_body["items"][0]["id"]
    assert ann.call("DELETE", f"/api/auth/sessions/{other}").status_code == 204
    assert elsewhere.get("/api/auth/profile").status_code == 401
    assert ann.get("/api/auth/profile").status_code == 200
    assert ann.call("DELETE", f"/api/auth/sessions/{other}").status_code == 404


def test_a_session_of_another_user_cannot_be_ended(ann: Person, bob: Person) -> None:
    other = bob.get("/api/auth/sessions").json_body["items"][0]["id"]
    assert ann.call("DELETE", f"/api/auth/sessions/{other}").status_code == 404
    assert bob.get("/api/auth/profile").status_code == 200


def test_all_other_sessions_can_be_ended(client: Client, ann: Person) -> None:
    others = [sign_up(client, "ann") for _ in range(3)]
    assert ann.call("DELETE", "/api/auth/sessions").status_code == 204
    assert {other.get("/api/auth/profile").status_code for other in others} == {401}
    assert ann.get("/api/auth/profile").status_code == 200


def test_keys_are_rotated_without_logging_anybody_out(
    client: Client, anonymous: Api, ann: Person, set_signing_keys: Any
) -> None:
    set_signing_keys(active="k1", k1="s" * 64, k2="t" * 64)
    set_signing_keys(active="k2", k1="s" * 64, k2="t" * 64)
    assert ann.get("/api/auth/profile").status_code == 200
    renewed = _refresh(anonymous, ann.refresh).json_body
    set_signing_keys(active="k2", k2="t" * 64)
    assert ann.get("/api/auth/profile").status_code == 401
    assert Api(client, renewed["access"]).get("/api/auth/profile").status_code == 200
    assert _refresh(anonymous, renewed["refresh"]).status_code == 200


def test_a_secret_without_a_usable_key_rejects_every_request(
    ann: Person, set_signing_keys: Any
) -> None:
    set_signing_keys(active="k1", k1="short")
    assert ann.get("/api/auth/profile").status_code == 500
