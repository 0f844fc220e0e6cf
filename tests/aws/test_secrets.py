"""The signing keys, and the time that a silent service costs a request."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import jwt
import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib import settings
from chalicelib.aws import clients, secrets
from tests.faults import event_hook
from tests.support import Api, Person

URL = "https://aws.example"

Wait = Callable[[float], None]


@pytest.fixture
def no_cached_keys() -> Iterator[None]:
    """Begin and end without cached signing keys, and without the memory of a failed read."""
    secrets.signing_keys.forget()
    yield
    secrets.signing_keys.forget()


@pytest.fixture
def wait_on_monotonic_clock(no_cached_keys: None) -> Iterator[Wait]:
    """Freeze the monotonic clock, and advance it by a number of seconds.

    Whole and quarter seconds add up without rounding errors, so a test can check an exact limit.
    """
    offsets = [float(round(time.monotonic()))]
    with patch("time.monotonic", lambda: sum(offsets)):
        yield offsets.append


def test_a_missing_secret_is_named_in_the_error(cloud: None, no_cached_keys: None) -> None:
    clients.secrets_manager_client().delete_secret(
        SecretId=settings.SECRET_ID, ForceDeleteWithoutRecovery=True
    )
    with pytest.raises(RuntimeError, match=settings.SECRET_ID):
        secrets.signing_keys.get()


@contextmanager
def _silent_secrets_manager() -> Iterator[list[str]]:
    """Let no call to Secrets Manager get an answer; the list has an entry for each."""
    sends: list[str] = []

    def time_out(**_: Any) -> None:
        sends.append("sent")
        raise ReadTimeoutError(endpoint_url=URL)

    client = clients.secrets_manager_client()
    with event_hook(client, "before-send.secrets-manager.GetSecretValue", time_out):
        yield sends


def test_cached_keys_stay_in_use_while_secrets_manager_is_silent(
    ann: Person, wait_on_monotonic_clock: Wait, caplog: pytest.LogCaptureFixture
) -> None:
    assert ann.get("/api/auth/profile").status_code == 200
    wait_on_monotonic_clock(301)
    with _silent_secrets_manager() as sends:
        assert ann.get("/api/auth/profile").status_code == 200
        first = len(sends)
        assert ann.get("/api/auth/profile").status_code == 200
        assert (first, len(sends)) == (3, 3)  # the second request does not wait again
        wait_on_monotonic_clock(31)
        assert ann.get("/api/auth/profile").status_code == 200
        assert len(sends) == 6
    assert "a secret cannot be read again; the cached value stays in use" in caplog.messages


@contextmanager
def _noted_reads() -> Iterator[list[str]]:
    """The list has an entry for each call to Secrets Manager."""
    reads: list[str] = []

    def note(**_: Any) -> None:
        reads.append("read")

    client = clients.secrets_manager_client()
    with event_hook(client, "before-send.secrets-manager.GetSecretValue", note):
        yield reads


def test_cached_keys_are_read_again_after_five_minutes(
    ann: Person, wait_on_monotonic_clock: Wait
) -> None:
    ann.get("/api/auth/profile")
    with _noted_reads() as reads:
        wait_on_monotonic_clock(300)
        assert ann.get("/api/auth/profile").status_code == 200
        assert len(reads) == 0
        wait_on_monotonic_clock(0.25)
        assert ann.get("/api/auth/profile").status_code == 200
        assert len(reads) == 1


def test_tokens_of_unknown_keys_cause_one_read_in_ten_seconds(
    ann: Person, wait_on_monotonic_clock: Wait
) -> None:
    ann.get("/api/auth/profile")
    forger = Api(ann.client, jwt.encode({}, "k" * 32, "HS256", headers={"kid": "k2"}))
    with _noted_reads() as reads:
        wait_on_monotonic_clock(10)
        assert forger.get("/api/auth/profile").status_code == 401
        assert len(reads) == 0
        wait_on_monotonic_clock(0.25)
        assert {forger.get("/api/auth/profile").status_code for _ in range(2)} == {401}
        assert len(reads) == 1


def test_a_failed_read_is_repeated_after_thirty_seconds(
    ann: Person, wait_on_monotonic_clock: Wait
) -> None:
    ann.get("/api/auth/profile")
    wait_on_monotonic_clock(301)
    with _silent_secrets_manager():
        ann.get("/api/auth/profile")
    with _noted_reads() as reads:
        wait_on_monotonic_clock(29.75)
        ann.get("/api/auth/profile")
        assert len(reads) == 0
        wait_on_monotonic_clock(0.25)
        ann.get("/api/auth/profile")
        assert len(reads) == 1


def test_a_token_of_an_unknown_key_is_a_503_while_secrets_manager_is_silent(
    ann: Person, wait_on_monotonic_clock: Wait
) -> None:
    ann.get("/api/auth/profile")
    newer = jwt.encode({}, "k" * 32, "HS256", headers={"kid": "k2"})
    wait_on_monotonic_clock(11)
    with _silent_secrets_manager() as sends:
        statuses = [Api(ann.client, newer).get("/api/auth/profile").status_code for _ in range(2)]
    assert (statuses, len(sends)) == ([503, 503], 3)


def test_a_request_fails_fast_when_a_service_is_silent(cloud: None) -> None:
    for client in (clients.s3_client(), clients.secrets_manager_client(), clients.lambda_client()):
        config = client.meta.config
        assert config.read_timeout * config.retries["total_max_attempts"] <= 6
