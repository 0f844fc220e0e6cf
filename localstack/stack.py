"""Deploy the stack to a local cloud with the steps of `make deploy`."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import boto3

from infra.deployment import deploy
from infra.stage import LOCAL, OUTPUTS_FILE, ROOT, build_local_environment, load_stage
from localstack import cloud, gateway

Outputs = dict[str, Any]
_STREAM_SECONDS = 20


def deploy_local_stack(port: int, parameters: dict[str, str] | None = None) -> Outputs:
    """Deploy the local stage to the cloud on `port`; return URLs and resource names for clients.

    `parameters` override stack parameters.
    """
    endpoint, is_localstack = cloud.get_endpoint(port), cloud.is_localstack(port)
    # LocalStack can't create an email identity; localstack/ready.d verifies the sender there.
    defaults = {"ManageMailIdentity": "false"} if is_localstack else {}
    defaults["LiveBaseUrl"] = endpoint.replace("http", "ws", 1) + "/_aws/execute-api"
    stage = load_stage(LOCAL, defaults | (parameters or {}))
    with use_endpoint(endpoint):
        outputs = deploy.deploy(stage)
        functions = deploy.list_functions(stage)
        if not is_localstack:
            gateway.install_gateway_responses(stage, outputs["RestAPIId"])
    api_url = f"{endpoint}/_aws/execute-api/{outputs['RestAPIId']}/{gateway.API_STAGE}/api"
    return {
        "api_url": api_url,
        "gateway_api_url": api_url,
        "aws_endpoint": endpoint,
        "region": "us-east-1",
        "table": outputs["TableName"],
        "bucket": outputs["BucketName"],
        "secret": outputs["SecretId"],
        "dead_letters": outputs["DeadLettersUrl"],
        "functions": functions,
        "mailbox_url": cloud.get_mailbox_url(port),
    }


@contextmanager
def run_local_cloud(
    state: Path, parameters: dict[str, str] | None = None, *, enforce_iam: bool = False
) -> Iterator[Outputs]:
    """Run a new cloud with the stack during the `with` block; yield its outputs."""
    port = cloud.find_free_port()
    process = cloud.start(port, state, enforce_iam=enforce_iam)
    try:
        yield deploy_local_stack(port, parameters)
    finally:
        cloud.stop(process)


def write_outputs(outputs: Outputs) -> None:
    OUTPUTS_FILE.parent.mkdir(exist_ok=True)
    OUTPUTS_FILE.write_text(json.dumps(outputs, indent=2) + "\n")


def remove_outputs() -> None:
    OUTPUTS_FILE.unlink(missing_ok=True)


def seed_data(outputs: Outputs) -> None:
    """Create the demo user and sample data, unless they exist."""
    environment = read_function_environment(outputs) | {"POWERTOOLS_LOG_LEVEL": "ERROR"}
    command = [sys.executable, "-m", "localstack.seed"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def read_function_environment(outputs: Outputs) -> dict[str, str]:
    """Return the environment of the deployed API function, with the local cloud's endpoint."""
    with use_endpoint(outputs["aws_endpoint"]):
        function = boto3.client("lambda").get_function_configuration(
            FunctionName=outputs["functions"]["APIHandler"]
        )
        return {**os.environ, **function["Environment"]["Variables"]}


def check_stream_consumers(outputs: Outputs) -> list[str]:
    """Return the functions that the table's stream does not reach within 20 seconds.

    Writes an item for each consumer, which leads to nothing there, and waits for its log.
    """
    mark = uuid4().hex
    keys = {
        "DispatchMail": (f"OUTBOX#check-{mark}", "MAIL"),
        "FollowChanges": (f"WEBHOOK#check-{mark}", "PENDING#check"),
    }
    begin = int(time.time() * 1000)
    with use_endpoint(outputs["aws_endpoint"]):
        table = boto3.resource("dynamodb").Table(outputs["table"])
        logs = boto3.client("logs")

        def has_run(function: str) -> bool:
            group = f"/aws/lambda/{outputs['functions'][function]}"
            try:
                return bool(logs.filter_log_events(logGroupName=group, startTime=begin)["events"])
            except logs.exceptions.ResourceNotFoundException:
                return False

        for pk, sk in keys.values():
            table.put_item(Item={"PK": pk, "SK": sk, "project_id": "check"})
        waiting = set(keys)
        while waiting and time.time() * 1000 < begin + 1000 * _STREAM_SECONDS:
            time.sleep(0.3)
            waiting = {function for function in waiting if not has_run(function)}
        for pk, sk in keys.values():
            table.delete_item(Key={"PK": pk, "SK": sk})
    return sorted(waiting)


def warn_if_stream_stands_still(outputs: Outputs) -> None:
    """Say on the terminal when the table's stream does not reach its consumers."""
    for function in check_stream_consumers(outputs):
        print(
            f"warning: the table's stream does not reach {function}: email, search, activity and "
            "exports are late. Stop, run `make clean` (it deletes all data), and start again",
            file=sys.stderr,
            flush=True,
        )


@contextmanager
def use_endpoint(endpoint: str) -> Iterator[None]:
    """Direct boto3 to the local cloud at `endpoint` during the `with` block."""
    with patch.dict(os.environ, build_local_environment(endpoint), clear=True):
        boto3.setup_default_session()  # an existing session has other credentials
        yield
