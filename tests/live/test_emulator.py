"""The changes that localstack/emulator.py makes to ministack."""

from pathlib import Path

import pytest

from tests.live.support import ON_LOCALSTACK, Deployment, wait_for


@pytest.mark.skipif(ON_LOCALSTACK, reason="LocalStack unpacks code differently")
def test_all_function_workers_share_one_copy_of_the_code(
    deployment: Deployment, state_dir: Path
) -> None:
    deployment.new_user("ann").sign_up()  # starts more functions than the API

    def is_shared() -> bool:
        folders = list(state_dir.glob("tmp/ministack-lambda-*/code"))
        return len(folders) > 1 and len({folder.resolve() for folder in folders}) == 1

    wait_for(is_shared)
