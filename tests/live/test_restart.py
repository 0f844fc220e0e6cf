"""A local cloud that is stopped and started again goes on where it was."""

import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from localstack import cloud
from localstack.stack import Outputs, check_stream_consumers, deploy_local_stack
from tests.live.support import ON_LOCALSTACK, ApiUser, Deployment, wait_for

WRITES = 300
# An orderly stop ends at once; the sweeps, which would hide a stream that stands still, come later.
SECONDS = 30

pytestmark = pytest.mark.skipif(ON_LOCALSTACK, reason="LocalStack keeps no state")


class Cloud:
    """A local cloud that keeps its state, on a port of its own."""

    def __init__(self) -> None:
        self.port = cloud.find_free_port()
        self.start()

    def start(self) -> None:
        self.process = cloud.start(self.port)
        self.outputs: Outputs = deploy_local_stack(self.port)
        self.deployment = Deployment(self.outputs).set_watermarks()

    def stop(self) -> None:
        cloud.stop(self.process)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        subprocess.run(["pkill", "-9", "-s", str(self.process.pid)], check=False)  # its workers


@pytest.fixture
def own_cloud() -> Iterator[Cloud]:
    own = Cloud()
    yield own
    own.stop()
    shutil.rmtree(cloud.get_state_dir(own.port), ignore_errors=True)


def _work_a_lot(ann: ApiUser) -> str:
    """Make many writes, all of which the stream's consumers read; the project's id."""
    project: str = ann.request_json("POST", "/projects/", {"name": "Many"})["id"]

    def add(number: int) -> None:
        ann.request_json("POST", "/tasks/", {"project": project, "title": f"Task {number}"})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(WRITES)))
    return project


@pytest.mark.parametrize("end", [Cloud.stop, Cloud.kill], ids=["stopped", "killed"])
def test_after_a_restart_the_stream_causes_what_it_did_before(
    own_cloud: Cloud, end: Callable[[Cloud], None]
) -> None:
    ann, bob = (own_cloud.deployment.new_user(name).sign_up() for name in ("ann", "bob"))
    project = _work_a_lot(ann)
    ann.request_json("POST", f"/projects/{project}/members/", {"user_id": bob.id})
    title = {"project": project, "title": "Zebra crossing"}
    before = ann.request_json("POST", "/tasks/", title)["id"]
    wait_for(lambda: ann.request_json("GET", f"/tasks/{before}/activity/")["items"], SECONDS)
    _wait_for_a_saved_state(own_cloud)
    end(own_cloud)
    own_cloud.start()
    assert check_stream_consumers(own_cloud.outputs) == []
    for person in (ann, bob):
        person.api_url = own_cloud.outputs["gateway_api_url"]

    task = ann.request_json("POST", "/tasks/", title | {"title": "Giraffe", "assigned_to": bob.id})[
        "id"
    ]
    attachment, _ = ann.upload_file(task, "a.txt", "text/plain", b"some bytes")
    export = ann.request_json("POST", f"/projects/{project}/exports/")["id"]

    def is_ready() -> bool:
        files = ann.request_json("GET", f"/tasks/{task}/attachments/")["items"]
        return [file["status"] for file in files] == ["ready"]

    def is_exported() -> bool:
        state = ann.request_json("GET", f"/projects/{project}/exports/{export}/")
        return bool(state["status"] == "done")

    wait_for(lambda: own_cloud.deployment.mails_to(bob.email), SECONDS)
    wait_for(
        lambda: ann.request_json("GET", f"/tasks/?project={project}&q=giraffe")["items"], SECONDS
    )
    wait_for(lambda: ann.request_json("GET", f"/tasks/{task}/activity/")["items"], SECONDS)
    wait_for(is_exported, SECONDS)
    wait_for(is_ready, SECONDS)
    assert attachment["status"] == "pending"


def _wait_for_a_saved_state(own: Cloud) -> None:
    """Wait until everything that is written by now has been saved twice over."""
    saved = cloud.get_state_dir(own.port) / "state" / "lambda.json"
    for _ in range(2):
        before = saved.stat().st_mtime if saved.exists() else 0.0
        wait_for(lambda before=before: saved.exists() and saved.stat().st_mtime > before)
