"""Stages (a table of `stages.toml` each) and the AWS environment of their commands."""

import json
import os
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

ROOT = Path(__file__).resolve().parent.parent
APP_NAME = "task-manager"
LOCAL = "local"
_INTERPRETER = "interpreter"
OUTPUTS_FILE = ROOT / ".local" / "outputs.json"
_CLOUD_PORT = 4566  # LocalStack's port
_STAGES = ROOT / "infra" / "stages.toml"
# The local cloud is called without a proxy and never with real credentials.
_REMOVED_VARIABLES = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_CONFIG_FILE",
    "HTTP_PROXY",
    "http_proxy",
)


class UserError(SystemExit):
    """An error that ends the program with a one-line message for the user."""

    def __init__(self, message: str) -> None:
        super().__init__(f"error: {message}")


@contextmanager
def report_aws_errors() -> Iterator[None]:
    """Turn an error of AWS or of boto3 into a UserError with the same message."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise UserError(str(error)) from None


@dataclass(frozen=True)
class Stage:
    """A deployment target. `parameters` are the parameters of `resources.yaml`."""

    name: str
    runtime: str
    architecture: str
    keep_data: bool
    alarms: bool
    release: str
    memory: dict[str, int]
    log_retention_days: int
    parameters: dict[str, str]
    telemetry: dict[str, str] = field(default_factory=dict)
    sources: Path = ROOT
    builds: Path = ROOT / "build"

    @property
    def stack(self) -> str:
        return f"{APP_NAME}-{self.name}"

    @property
    def serves_client(self) -> bool:
        """Whether the stack serves the web client; WebClient is `full` by default."""
        return self.parameters.get("WebClient") != "none"

    @property
    def has_local_runtime(self) -> bool:
        """Whether the Python that packages the functions also runs them (in a local cloud)."""
        return self.architecture == _INTERPRETER

    @property
    def build_dir(self) -> Path:
        return self.builds / self.name

    @property
    def zip(self) -> Path:
        return self.build_dir / "deployment.zip"

    @property
    def template(self) -> Path:
        return self.build_dir / "sam.yaml"


def load_stage(name: str, overrides: dict[str, str] | None = None) -> Stage:
    """Return the stage `name`; `overrides` replace stack parameters.

    Raises UserError with the known names when there is no such stage.
    """
    stages = tomllib.loads(_STAGES.read_text())
    if name not in stages:
        raise UserError(f"no stage {name!r} in infra/stages.toml; there are: {', '.join(stages)}")
    table = stages[name]
    runtime = table["runtime"]
    own_runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return Stage(
        name=name,
        runtime=own_runtime if runtime == _INTERPRETER else runtime,
        architecture=table["architecture"],
        keep_data=table["keep_data"],
        alarms=table["alarms"],
        release=table.get("release", ""),
        memory=table.get("memory", {}),
        log_retention_days=table["log_retention_days"],
        parameters={"Stage": name, **table["parameters"], **(overrides or {})},
        telemetry=table.get("telemetry", {}),
    )


def find_command(name: str) -> str:
    """Return the path of a command in this virtual environment.

    Raises UserError when it is not installed.
    """
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        raise UserError(f"{name} is not installed in {path.parent.parent}; run it through make")
    return str(path)


def get_local_endpoint(outputs_file: Path = OUTPUTS_FILE) -> str:
    """Return the endpoint of the local cloud.

    It is AWS_ENDPOINT_URL or the port CLOUD_PORT if the user sets one of them, else the endpoint of
    the cloud that `make run` or `make up` started, else LocalStack's port.
    """
    if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
        return endpoint
    if port := os.environ.get("CLOUD_PORT"):
        return f"http://localhost:{port}"
    return read_local_outputs(outputs_file).get("aws_endpoint", f"http://localhost:{_CLOUD_PORT}")


def read_local_outputs(outputs_file: Path = OUTPUTS_FILE) -> dict[str, str]:
    """Return what `.local/outputs.json` says of the running local cloud; empty without one."""
    try:
        outputs: dict[str, str] = json.loads(outputs_file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return outputs


def build_local_environment(endpoint: str) -> dict[str, str]:
    """Return an environment in which boto3, PynamoDB and the AWS CLI call `endpoint`."""
    kept = {name: value for name, value in os.environ.items() if name not in _REMOVED_VARIABLES}
    return kept | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "localhost,127.0.0.1",
    }


def configure_aws(stage: Stage) -> None:
    """Direct this process to the local cloud if `stage` is local; else change nothing."""
    if stage.name == LOCAL:
        environment = build_local_environment(get_local_endpoint())
        os.environ.clear()
        os.environ.update(environment)
