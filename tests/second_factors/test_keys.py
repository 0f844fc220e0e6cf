"""The keys that secrets of second factors are derived from: rotation, and an outage."""

import json
from collections.abc import Callable, Iterator

import pytest

from chalicelib import settings
from chalicelib.aws import clients
from chalicelib.aws.secrets import second_factor_keys
from tests.authenticator import code_of, log_in, request_ticket, set_up
from tests.support import Api, Person

OLD, NEW = {"f1": "f" * 64}, {"f2": "g" * 64}


@pytest.fixture
def set_keys(cloud: None) -> Iterator[Callable[..., None]]:
    """Change the secret of second factors and clear its cache, as in a new process."""

    def set_keys(**document: str) -> None:
        clients.secrets_manager_client().put_secret_value(
            SecretId=settings.SECOND_FACTOR_KEYS_ID, SecretString=json.dumps(document)
        )
        second_factor_keys.forget()

    yield set_keys
    second_factor_keys.forget()


def test_apps_and_codes_of_an_earlier_key_stay_valid_after_a_rotation(
    anonymous: Api, ann: Person, bob: Person, set_keys: Callable[..., None]
) -> None:
    earlier = set_up(ann)
    set_keys(active="f2", **OLD, **NEW)
    later = set_up(bob)
    assert log_in(anonymous, ann, code=earlier.code(1)).status_code == 200
    assert log_in(anonymous, ann, recovery_code=earlier.recovery_codes[0]).status_code == 200
    assert log_in(anonymous, bob, code=later.code(1)).status_code == 200


def test_without_its_key_an_app_cannot_be_checked(
    anonymous: Api, ann: Person, set_keys: Callable[..., None]
) -> None:
    app = set_up(ann)
    ticket = request_ticket(anonymous, ann)
    set_keys(active="f2", **NEW)
    body = {"ticket": ticket, "code": app.code(1)}
    assert code_of(anonymous.post("/api/auth/login/second-factor", body)) == (503, "unavailable")
    set_keys(active="f1", **OLD)
    assert anonymous.post("/api/auth/login/second-factor", body).status_code == 200
