"""The sample data of `make run`."""

from datetime import UTC, datetime

import pytest
from chalice.local import LambdaEventConverter

from chalicelib.errors import TooManyRequests
from chalicelib.sessions.throttling import FREE_ATTEMPTS_OF_SOURCE, count_attempt
from localstack.seed import EMAIL, PASSWORD, PROJECT, TASKS, TEAMMATE, AppApi, seed
from tests.support import Api

HERE = LambdaEventConverter.LOCAL_SOURCE_IP
LOGIN = {"email": EMAIL, "password": PASSWORD}


def _use_up_attempts(action: str) -> None:
    """Count attempts from the address of this machine until it is throttled."""
    with pytest.raises(TooManyRequests):
        for _ in range(FREE_ATTEMPTS_OF_SOURCE + 2):
            count_attempt(action, source=HERE, now=datetime.now(UTC))


def test_sample_data_is_created_once(anonymous: Api) -> None:
    assert [seed(AppApi()) for _ in range(2)] == [True, True]
    token = anonymous.post("/api/auth/login", LOGIN).json_body["access"]
    authorization = {"Authorization": f"Bearer {token}"}
    (project,) = anonymous.get("/api/projects", headers=authorization).json_body["items"]
    assert (project["name"], project["members_count"]) == (PROJECT, 2)
    tasks = anonymous.get("/api/tasks", headers=authorization).json_body["items"]
    assert {task["title"] for task in tasks} == {title for title, *_ in TASKS}
    assert len({task["assigned_to"] for task in tasks}) == 2


def test_sample_data_are_made_however_much_was_tried_from_this_machine(anonymous: Api) -> None:
    for action in ("register", "login"):
        _use_up_attempts(action)
    assert anonymous.post("/api/auth/login", LOGIN).status_code == 429
    assert [seed(AppApi()) for _ in range(2)] == [True, True]


def test_sample_data_are_made_at_every_start(anonymous: Api) -> None:
    """Each start registers and logs in, and none uses up the attempts of the next."""
    for _ in range(FREE_ATTEMPTS_OF_SOURCE // 2 + 1):
        assert seed(AppApi())


def test_an_existing_demo_account_with_another_password_is_kept(anonymous: Api) -> None:
    password = {"password": "another password", "password_confirm": "another password"}
    account = {"username": "demo", "email": EMAIL} | password
    assert anonymous.post("/api/auth/register", account).status_code == 201
    assert not seed(AppApi())
    login = {"email": EMAIL, "password": "another password"}
    token = anonymous.post("/api/auth/login", login).json_body["access"]
    projects = anonymous.get("/api/projects", headers={"Authorization": f"Bearer {token}"})
    assert projects.json_body["items"] == []


def test_a_teammate_with_another_password_is_no_error(anonymous: Api) -> None:
    password = {"password": "another password", "password_confirm": "another password"}
    account = {"username": "sam", "email": TEAMMATE} | password
    assert anonymous.post("/api/auth/register", account).status_code == 201
    assert seed(AppApi())
