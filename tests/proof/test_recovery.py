"""The recovery drill on a local cloud: a stage is damaged and destroyed, and restored as another.

The emulator's point-in-time recovery copies the table at the moment of the call. That DynamoDB can
restore any second of 35 days, and how long it takes, only AWS shows.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.deployment import deploy
from infra.deployment.restore import KEYS, restore
from infra.operations.reindex import start_reindex
from infra.stage import LOCAL, Stage, UserError, load_stage
from localstack import cloud
from localstack.stack import use_endpoint
from tests.live.support import PASSWORD, ApiUser, Deployment, wait_for
from tests.proof.checkers import find_violations

TASKS = 55  # with 50, a project gets a list snapshot

pytestmark = pytest.mark.proof


def _build_stage(name: str, builds: Path) -> Stage:
    local = load_stage(LOCAL, {"Stage": name, "MailIdentity": f"{name}.example.com"})
    sender = {"MailSender": f"no-reply@{name}.example.com"}
    parameters = local.parameters | sender
    return replace(local, name=name, builds=builds, keep_data=True, parameters=parameters)


class Drill:
    """A local cloud with the stage `lost`, of which `recovered` is made."""

    def __init__(self, endpoint: str, port: int, builds: Path) -> None:
        self.endpoint, self._port = endpoint, port
        self.lost, self.recovered = (_build_stage(name, builds) for name in ("lost", "recovered"))

    def describe(self, stage: Stage, outputs: dict[str, str]) -> Deployment:
        url = f"{self.endpoint}/_aws/execute-api/{outputs['RestAPIId']}/v1/api"
        described = {
            "gateway_api_url": url,
            "aws_endpoint": self.endpoint,
            "region": "us-east-1",
            "table": outputs["TableName"],
            "bucket": outputs["BucketName"],
            "functions": deploy.list_functions(stage),
            "mailbox_url": cloud.get_mailbox_url(self._port),
        }
        return Deployment(described)


@pytest.fixture
def drill(tmp_path: Path) -> Iterator[Drill]:
    port = cloud.find_free_port()
    process = cloud.start(port, tmp_path / "cloud")
    endpoint = cloud.get_endpoint(port)
    with use_endpoint(endpoint):
        yield Drill(endpoint, port, tmp_path / "build")
    cloud.stop(process)


class Work:
    """The data of Ann in the lost stage, and her expectations of the restored one."""

    def __init__(self, deployment: Deployment) -> None:
        self.ann, self.bob = (deployment.new_user(name).sign_up() for name in ("ann", "bob"))
        self.app = self.ann.set_up_second_factor()
        project = self.ann.request_json("POST", "/projects/", {"name": "Launch"})
        self.project = project["id"]
        member = {"user_id": self.bob.id}
        self.ann.request_json("POST", f"/projects/{self.project}/members/", member)
        tasks = [self._create_task(f"Zeppelin {number}") for number in range(TASKS)]
        self.task = tasks[0]
        body = {"body": "Hello"}
        self.ann.request_json("POST", f"/tasks/{self.task}/comments/", body)
        self.file = self.ann.upload_file(self.task, "a.txt", "text/plain", b"some bytes")[0]["id"]
        wait_for(lambda: self._list_files()[0]["status"] == "ready")
        wait_for(lambda: self.find("zeppelin"))
        self.expected = self.read(self.ann)

    def _create_task(self, title: str) -> str:
        task = {"project": self.project, "title": title, "assigned_to": self.bob.id}
        return str(self.ann.request_json("POST", "/tasks/", task)["id"])

    def _list_files(self) -> Any:
        return self.ann.request_json("GET", f"/tasks/{self.task}/attachments/")["items"]

    def find(self, word: str) -> Any:
        path = f"/tasks/?project={self.project}&q={word}"
        return self.ann.request_json("GET", path)["items"]

    def read(self, user: ApiUser) -> list[Any]:
        """Return what a user sees: tasks with details, statistics, files with their content."""
        paths = (
            f"/projects/{self.project}/",
            f"/tasks/?project={self.project}&limit=100",
            f"/tasks/?project={self.project}&limit=100&ordering=-due_date",
            f"/tasks/statistics/?project={self.project}",
            f"/tasks/{self.task}/",
            f"/tasks/{self.task}/comments/",
            f"/tasks/{self.task}/attachments/",
        )
        found = [user.request_json("GET", path) for path in paths]
        return [*found, user.download_file(self.task, self.file).content]

    def damage(self) -> None:
        """Lose and add things, as a defect might."""
        self.ann.request_json("DELETE", f"/tasks/{self.task}/attachments/{self.file}/")
        for task in self.ann.request_json("GET", f"/tasks/?project={self.project}")["items"]:
            self.ann.request_json("DELETE", f"/tasks/{task['id']}/")
        self._create_task("Written after the point in time")


def _undelete_objects(bucket: str, since: datetime) -> None:
    """Remove the delete markers of objects that were deleted since then."""
    client: Any = boto3.client("s3")
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for marker in page.get("DeleteMarkers", []):
            if marker["IsLatest"] and marker["LastModified"] >= since:
                version = {name: marker[name] for name in ("Key", "VersionId")}
                client.delete_object(Bucket=bucket, **version)


def _log_in(deployment: Deployment, user: ApiUser, work: Work) -> ApiUser:
    """Log in to another stage, with the second factor if there is one."""
    found = ApiUser(deployment.outputs["gateway_api_url"], user.name)
    found.id = user.id
    login = {"email": user.email, "password": PASSWORD}
    answer = found.call("POST", "/auth/login/", login)
    if answer.status_code == 401:
        step = {"ticket": answer.json()["ticket"], "code": work.app.code()}
        answer = found.call("POST", "/auth/login/second-factor/", step)
    assert answer.status_code == 200, answer.text
    found.http.headers["Authorization"] = f"Bearer {answer.json()['access']}"
    return found


def _scan(table: str) -> list[Any]:
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    return [item for page in pages for item in page["Items"]]


def test_a_damaged_and_destroyed_stage_is_restored_as_another(drill: Drill) -> None:
    outputs = deploy.deploy(drill.lost)
    work = Work(drill.describe(drill.lost, outputs).set_watermarks())

    at = datetime.now(UTC).replace(microsecond=0)
    dynamodb: Any = boto3.client("dynamodb")
    dynamodb.restore_table_to_point_in_time(
        SourceTableName=outputs["TableName"],
        TargetTableName="restored",
        UseLatestRestorableTime=True,
    )
    work.damage()
    file = f"/tasks/{work.task}/attachments/{work.file}/download/"
    assert work.ann.call("GET", file).status_code == 404
    with pytest.raises(UserError, match="is deployed"):
        restore(drill.lost, "restored", outputs["BucketName"], {})
    deploy.destroy(drill.lost)
    _undelete_objects(outputs["BucketName"], at)

    keys = {name: outputs[name] for name in KEYS}
    restored = restore(drill.recovered, "restored", outputs["BucketName"], keys)
    assert restore(drill.recovered, "restored", outputs["BucketName"], keys) == restored
    assert (restored["TableName"], restored["BucketName"]) == ("restored", outputs["BucketName"])
    deployment = drill.describe(drill.recovered, restored).set_watermarks()
    ann, bob = (_log_in(deployment, user, work) for user in (work.ann, work.bob))
    assert work.read(ann) == work.expected
    assert find_violations(_scan("restored")) == []
    _check_that_it_works(deployment, work, ann, bob)


def _check_that_it_works(deployment: Deployment, work: Work, ann: ApiUser, bob: ApiUser) -> None:
    """The stream of the restored table, search, mail and protection of the data are in place."""
    start_reindex(replace(load_stage(LOCAL), name="recovered"))
    task = {"project": work.project, "title": "Giraffe", "assigned_to": bob.id}
    created = ann.request_json("POST", "/tasks/", task)["id"]
    work.ann = ann
    wait_for(lambda: work.find("giraffe"))
    wait_for(lambda: ann.request_json("GET", f"/tasks/{created}/activity/")["items"])
    wait_for(lambda: any("Giraffe" in m["subject"] for m in deployment.mails_to(work.bob.email)))
    activity = ann.request_json("GET", f"/tasks/{work.task}/activity/")["items"]
    assert len(activity) == len({each["id"] for each in activity})
    dynamodb: Any = boto3.client("dynamodb")
    table = dynamodb.describe_table(TableName="restored")["Table"]
    assert table["DeletionProtectionEnabled"]
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    expiry = dynamodb.describe_time_to_live(TableName="restored")["TimeToLiveDescription"]
    assert expiry["AttributeName"] == "expires_at"
