"""What `make invoke` does with each sample event."""

from pathlib import Path

import pytest

from infra import operate
from infra.deploy import functions
from infra.stage import LOCAL, load
from localstack.stack import aimed_at
from tests.live.support import EVENTS, Deployed


@pytest.mark.parametrize("event", sorted(EVENTS.glob("*.json")), ids=lambda path: path.stem)
def test_the_function_of_a_sample_event_takes_it(deployed: Deployed, event: Path) -> None:
    stage = load(LOCAL)
    with aimed_at(deployed.outputs["aws_endpoint"]):
        named = {name.lower(): name for name in functions(stage)}
        operate.invoke(stage, named[event.stem.replace("_", "")], event)
