"""Where the app uses the lean client: in functions on Lambda with a usual environment."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib import settings
from chalicelib.dynamodb.table import Item
from chalicelib.dynamodb.transport.lean_client import (
    DYNAMODB,
    SECRETS_MANAGER,
    LeanClient,
    Service,
    create_lean_client,
)
from tests.dynamodb_local import LAMBDA


def create(service: Service = DYNAMODB, region: str = settings.REGION, **variables: str) -> Any:
    """Return the client that a function with these variables creates."""
    with patch.dict(os.environ, LAMBDA | variables):
        return create_lean_client(
            service, region, connect_timeout=1, read_timeout=1, max_attempts=3
        )


@pytest.mark.parametrize("service", [DYNAMODB, SECRETS_MANAGER])
def test_a_function_on_lambda_calls_the_endpoint_of_its_region(service: Service) -> None:
    url = create(service, "ap-southeast-2").url
    assert url == f"https://{service.name}.ap-southeast-2.amazonaws.com"


def test_an_emulator_is_called_at_its_endpoint() -> None:
    assert create(AWS_ENDPOINT_URL="http://cloud:4566").url == "http://cloud:4566"


def test_outside_of_lambda_there_is_no_lean_client() -> None:
    assert create(AWS_LAMBDA_FUNCTION_NAME="") is None


UNUSUAL = {
    "AWS_ACCESS_KEY_ID": "",
    "AWS_ENDPOINT_URL_DYNAMODB": "http://dynamodb.example",
    "AWS_PROFILE": "other",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "https_proxy": "http://proxy.example:3128",
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_botocore_resolves_what_is_unusual(name: str) -> None:
    assert create(**{name: UNUSUAL[name]}) is None


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", "us-iso-east-1"])
def test_botocore_resolves_the_endpoints_of_other_partitions(region: str) -> None:
    assert create(region=region) is None


def test_threads_that_read_first_share_one_lean_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first request of a process may read in several threads at the same moment."""
    for name, value in LAMBDA.items():
        monkeypatch.setenv(name, value)
    threads, usual = 4, Item._connection
    ready = Barrier(threads)

    def connect(_: int) -> Any:
        ready.wait()
        return Item._get_connection().connection.client

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(threads) as pool:
            for _ in range(10):
                Item._connection = None
                clients = set(pool.map(connect, range(threads)))
                assert [type(client) for client in clients] == [LeanClient]
    finally:
        sys.setswitchinterval(interval)
        Item._connection = usual
