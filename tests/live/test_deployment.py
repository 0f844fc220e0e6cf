"""The steps of `make deploy`, `make diff` and `make destroy` on an empty local cloud."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from infra.deployment import deploy, stacks
from infra.stage import LOCAL, ROOT, Stage, UserError, load_stage
from localstack import cloud
from localstack.stack import use_endpoint
from tests.live.support import ApiUser


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty local cloud."""
    port = cloud.find_free_port()
    process = cloud.start(port, tmp_path_factory.mktemp("empty-cloud"))
    yield cloud.get_endpoint(port)
    cloud.stop(process)


@pytest.fixture(scope="module", autouse=True)
def use_empty_cloud(endpoint: str) -> Iterator[None]:
    with use_endpoint(endpoint):
        yield


@pytest.fixture
def changed_stage(tmp_path: Path) -> Stage:
    """The local stage with a changed response in its code, and with `keep_data` set."""
    sources = tmp_path / "sources"
    for name in ("chalicelib", ".chalice"):
        shutil.copytree(ROOT / name, sources / name)
    shutil.copy(ROOT / "app.py", sources)
    health = sources / "chalicelib" / "http" / "health.py"
    health.write_text(health.read_text().replace("Task Manager API", "The next version"))
    return replace(load_stage(LOCAL), sources=sources, builds=tmp_path / "build", keep_data=True)


def _list_resources() -> dict[str, list[Any]]:
    """Return the resources of the stack in the cloud, by kind.

    Log groups count only with a retention time: in the emulator, a function that is deleted while
    it runs creates its log group again, without one. The policies do not allow that on AWS.
    """

    def call(service: str, operation: str, key: str) -> list[Any]:
        return list(getattr(boto3.client(service), operation)().get(key, []))  # type: ignore[call-overload]

    groups = call("logs", "describe_log_groups", "logGroups")
    return {
        "tables": call("dynamodb", "list_tables", "TableNames"),
        "buckets": call("s3", "list_buckets", "Buckets"),
        "functions": call("lambda", "list_functions", "Functions"),
        "queues": call("sqs", "list_queues", "QueueUrls"),
        "logs": [group for group in groups if "retentionInDays" in group],
        "secrets": call("secretsmanager", "list_secrets", "SecretList"),
        "roles": call("iam", "list_roles", "Roles"),
        "alarms": call("cloudwatch", "describe_alarms", "MetricAlarms"),
        "rules": call("events", "list_rules", "Rules"),
        "apis": call("apigateway", "get_rest_apis", "items"),
        "topics": call("sns", "list_topics", "Topics"),
        "stacks": call("cloudformation", "describe_stacks", "Stacks"),
    }


def _api_url(endpoint: str, outputs: dict[str, str]) -> str:
    return f"{endpoint}/_aws/execute-api/{outputs['RestAPIId']}/v1/api"


def test_a_stack_is_deployed_updated_and_destroyed_and_its_data_is_deleted_last(
    endpoint: str, changed_stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    first = deploy.deploy(load_stage(LOCAL))
    assert all(_list_resources().values())
    ann = ApiUser(_api_url(endpoint, first), "ann").sign_up()
    project = ann.request_json("POST", "/projects/", {"name": "Launch"})["id"]
    assert ann.request_json("GET", "/")["name"] == "Task Manager API"

    capsys.readouterr()
    assert deploy.deploy(load_stage(LOCAL)) == first
    assert "nothing to change" in capsys.readouterr().out
    assert deploy.describe_changes(load_stage(LOCAL)) == "task-manager-local: nothing to change"

    assert "~ APIHandler  AWS::Lambda::Function" in deploy.describe_changes(changed_stage)
    assert ann.request_json("GET", "/")["name"] == "Task Manager API"
    assert deploy.deploy(changed_stage) == first
    assert ann.request_json("GET", "/")["name"] == "The next version"
    assert ann.request_json("GET", f"/projects/{project}/")["name"] == "Launch"
    boto3.client("s3").put_object(Bucket=first["BucketName"], Key="att/x", Body=b"x")

    deploy.destroy(changed_stage)
    assert requests.get(_api_url(endpoint, first) + "/health", timeout=10).status_code >= 400
    assert {kind for kind, found in _list_resources().items() if found} == {
        "tables",
        "buckets",
        "secrets",
    }
    deploy.delete_data(first)
    assert [kind for kind, found in _list_resources().items() if found] == []


def test_a_diff_of_a_missing_stack_creates_nothing() -> None:
    template = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
    planned = stacks.create_change_set("planned", template, {})
    assert planned is not None
    assert str(planned) == "  + Queue  AWS::SQS::Queue"
    stacks.discard_change_set(planned)
    assert stacks.find_stack("planned") is None
    assert _list_resources()["stacks"] == []


def test_a_failed_update_is_rolled_back_and_names_the_resource_and_the_reason() -> None:
    queue = {"Type": "AWS::SQS::Queue"}
    before = json.dumps({"Resources": {"Queue": queue}})
    first = stacks.create_change_set("fails", before, {})
    assert first is not None
    stacks.execute_change_set(first)
    invalid = {"LayerVersionArn": "nonsense", "Action": "lambda:GetLayerVersion", "Principal": "*"}
    kind = "AWS::Lambda::LayerVersionPermission"
    broken = {"Type": kind, "Properties": invalid, "DependsOn": "Second"}
    after = json.dumps({"Resources": {"Queue": queue, "Second": queue, "Broken": broken}})
    second = stacks.create_change_set("fails", after, {})
    assert second is not None
    with pytest.raises(UserError, match="UPDATE_ROLLBACK_COMPLETE\n  Broken .*nonsense"):
        stacks.execute_change_set(second)
    assert [r["LogicalResourceId"] for r in stacks.list_resources("fails")] == ["Queue"]
    stacks.delete_stack(stacks.find_stack("fails") or {})


def test_a_stage_without_keep_data_is_destroyed_with_its_data() -> None:
    outputs = deploy.deploy(load_stage(LOCAL))
    boto3.client("s3").put_object(Bucket=outputs["BucketName"], Key="att/x", Body=b"x")
    deploy.destroy(load_stage(LOCAL))
    assert [kind for kind, found in _list_resources().items() if found] == []


@pytest.mark.parametrize("typed", ["dev\n", "prod\nprod\n"])
def test_prod_is_not_destroyed_without_the_right_confirmation(typed: str) -> None:
    command = [
        sys.executable,
        "-m",
        "infra.deployment.deploy",
        "destroy",
        "--stage",
        "prod",
        "--with-data",
    ]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ, input=typed, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "nothing was deleted" in done.stderr
