"""What localstack/emulator.py changes of ministack."""

from pathlib import Path

import pytest

from tests.live.support import ON_LOCALSTACK, Deployed, eventually


@pytest.mark.skipif(ON_LOCALSTACK, reason="LocalStack unpacks in its own way")
def test_the_workers_of_all_functions_share_their_code(deployed: Deployed, state: Path) -> None:
    deployed.visitor("ann").signs_up()  # which wakes more than the API

    def is_shared() -> bool:
        places = list(state.glob("tmp/ministack-lambda-*/code"))
        return len(places) > 1 and len({place.resolve() for place in places}) == 1

    eventually(is_shared)
