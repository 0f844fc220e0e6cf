"""A local cloud that a test stops or kills, and starts again from its saved state."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from localstack import cloud
from localstack.stack import Outputs, deploy_local_stack
from tests.live.support import Deployment

_SAVE_SECONDS = 60


class RestartableCloud:
    """A local cloud on its own port, with the stack."""

    def __init__(self) -> None:
        self.port = cloud.find_free_port()
        self._saved_table = cloud.get_state_dir(self.port) / "state" / "dynamodb.json"
        self.start()
        self.deploy()

    def start(self) -> None:
        """Start the cloud with the state that it saved last."""
        self._process = cloud.start(self.port)

    def deploy(self) -> None:
        """Deploy the stack, as each start of `make run` does."""
        self.outputs: Outputs = deploy_local_stack(self.port)
        self.deployment = Deployment(self.outputs).set_watermarks()

    def stop(self) -> None:
        """Stop the cloud as Ctrl-C does: it saves its state."""
        cloud.stop(self._process)

    def kill(self) -> None:
        """End the processes of the cloud and of its functions at once, as a power failure does."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def wait_for_save(self) -> float:
        """Wait until the table is saved; return the time (seconds of the monotonic clock)."""
        before, deadline = self._read_save_time(), time.monotonic() + _SAVE_SECONDS
        while self._read_save_time() == before:
            assert time.monotonic() < deadline, "the emulator does not save its state"
            time.sleep(0.02)
        return time.monotonic()

    def _read_save_time(self) -> int:
        return self._saved_table.stat().st_mtime_ns if self._saved_table.exists() else 0


@contextmanager
def run_restartable_cloud() -> Iterator[RestartableCloud]:
    """Run a cloud for the block; its state is deleted afterwards."""
    own = RestartableCloud()
    try:
        yield own
    finally:
        own.stop()
        shutil.rmtree(cloud.get_state_dir(own.port), ignore_errors=True)
