"""Fixtures: four processes of the API and four clients, over one table in DynamoDB Local."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.stage import ROOT
from tests.proof.processes.runner import (
    ApiProcess,
    ClientProcess,
    run_api_processes,
    run_clients,
    run_services,
)

PROCESSES = 4


@pytest.fixture(scope="session")
def services(
    dynamodb_local_address: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The environment of processes of the API, whose S3, SES and Secrets Manager are emulated."""
    with run_services(dynamodb_local_address, tmp_path_factory.mktemp("services")) as environment:
        yield environment


@pytest.fixture(scope="session")
def servers(services: dict[str, str]) -> Iterator[list[ApiProcess]]:
    """Processes of the API; each handles one request at a time."""
    checkouts: list[Path] = [ROOT] * PROCESSES
    with run_api_processes(services, checkouts) as processes:
        yield processes


@pytest.fixture(scope="session")
def clients() -> Iterator[list[ClientProcess]]:
    """Processes of clients, as many as of the API."""
    with run_clients(PROCESSES) as processes:
        yield processes
