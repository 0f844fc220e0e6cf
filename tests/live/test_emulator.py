"""What localstack/emulator.py changes of ministack."""

from pathlib import Path

import pytest

from tests.live.support import ON_LOCALSTACK, Deployment, wait_for


@pytest.mark.skipif(ON_LOCALSTACK, reason="LocalStack unpacks in its own way")
def test_the_workers_of_all_functions_share_their_code(
    deployment: Deployment, state_dir: Path
) -> None:
    deployment.new_user("ann").sign_up()  # which wakes more than the API

    def is_shared() -> bool:
        places = list(state_dir.glob("tmp/ministack-lambda-*/code"))
        return len(places) > 1 and len({place.resolve() for place in places}) == 1

    wait_for(is_shared)
