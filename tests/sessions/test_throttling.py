"""Some attempts are free; each further one blocks the next for a longer time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from chalice.test import HTTPResponse

from tests.support import PASSWORD, Api, Person

START = datetime(2026, 11, 18, 9)

SetTime = Callable[..., None]


def _log_in(anonymous: Api, email: str, password: str = "guess") -> HTTPResponse:
    return anonymous.post("/api/auth/login", {"email": email, "password": password})


def _statuses(answers: list[HTTPResponse]) -> list[int]:
    return [answer.status_code for answer in answers]


def test_each_further_attempt_blocks_twice_as_long_up_to_fifteen_minutes(
    anonymous: Api, ann: Person, set_time: SetTime
) -> None:
    time, waits = START, [2**n for n in range(10)] + [900, 900]
    set_time(time.isoformat())
    assert _statuses([_log_in(anonymous, ann.email) for _ in range(5)]) == [401] * 5
    for wait in waits:
        further, blocked = (_log_in(anonymous, ann.email) for _ in range(2))
        assert _statuses([further, blocked]) == [401, 429]
        assert blocked.headers["retry-after"] == str(wait)
        set_time((time + timedelta(seconds=wait, milliseconds=-1)).isoformat())
        assert _log_in(anonymous, ann.email, PASSWORD).headers["retry-after"] == "1"
        time += timedelta(seconds=wait)
        set_time(time.isoformat())
    assert _log_in(anonymous, ann.email, PASSWORD).status_code == 200


def test_an_hour_after_the_last_attempt_the_free_ones_are_back(
    anonymous: Api, ann: Person, set_time: SetTime
) -> None:
    set_time(START.isoformat())
    assert _log_in(anonymous, ann.email).status_code == 401
    set_time((START + timedelta(hours=1)).isoformat())
    answers = [_log_in(anonymous, ann.email) for _ in range(7)]
    assert _statuses(answers) == [401] * 6 + [429]


def test_a_source_address_has_fifty_free_attempts(anonymous: Api, set_time: SetTime) -> None:
    set_time(START.isoformat())
    answers = [_log_in(anonymous, f"a{n}@example.com") for n in range(52)]
    assert _statuses(answers) == [401] * 51 + [429]


def test_an_account_has_a_hundred_free_searches_for_people(ann: Person, set_time: SetTime) -> None:
    set_time(START.isoformat(), ann)
    answers = [ann.get("/api/users?email=nobody@example.com") for _ in range(102)]
    assert _statuses(answers) == [200] * 101 + [429]


def test_the_time_until_the_next_attempt_is_rounded_up(
    anonymous: Api, ann: Person, set_time: Any
) -> None:
    set_time(START.isoformat())
    for _ in range(6):
        _log_in(anonymous, ann.email)
    set_time((START + timedelta(seconds=1)).isoformat())
    _log_in(anonymous, ann.email)
    set_time((START + timedelta(seconds=1, milliseconds=600)).isoformat())
    assert _log_in(anonymous, ann.email).headers["retry-after"] == "2"
