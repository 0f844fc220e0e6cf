"""Accounts under load: registrations at once, and guessing from many addresses."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from chalicelib.accounts.service import register_account
from chalicelib.clock import now
from chalicelib.errors import ApiError, TooManyRequests
from chalicelib.sessions.service import log_in
from tests.proof.checkers import find_violations
from tests.support import PASSWORD, Person

ROUNDS, THREADS = 25, 40
# Spellings of one address: letters in other case, and a domain as text and as IDNA.
SPELLINGS = ("eve{}@bücher.example", "EVE{}@BÜCHER.example", "Eve{}@xn--bcher-kva.example")
TRIES, SECONDS_BETWEEN = 240, 15

Report = Callable[[str, object], None]


@pytest.mark.proof
@pytest.mark.usefixtures("local_table")
def test_of_many_registrations_of_an_address_one_succeeds(record_property: Report) -> None:
    for number in range(ROUNDS):
        results = _register_at_once(number)
        assert sum(result is None for result in results) == 1, number
    assert find_violations() == []
    record_property("cases", ROUNDS * THREADS)


def _register_at_once(round_number: int) -> list[ApiError | None]:
    barrier = Barrier(THREADS)

    def register(number: int) -> ApiError | None:
        email = SPELLINGS[number % len(SPELLINGS)].format(round_number)
        username = f"eve{round_number}x{number}"
        barrier.wait()
        try:
            register_account(
                username=username, email=email, password=PASSWORD, source=None, now=now()
            )
        except ApiError as error:
            return error
        return None

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(register, range(THREADS)))


def test_an_hour_of_guesses_from_many_addresses_is_slowed_down(
    ann: Person, wait: Any, password_checks: list[str], record_property: Report
) -> None:
    """Each guess comes from another address. The owner logs in after the wait that is left."""
    waiting = 0
    for number in range(TRIES):
        waiting = _try(ann, f"guess {number}", source=f"10.0.{number // 256}.{number % 256}")
        wait(seconds=SECONDS_BETWEEN)
    assert 5 < len(password_checks) <= 100
    wait(seconds=max(waiting - SECONDS_BETWEEN, 0))
    assert _try(ann, PASSWORD, source="10.9.9.9") == 0
    record_property("cases", TRIES)


def _try(person: Person, password: str, source: str) -> int:
    """Log in; return after how many seconds the next try is allowed, 0 after a success."""
    try:
        log_in(email=person.email, password=password, device="", source=source, now=now())
    except TooManyRequests as error:
        return int(error.headers["Retry-After"])
    except ApiError:
        return 1
    return 0
