"""From nothing to a running stack, to its next version, and back to nothing: the steps of
`make deploy`, `make diff` and `make destroy` against a local cloud of their own."""

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

from infra import deploy, stacks
from infra.stage import LOCAL, ROOT, Stage, UserError, load_stage
from localstack import cloud
from localstack.stack import use_endpoint
from tests.live.support import ApiUser


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cloud with nothing on it."""
    port = cloud.find_free_port()
    process = cloud.start(port, tmp_path_factory.mktemp("empty-cloud"))
    yield cloud.get_endpoint(port)
    cloud.stop(process)


@pytest.fixture(scope="module", autouse=True)
def aimed(endpoint: str) -> Iterator[None]:
    with use_endpoint(endpoint):
        yield


@pytest.fixture
def changed(tmp_path: Path) -> Stage:
    """The local stage with another answer in its code, which is to keep its data."""
    sources = tmp_path / "sources"
    for name in ("chalicelib", ".chalice"):
        shutil.copytree(ROOT / name, sources / name)
    shutil.copy(ROOT / "app.py", sources)
    health = sources / "chalicelib" / "http" / "health.py"
    health.write_text(health.read_text().replace("Task Manager API", "The next version"))
    return replace(load_stage(LOCAL), sources=sources, builds=tmp_path / "build", keep_data=True)


def _left() -> dict[str, list[Any]]:
    """Everything of ours that the cloud knows. A function that still runs while it is deleted makes
    its log group anew in the emulator (no policy of ours allows that); ours say how long they keep
    what they hold."""

    def ask(service: str, verb: str, key: str) -> list[Any]:
        return list(getattr(boto3.client(service), verb)().get(key, []))  # type: ignore[call-overload]

    groups = ask("logs", "describe_log_groups", "logGroups")
    return {
        "tables": ask("dynamodb", "list_tables", "TableNames"),
        "buckets": ask("s3", "list_buckets", "Buckets"),
        "functions": ask("lambda", "list_functions", "Functions"),
        "queues": ask("sqs", "list_queues", "QueueUrls"),
        "logs": [group for group in groups if "retentionInDays" in group],
        "secrets": ask("secretsmanager", "list_secrets", "SecretList"),
        "roles": ask("iam", "list_roles", "Roles"),
        "alarms": ask("cloudwatch", "describe_alarms", "MetricAlarms"),
        "rules": ask("events", "list_rules", "Rules"),
        "apis": ask("apigateway", "get_rest_apis", "items"),
        "topics": ask("sns", "list_topics", "Topics"),
        "stacks": ask("cloudformation", "describe_stacks", "Stacks"),
    }


def _api(endpoint: str, outputs: dict[str, str]) -> str:
    return f"{endpoint}/_aws/execute-api/{outputs['RestAPIId']}/v1/api"


def test_deployed_used_and_changed_with_its_data_kept_until_it_is_told_to_delete_it_too(
    endpoint: str, changed: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    first = deploy.deploy(load_stage(LOCAL))
    assert all(_left().values())
    ann = ApiUser(_api(endpoint, first), "ann").sign_up()
    project = ann.request_json("POST", "/projects/", {"name": "Launch"})["id"]
    assert ann.request_json("GET", "/")["name"] == "Task Manager API"

    capsys.readouterr()
    assert deploy.deploy(load_stage(LOCAL)) == first
    assert "nothing to change" in capsys.readouterr().out
    assert deploy.describe_changes(load_stage(LOCAL)) == "task-manager-local: nothing to change"

    assert "~ APIHandler  AWS::Lambda::Function" in deploy.describe_changes(changed)
    assert ann.request_json("GET", "/")["name"] == "Task Manager API"
    assert deploy.deploy(changed) == first
    assert ann.request_json("GET", "/")["name"] == "The next version"
    assert ann.request_json("GET", f"/projects/{project}/")["name"] == "Launch"
    boto3.client("s3").put_object(Bucket=first["BucketName"], Key="att/x", Body=b"x")

    deploy.destroy(changed)
    assert requests.get(_api(endpoint, first) + "/health", timeout=10).status_code >= 400
    assert {what for what, found in _left().items() if found} == {"tables", "buckets", "secrets"}
    deploy.delete_data(first)
    assert [what for what, found in _left().items() if found] == []


def test_a_comparison_of_what_is_not_there_leaves_nothing_there() -> None:
    template = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
    planned = stacks.create_change_set("planned", template, {})
    assert planned is not None
    assert str(planned) == "  + Queue  AWS::SQS::Queue"
    stacks.discard_change_set(planned)
    assert stacks.find_stack("planned") is None
    assert _left()["stacks"] == []


def test_a_failure_is_undone_and_names_the_resource_and_the_reason() -> None:
    queue = {"Type": "AWS::SQS::Queue"}
    before = json.dumps({"Resources": {"Queue": queue}})
    first = stacks.create_change_set("fails", before, {})
    assert first is not None
    stacks.execute_change_set(first)
    nonsense = {"LayerVersionArn": "nonsense", "Action": "lambda:GetLayerVersion", "Principal": "*"}
    kind = "AWS::Lambda::LayerVersionPermission"
    broken = {"Type": kind, "Properties": nonsense, "DependsOn": "Second"}
    after = json.dumps({"Resources": {"Queue": queue, "Second": queue, "Broken": broken}})
    second = stacks.create_change_set("fails", after, {})
    assert second is not None
    with pytest.raises(UserError, match="UPDATE_ROLLBACK_COMPLETE\n  Broken .*nonsense"):
        stacks.execute_change_set(second)
    assert [r["LogicalResourceId"] for r in stacks.list_resources("fails")] == ["Queue"]
    stacks.delete_stack(stacks.find_stack("fails") or {})


def test_a_stage_that_keeps_nothing_is_gone_with_its_data() -> None:
    outputs = deploy.deploy(load_stage(LOCAL))
    boto3.client("s3").put_object(Bucket=outputs["BucketName"], Key="att/x", Body=b"x")
    deploy.destroy(load_stage(LOCAL))
    assert [what for what, found in _left().items() if found] == []


@pytest.mark.parametrize("typed", ["dev\n", "prod\nprod\n"])
def test_prod_is_not_destroyed_by_a_slip(typed: str) -> None:
    command = [sys.executable, "-m", "infra.deploy", "destroy", "--stage", "prod", "--with-data"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ, input=typed, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "nothing was deleted" in done.stderr
