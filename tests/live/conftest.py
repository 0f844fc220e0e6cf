"""A local cloud of one's own, with the stack deployed to it from the packaged template."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from localstack.stack import local_cloud
from tests.live.support import Deployed

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with local_cloud(tmp_path_factory.mktemp("cloud")) as outputs:
        yield Deployed(outputs)


@pytest.fixture
def aws(deployed: Deployed) -> Any:
    """Clients of the local cloud by service name."""
    session = boto3.Session("test", "test", region_name=deployed.outputs["region"])
    return lambda service: session.client(service, endpoint_url=deployed.outputs["aws_endpoint"])
