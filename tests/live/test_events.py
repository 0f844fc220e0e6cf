"""`make invoke` with each sample event."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.operations import functions
from infra.stage import LOCAL, load_stage
from localstack.stack import use_endpoint
from tests.live.support import EVENTS, Deployment


@pytest.fixture(scope="module", autouse=True)
def use_deployment(deployment: Deployment) -> Iterator[None]:
    with use_endpoint(deployment.outputs["aws_endpoint"]):
        yield


@pytest.mark.parametrize("event", sorted(EVENTS.glob("*.json")), ids=lambda path: path.stem)
def test_a_function_handles_its_sample_event(deployment: Deployment, event: Path) -> None:
    names = {name.lower(): name for name in deployment.outputs["functions"]}
    functions.invoke_function(load_stage(LOCAL), names[event.stem.replace("_", "")], event)
