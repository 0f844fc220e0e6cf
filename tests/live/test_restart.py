"""A local cloud that is stopped and started again continues where it stopped."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from localstack.stack import check_stream_consumers
from tests.live.restartable_cloud import RestartableCloud, run_restartable_cloud
from tests.live.support import ON_LOCALSTACK, ApiUser, wait_for

WRITES = 300
# Shorter than the interval of the sweeps, which would hide that the stream does not work.
SECONDS = 30

pytestmark = pytest.mark.skipif(ON_LOCALSTACK, reason="LocalStack keeps no state")


@pytest.fixture
def own_cloud() -> Iterator[RestartableCloud]:
    with run_restartable_cloud() as own:
        yield own


def _create_many_tasks(ann: ApiUser) -> str:
    """Create a project with many tasks, for the consumers of the stream; return its id."""
    project: str = ann.request_json("POST", "/projects/", {"name": "Many"})["id"]

    def create_task(number: int) -> None:
        ann.request_json("POST", "/tasks/", {"project": project, "title": f"Task {number}"})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create_task, range(WRITES)))
    return project


@pytest.mark.parametrize(
    "end", [RestartableCloud.stop, RestartableCloud.kill], ids=["stopped", "killed"]
)
def test_the_stream_handlers_work_after_a_restart(
    own_cloud: RestartableCloud, end: Callable[[RestartableCloud], None]
) -> None:
    ann, bob = (own_cloud.deployment.new_user(name).sign_up() for name in ("ann", "bob"))
    project = _create_many_tasks(ann)
    ann.request_json("POST", f"/projects/{project}/members/", {"user_id": bob.id})
    title = {"project": project, "title": "Zebra crossing"}
    before = ann.request_json("POST", "/tasks/", title)["id"]
    wait_for(lambda: ann.request_json("GET", f"/tasks/{before}/activity/")["items"], SECONDS)
    # A save may have begun before the last write; the next one contains it.
    for _ in range(2):
        own_cloud.wait_for_save()
    end(own_cloud)
    own_cloud.start()
    own_cloud.deploy()
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
