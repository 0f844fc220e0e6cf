"""Our stack on a local cloud: deployed with the steps of `make deploy`, described in one dict."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3

from infra import deploy
from infra.stage import LOCAL, ROOT, load, local_environment
from localstack import cloud, gateway

OUTPUTS = ROOT / ".local" / "outputs.json"
Outputs = dict[str, Any]


def deploy_to(port: int, parameters: dict[str, str] | None = None) -> Outputs:
    """Deploy the local stage to the cloud on `port`, with other `parameters` where given; returns
    what a client needs to know of it."""
    stage = load(LOCAL, _fitting(port) | (parameters or {}))
    with aimed_at(cloud.endpoint(port)):
        outputs = deploy.deploy(stage)
        functions = deploy.functions(stage)
        if not cloud.is_localstack(port):
            gateway.install(stage, outputs["RestAPIId"])
    endpoint = cloud.endpoint(port)
    api_url = f"{endpoint}/_aws/execute-api/{outputs['RestAPIId']}/{gateway.STAGE}/api"
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
        "mailbox_url": cloud.mailbox_url(port),
    }


def _fitting(port: int) -> dict[str, str]:
    """LocalStack can't make a mail identity; localstack/ready.d verifies the sender there."""
    return {"ManageMailIdentity": "false"} if cloud.is_localstack(port) else {}


@contextmanager
def local_cloud(
    state: Path, parameters: dict[str, str] | None = None, *, enforce_iam: bool = False
) -> Iterator[Outputs]:
    """A cloud of one's own with our stack on it, for as long as the block runs (live tests)."""
    port = cloud.free_port()
    process = cloud.start(port, state, enforce_iam=enforce_iam)
    try:
        yield deploy_to(port, parameters)
    finally:
        cloud.stop(process)


def write(outputs: Outputs) -> None:
    OUTPUTS.parent.mkdir(exist_ok=True)
    OUTPUTS.write_text(json.dumps(outputs, indent=2) + "\n")


def forget() -> None:
    OUTPUTS.unlink(missing_ok=True)


def seed(api_url: str) -> None:
    """Create the demo user and sample data over HTTP; what is there already stays."""
    script = ROOT / "localstack" / "seed.py"
    subprocess.run([sys.executable, str(script), api_url], check=True)


@contextmanager
def aimed_at(endpoint: str) -> Iterator[None]:
    with patch.dict(os.environ, local_environment(endpoint), clear=True):
        boto3.setup_default_session()  # an older one remembers other credentials
        yield
